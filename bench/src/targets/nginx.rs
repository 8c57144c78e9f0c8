//! nginx beside the stages, configured to be compared with fairly.

use crate::targets::server::Server;
use crate::tools::{self, Folder, free_port};
use anyhow::{Context, Result};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

/// Where it is installed, if it is.
pub fn find() -> Option<PathBuf> {
    tools::find("nginx")
}

/// A running nginx with its folder, which goes when it goes.
#[derive(Debug)]
pub struct Nginx {
    /// The master; workers are its children.
    pub server: Server,
    _folder: Folder,
}

impl Nginx {
    /// Starts master and `workers` on a free port, with the answer that the stages give to `GET /`.
    pub fn start(workers: usize) -> Result<Self> {
        let program = find()
            .context("nginx is not installed; on Debian or Ubuntu: apt-get install nginx-light")?;
        let folder = Folder::create()?;
        let address = free_port()?;
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration(address, workers))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new(program);
        // -e: errors before the configuration is read would go to a log in /var, which is not ours.
        command.arg("-p").arg(folder.path()).arg("-e").arg("stderr").arg("-c").arg(file);
        let server = Server::accepting(command, address)?;
        Ok(Self { server, _folder: folder })
    }
}

/// It differs from the packaged one where that would be unfair: no log to write per request, connections
/// that are not closed after 1000 requests, room for all of them, and a listener per worker.
fn configuration(address: SocketAddr, workers: usize) -> String {
    format!(
        r#"daemon off;
worker_processes {workers};
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen {address} reuseport backlog=4096;
        location / {{ default_type text/plain; return 200 "Hello, World!"; }}
    }}
}}
"#
    )
}
