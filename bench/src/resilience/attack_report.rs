//! `bench check hostile`: each kind of hostile client against a stage, several times, and what well-behaved clients saw.

use super::hostile::Kind;
use super::{Stage, attack, say};
use crate::numbers::median;
use anyhow::{Context, Result};
use std::time::Duration;

/// Lets each `chosen` kind attack `repeat` times and prints a line for it.
pub(super) fn show(
    stage: &Stage,
    chosen: impl Fn(&Kind) -> bool,
    time: Duration,
    repeat: usize,
    seed: u64,
) -> Result<()> {
    say(&format!(
        "  99th percentile of 32 well-behaved clients, median of {repeat} times: alone, and beside the attack\n  \
         kind              actions served      alone attacked ratio   memory KiB: before, most (allowed), after (allowed)"
    ))?;
    let (mut kinds, mut within) = (0, 0);
    for kind in Kind::all().iter().filter(|kind| chosen(kind)) {
        let ratio = attacked(stage, *kind, time, repeat, seed);
        kinds += 1;
        within += usize::from(ratio.with_context(|| format!("{kind:?}"))? <= 2.0);
    }
    say(&format!(
        "  no request of a well-behaved client was lost and no connect refused; {within} of {kinds} kinds within twice the figure without attack"
    ))
}

/// Prints the line of one kind; the attacked server's figure, as a multiple of that without attack. The two that are
/// compared follow each other each time, so that a machine that grows slower does so to both.
fn attacked(stage: &Stage, kind: Kind, time: Duration, repeat: usize, seed: u64) -> Result<f64> {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (mut actions, mut served, mut memory) = (0, 0, [0; 3]);
    for seed in (seed..).take(repeat) {
        let attack = attack::attack(stage, kind, [time, time], seed)?;
        alone.push(attack.alone.p99());
        beside.push(attack.beside.p99());
        actions += attack.actions.done;
        served += attack.beside.served;
        for (most, now) in memory.iter_mut().zip(attack.memory) {
            *most = now.max(*most);
        }
    }
    let [alone, beside] =
        [alone, beside].map(|mut times| median(&mut times, Ord::cmp).unwrap_or_default());
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    let [before, most, after] = memory;
    say(&format!(
        "  {:<16} {actions:>8} {served:>6}  {alone:>9.1?} {beside:>8.1?} {ratio:>5.2}   {before}, {most} ({}), {after} ({})",
        format!("{kind:?}"),
        before + attack::allowed(kind),
        before + attack::KEPT,
    ))?;
    Ok(ratio)
}
