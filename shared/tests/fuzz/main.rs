//! Random requests in random pieces through the head parser, the body decoder and the connection: nothing
//! panics, nothing grows, the cuts change nothing, and the responses are those of a plain model of the rules.
//!
//! `cargo test` runs the same few thousand inputs each time: a test that fails today failed yesterday. New
//! ones, for as long as you like, and one failure again:
//!
//! ```text
//! FUZZ_SECONDS=60 cargo test --release -p shared --test fuzz -- --nocapture
//! FUZZ_SECONDS=0 FUZZ_SEED=123 cargo test -p shared --test fuzz -- --nocapture
//! ```
#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

#[cfg(test)]
mod checks;
#[path = "../common/mod.rs"]
mod common;
#[cfg(test)]
mod generator;
#[cfg(test)]
mod model;
#[cfg(test)]
mod model_body;
#[cfg(test)]
mod model_target;
#[cfg(test)]
mod random;
#[cfg(test)]
#[path = "../connection/response.rs"]
mod response;
#[cfg(test)]
mod server;

use random::Random;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What `cargo test` looks at: some three seconds where tests are built without optimisation.
const INPUTS: u64 = 4096;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Says which seed failed, when a check panics.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let input = generator::requests(&mut Random::new(self.0));
            eprintln!("{}", input.escape_ascii());
            eprintln!("this input again: FUZZ_SECONDS=0 FUZZ_SEED={}", self.0);
        }
    }
}

#[test]
fn random_requests_get_the_responses_of_the_model_whatever_the_cuts() {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let end = setting("FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let first = setting("FUZZ_SEED").unwrap_or(if end.is_some() { time } else { 0 });
    println!("seeds from {first}");
    let (mut inputs, mut responses) = (0_u64, 0_u64);
    // One input at least; the clock is not looked at for each.
    while inputs % 256 != 1 || end.map_or(inputs < INPUTS, |end| Instant::now() < end) {
        let seed = Seed(first.wrapping_add(inputs));
        let mut random = Random::new(seed.0);
        let input = generator::requests(&mut random);
        checks::head(&input, &mut random);
        checks::chunked(&input, &mut random);
        responses += checks::connection(&input, &mut random);
        inputs += 1;
    }
    println!("{inputs} inputs, {responses} responses");
    assert!(responses > 0 || end.is_some(), "the inputs are so bad that no response comes");
}
