//! `bench hostile`: each kind of hostile client against a stage, several times, and what it did to the good ones.

use super::attack::{self, Times};
use super::hostile::Kind;
use super::{Stage, say};
use anyhow::{Context, Result};
use std::time::Duration;

/// One kind's figures. Latencies are 99th percentiles of the good clients, one for each time.
#[derive(Default)]
struct Siege {
    alone: Vec<Duration>,
    next_door: Vec<Duration>,
    attacked: Vec<Duration>,
    deeds: u64,
    /// Good requests beside the attack that were answered: all, or it is an error.
    good: u64,
    /// In KiB, the most of all times: before, at most, after.
    memory: [u64; 3],
}

/// Lets each `chosen` kind attack `repeat` times and prints a line for it. The three runs that are to be
/// compared follow each other each time, so that a machine that grows slower does so to all of them.
pub fn show(
    stage: &Stage,
    chosen: impl Fn(&Kind) -> bool,
    time: Duration,
    repeat: usize,
    seed: u64,
) -> Result<()> {
    say(&format!(
        "  99th percentile of 32 good clients, median of {repeat} times: alone; beside the attack on another server of this machine; on the attacked one\n  \
         kind                deeds   good      alone  next door   attacked  / alone  / next door   memory KiB: before, most (allowed), after (allowed)"
    ))?;
    let (mut kinds, mut within) = (0, 0);
    for kind in Kind::EACH.iter().filter(|kind| chosen(&kind[0])) {
        let siege = Siege::of(stage, kind, time, repeat, seed);
        let ratio = siege.with_context(|| format!("{:?}", kind[0]))?.show(kind[0])?;
        kinds += 1;
        within += usize::from(ratio <= 2.0);
    }
    say(&format!(
        "  no good request was lost and nobody refused; {within} of {kinds} kinds within twice the figure without attack"
    ))?;
    Ok(())
}

impl Siege {
    fn of(
        stage: &Stage,
        kind: &'static [Kind; 1],
        time: Duration,
        repeat: usize,
        seed: u64,
    ) -> Result<Self> {
        let mut siege = Self::default();
        for seed in (seed..).take(repeat.max(1)) {
            siege.next_door.push(attack::next_door(stage, kind, time, seed)?.p99());
            let attack = attack::attack(stage, kind, Times { quiet: time, attack: time }, seed)?;
            siege.alone.push(attack.quiet.p99());
            siege.attacked.push(attack.beside.p99());
            siege.deeds += attack.deeds.done;
            siege.good += attack.beside.answered;
            for (most, now) in siege.memory.iter_mut().zip(attack.memory) {
                *most = now.max(*most);
            }
        }
        Ok(siege)
    }

    /// Prints a line; the attacked server's figure, as a multiple of that without attack.
    fn show(mut self, kind: Kind) -> Result<f64> {
        let [alone, next_door, attacked] =
            [&mut self.alone, &mut self.next_door, &mut self.attacked].map(|times| median(times));
        let (good, [before, most, after]) = (self.good, self.memory);
        let ratio = attacked.as_secs_f64() / alone.as_secs_f64();
        say(&format!(
            "  {:<16} {:>8} {good:>6}  {alone:>9.1?}  {next_door:>9.1?}  {attacked:>9.1?}  {ratio:>7.2}  {:>11.2}   {before}, {most} ({}), {after} ({})",
            format!("{kind:?}"),
            self.deeds,
            attacked.as_secs_f64() / next_door.as_secs_f64(),
            before + attack::allowed(kind),
            before + attack::KEPT,
        ))?;
        Ok(ratio)
    }
}

/// The one in the middle, the lower of two.
fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}
