//! Well-behaved clients: they ask, read, check every byte, and keep account of what they lost.

use super::client::Client;
use super::wait_until;
use crate::numbers::Random;
use anyhow::{Context, Result, anyhow, ensure};
use hdrhistogram::Histogram;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What they do.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// How many there are.
    pub clients: usize,
    /// The seed of their choices.
    pub seed: u64,
    /// How long each waits between two requests, on average.
    pub pause: Duration,
    /// How long the server waits for a head. A client that was itself kept so long from sending one has lost nothing.
    pub head_timeout: Duration,
    /// Only `GET /`, so that their latencies compare; else a mixture of routes.
    pub hello_only: bool,
    /// Every fourth is slow: it pauses, sends bodies in two halves, and asks for what takes long.
    pub some_are_slow: bool,
}

impl Behaviour {
    /// 32 clients that ask for a mixture of routes and do not pause.
    pub fn busy(seed: u64) -> Self {
        Self {
            clients: 32,
            seed,
            pause: Duration::ZERO,
            head_timeout: Duration::from_secs(10),
            hello_only: false,
            some_are_slow: false,
        }
    }

    /// As many that ask for `/` only, so that their latencies compare, and pause for 20 ms: those beside an attack.
    pub fn steady(seed: u64) -> Self {
        Self { pause: Duration::from_millis(20), hello_only: true, ..Self::busy(seed) }
    }
}

/// What they have seen.
#[derive(Debug)]
pub struct Outcome {
    /// Correct responses.
    pub served: u64,
    /// Connections that were refused: nothing was lost with them.
    pub refused: u64,
    /// What a client asked for and did not get, and how it noticed.
    pub lost: Vec<String>,
    /// From request to response, in nanoseconds; the first of a connection includes the time to connect.
    pub latency: Histogram<u64>,
    /// The longest time to connect.
    pub slowest_connect: Duration,
}

/// Clients at work, each a thread.
pub struct WellBehavedClients {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Result<Outcome>>>,
}

struct Shared {
    address: SocketAddr,
    behaviour: Behaviour,
    stop: AtomicBool,
    /// Each response to what is asked from now on must be the last of its connection.
    ending: AtomicBool,
    served: AtomicU64,
}

impl WellBehavedClients {
    /// Starts them.
    pub fn start(address: SocketAddr, behaviour: Behaviour) -> Self {
        let (stop, ending) = (AtomicBool::new(false), AtomicBool::new(false));
        let shared = Shared { address, behaviour, stop, ending, served: AtomicU64::new(0) };
        let shared = Arc::new(shared);
        let start = |number| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.run(number))
        };
        let threads = (0..behaviour.clients as u64).map(start).collect();
        Self { shared, threads }
    }

    /// Correct responses so far.
    pub fn served(&self) -> u64 {
        self.shared.served.load(Relaxed)
    }

    /// Waits until they have so many more.
    ///
    /// # Errors
    /// When these do not come within two minutes.
    pub fn wait_for(&self, more: u64) -> Result<()> {
        let enough = self.served() + more;
        let wait = || wait_until("more responses", || Ok(self.served() >= enough));
        wait().or_else(|_| wait())
    }

    /// Whether the server is ending: then a response that does not say so counts as lost.
    pub fn expect_last_responses(&self, ending: bool) {
        self.shared.ending.store(ending, Relaxed);
    }

    /// Lets them finish the request that they wait for; what they have seen.
    ///
    /// # Errors
    /// When one of them panicked.
    pub fn stop(self) -> Result<Outcome> {
        self.shared.stop.store(true, Relaxed);
        let mut total = Outcome::new()?;
        for thread in self.threads {
            let outcome =
                thread.join().map_err(|_| anyhow!("a well-behaved client panicked"))??;
            total.served += outcome.served;
            total.refused += outcome.refused;
            total.lost.extend(outcome.lost);
            total.slowest_connect = total.slowest_connect.max(outcome.slowest_connect);
            total.latency.add(outcome.latency).context("adding latencies")?;
        }
        Ok(total)
    }
}

impl Outcome {
    fn new() -> Result<Self> {
        let latency = Histogram::new(3).context("a histogram")?;
        let slowest_connect = Duration::ZERO;
        Ok(Self { served: 0, refused: 0, lost: Vec::new(), latency, slowest_connect })
    }

    /// # Errors
    /// When no client was served, or a response was lost.
    pub fn check(&self) -> Result<()> {
        ensure!(self.served > 0, "no well-behaved client was served");
        ensure!(self.lost.is_empty(), "{} lost: {:?}", self.lost.len(), self.lost);
        Ok(())
    }

    /// # Errors
    /// As [`Outcome::check`], and when a connect was refused.
    pub fn check_none_refused(&self) -> Result<()> {
        ensure!(self.refused == 0, "{} connects of well-behaved clients refused", self.refused);
        self.check()
    }

    /// The 99th percentile of their latencies.
    pub fn p99(&self) -> Duration {
        Duration::from_nanos(self.latency.value_at_quantile(0.99))
    }
}

impl Shared {
    fn run(&self, number: u64) -> Result<Outcome> {
        let mut random = Random::new(self.behaviour.seed ^ number << 32);
        let mut outcome = Outcome::new()?;
        let is_slow = self.behaviour.some_are_slow && number.is_multiple_of(4);
        while !self.stop.load(Relaxed) {
            let start = Instant::now();
            let mut late = false;
            let connection = Client::connect(self.address).and_then(|mut client| {
                outcome.slowest_connect = outcome.slowest_connect.max(start.elapsed());
                let end =
                    self.use_connection(&mut client, start, is_slow, &mut random, &mut outcome);
                late = client.was_late(self.behaviour.head_timeout);
                end
            });
            match connection {
                Ok(()) => continue,
                Err(_) if late => continue,
                Err(error) if is_refused(&error) => outcome.refused += 1,
                Err(error) => outcome.lost.push(format!("{error:#}")),
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(outcome)
    }

    /// One connection: a few requests, or fewer if the server says so.
    fn use_connection(
        &self,
        client: &mut Client,
        mut start: Instant,
        is_slow: bool,
        random: &mut Random,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let routes = if is_slow { ROUTES + LONG_ROUTES } else { ROUTES };
        for number in 0..=random.below(30) {
            let route = if self.behaviour.hello_only { 0 } else { random.below(routes) };
            let ending = self.ending.load(Relaxed);
            let last = ask(client, route, random)
                .with_context(|| format!("route {route}, request {number} of a connection"))?;
            ensure!(last || !ending, "the server ends, and route {route} does not say so");
            outcome.latency.record(start.elapsed().as_nanos() as u64)?;
            outcome.served += 1;
            self.served.fetch_add(1, Relaxed);
            if last || self.stop.load(Relaxed) {
                break;
            }
            thread::sleep(self.pause(is_slow, random));
            start = Instant::now();
        }
        Ok(())
    }

    /// Between half and three halves of it: these clients do not march in step.
    fn pause(&self, is_slow: bool, random: &mut Random) -> Duration {
        let pause = if is_slow { Duration::from_millis(250) } else { self.behaviour.pause };
        pause.mul_f64(0.5 + random.below(1000) as f64 / 1000.0)
    }
}

/// Only this is no loss: a client that connects and is then reset was accepted.
fn is_refused(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
}

/// Routes whose response takes a few milliseconds,
const ROUTES: usize = 6;

/// and those that take longer than it takes a server to close its listener.
const LONG_ROUTES: usize = 2;

/// Asks for one of the routes; tells whether the response was the last of its connection.
fn ask(client: &mut Client, route: usize, random: &mut Random) -> Result<bool> {
    let mut get = |path: &str, body: &str| {
        client.get(path);
        body.as_bytes().to_vec()
    };
    let expected = match route {
        0 => get("/", "Hello, World!"),
        1 => get("/hello/reader", "Hello, reader!"),
        2 => get("/sleep/2", "slept 2 milliseconds\n"),
        3 => get("/delay/3", "3 milliseconds later\n"),
        4 => get("/count/3000", &(1..=3000).map(|line| format!("{line}\n")).collect::<String>()),
        6 => get("/delay/400", "400 milliseconds later\n"),
        5 => {
            let length = random.below(20_000);
            post(client, random.bytes(length), Duration::ZERO)
        }
        _ => post(client, random.bytes(2000), Duration::from_millis(300)),
    };
    let response = client.read()?;
    ensure!(response.status == 200, "status {}", response.status);
    ensure!(response.body == expected, "{} bytes, not those expected", response.body.len());
    Ok(response.is_last())
}

/// Posts a body to be sent back, its second half after a pause.
fn post(client: &mut Client, body: Vec<u8>, pause: Duration) -> Vec<u8> {
    let head = format!("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
    let now = if pause.is_zero() { body.len() } else { body.len() / 2 };
    client.send(&[head.as_bytes(), &body[..now]].concat());
    if !pause.is_zero() {
        thread::sleep(pause);
        client.send(&body[now..]);
    }
    body
}
