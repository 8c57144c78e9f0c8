//! Good clients: they ask, read, check every byte, and keep account of what they lost.

use super::client::Client;
use super::random::Random;
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
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
    /// Only `GET /`, so that their latencies compare; else a mixture of routes.
    pub hello_only: bool,
    /// A refused connection ends a client: the server is gone.
    pub until_refused: bool,
}

/// What they have seen.
#[derive(Debug)]
pub struct Account {
    /// Correct answers.
    pub answered: u64,
    /// Connections that did not come about: nothing was lost with them.
    pub refused: u64,
    /// What a client asked for and did not get, and how it noticed.
    pub lost: Vec<String>,
    /// From request to answer, in nanoseconds.
    pub latency: Histogram<u64>,
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
    answered: AtomicU64,
}

impl GoodClients {
    /// They begin.
    pub fn start(address: SocketAddr, habits: Habits) -> Self {
        let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
        let shared = Arc::new(Shared { address, habits, stop, answered });
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
            total.latency.add(account.latency).context("adding latencies")?;
        }
        Ok(total)
    }
}

impl Account {
    fn new() -> Result<Self> {
        let latency = Histogram::new(3).context("a histogram")?;
        Ok(Self { answered: 0, refused: 0, lost: Vec::new(), latency })
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
        while !self.stop.load(Relaxed) {
            let Ok(client) = Client::connect(self.address) else {
                account.refused += 1;
                if self.habits.until_refused {
                    break;
                }
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            if let Err(error) = self.converse(client, &mut random, &mut account) {
                account.lost.push(format!("{error:#}"));
            }
        }
        Ok(account)
    }

    /// One connection: a few requests, or fewer if the server says so.
    fn converse(
        &self,
        mut client: Client,
        random: &mut Random,
        account: &mut Account,
    ) -> Result<()> {
        for number in 0..=random.below(30) {
            let start = Instant::now();
            let path = if self.habits.hello_only { 0 } else { random.below(ROUTES) };
            let last = ask(&mut client, path, random)
                .with_context(|| format!("route {path}, request {number} of a connection"))?;
            account.latency.record(start.elapsed().as_nanos() as u64)?;
            account.answered += 1;
            self.answered.fetch_add(1, Relaxed);
            if last || self.stop.load(Relaxed) {
                break;
            }
            if !self.habits.pause.is_zero() {
                // Between half and three halves of it: good clients do not march in step.
                thread::sleep(self.habits.pause.mul_f64(0.5 + random.below(1000) as f64 / 1000.0));
            }
        }
        Ok(())
    }
}

const ROUTES: usize = 6;

/// Asks for one of the routes; tells whether the answer was the last of its connection.
fn ask(client: &mut Client, route: usize, random: &mut Random) -> Result<bool> {
    let expected = match route {
        0 => get(client, "/", "Hello, World!"),
        1 => get(client, "/hello/reader", "Hello, reader!"),
        2 => get(client, "/sleep/2", "slept 2 milliseconds\n"),
        3 => get(client, "/delay/3", "3 milliseconds later\n"),
        4 => get(client, "/count/3000", &lines(3000)),
        _ => {
            let length = random.below(20_000);
            let body = random.bytes(length);
            let head =
                format!("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
            client.send(&[head.as_bytes(), &body].concat());
            body
        }
    };
    let answer = client.read()?;
    ensure!(answer.status == 200, "status {}", answer.status);
    ensure!(answer.body == expected, "{} bytes, not those expected", answer.body.len());
    Ok(answer.is_last())
}

fn get(client: &mut Client, path: &str, body: &str) -> Vec<u8> {
    client.get(path);
    body.into()
}

fn lines(count: usize) -> String {
    (1..=count).map(|number| format!("{number}\n")).collect()
}
