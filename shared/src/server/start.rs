//! What every stage does before its first connection, and after its last.

use super::accept::{AcceptError, ConnectionLimit, DEFERRED, PAUSE};
use super::config::{Accept, Args, Stage};
use super::context::ServerContext;
use super::shutdown::Drain;
use crate::app::files::Files;
use crate::app::{App, demo};
use crate::sys::signal::{self, Signal};
use crate::sys::{Listener, memory, rlimit, socket};
use crate::telemetry::{Telemetry, stderr};
use anyhow::{Context, Result, anyhow};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// The whole of `main`: `run` serves until the server has drained. An error, or a panic, is one line on
/// standard error and status 1, and the log is whole at any rate.
pub fn main(stage: &Stage, run: impl FnOnce(&ServerContext) -> Result<()>) -> ExitCode {
    main_with(stage.name, stage.parse(), run)
}

/// The same for a program with flags of its own, which has made `args` of them.
pub fn main_with(
    name: &str,
    args: Result<Args>,
    run: impl FnOnce(&ServerContext) -> Result<()>,
) -> ExitCode {
    panic::set_hook(Box::new(stderr::panicked));
    let served = args.and_then(|args| {
        let context = prepare(args)?;
        let served = caught(|| run(&context));
        context.telemetry.finish(context.drain.grace_left());
        served
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            stderr::line(format_args!("{name}: {error:#}{}", remedy(&error)));
            ExitCode::FAILURE
        }
    }
}

/// Ends the process because of what happened on `thread`. Several may fail together: the first says why, and
/// the others wait here for the end.
fn fail(thread: &str, error: &anyhow::Error, server: &ServerContext) -> ! {
    static FIRST: Mutex<()> = Mutex::new(());
    let _first = FIRST.lock();
    stderr::line(format_args!("{thread}: {error:#}{}", remedy(error)));
    server.telemetry.finish(server.drain.grace_left());
    std::process::exit(1)
}

fn caught(work: impl FnOnce() -> Result<()>) -> Result<()> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(anyhow!("a thread panicked: this is a bug, and its message stands above"))
    })
}

/// What helps against a limit, wherever it was met.
fn remedy(error: &anyhow::Error) -> &'static str {
    match cause(error).and_then(io::Error::raw_os_error) {
        Some(libc::EMFILE) => {
            " (raise the limit of open files, ulimit -n, or have fewer --threads)"
        }
        Some(libc::EAGAIN) => {
            " (raise the limits of threads and memory, ulimit -u and -v, or have fewer --threads)"
        }
        Some(libc::ENXIO) => {
            " (a FIFO needs a reader: start that first; a socket cannot be opened; for standard output write --log -)"
        }
        _ => "",
    }
}

fn cause(error: &anyhow::Error) -> Option<&io::Error> {
    error.root_cause().downcast_ref()
}

impl ServerContext {
    /// Starts a thread that the server cannot do without. If it fails or panics, the server does not go on
    /// without it: it ends at once, with status 1.
    ///
    /// # Errors
    /// That of clone(2): there are too many threads, or too little memory.
    pub fn spawn(
        &self,
        name: String,
        work: impl FnOnce() -> Result<()> + Send + 'static,
    ) -> Result<JoinHandle<()>> {
        let (server, thread) = (self.clone(), name.clone());
        let work = move || {
            if let Err(error) = caught(work) {
                fail(&thread, &error, &server);
            }
        };
        let started = thread::Builder::new().name(name.clone()).spawn(work);
        started.with_context(|| format!("cannot start the thread {name}"))
    }
}

/// Prepares all that. Call it before any thread is started: the signals are blocked for those that come
/// later, and the table of descriptors can grow without waiting for another thread.
fn prepare(args: Args) -> Result<ServerContext> {
    signal::block(Signal::ALL).context("blocking signals")?;
    signal::ignore_file_size_limit();
    memory::map_large_buffers();
    let files = rlimit::raise_open_files().context("reading the limit of open files")?;
    // Only speed is lost if there is no memory for it, or no standard error.
    let _ = rlimit::reserve_descriptors(io::stderr(), files.min(TABLE) as u32);
    let connections =
        connection_limit(args.max_connections, files).context("creating an eventfd")?;
    if !args.replace {
        // Before the trace is opened, which empties its file: another server may have both, and go on.
        may_bind(args.listen).map_err(|error| no_listener(args.listen, error))?;
    }
    let telemetry = Arc::new(Telemetry::open(&args.telemetry)?);
    let drain = Drain::on_signals(&args.drain, Arc::clone(&telemetry))
        .context("starting the thread that takes signals")?;
    let files = Files::open(&args.files).with_context(|| {
        format!("cannot open {:?}", args.files.root.as_deref().unwrap_or("".as_ref()))
    })?;
    let app = App::new(demo::router(), files, Arc::clone(telemetry.metrics()));
    Ok(ServerContext { args: Arc::new(args), app, connections, drain, telemetry })
}

/// A listener, on the address that the server was told.
///
/// SO_REUSEPORT would let a second server steal half of the connections, unnoticed. So, unless that is asked for, the
/// listener has the option only once it listens: of two servers that start at once, the kernel lets one listen.
///
/// # Errors
/// The address cannot be bound, or no descriptor is left; the message says what to try.
pub fn listen(args: &Args) -> Result<Listener> {
    let joins_another = args.replace && args.listen.port() != 0;
    let bind = || bind(args.listen, joins_another, args);
    let listener = if joins_another { again_if_in_use(bind) } else { bind() }?;
    listener.share_port().context("sharing the port")?;
    Ok(listener)
}

/// `count` listeners on one port, for as many threads; and their address.
///
/// # Errors
/// As [`listen`].
pub fn listen_times(args: &Args, count: usize) -> Result<(SocketAddr, Vec<Listener>)> {
    let first = listen(args)?;
    let address = first.local_addr()?;
    let another = |_| match args.accept {
        Accept::Exclusive => first.try_clone().context("duplicating the listener"),
        Accept::Reuseport | Accept::Deferred => bind(address, true, args),
    };
    let others = (1..count).map(another).collect::<Result<Vec<_>>>()?;
    Ok((address, std::iter::once(first).chain(others).collect()))
}

/// Binds the port of another server. One that has just begun to listen shares its port some microseconds later.
fn again_if_in_use<T>(mut bind: impl FnMut() -> Result<T>) -> Result<T> {
    match bind() {
        Err(error) if cause(&error).map(io::Error::kind) == Some(io::ErrorKind::AddrInUse) => {
            thread::sleep(PAUSE);
            bind()
        }
        result => result,
    }
}

fn bind(address: SocketAddr, reuse_port: bool, args: &Args) -> Result<Listener> {
    let listener = Listener::bind_with(address, args.backlog, reuse_port)
        .map_err(|error| no_listener(address, error))?;
    if args.accept == Accept::Deferred {
        listener.defer_accept(DEFERRED).context("deferring connections")?;
    }
    Ok(listener)
}

/// Fails as [`bind`] where another server listens, and does not listen: no client can connect to what closes at once.
fn may_bind(address: SocketAddr) -> io::Result<()> {
    let probe = socket::socket(address)?;
    socket::reuse_address(&probe)?;
    socket::bind(&probe, address)
}

fn no_listener(address: SocketAddr, error: io::Error) -> anyhow::Error {
    let elsewhere = match AcceptError::of(&error) {
        AcceptError::Exhausted => "",
        _ => " (try another --listen ADDR, or port 0)",
    };
    anyhow!(error).context(format!("cannot listen on {address}{elsewhere}"))
}

/// How many connections there may be at once: as told, or as many as there are descriptors, less a
/// reserve for all else that needs one.
fn connection_limit(wanted: usize, files: u64) -> io::Result<Arc<ConnectionLimit>> {
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    let most = files.saturating_sub((files / 4).clamp(FEWEST, RESERVE));
    ConnectionLimit::new(if wanted == 0 { most } else { wanted.min(most) })
}

/// Descriptors for listeners, epolls, eventfds, standard streams, and files that are kept open.
const RESERVE: usize = 192;

/// Where there are few in all: what a server of two loops has of these, and [`FREE`].
const FEWEST: usize = 12 + FREE;

/// Places that the table of descriptors has from the start: half a MiB of the kernel's memory at most, where
/// as many may be open. A server with more connections than that waits once at each doubling.
const TABLE: u64 = 65_536;

/// Descriptors that must be free when a server says that it listens: a client, a file, and what else it asks for.
const FREE: usize = 4;

/// Says that the server listens, once all that serves is there: the first line on standard output tells
/// readers and programs where. A line that cannot be written is an error: no program would find the server.
///
/// # Errors
/// Standard output cannot be written, or no descriptor is left for a client.
pub fn announce(stage: &str, address: SocketAddr) -> Result<()> {
    let free = (0..FREE).map(|_| io::stderr().as_fd().try_clone_to_owned());
    drop(free.collect::<io::Result<Vec<_>>>().context("no descriptor is left for a client")?);
    if !address.ip().to_canonical().is_loopback() {
        stderr::line(format_args!(
            "warning: {address} can be reached from other machines, and this is a server to learn from"
        ));
    }
    let mut out = io::stdout().lock();
    let line = writeln!(out, "{stage} listening on http://{address}").and_then(|()| out.flush());
    line.context("writing to standard output")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_few_descriptors_connections_leave_some_for_files() {
        let limits = [4, 16, 20, 32, 64, 1024].map(|n| connection_limit(0, n).unwrap().limit);
        assert_eq!(limits, [1, 1, 4, 16, 48, 832]);
    }

    #[test]
    fn a_server_that_takes_over_waits_until_another_that_starts_shares_its_port() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let other = Listener::bind(any).unwrap();
        let address = other.local_addr().unwrap();
        let mut attempts = 0;
        let join = || {
            if attempts == 1 {
                other.share_port().unwrap();
            }
            attempts += 1;
            Listener::bind_with(address, 1, true).map_err(|error| no_listener(address, error))
        };
        assert!(again_if_in_use(join).is_ok());
        assert_eq!(attempts, 2, "the port was in use at first");
    }
}
