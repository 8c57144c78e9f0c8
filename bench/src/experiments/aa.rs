//! `bench aa`: an A/A test of the instrument itself. How often does it say that a server differs from itself, and how often
//! does it find a handler that is a little dearer?
//!
//! Short windows of a handler that computes, so that the server's CPU is the limit. The same server is started for A and for
//! B in turns (AB BA), and compared as servers are in a run: by the ratios within pairs.

use super::plan::{OVERHEAD, Trial};
use super::trial::Measurement;
use super::tried::undisturbed;
use super::workload::Kind;
use crate::args::{self, misuse};
use crate::interrupt::Interrupt;
use crate::load::Expect;
use crate::numbers::{self, Random};
use crate::results::statistics::Ratio;
use crate::targets::{self, Pinning, Starter, Target};
use crate::terminal::{self, Progress};
use anyhow::{Result, bail, ensure};
use clap::Args;
use std::time::Duration;

/// Repeats of one comparison.
const REPEATS: usize = 7;
/// Comparisons that are drawn from the pairs of A and A, as often as no run could be made.
const DRAWS: usize = 10_000;
/// Comparisons with the dearer handler, each with repeats of its own.
const COMPARISONS: usize = 10;
/// An interval that holds the truth 19 times in 20 leaves it out in 5 % of the comparisons; from 200 pairs, in 2 to 8 %.
const BOUNDS: [f64; 2] = [0.02, 0.08];
/// CPU time of A's handler, in µs.
const WORK: f64 = 200.0;
/// And that of B's in the second part, as a multiple.
const DEARER: f64 = 1.05;
/// More than the threads of any stage that could serve them at once, and few enough for a generator of one thread.
const CLIENTS: usize = 8;

/// What `bench aa` takes.
#[derive(Args, Debug)]
pub struct AaArgs {
    /// The stage that is compared with itself
    #[arg(default_value = "stage3")]
    stage: String,
    /// Pairs of A and A
    #[arg(long, default_value_t = 200, value_parser = args::count)]
    pairs: usize,
    /// How long each server of a pair is measured
    #[arg(short, long, default_value = "250ms", value_parser = args::duration)]
    duration: Duration,
}

/// The servers of both parts.
struct Pairs<'a> {
    target: &'a Target,
    starter: &'a Starter,
    duration: Duration,
    interrupt: &'a Interrupt,
}

impl AaArgs {
    /// Measures both parts, prints what came of them, and says whether both are as they must be.
    ///
    /// # Errors
    /// When the stage cannot be measured, or too many pairs are disturbed.
    pub fn run(&self, interrupt: &Interrupt) -> Result<bool> {
        let targets = targets::parse(std::slice::from_ref(&self.stage))?;
        let [target @ Target::Stage(_)] = targets.as_slice() else {
            let what = "is no stage: only a stage has a handler to make dearer";
            bail!(misuse(format!("`{}` {what}", self.stage)));
        };
        let starter = Starter::build(&targets, Vec::new(), Pinning::Auto.of(&targets), interrupt)?;
        let pairs = Pairs { target, starter: &starter, duration: self.duration, interrupt };
        let dearer = COMPARISONS * REPEATS;
        let each = 2 * (self.duration + OVERHEAD);
        terminal::note(&format!(
            "{}: {} pairs of A and A, {dearer} of A and B, which is {:.0} % dearer; this takes about {}",
            target.label(),
            self.pairs,
            100.0 * (DEARER - 1.0),
            numbers::time(each * (self.pairs + dearer) as u32)
        ));
        let equal = pairs.measure(self.pairs, WORK)?;
        let dearer = pairs.measure(dearer, WORK * DEARER)?;
        ensure!(!interrupt.raised(), "interrupted: the pairs so far say too little");
        let parts = [of_equals(&equal), of_dearer(&dearer)];
        terminal::print(&parts.each_ref().map(|(text, _)| text.as_str()).concat())?;
        Ok(parts.iter().all(|(_, is_well)| *is_well))
    }
}

impl Pairs<'_> {
    /// Requests per second of A and B, pair by pair, where a request costs B so many µs. A pair that stays disturbed is left
    /// out, as a run leaves it out, and another one takes its place.
    fn measure(&self, count: usize, micros: f64) -> Result<Vec<(f64, f64)>> {
        let of_pair = 2 * (self.duration + OVERHEAD);
        let progress = Progress::start(of_pair * count as u32);
        let (mut pairs, mut left_out, mut spare) = (Vec::new(), 0, count);
        while pairs.len() < count && !self.interrupt.raised() {
            progress.say(&format!("pair {} of {count}", pairs.len() + 1));
            let pair = |_| self.pair((pairs.len() + left_out) % 2 == 1, micros);
            let is_disturbed = |pair: &Result<[Measurement; 2]>| {
                pair.as_ref().is_ok_and(|pair| pair.iter().any(Measurement::is_disturbed))
            };
            let tried = undisturbed(&mut spare, self.interrupt, pair, is_disturbed);
            if tried.doubtful {
                left_out += 1;
                ensure!(
                    4 * left_out <= count,
                    "other programs or the host disturbed {left_out} of {} pairs; end the programs, and try again",
                    pairs.len() + left_out
                );
                continue;
            }
            let [a, b] = tried.value?.map(|row| row.outcome.rps());
            pairs.push((a, b));
            progress.step(of_pair);
        }
        Ok(pairs)
    }

    fn pair(&self, b_first: bool, micros: f64) -> Result<[Measurement; 2]> {
        if b_first {
            let b = self.row(micros)?;
            return Ok([self.row(WORK)?, b]);
        }
        Ok([self.row(WORK)?, self.row(micros)?])
    }

    fn row(&self, micros: f64) -> Result<Measurement> {
        let trial = Trial::kept(CLIENTS, Kind::Hello);
        let (mut server, mut options) = trial.start(self.target, self.starter, self.duration)?;
        (options.url.target, options.threads) = (format!("/work/{micros:.0}"), 1);
        options.expect = Expect::Any;
        trial.observe(server.as_mut(), &options, self.interrupt)
    }
}

/// How often the pairs of A and A differ, and whether that is as often as it must be.
fn of_equals(pairs: &[(f64, f64)]) -> (String, bool) {
    let share = drawn(pairs);
    let in_turn: Vec<_> = pairs.chunks_exact(REPEATS).map(differs).collect();
    let is_well = (BOUNDS[0]..=BOUNDS[1]).contains(&share);
    let text = format!(
        "A against A: \"differs\" came out in {:.1} % of {} comparisons of {REPEATS} repeats drawn from {} pairs\n  \
         ({}: 2 to 8 %), and in {} of {} in the order of their measurement. All pairs: A serves {}.\n",
        100.0 * share,
        numbers::grouped(DRAWS as f64),
        pairs.len(),
        word(is_well),
        in_turn.iter().filter(|ratio| ratio.is_some()).count(),
        in_turn.len(),
        all(pairs, "A")
    );
    (text, is_well)
}

/// How often seven repeats find the dearer handler, and whether that is often enough.
fn of_dearer(pairs: &[(f64, f64)]) -> (String, bool) {
    let comparisons: Vec<_> = pairs.chunks_exact(REPEATS).map(differs).collect();
    let found = comparisons.iter().flatten().filter(|ratio| ratio.mean > 1.0).count();
    let is_well = 10 * found >= 9 * comparisons.len();
    let text = format!(
        "A against B: {found} of {} comparisons of {REPEATS} repeats found that B is dearer\n  ({}: at least nine in ten). \
         All pairs: A serves {}.\n",
        comparisons.len(),
        word(is_well),
        all(pairs, "B")
    );
    (text, is_well)
}

fn word(is_well: bool) -> &'static str {
    if is_well { "as it must be" } else { "NOT AS IT MUST BE" }
}

fn all(pairs: &[(f64, f64)], other: &str) -> String {
    Ratio::of(pairs).map_or("-".to_owned(), |ratio| ratio.beside(other))
}

/// The ratio of some pairs, if it is one that differs.
fn differs(pairs: &[(f64, f64)]) -> Option<Ratio> {
    Ratio::of(pairs).filter(Ratio::differs)
}

/// The share of comparisons that differ, of many that are drawn from the pairs: a pair is in a comparison once.
fn drawn(pairs: &[(f64, f64)]) -> f64 {
    let (mut random, mut pairs) = (Random::new(1), pairs.to_vec());
    let mut draw = || {
        for place in 0..REPEATS {
            let other = place + random.below(pairs.len() - place);
            pairs.swap(place, other);
        }
        differs(&pairs[..REPEATS]).is_some()
    };
    (0..DRAWS).filter(|_| draw()).count() as f64 / DRAWS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs with 2 % of noise in each figure, always the same noise.
    fn pairs(count: usize, factor: f64) -> Vec<(f64, f64)> {
        let mut random = Random::new(3);
        let mut noise = || (0.02 * ((0..12).map(|_| random.fraction()).sum::<f64>() - 6.0)).exp();
        (0..count).map(|_| (factor * noise(), noise())).collect()
    }

    #[test]
    fn equals_differ_in_one_of_twenty_comparisons_and_a_drift_in_nearly_all() {
        let (text, is_well) = of_equals(&pairs(200, 1.0));
        assert!(
            is_well && text.contains("drawn from 200 pairs") && text.contains("of 28 in"),
            "{text}"
        );
        let (text, is_well) = of_equals(&pairs(200, 1.1));
        assert!(!is_well && text.contains("NOT AS IT MUST BE"), "{text}");
    }

    #[test]
    fn five_per_cent_are_found_and_nothing_is_found_in_equals_or_in_the_wrong_direction() {
        let (text, is_well) = of_dearer(&pairs(70, 1.05));
        assert!(is_well && text.contains(" of 10 comparisons"), "{text}");
        assert!(!of_dearer(&pairs(70, 1.0)).1 && !of_dearer(&pairs(70, 0.9)).1);
    }
}
