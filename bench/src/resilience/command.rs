//! `bench check NAME`: the checks at full length, with what was measured.

use super::hostile::Kind;
use super::replace::{self, Handover, Replaced};
use super::rolling_restart::RollingRestartArgs;
use super::soak::{self, Soak};
use super::{Stage, attack, descriptors, keepalive, on_each, say};
use crate::args;
use crate::interrupt::Interrupt;
use crate::numbers;
use anyhow::Result;
use std::time::Duration;

/// What to check.
#[derive(clap::Subcommand, Debug)]
pub enum Check {
    /// End a loaded server, many times over: no request that it accepted is lost
    Drain {
        /// Stages, as `3` or `stage3` [default: all]
        stages: Vec<String>,
        /// How many times
        #[arg(long, default_value_t = 20, value_parser = args::count)]
        times: usize,
    },
    /// Replace a loaded server by a new one, many times over: no request is lost
    Replace {
        /// Stages [default: all; 4 with --beside]
        stages: Vec<String>,
        /// How many times
        #[arg(long, default_value_t = 20, value_parser = args::count)]
        times: usize,
        /// Start the new one first: no connect is refused either (stage 4)
        #[arg(long)]
        beside: bool,
    },
    /// Connect 500 clients to a server without descriptors: it neither ends nor spins
    Starve {
        /// Stages [default: all]
        stages: Vec<String>,
    },
    /// Limit requests, idle time and connections: what keeping connections open is worth
    Keepalive {
        /// Stages [default: 3 and 4]
        stages: Vec<String>,
        /// How long each load is measured
        #[arg(long = "for", value_name = "TIME", default_value = "1s", value_parser = args::duration)]
        time: Duration,
    },
    /// Set 500 hostile clients of each kind beside 32 well-behaved ones
    Hostile {
        /// Stages [default: 3 and 4]
        stages: Vec<String>,
        /// Only this kind; may be given more than once
        #[arg(long = "kind", value_enum)]
        kinds: Vec<Kind>,
        /// How long each kind has, and the well-behaved clients without it
        #[arg(long = "for", value_name = "TIME", default_value = "2s", value_parser = args::duration)]
        time: Duration,
        /// How often, each kind; the figures are medians
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = args::count)]
        repeat: usize,
        /// The seed of the clients' choices
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// What limits buy: three attacks with the limits against them and without [stages: 2 and 3]
        #[arg(long, conflicts_with_all = ["kinds", "repeat"])]
        guard_rails: bool,
    },
    /// Mix well-behaved and hostile clients for long: no errors, memory given back
    Soak {
        /// Stages [default: 3 and 4]
        stages: Vec<String>,
        /// How long
        #[arg(long = "for", value_name = "TIME", default_value = "2m", value_parser = args::duration)]
        time: Duration,
        /// Hostile clients [default: as the stage can bear]
        #[arg(long)]
        hostile: Option<usize>,
        /// Seed of the clients' choices; a run prints its own [default: random]
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Replace three servers behind HAProxy, one by one, while clients are at work
    #[command(alias = "fleet")]
    RollingRestart(RollingRestartArgs),
}

impl Check {
    /// Tries it on each stage, up to the first that fails.
    ///
    /// # Errors
    /// When a program cannot be built, or a check fails: the error says how.
    pub fn run(&self, interrupt: &Interrupt) -> Result<()> {
        let (stages, all) = match self {
            Self::RollingRestart(args) => return args.run(interrupt),
            Self::Replace { stages, beside: true, .. } => (stages, &[3][..]),
            Self::Drain { stages, .. } | Self::Replace { stages, .. } | Self::Starve { stages } => {
                (stages, &[0, 1, 2, 3][..])
            }
            Self::Hostile { stages, .. }
            | Self::Soak { stages, .. }
            | Self::Keepalive { stages, .. } => (stages, &[2, 3][..]),
        };
        on_each(stages, all, &["--keep-alive", "always"], interrupt, |name, stage| {
            say(name)?;
            self.try_on(stage, interrupt)
        })
    }

    fn try_on(&self, stage: &Stage, interrupt: &Interrupt) -> Result<()> {
        match self {
            Self::Drain { times, .. } => try_drain(stage, *times),
            Self::Replace { times, beside, .. } => try_replace(stage, *times, *beside),
            Self::Starve { .. } => try_starve(stage),
            Self::Keepalive { time, .. } => keepalive::show(stage, *time, interrupt),
            Self::Hostile { kinds, time, repeat, seed, .. } => {
                let chosen = |kind: &Kind| kinds.is_empty() || kinds.contains(kind);
                attack::show(stage, chosen, *time, *repeat, *seed)
            }
            Self::Soak { time, hostile, seed, .. } => {
                let hostile = hostile.unwrap_or(stage.at_once / 4 * 3);
                let seed = seed.unwrap_or_else(numbers::seed);
                // Before it begins: a run that fails must tell how to repeat it.
                say(&format!("  seed {seed}"))?;
                show_soak(&soak::soak(stage, hostile, *time, seed, interrupt)?)
            }
            Self::RollingRestart(args) => args.run(interrupt),
        }
    }
}

fn try_drain(stage: &Stage, times: usize) -> Result<()> {
    let Replaced { served, drained, longest, .. } =
        replace::under_load(stage, Handover::After, times)?;
    say(&format!(
        "  {times} drains: {served} responses, {drained} of them after the signal, 0 lost; the longest took {longest:.2?}"
    ))
}

fn try_replace(stage: &Stage, times: usize, beside: bool) -> Result<()> {
    let how = if beside { Handover::Beside } else { Handover::After };
    let Replaced { served, refused, longest, slowest_connect, .. } =
        replace::under_load(stage, how, times)?;
    say(&format!(
        "  {times} replacements: {served} responses, 0 lost, {refused} connects refused; the longest end took {longest:.2?}, the slowest connect {slowest_connect:.2?}"
    ))
}

fn try_starve(stage: &Stage) -> Result<()> {
    for how in descriptors::Limit::of(stage) {
        let descriptors::Shortage { fds, waited, cpu } = descriptors::shortage(stage, *how)?;
        say(&format!(
            "  {how}: {fds} descriptors held, {waited} times no client could be accepted, {:.1} % of a core used",
            cpu * 100.0
        ))?;
    }
    Ok(())
}

fn show_soak(soak: &Soak) -> Result<()> {
    let Soak { time, outcome, actions, memory: [first, most, last], slope, fds } = soak;
    say(&format!(
        "  {time:.0?}: {} requests of well-behaved clients served, none lost, no connect refused, p99 {:.1?}; {} hostile actions\n  \
         memory {first} KiB before, {most} at most, {last} afterwards; {slope:+.0} KiB per minute (of a short run, heaps that fill)\n  \
         descriptors: {} at most, {} afterwards, as before",
        outcome.served,
        outcome.p99(),
        actions.done,
        fds[0],
        fds[1]
    ))
}
