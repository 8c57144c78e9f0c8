//! `bench check hostile`: each kind of hostile client against a stage, several times, and what well-behaved clients saw.

use super::hostile::Kind;
use super::{Stage, attack, say};
use crate::numbers::median;
use anyhow::{Context, Result};
use std::time::Duration;

/// The figures of one kind.
#[derive(Default)]
struct AttackReport {
    /// 99th percentiles of well-behaved clients, for each repeat: alone, beside an attack on another server, on the
    /// attacked server.
    latency: [Vec<Duration>; 3],
    actions: u64,
    /// Requests of well-behaved clients beside the attack that were served: all, or it is an error.
    served: u64,
    /// In KiB, the most of all repeats: before, at most, after.
    memory: [u64; 3],
}

/// Lets each `chosen` kind attack `repeat` times and prints a line for it. The three runs that are to be
/// compared follow each other each time, so that a machine that grows slower does so to all of them.
pub(super) fn show(
    stage: &Stage,
    chosen: impl Fn(&Kind) -> bool,
    time: Duration,
    repeat: usize,
    seed: u64,
) -> Result<()> {
    say(&format!(
        "  99th percentile of 32 well-behaved clients, median of {repeat} times: alone; beside the attack on another server of this machine; on the attacked one\n  \
         kind              actions served      alone other server attacked  / alone / other server   memory KiB: before, most (allowed), after (allowed)"
    ))?;
    let (mut kinds, mut within) = (0, 0);
    for kind in Kind::all().iter().filter(|kind| chosen(kind)) {
        let report = AttackReport::of(stage, *kind, time, repeat, seed);
        let ratio = report.with_context(|| format!("{kind:?}"))?.show(*kind)?;
        kinds += 1;
        within += usize::from(ratio <= 2.0);
    }
    say(&format!(
        "  no request of a well-behaved client was lost and no connect refused; {within} of {kinds} kinds within twice the figure without attack"
    ))
}

impl AttackReport {
    fn of(stage: &Stage, kind: Kind, time: Duration, repeat: usize, seed: u64) -> Result<Self> {
        let mut report = Self::default();
        for seed in (seed..).take(repeat.max(1)) {
            let other = attack::on_another_server(stage, kind, time, seed)?;
            let attack = attack::attack(stage, kind, [time, time], seed)?;
            let latencies = [attack.alone.p99(), other.p99(), attack.beside.p99()];
            report.latency.iter_mut().zip(latencies).for_each(|(all, one)| all.push(one));
            report.actions += attack.actions.done;
            report.served += attack.beside.served;
            for (most, now) in report.memory.iter_mut().zip(attack.memory) {
                *most = now.max(*most);
            }
        }
        Ok(report)
    }

    /// Prints a line; the attacked server's figure, as a multiple of that without attack.
    fn show(mut self, kind: Kind) -> Result<f64> {
        let [alone, other, attacked] =
            self.latency.each_mut().map(|times| median(times, Ord::cmp).unwrap_or_default());
        let (actions, served, [before, most, after]) = (self.actions, self.served, self.memory);
        let ratio = |than: Duration| attacked.as_secs_f64() / than.as_secs_f64();
        say(&format!(
            "  {:<16} {actions:>8} {served:>6}  {alone:>9.1?} {other:>12.1?} {attacked:>8.1?}  {:>7.2} {:>14.2}   {before}, {most} ({}), {after} ({})",
            format!("{kind:?}"),
            ratio(alone),
            ratio(other),
            before + attack::allowed(kind),
            before + attack::KEPT,
        ))?;
        Ok(ratio(alone))
    }
}
