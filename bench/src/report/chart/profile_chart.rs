//! A request's time by layer: one stacked bar per stage.

use super::picture::{Chart, Texts, class};
use super::stacked::{self, Bar};
use crate::numbers::micros;
use crate::report::profile;
use crate::results::{Profile, Results};
use crate::workspace::label;

/// A pool of threads sleeps so long that a bar with it in would hide all else: it stands behind the bar.
const ASLEEP: &str = "asleep";

/// The bars of all profiles; `None` without any.
pub fn of(results: &Results) -> Option<Chart> {
    let mut layers = profile::layers(results);
    layers.retain(|name| *name != ASLEEP);
    let bar = |profile: &Profile| {
        let piece = |(index, name): (usize, &&str)| Some((index, profile.layer(name)?));
        let pieces: Vec<_> = layers.iter().enumerate().filter_map(piece).collect();
        let drawn = pieces.iter().map(|(_, us)| us).sum::<f64>();
        let asleep = profile.layer(ASLEEP).map(|us| format!(", asleep {}", micros(Some(us))));
        Bar {
            class: class(&profile.target),
            name: label(&profile.target).to_owned(),
            pieces,
            note: format!("{drawn:.1} µs{}", asleep.unwrap_or_default()),
        }
    };
    let bars: Vec<_> = results.profiles.iter().map(bar).collect();
    let by_layer = profile::missing(results).is_none();
    let (title, caption) = if by_layer {
        (
            "Server CPU per request by layer",
            "Each layer's share of perf's samples, times the CPU of a request. Compare µs, not shares: from stage to \
             stage it is seen which layer shrinks.",
        )
    } else {
        (
            "Time per request of the server's threads",
            "What /proc shows any user: CPU time (user, system) and time with work but without a CPU (run queue), \
             as bars; behind them time without work (asleep), of all threads that served.",
        )
    };
    let texts = Texts {
        name: "profile".to_owned(),
        title: format!("{title}, hello, kept alive"),
        subtitle: "µs; one connection for stage 1, for the others no more than workers".to_owned(),
        caption,
    };
    (!bars.is_empty()).then(|| stacked::chart(texts, &layers, &bars))
}
