//! CPU per request as bars, and how to read them.

use super::bars::{self, Bar, Body};
use super::picture::{Chart, class};
use super::view::View;
use crate::report::figures::{self, server};
use crate::results::Group;

/// CPU per request of all servers at the most connections.
pub fn cpu(view: &View<'_>) -> Option<Chart> {
    let (level, trials) = view.top()?;
    let bar = |trial: &Group<'_>| {
        let range = trial.range(|sample| sample.server_cpu_us)?;
        let body = user_part(trial).map_or(Body::Unknown, Body::Split);
        let (class, name) = (class(&trial.median().target), server(trial.median()));
        Some(Bar { class, name, range, body, note: figures::cpu(trial) })
    };
    let mut bars: Vec<_> = trials.iter().filter_map(bar).collect();
    let split = bars.iter().any(|bar| bar.body != Body::Unknown);
    if !split {
        bars.iter_mut().for_each(|bar| bar.body = Body::Whole);
    }
    let subtitle = if split {
        "µs; strong: user, pale: kernel; framed: too few ticks to tell them apart"
    } else {
        "µs, user and kernel together"
    };
    let null = bars.iter().find(|bar| bar.class == "null").map(|bar| bar.range.middle);
    let mark = null.map(|null| (null, "null server: the lower bound of these system calls"));
    let caption = match null {
        Some(_) => "What lies beyond the line is the server's own: parsing, routing, timers.",
        None => {
            "The null server, measured beside it, would show the lower bound of these system calls."
        }
    };
    let title = format!("Server CPU per request, {level} connections");
    let texts = view.texts("cpu", &title, subtitle, caption);
    (!bars.is_empty()).then(|| bars::chart(texts, &bars, mark))
}

/// User time of a request, where enough ticks have split it.
fn user_part(group: &Group<'_>) -> Option<f64> {
    Some(group.median().server_cpu_us? * (1.0 - group.kernel()?))
}
