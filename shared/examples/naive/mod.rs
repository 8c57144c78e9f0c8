//! What the naive servers have in common: a thread for each connection.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Serves every connection with `handler`, until the process is killed. Like the stages it takes
/// `--listen ADDR`, and says where it listens.
pub(crate) fn serve(name: &str, handler: fn(TcpStream) -> io::Result<()>) -> io::Result<()> {
    let address = std::env::args().skip_while(|arg| arg != "--listen").nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8080"))?;
    let mut out = io::stdout();
    writeln!(out, "{name} listening on http://{}", listener.local_addr()?)?;
    out.flush()?;
    for socket in listener.incoming() {
        let socket = socket?;
        thread::spawn(move || handler(socket));
    }
    Ok(())
}
