//! What every stage does before its first connection.

use crate::accept::Room;
use crate::app;
use crate::args::{Accept, Args, KeepAlive, Scheduling};
use crate::drain::Drain;
use crate::files::Files;
use crate::meter::{Meter, Observatory};
use crate::service::Service;
use crate::sys::net::ListenOptions;
use crate::sys::{Listener, rlimit, sched};
use anyhow::{Context, Result};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

/// The end of `main`: an error is one line on standard error, and status 1.
pub fn conclude(stage: &str, result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{stage}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

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
    /// Who accepts, where several could.
    pub accept: Accept,
    /// Where each thread gets its meter from.
    pub observatory: Arc<Observatory>,
}

impl Common {
    /// A meter for the calling thread.
    pub fn meter(&self) -> Meter {
        self.observatory.meter(&self.service.metrics)
    }
}

/// Prepares all that. Call it before any thread is started: the signals are blocked for those that come
/// later, and the table of descriptors can grow without waiting for anybody.
pub fn prepare(args: &Args) -> Result<Common> {
    if args.scheduling == Scheduling::Batch {
        // Threads inherit it from the one that starts them.
        sched::batch().context("asking for SCHED_BATCH")?;
    }
    let files = rlimit::raise_open_files().context("raising the limit of open files")?;
    // Only speed is lost if there is no memory for it, or no standard error.
    let _ = rlimit::reserve_descriptors(io::stderr(), files.min(TABLE) as u32);
    let room = room(args, files);
    let drain = Drain::on_signals(&args.drain).context("preparing for signals")?;
    let files = Files::open(&args.files).with_context(|| {
        format!("cannot open {:?}", args.files.root.as_deref().unwrap_or("".as_ref()))
    })?;
    let service = Service::new(app::router(), args.limits.clone(), files);
    let observatory =
        Observatory::open(&args.observation).context("cannot write the log or the trace")?;
    let (keep_alive, accept) = (args.keep_alive, args.accept);
    Ok(Common { service, drain, room, keep_alive, accept, observatory: Arc::new(observatory) })
}

/// Listens, and says so: the first line on standard output tells readers and programs where.
pub fn listen(stage: &str, args: &Args) -> Result<Listener> {
    let listener = bind(args.listen, args, false)?;
    announce(stage, &listener)?;
    Ok(listener)
}

/// The same with `count` listeners on one port, for as many threads.
pub fn listen_times(stage: &str, args: &Args, count: usize) -> Result<Vec<Listener>> {
    let mut address = args.listen;
    // SO_REUSEPORT would let a second server steal half of the connections, unnoticed. So the port is
    // first bound without it, to find it free, and given up again at once.
    if !args.replace || address.port() == 0 {
        address = Listener::find_free(address).with_context(|| no_listener(address))?;
    }
    let first = bind(address, args, true)?;
    let another = |_| match args.accept {
        Accept::Reuseport => bind(address, args, true),
        Accept::Exclusive => first.try_clone().context("duplicating the listener"),
    };
    let others = (1..count).map(another).collect::<Result<Vec<_>>>()?;
    announce(stage, &first)?;
    Ok(std::iter::once(first).chain(others).collect())
}

fn bind(address: SocketAddr, args: &Args, reuse_port: bool) -> Result<Listener> {
    let options = ListenOptions { backlog: args.backlog, reuse_port };
    Listener::bind(address, options).with_context(|| no_listener(address))
}

fn no_listener(address: SocketAddr) -> String {
    format!("cannot listen on {address} (try another --listen ADDR, or port 0)")
}

/// How many connections there may be at once: as told, or as many as there are descriptors, less a
/// reserve for all else that needs one.
fn room(args: &Args, files: u64) -> Arc<Room> {
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    let most = files - (files / 4).min(RESERVE);
    Room::new(match args.limits.max_connections {
        0 => most,
        wanted => wanted.min(most),
    })
}

/// Descriptors for listeners, epolls, eventfds, standard streams, and files that are kept open.
const RESERVE: usize = 192;

/// Places that the table of descriptors has from the start: half a MiB of the kernel's memory at most, where
/// as many may be open. A server with more connections than that waits once at each doubling.
const TABLE: u64 = 65_536;

fn announce(stage: &str, listener: &Listener) -> Result<()> {
    let address = listener.local_addr().context("asking for the listener's address")?;
    if !address.ip().is_loopback() {
        eprintln!(
            "warning: {address} can be reached from other machines, and this is a server to learn from"
        );
    }
    let mut out = io::stdout().lock();
    let line = writeln!(out, "{stage} listening on http://{address}").and_then(|()| out.flush());
    line.context("writing to standard output")
}
