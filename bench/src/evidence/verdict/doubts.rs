//! What speaks against trusting a row's figures, whatever the bottleneck is.

use super::case::Case;
use super::finding::percent;
use crate::numbers::time;
use std::time::Duration;

/// In seconds: a generator that has to be woken up is so late as a rule.
const LATE: f64 = 0.0002;

/// Of the CPUs in use: what makes a row be measured again, whether other programs took it or the host.
const DISTURBED: f64 = 0.1;

/// Of the CPUs in use: what the host may keep back before it is said. Many hosts always take a little.
const STOLEN: f64 = 0.03;

/// A line for each.
pub(super) fn of(case: &Case<'_>) -> Vec<String> {
    let mut doubts = Vec::new();
    if !case.seen.errors.is_empty() {
        let list: Vec<_> =
            case.seen.errors.iter().map(|(name, count)| format!("{count} {name}")).collect();
        doubts.push(format!("errors: {}", list.join(", ")));
    }
    doubts.extend(strangers(case).map(|cores| format!("other programs used {cores:.1} cores")));
    let cores = case.evidence.cores as f64;
    let stolen = case.evidence.machine.map_or(0.0, |machine| machine.stolen);
    if stolen >= STOLEN * cores {
        doubts.push(format!("the host took {stolen:.2} cores away"));
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

/// Who took so much from server and client that the row is measured again.
pub(super) fn disturbers(case: &Case<'_>) -> Vec<&'static str> {
    let stolen = case.evidence.machine.map_or(0.0, |machine| machine.stolen);
    let by_host = stolen >= DISTURBED * case.evidence.cores as f64;
    let took = [("other programs", strangers(case).is_some()), ("the host", by_host)];
    took.into_iter().filter(|(_, is_so)| *is_so).map(|(who, _)| who).collect()
}

/// Cores that other programs used, where they are so many that they matter.
fn strangers(case: &Case<'_>) -> Option<f64> {
    let machine = case.evidence.machine?;
    // Without the server's own share, whose the rest is cannot be told.
    case.evidence.server.as_ref()?;
    let strangers = machine.processes + machine.interrupts - case.ours(machine);
    (strangers > DISTURBED * case.evidence.cores as f64).then_some(strangers)
}
