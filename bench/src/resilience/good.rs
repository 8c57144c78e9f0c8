//! Good clients: they ask, read, check every byte, and keep account of what they lost.

use super::PATIENCE;
use super::client::Client;
use super::random::Random;
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What good clients do.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// How many there are.
    pub clients: usize,
    /// What they choose by.
    pub seed: u64,
    /// How long each waits between two requests.
    pub pause: Duration,
    /// How long the server waits for a head. A client that was itself kept so long from sending one has lost nothing.
    pub head_timeout: Duration,
    /// Only `GET /`, so that their latencies compare; else a mixture of routes.
    pub hello_only: bool,
    /// A refused connection ends a client: the server is gone.
    pub until_refused: bool,
    /// Every fourth takes its time: it pauses, sends bodies in two halves, and asks for what takes long.
    pub some_linger: bool,
}

impl Habits {
    /// 32 clients who ask for a mixture of routes and do not pause.
    pub fn busy(seed: u64) -> Self {
        Self {
            clients: 32,
            seed,
            pause: Duration::ZERO,
            head_timeout: Duration::from_secs(10),
            hello_only: false,
            until_refused: false,
            some_linger: false,
        }
    }
}

/// What they have seen.
#[derive(Debug)]
pub struct Account {
    /// Correct answers.
    pub answered: u64,
    /// Connections that were refused: nothing was lost with them.
    pub refused: u64,
    /// What a client asked for and did not get, and how it noticed.
    pub lost: Vec<String>,
    /// From request to answer, in nanoseconds; to the first of a connection belongs the time to connect.
    pub latency: Histogram<u64>,
    /// The longest time to connect.
    pub slowest_connect: Duration,
}

/// Good clients at work, each a thread.
pub struct GoodClients {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Result<Account>>>,
}

struct Shared {
    address: SocketAddr,
    habits: Habits,
    stop: AtomicBool,
    /// Each answer to what is asked from now on must be the last of its connection.
    ending: AtomicBool,
    answered: AtomicU64,
}

impl GoodClients {
    /// They begin.
    pub fn start(address: SocketAddr, habits: Habits) -> Self {
        let (stop, ending) = (AtomicBool::new(false), AtomicBool::new(false));
        let shared =
            Arc::new(Shared { address, habits, stop, ending, answered: AtomicU64::new(0) });
        let start = |number| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.live(number))
        };
        let threads = (0..habits.clients as u64).map(start).collect();
        Self { shared, threads }
    }

    /// Correct answers so far.
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Relaxed)
    }

    /// Waits until they have so many more.
    pub fn wait_for(&self, more: u64) -> Result<()> {
        let (answers, deadline) = (self.answered() + more, Instant::now() + 2 * PATIENCE);
        while self.answered() < answers {
            ensure!(Instant::now() < deadline, "clients get no more answers");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// The server is ending: from now on an answer that does not say so counts as lost.
    pub fn expect_last_answers(&self) {
        self.shared.ending.store(true, Relaxed);
    }

    /// They finish what they have begun, and tell.
    pub fn stop(self) -> Result<Account> {
        self.shared.stop.store(true, Relaxed);
        self.join()
    }

    /// They go on until the server has refused each of them.
    pub fn join(self) -> Result<Account> {
        let mut total = Account::new()?;
        for thread in self.threads {
            let account =
                thread.join().map_err(|_| anyhow::anyhow!("a good client panicked"))??;
            total.answered += account.answered;
            total.refused += account.refused;
            total.lost.extend(account.lost);
            total.slowest_connect = total.slowest_connect.max(account.slowest_connect);
            total.latency.add(account.latency).context("adding latencies")?;
        }
        Ok(total)
    }
}

impl Account {
    fn new() -> Result<Self> {
        let latency = Histogram::new(3).context("a histogram")?;
        let slowest_connect = Duration::ZERO;
        Ok(Self { answered: 0, refused: 0, lost: Vec::new(), latency, slowest_connect })
    }

    /// Somebody was answered, and nothing was lost.
    pub fn check(&self) -> Result<()> {
        ensure!(self.answered > 0, "no good client was answered");
        ensure!(self.lost.is_empty(), "{} lost: {:?}", self.lost.len(), self.lost);
        Ok(())
    }

    /// That, and nobody was refused.
    pub fn check_all_let_in(&self) -> Result<()> {
        ensure!(self.refused == 0, "{} connects of good clients refused", self.refused);
        self.check()
    }

    /// The 99th percentile.
    pub fn p99(&self) -> Duration {
        Duration::from_nanos(self.latency.value_at_quantile(0.99))
    }
}

impl Shared {
    fn live(&self, number: u64) -> Result<Account> {
        let mut random = Random::new(self.habits.seed ^ number << 32);
        let mut account = Account::new()?;
        let lingers = self.habits.some_linger && number.is_multiple_of(4);
        while !self.stop.load(Relaxed) {
            let start = Instant::now();
            let mut late = false;
            let conversation = Client::connect(self.address).and_then(|mut client| {
                account.slowest_connect = account.slowest_connect.max(start.elapsed());
                let end = self.converse(&mut client, start, lingers, &mut random, &mut account);
                late = client.was_late(self.habits.head_timeout);
                end
            });
            match conversation {
                Ok(()) => continue,
                Err(_) if late => continue,
                Err(error) if is_refused(&error) => account.refused += 1,
                Err(error) => account.lost.push(format!("{error:#}")),
            }
            if self.habits.until_refused {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(account)
    }

    /// One connection: a few requests, or fewer if the server says so.
    fn converse(
        &self,
        client: &mut Client,
        mut start: Instant,
        lingers: bool,
        random: &mut Random,
        account: &mut Account,
    ) -> Result<()> {
        let routes = if lingers { ROUTES + LONG_ROUTES } else { ROUTES };
        for number in 0..=random.below(30) {
            let route = if self.habits.hello_only { 0 } else { random.below(routes) };
            let ending = self.ending.load(Relaxed);
            let last = ask(client, route, random)
                .with_context(|| format!("route {route}, request {number} of a connection"))?;
            ensure!(last || !ending, "the server ends, and route {route} does not say so");
            account.latency.record(start.elapsed().as_nanos() as u64)?;
            account.answered += 1;
            self.answered.fetch_add(1, Relaxed);
            if last || self.stop.load(Relaxed) {
                break;
            }
            thread::sleep(self.pause(lingers, random));
            start = Instant::now();
        }
        Ok(())
    }

    /// Between half and three halves of it: good clients do not march in step.
    fn pause(&self, lingers: bool, random: &mut Random) -> Duration {
        let pause = if lingers { Duration::from_millis(250) } else { self.habits.pause };
        pause.mul_f64(0.5 + random.below(1000) as f64 / 1000.0)
    }
}

/// Only this is no loss: whoever connects and is then reset has been let in.
fn is_refused(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
}

/// Routes that are answered in a few milliseconds,
const ROUTES: usize = 6;

/// and those that take longer than it takes a server to close its listener.
const LONG_ROUTES: usize = 2;

/// Asks for one of the routes; tells whether the answer was the last of its connection.
fn ask(client: &mut Client, route: usize, random: &mut Random) -> Result<bool> {
    let expected = match route {
        0 => get(client, "/", "Hello, World!"),
        1 => get(client, "/hello/reader", "Hello, reader!"),
        2 => get(client, "/sleep/2", "slept 2 milliseconds\n"),
        3 => get(client, "/delay/3", "3 milliseconds later\n"),
        4 => get(client, "/count/3000", &lines(3000)),
        5 => {
            let body = {
                let length = random.below(20_000);
                random.bytes(length)
            };
            client.send(&[post(&body).as_bytes(), &body].concat());
            body
        }
        6 => get(client, "/delay/400", "400 milliseconds later\n"),
        _ => {
            let body = random.bytes(2000);
            let (first, second) = body.split_at(1000);
            client.send(&[post(&body).as_bytes(), first].concat());
            thread::sleep(Duration::from_millis(300));
            client.send(second);
            body
        }
    };
    let answer = client.read()?;
    ensure!(answer.status == 200, "status {}", answer.status);
    ensure!(answer.body == expected, "{} bytes, not those expected", answer.body.len());
    Ok(answer.is_last())
}

fn post(body: &[u8]) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len())
}

fn get(client: &mut Client, path: &str, body: &str) -> Vec<u8> {
    client.get(path);
    body.into()
}

fn lines(count: usize) -> String {
    (1..=count).map(|number| format!("{number}\n")).collect()
}
