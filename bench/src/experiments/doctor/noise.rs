//! How much two runs of the same differ here: what is less than that, no run can tell.

use super::finding::Finding;
use crate::evidence::host::Times;
use crate::experiments::common::Common;
use crate::experiments::plan::Trial;
use crate::experiments::workload::Kind;
use crate::interrupt::Interrupt;
use crate::results::statistics::Ratio;
use crate::targets::{Starter, Target};
use crate::tools;
use anyhow::Result;
use std::time::Duration;

/// Windows of each of the two.
const REPEATS: usize = 5;
const CLIENTS: usize = 50;
const WINDOW: Duration = Duration::from_millis(700);

/// Measures the null server against itself, in turns, and watches what the host of a virtual machine takes meanwhile.
///
/// # Errors
/// When the null server cannot be measured.
pub fn measure(interrupt: &Interrupt) -> Result<Vec<Finding>> {
    let plan = Common::default().plan(vec![Target::NullServer], vec![CLIENTS], WINDOW);
    let starter = Starter::build(&plan.targets, Vec::new(), plan.pin.clone(), interrupt)?;
    let trial = Trial::kept(CLIENTS, Kind::Hello);
    let before = Times::now(&[]);
    let mut figures = [Vec::new(), Vec::new()];
    for turn in 0..2 * REPEATS {
        let measured = trial.measure(&plan, &starter, interrupt)?;
        if interrupt.raised() {
            return Ok(Vec::new());
        }
        // ABBA ABBA: what drifts strikes both alike.
        figures[usize::from(matches!(turn % 4, 1 | 2))].push(measured.outcome.rps());
    }
    let [a, b] = figures;
    let pairs: Vec<_> = a.into_iter().zip(b).collect();
    let machine = before.zip(Times::now(&[])).map(|(before, after)| after.since(&before));
    let stolen = machine.map(|machine| machine.stolen / tools::cores() as f64);
    Ok(vec![of_steal(stolen), of_noise(&pairs)])
}

fn of_noise(pairs: &[(f64, f64)]) -> Finding {
    let all = || pairs.iter().flat_map(|(a, b)| [*a, *b]);
    let (low, high) = (all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max));
    let spread = 100.0 * (high / low - 1.0);
    let ratio = Ratio::of(pairs);
    let found = format!(
        "the null server against itself: {}; single windows {spread:.0} % apart",
        ratio.map_or("no requests".to_owned(), |ratio| ratio.to_string())
    );
    match ratio {
        Some(ratio) if ratio.low > 0.95 && ratio.high < 1.05 => Finding::fine("noise", found),
        _ => Finding::note(
            "noise",
            found,
            "smaller differences do not show here: end other programs, more than --repeat 5, longer -d",
        ),
    }
}

fn of_steal(share: Option<f64>) -> Finding {
    match share {
        None => Finding::note("stolen time", "/proc/stat cannot be read", "is /proc mounted?"),
        Some(share) if share > 0.01 => Finding::note(
            "stolen time",
            format!(
                "{:.1} % of the CPU went to other guests of this machine's host",
                100.0 * share
            ),
            "nothing helps but another time or another machine; trust CPU/req more than req/s",
        ),
        Some(share) => Finding::fine("stolen time", format!("{:.1} %", 100.0 * share)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::doctor::finding::Weight::{Fine, Note};

    #[test]
    fn noise_is_what_pairs_of_equals_differ_by() {
        let rps = [100.0, 130.0, 98.0, 102.0, 101.0];
        let calm = of_noise(&rps.map(|rps| (rps, 1.01 * rps)));
        assert_eq!(calm.weight, Fine, "{calm:?}");
        assert!(calm.found.ends_with("5 of 5 repeats); single windows 34 % apart"), "{calm:?}");
        assert_eq!(of_noise(&rps.map(|rps| (rps, rps * rps / 100.0))).weight, Note);
        assert_eq!(of_noise(&[]).weight, Note);
    }

    #[test]
    fn stolen_time_is_worth_a_note() {
        let weight = |stolen| of_steal(stolen).weight;
        assert_eq!((weight(Some(0.05)), weight(Some(0.0)), weight(None)), (Note, Fine, Note));
    }
}
