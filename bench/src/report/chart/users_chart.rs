//! The ladder of users who think, as bars: the step from stage to stage is seen without a word.

use super::bars::{self, Bar, Body};
use super::picture::{Chart, Texts, class};
use crate::numbers::{counted, grouped};
use crate::report::users;
use crate::results::{Group, Part, Results};
use crate::workspace::label;

/// The stages, and below them their controls; `None` without rows.
pub fn of(results: &Results) -> Option<Chart> {
    let bar = |group: &Group<'_>| {
        let (sample, is_stage) = (group.median(), group.median().part == Part::Users);
        let name = match is_stage {
            true => label(&sample.target).to_owned(),
            false => users::control(sample)?,
        };
        Some(Bar {
            class: class(&sample.target),
            name,
            range: group.range(|sample| Some(sample.load.rps))?,
            body: if is_stage { Body::Whole } else { Body::Unknown },
            note: format!(
                "{}, serves {}",
                grouped(sample.load.rps),
                grouped(sample.load.served as f64)
            ),
        })
    };
    let trials = [Part::Users, Part::Controls].map(|part| results.trials(part)).concat();
    let bars: Vec<_> = trials.iter().filter_map(bar).collect();
    let sample = *results.medians(Part::Users).first()?;
    let texts = Texts {
        name: "users".to_owned(),
        title: format!("{} users who think", grouped(sample.connections as f64)),
        subtitle: format!(
            "req/s on {}; keep-alive always, 20 ms of thought, 50 µs of CPU a request; framed: controls",
            counted(results.host.cores, "core")
        ),
        caption: "Stage 1 waits for one user to think, stage 2 for as many as it has threads, stage 3 has one core to serve \
                  all, and stage 4 all cores.",
    };
    Some(bars::chart(texts, &bars, None))
}
