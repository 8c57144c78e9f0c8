//! What `bench check` offers, for as long as a test may take.

use crate::attempts::side_by_side;
use anyhow::{Context, Result, ensure};
use bench::interrupt::Interrupt;
use bench::resilience::hostile::Kind;
use bench::resilience::{Stage, attack, descriptors, keepalive, soak};
use std::time::Duration;

/// Attacks at once: each leaves two thirds of a core to others.
const ATTACKS: usize = 4;

/// Each kind of hostile client beside well-behaved ones.
pub fn hostile_clients(stage: &Stage) -> Result<()> {
    let times = [200, 1200].map(Duration::from_millis);
    let kinds: Vec<_> = Kind::all().iter().zip(1..).collect();
    side_by_side(&kinds, ATTACKS, |(kind, seed)| {
        attack::attack(stage, **kind, times, *seed).map(drop).with_context(|| format!("{kind:?}"))
    })
}

/// Each kind, against a stage that it stops for a while.
pub fn hostile_clients_pass(stage: &Stage) -> Result<()> {
    side_by_side(Kind::all(), ATTACKS, |kind| {
        attack::passes(stage, *kind).with_context(|| format!("{kind:?}"))
    })
}

/// A server that comes to lack descriptors, in each way.
pub fn shortage(stage: &Stage) -> Result<()> {
    side_by_side(descriptors::Limit::of(stage), 2, |how| {
        descriptors::shortage(stage, *how).map(drop).with_context(|| how.to_string())
    })
}

/// Well-behaved and hostile clients together.
pub fn soak(stage: &Stage) -> Result<()> {
    let (hostile, time) = (stage.at_once / 4 * 3, Duration::from_secs(3));
    soak::soak(stage, hostile, time, 1, &Interrupt::default()).map(drop)
}

/// By their counts alone: no connection takes more requests than it may, none that is idle is closed before its time,
/// and connections that were idle longest give way first.
pub fn kept_connections(stage: &Stage) -> Result<()> {
    for limit in [1, 10] {
        let within = |time| keepalive::per_connection(stage, limit, time, &Interrupt::default());
        let mut found = within(Duration::from_millis(300))?;
        if found.requests == 0 {
            // This machine has much else to do.
            found = within(Duration::from_secs(5))?;
        }
        let possible = found.connections * u64::from(limit);
        ensure!(0 < found.requests && found.requests <= possible, "{limit}: {found:?}");
    }
    let kept = keepalive::kept(stage)?;
    ensure!(kept.iter().all(|kept| *kept >= Duration::from_secs(1)), "closed early: {kept:?}");
    let closed = keepalive::closed(stage)?;
    ensure!(closed == [1], "not the one that was idle longest, for one new client: {closed:?}");
    Ok(())
}
