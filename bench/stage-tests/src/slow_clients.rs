//! Clients that are slow, or that are made to wait, and that keep to the rules: they are served to the end. And clients
//! that ask for so much at once that others would be made to wait: they do not get it at once.

use crate::attempts::side_by_side;
use anyhow::{Context, Result, anyhow, bail, ensure};
use bench::resilience::client::{Client, metric, serves};
use bench::resilience::{Stage, TIMEOUT, process_usage, wait_until};
use shared::http::limits::MAX_OUTPUT;
use shared::sys::Socket;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// In bytes: small, so that the client's kernel takes little by itself.
const RECEIVE_BUFFER: i32 = 8 << 10;

/// What every stage owes them. It takes some ten seconds: try it on one of stages 1 and 2, which wait in the same way, and
/// on one of stages 3 and 4.
pub fn each(stage: &Stage) -> Result<()> {
    let clients: [fn(&Stage<'_>) -> Result<()>; 3] = [slow_and_steady, reads_late, takes_nothing];
    side_by_side(&clients, clients.len(), |client| client(stage))
}

/// Where clients do not have a thread each: what one of them can do to others.
pub fn beside_others(stage: &Stage) -> Result<()> {
    let all = [long_beside_many, pipelines_and_reads_nothing, others_come_between];
    side_by_side(&all, all.len(), |one| one(stage))
}

/// A client that reads 40 KiB a second is not stuck, though the socket makes room only now and then.
fn slow_and_steady(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--write-timeout", "1s"])?;
    for _ in 0..5 {
        let mut longest = Duration::ZERO;
        let served = reads_steadily(server.address(), &mut longest);
        // A client that was itself kept from its CPU was not steady, nor one whose kernel had thrown away what its small buffer
        // could not hold and waited for it to be sent again: the server owed it nothing.
        if served.is_ok() || longest < Duration::from_millis(800) {
            return served;
        }
    }
    bail!("this machine is too busy for a client to read every 800 ms")
}

/// Tells also the `longest` time between two reads that brought something.
fn reads_steadily(address: SocketAddr, longest: &mut Duration) -> Result<()> {
    // A window was offered before the receive buffer became small, and what does not fit any more is thrown away and
    // sent again. Only behind it is the client as slow as it means to be.
    const OFFERED: usize = 128 << 10;
    // More than the kernel could have taken by itself, on both sides.
    const ENOUGH: usize = 300 << 10;
    const PER_MILLISECOND: usize = (4 << 10) / 100;
    let request = b"GET /count/100000000 HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut client = SlowClient::ask(address, request)?;
    let mut last = Instant::now();
    let mut read = |client: &mut SlowClient, count| {
        let before = client.received.len();
        let result = client.read(count);
        if result.is_err() || client.received.len() > before {
            *longest = last.elapsed().max(*longest);
            last = Instant::now();
        }
        result
    };
    while client.received.len() < OFFERED {
        read(&mut client, OFFERED)?;
        thread::sleep(Duration::from_millis(1));
    }
    let (first, start) = (client.received.len(), Instant::now());
    while client.received.len() - first < ENOUGH {
        thread::sleep(Duration::from_millis(100));
        // What it could not read in time, it reads now.
        let due = first + start.elapsed().as_millis() as usize * PER_MILLISECOND;
        let more = due.saturating_sub(client.received.len());
        read(&mut client, more)?;
    }
    Ok(())
}

/// While responses wait for a client to read them, the server reads nothing from it: that is no delay of the client's.
fn reads_late(stage: &Stage) -> Result<()> {
    const REQUESTS: usize = 600;
    let server = stage.start(&["--head-timeout", "2s"])?;
    let request = b"GET /count/100 HTTP/1.1\r\nHost: h\r\n\r\n";
    let (first, rest) = request.split_at(20);
    let mut client =
        SlowClient::ask(server.address(), &[&request.repeat(REQUESTS), first].concat())?;
    process_usage::at_rest(server.pid())?;
    client.socket.write(rest)?;
    thread::sleep(Duration::from_secs(3));
    // From now on it reads as fast as it can.
    client.socket.set_receive_buffer(1 << 20)?;
    let ok = b"HTTP/1.1 200 OK\r\n";
    wait_until("every response", || {
        client.read(64 << 10)?;
        let responses = client.received.windows(ok.len()).filter(|at| at == ok).count();
        Ok(responses == REQUESTS + 1)
    })
}

/// A client that takes nothing is closed, and that is a time-out like any other.
fn takes_nothing(stage: &Stage) -> Result<()> {
    let server = stage.start(&["--write-timeout", "300ms"])?;
    let request = b"GET /count/100000000 HTTP/1.1\r\nHost: h\r\n\r\n";
    let _client = SlowClient::ask(server.address(), request)?;
    let timed_out = || metric(server.address(), "http_connections_timed_out_total");
    wait_until("a time-out is counted", || Ok(timed_out()? == 1))
}

/// A long response goes on, however many clients ask for something of middling length meanwhile.
fn long_beside_many(stage: &Stage) -> Result<()> {
    const MANY: usize = 20;
    const ENOUGH: usize = 8 << 20;
    let server = stage.start(&["--threads", "1", "--write-timeout", "2s"])?;
    let (address, stop) = (server.address(), AtomicBool::new(false));
    let ask_on = || -> Result<()> {
        let mut client = Client::connect(address)?;
        while !stop.load(Relaxed) {
            client.fetch_ok("/count/12000")?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let many: Vec<_> = (0..MANY).map(|_| scope.spawn(ask_on)).collect();
        let long = takes(address, "/count/100000000", ENOUGH);
        stop.store(true, Relaxed);
        for client in many {
            client.join().map_err(|_| anyhow!("a client panicked"))??;
        }
        long
    })
}

/// Reads so much of a response.
fn takes(address: SocketAddr, path: &str, enough: usize) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes())?;
    let mut piece = vec![0; 64 << 10];
    for taken in (0..enough).step_by(piece.len()) {
        stream.read_exact(&mut piece).with_context(|| format!("after {taken} bytes"))?;
    }
    Ok(())
}

/// What waits of a client's responses is bounded, also where each comes from a handler that may block.
fn pipelines_and_reads_nothing(stage: &Stage) -> Result<()> {
    /// In KiB: what may wait, the next piece, and a heap's own growth.
    const ALLOWED: u64 = ((2 * MAX_OUTPUT as u64) >> 10) + (4 << 10);
    let server = stage.start(&["--threads", "1"])?;
    serves(server.address())?;
    let before = process_usage::memory(server.pid())?;
    let blocking = b"GET /sleep/0 HTTP/1.1\r\nHost: h\r\n\r\n";
    let long = b"GET /count/1850 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(30);
    // 30 responses of 8 KiB to each that comes from elsewhere: all together some 15 MiB.
    let _client = SlowClient::ask(server.address(), &[&blocking[..], &long].concat().repeat(60))?;
    process_usage::at_rest(server.pid())?;
    let more = process_usage::peak_memory(server.pid())? - before;
    ensure!(more <= ALLOWED, "{more} KiB more, {ALLOWED} are allowed");
    serves(server.address())
}

/// A client that pipelines what takes long waits for it itself: others come in between.
fn others_come_between(stage: &Stage) -> Result<()> {
    const REQUESTS: usize = 500;
    let server = stage.start(&[])?;
    let mut greedy = Client::connect(server.address())?;
    // All together take far longer than another client may be kept waiting.
    greedy.send(&b"GET /sleep/10 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(REQUESTS));
    greedy.expect(200)?;
    serves(server.address())?;
    ensure!(greedy.heard() < REQUESTS, "another client was served when all was over");
    Ok(())
}

/// A client with a small receive buffer, that reads when it is told to.
struct SlowClient {
    socket: Socket,
    received: Vec<u8>,
}

impl SlowClient {
    /// Connects, and sends all this.
    fn ask(address: SocketAddr, request: &[u8]) -> Result<Self> {
        let socket = Socket::connect(address)?;
        socket.set_receive_buffer(RECEIVE_BUFFER)?;
        let mut sent = 0;
        wait_until("the server takes the requests", || {
            match socket.write(&request[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            Ok(sent == request.len())
        })?;
        Ok(Self { socket, received: Vec::new() })
    }

    /// Takes what is there, at most `count` bytes. That the connection ends is an error.
    fn read(&mut self, count: usize) -> Result<()> {
        let (mut piece, end) = (vec![0; count], self.received.len() + count);
        while self.received.len() < end {
            let room = end - self.received.len();
            match self.socket.read(&mut piece[..room]) {
                Ok(0) => bail!("the server ends it after {} bytes", self.received.len()),
                Ok(count) => self.received.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => bail!("{error} after {} bytes", self.received.len()),
            }
        }
        Ok(())
    }
}
