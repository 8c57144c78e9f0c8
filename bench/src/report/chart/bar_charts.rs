//! CPU per request as bars, and how to read them.

use super::bars::{self, Bar, Body};
use super::picture::{Chart, class};
use super::view::View;
use crate::numbers::micros;
use crate::report::tables::levels;
use crate::results::Group;
use crate::workspace::label;

/// CPU per request of all servers at the most connections.
pub fn cpu(view: &View<'_, '_>) -> Option<Chart> {
    let level = *levels(view.groups, view.mode).last()?;
    let mut bars = Vec::new();
    for target in &view.results.config.targets {
        let Some(group) = view.at(target, level) else { continue };
        let Some(range) = group.range(|sample| sample.server_cpu_us) else { continue };
        let body = user_part(group).map_or(Body::Unknown, Body::Split);
        let (name, note) = (label(target).to_owned(), micros(group.median().server_cpu_us));
        bars.push(Bar { class: class(target), name, range, body, note });
    }
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
