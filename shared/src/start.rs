//! What every stage does before its first connection.

use crate::accept::Room;
use crate::app;
use crate::args::{Args, KeepAlive};
use crate::drain::Drain;
use crate::files::Files;
use crate::service::Service;
use crate::sys::net::ListenOptions;
use crate::sys::{Listener, rlimit};
use anyhow::{Context, Result};
use std::io::{self, Write};
use std::sync::Arc;

/// What all threads of a server have in common, and none of them changes but the room.
#[derive(Clone)]
pub struct Common {
    /// The application, its limits and its files.
    pub service: Arc<Service>,
    /// Whether the server is about to end.
    pub drain: Arc<Drain>,
    /// How many connections there may be.
    pub room: Arc<Room>,
    /// When a connection stays open between requests.
    pub keep_alive: KeepAlive,
}

/// Prepares all that. Call it before any thread is started: the signals are blocked for those that come later.
pub fn prepare(args: &Args) -> Result<Common> {
    let drain = Drain::on_signals(args.grace).context("preparing for signals")?;
    let files =
        Files::open(&args.files).with_context(|| format!("cannot open {:?}", args.files.root))?;
    let service = Arc::new(Service { router: app::router(), limits: args.limits.clone(), files });
    Ok(Common { service, drain, room: room(args)?, keep_alive: args.keep_alive })
}

/// Listens, and says so: the first line on standard output tells readers and programs where.
pub fn listen(stage: &str, args: &Args) -> Result<Listener> {
    let mut listeners = listen_times(stage, args, 1)?;
    listeners.pop().context("one listener was asked for")
}

/// The same with `count` listeners on one port, for as many threads: the kernel spreads the connections.
pub fn listen_times(stage: &str, args: &Args, count: usize) -> Result<Vec<Listener>> {
    let bind = |address, options| {
        Listener::bind(address, options).with_context(|| {
            format!("cannot listen on {address}: try another --listen ADDR, or port 0")
        })
    };
    // SO_REUSEPORT would let a second server steal half of the connections, unnoticed. So the first
    // listener is made without it, to find the port free, and closed again when several are to share.
    let probe = bind(args.listen, ListenOptions::default())?;
    let address = probe.local_addr().context("asking for the listener's address")?;
    let listeners = if count == 1 {
        vec![probe]
    } else {
        drop(probe);
        let shared = ListenOptions { reuse_port: true, ..ListenOptions::default() };
        (0..count).map(|_| bind(address, shared)).collect::<Result<_>>()?
    };
    if !address.ip().is_loopback() {
        eprintln!(
            "warning: {address} can be reached from other machines, and this is a server to learn from"
        );
    }
    announce(stage, address).context("writing to standard output")?;
    Ok(listeners)
}

/// How many connections there may be at once: as told, or as many as there are descriptors, less a
/// reserve for all else that needs one.
fn room(args: &Args) -> Result<Arc<Room>> {
    let files = rlimit::raise_open_files().context("raising the limit of open files")?;
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    let most = files - (files / 4).min(RESERVE);
    Ok(Room::new(match args.limits.max_connections {
        0 => most,
        wanted => wanted.min(most),
    }))
}

/// Descriptors for listeners, epolls, eventfds, standard streams, and files that are kept open.
const RESERVE: usize = 192;

fn announce(stage: &str, address: std::net::SocketAddr) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{stage} listening on http://{address}")?;
    out.flush()
}
