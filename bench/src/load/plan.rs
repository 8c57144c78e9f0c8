//! What is asked for and what responses must be: as the caller says it, and as the threads need it.

use super::digest::Digest;
use super::errors::Failure;
use super::response::Response;
use super::think::Think;
use super::url::Url;
use crate::tools;
use clap::ValueEnum;
use std::sync::OnceLock;
use std::time::Duration;

/// What a correct response's body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Exactly these bytes.
    Body(Vec<u8>),
    /// The same as the first response that comes.
    Same,
    /// Anything that is framed correctly: pages that change from one request to the next.
    Any,
}

/// When requests are due at a rate.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// At equal gaps
    #[default]
    Constant,
    /// At random gaps, as from many clients that know nothing of each other: they queue even where there is time for all
    Poisson,
}

/// A load to be put on a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is asked for.
    pub url: Url,
    /// Clients, each with one connection at a time.
    pub connections: usize,
    /// Threads of the generator; no more than there are clients are used.
    pub threads: usize,
    /// The window's length.
    pub duration: Duration,
    /// So many requests are sent in the window, which closes when they have come to an end. Those of the warm-up are
    /// beside them.
    pub requests: Option<u64>,
    /// How long the window waits, at most, for every client's first response; zero: clients connect when it opens.
    pub warm_up: Duration,
    /// Whether it waits so long even if all have it.
    pub whole_warm_up: bool,
    /// How long a response may take before the client gives up.
    pub timeout: Duration,
    /// One request per connection (`Connection: close`).
    pub close: bool,
    /// Requests sent in one write; the next ones follow when all responses are complete.
    pub pipeline: usize,
    /// The request's method.
    pub method: String,
    /// Further header fields; they replace the fields that the generator adds itself.
    pub headers: Vec<(String, String)>,
    /// The request's body.
    pub body: Option<String>,
    /// What the response's body must be.
    pub expect: Expect,
    /// Requests per second, sent when they are due; `None`: each client sends its next request when the response is complete.
    pub rate: Option<f64>,
    /// When they are due.
    pub arrivals: Arrivals,
    /// How long clients wait between a response and their next request; `None`: they do not.
    pub think: Option<Think>,
    /// Clients beside the others that send one request and then stay silent.
    pub silent: usize,
    /// Clients beside the others that send one byte of their request each second.
    pub slow: usize,
    /// CPU time that the generator wastes for each response: what does a slow one do to the figures?
    pub burden: Duration,
}

impl Options {
    /// `GET url` by so many clients, with the defaults of the command line.
    pub fn get(url: Url, connections: usize, duration: Duration) -> Self {
        Self {
            url,
            connections,
            // The server under test needs the cores too, but so it does on every machine.
            threads: tools::cores(),
            duration,
            requests: None,
            warm_up: Duration::from_secs(1),
            whole_warm_up: false,
            timeout: Duration::from_secs(5),
            close: false,
            pipeline: 1,
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: None,
            expect: Expect::Same,
            rate: None,
            arrivals: Arrivals::default(),
            think: None,
            silent: 0,
            slow: 0,
            burden: Duration::ZERO,
        }
    }
}

/// What the threads read: the requests, ready to be sent, and what responses must be.
pub(super) struct Plan {
    pub(super) options: Options,
    /// As many as are sent in one write, one behind the other.
    pub(super) requests: Vec<u8>,
    /// The bytes of one.
    pub(super) length: usize,
    pub(super) close: bool,
    pub(super) bodiless: bool,
    /// `None`: any body will do.
    expected: Option<OnceLock<Digest>>,
}

impl Plan {
    pub(super) fn new(options: &Options) -> Self {
        let expected = match &options.expect {
            Expect::Body(body) => Some(OnceLock::from(Digest::of(body))),
            Expect::Same => Some(OnceLock::new()),
            Expect::Any => None,
        };
        let request = options.request();
        Self {
            options: options.clone(),
            requests: request.repeat(options.pipeline).into_bytes(),
            length: request.len(),
            close: options.closes(),
            bodiless: options.method == "HEAD",
            expected,
        }
    }

    /// What is wrong with a response, if anything is. `hashed`: its bytes are known, not only how many.
    pub(super) fn wrong(&self, response: &Response, hashed: bool) -> Option<Failure> {
        if !(200..400).contains(&response.status) {
            return Some(Failure::Status);
        }
        let expected = self.expected.as_ref()?;
        let matches = match (hashed && !self.bodiless, self.bodiless) {
            (true, _) => *expected.get_or_init(|| response.body) == response.body,
            (_, true) => true,
            _ => expected.get().is_none_or(|body| body.length == response.body.length),
        };
        (!matches).then_some(Failure::Body)
    }
}

/// How many of `all` the thread with number `index` has: the remainder goes to the first ones.
pub(super) fn share(all: usize, threads: usize, index: usize) -> usize {
    all / threads + usize::from(index < all % threads)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn the_remainder_is_handed_out() {
        for (all, threads) in [(1, 1), (50, 4), (7, 7), (800, 3), (5, 2)] {
            let shares: Vec<_> = (0..threads).map(|index| share(all, threads, index)).collect();
            assert_eq!(shares.iter().sum::<usize>(), all);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }
}
