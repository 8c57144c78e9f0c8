//! What speaks against trusting a row's figures, whatever the bottleneck is.

use super::case::Case;
use super::finding::percent;
use crate::numbers::time;
use std::time::Duration;

/// In seconds: a generator that has to be woken up is so late as a rule.
const LATE: f64 = 0.0002;

/// Of the CPUs in use: what makes a row be measured again, whether other programs took it or the host.
const DISTURBED: f64 = 0.1;

/// Of the CPUs in use: what the host, or a control group, may keep back before it is said. Many hosts always take a little.
const STOLEN: f64 = 0.03;

/// A line for each.
pub(super) fn of(case: &Case<'_>) -> Vec<String> {
    let mut doubts = Vec::new();
    if !case.seen.errors.is_empty() {
        let list: Vec<_> =
            case.seen.errors.iter().map(|(name, count)| format!("{count} {name}")).collect();
        doubts.push(format!("errors: {}", list.join(", ")));
    }
    doubts.extend(disturbances(case));
    let stolen = case.evidence.machine.map_or(0.0, |machine| machine.stolen);
    let cores = case.evidence.cores as f64;
    if (STOLEN * cores..DISTURBED * cores).contains(&stolen) {
        doubts.push(taken_by_the_host(stolen));
    }
    let throttled = case.evidence.machine.map_or(0.0, |machine| machine.throttled);
    if throttled > STOLEN * cores {
        doubts.push(format!("the control group's limit (cpu.max) held {throttled:.2} cores back"));
    }
    let lag = case.seen.generator_lag;
    if lag > LATE && lag > 0.1 * case.seen.mean {
        let late = time(Duration::from_secs_f64(lag));
        doubts.push(format!("the generator sent requests {late} late on average"));
    }
    if let Some(share) = case.seen.slowest_tenth.filter(|share| *share < 0.5) {
        let share = percent(share);
        doubts.push(format!(
            "the slowest tenth of the window had {share} of the mean tenth's requests"
        ));
    }
    doubts
}

/// What took CPU time from server and client, and has nothing to do with either.
pub(super) fn disturbances(case: &Case<'_>) -> Vec<String> {
    let mut disturbances = Vec::new();
    let Some(machine) = case.evidence.machine else { return disturbances };
    let cores = case.evidence.cores as f64;
    let strangers = machine.processes + machine.interrupts - case.ours(machine);
    // Without the server's own share, whose the rest is cannot be told.
    if case.evidence.server.is_some() && strangers > DISTURBED * cores {
        disturbances.push(format!("other programs used {strangers:.1} cores"));
    }
    if machine.stolen >= DISTURBED * cores {
        disturbances.push(taken_by_the_host(machine.stolen));
    }
    disturbances
}

fn taken_by_the_host(cores: f64) -> String {
    format!("the host took {cores:.2} cores away")
}
