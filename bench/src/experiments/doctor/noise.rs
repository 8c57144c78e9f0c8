//! How much two runs of the same differ here: what is less than that, no run can tell.

use super::finding::Finding;
use crate::evidence::host::Times;
use crate::experiments::common::Common;
use crate::experiments::plan::{Plan, Trial};
use crate::interrupt::Interrupt;
use crate::numbers::median;
use crate::targets::{Starter, Target};
use crate::tools;
use anyhow::Result;
use std::time::Duration;

/// Windows of each of the two.
const REPEATS: usize = 5;
const WINDOW: Duration = Duration::from_millis(700);

/// Measures the null server against itself, in turns, and watches what the host of a virtual machine takes meanwhile.
///
/// # Errors
/// When the null server cannot be measured.
pub fn measure(interrupt: &Interrupt) -> Result<Vec<Finding>> {
    let plan = Common::default().plan(vec![Target::NullServer], vec![50], WINDOW);
    let starter = Starter::build(&plan.targets, Vec::new(), plan.pin.clone(), interrupt)?;
    let trial = trial(&plan);
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
    let [mut a, mut b] = figures;
    let machine = before.zip(Times::now(&[])).map(|(before, after)| after.since(&before));
    let stolen = machine.map(|machine| machine.stolen / tools::cores() as f64);
    Ok(vec![of_steal(stolen), of_noise(&mut a, &mut b)])
}

fn trial(plan: &Plan) -> Trial {
    Trial::of(plan.modes[0], plan.levels[0], plan.workload)
}

fn of_noise(a: &mut [f64], b: &mut [f64]) -> Finding {
    let median = |figures: &mut [f64]| median(figures, f64::total_cmp).unwrap_or_default();
    let (left, right) = (median(a), median(b));
    let apart = 100.0 * (left - right).abs() / left.max(right).max(f64::MIN_POSITIVE);
    let all = || a.iter().chain(b.iter()).copied();
    let spread = 100.0 * (all().fold(0.0, f64::max) - all().fold(f64::MAX, f64::min))
        / left.max(f64::MIN_POSITIVE);
    let found = format!(
        "the null server against itself: medians {apart:.0} % apart, single runs {spread:.0} % ({left:.0} and {right:.0} req/s)"
    );
    match (apart, spread) {
        (..5.0, ..20.0) => Finding::fine("noise", found),
        _ => Finding::note(
            "noise",
            found,
            "smaller differences mean nothing here: end other programs, --repeat 5, longer -d",
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
    fn noise_is_what_medians_and_single_runs_differ_by() {
        let calm = of_noise(&mut [100.0, 98.0, 102.0], &mut [101.0, 99.0, 103.0]);
        assert_eq!(calm.weight, Fine, "{calm:?}");
        assert!(calm.found.contains("medians 1 % apart, single runs 5 %"), "{calm:?}");
        assert_eq!(of_noise(&mut [100.0], &mut [80.0]).weight, Note);
        assert_eq!(of_noise(&mut [], &mut []).weight, Fine);
    }

    #[test]
    fn stolen_time_is_worth_a_note() {
        let weight = |stolen| of_steal(stolen).weight;
        assert_eq!((weight(Some(0.05)), weight(Some(0.0)), weight(None)), (Note, Fine, Note));
    }
}
