//! One stage under a small load, its trace written to a file.

use crate::interrupt::Interrupt;
use crate::load::{Expect, Load, Options, Url};
use crate::results::timeline::{WARM_UP, WINDOW};
use crate::targets::server::Server;
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// Clients of a kind, each with a connection: how many, what they request, and how often a second all of them together.
type Clients = (usize, &'static str, f64);

/// The same clients for every stage. Those of a kind take turns; the four that have a handler sleep are
/// kinds of their own, and send together.
const LOAD: [Clients; 6] = [
    (1, "/sleep/5", 25.0),
    (1, "/sleep/5", 25.0),
    (1, "/sleep/5", 25.0),
    (1, "/sleep/5", 25.0),
    (2, "/work/500", 300.0),
    (4, "/", 600.0),
];

/// The load in words.
pub const WORDS: &str = "four clients request /sleep/5 together, every 40 ms; beside them 300 times a second /work/500, and 600 times /";

/// Microseconds from one time that handlers sleep to the next.
const PERIOD: f64 = 40_000.0;

/// Starts `program`, puts the load on it until the window is over, and ends it: then the trace is whole.
///
/// # Errors
/// When the server cannot be started or loaded, or does not end.
pub fn record(program: &Path, args: &[String], trace: &Path, interrupt: &Interrupt) -> Result<()> {
    let mut command = vec![OsString::from("--listen"), "127.0.0.1:0".into()];
    command.extend(["--trace".into(), trace.as_os_str().to_owned()]);
    command.extend(args.iter().map(OsString::from));
    let mut server = Server::start(program, &command)?;
    let loads = LOAD.map(|clients| start(clients, &server, interrupt));
    let loads = loads.into_iter().collect::<Result<Vec<_>>>()?;
    // Half of the window again, for a machine that is late with everything.
    interrupt.wait(Duration::from_secs_f64((WARM_UP + PERIOD + WINDOW * 1.5) / 1e6));
    server.check()?;
    drop(loads);
    server.terminate().context("ending the server, which then writes the rest of its trace")?;
    Ok(())
}

fn start((count, path, rate): Clients, server: &Server, interrupt: &Interrupt) -> Result<Load> {
    let url = Url::parse(&format!("http://{}{path}", server.address()))?;
    // It is ended by hand.
    let mut options = Options::get(url, count, Duration::from_secs(3600));
    options.threads = 1;
    options.rate = Some(rate);
    // How far it counted in half a millisecond is part of the response.
    options.expect = Expect::Any;
    Load::start(&options, interrupt)
}
