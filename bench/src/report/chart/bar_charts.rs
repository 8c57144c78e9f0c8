//! What is shown as bars, and how to read them: the ladder of users, and a request's time by layer.

use super::bars::{self, Bar, Piece};
use super::picture::{Chart, class};
use crate::numbers::{counted, grouped, micros};
use crate::report::figures::server;
use crate::report::layers::WAITS;
use crate::report::{profile, users};
use crate::results::{Group, Part, Profile, Results};
use crate::workspace::label;

fn piece(class: String, length: f64) -> Piece {
    Piece { class, length, tip: String::new() }
}

/// The ladder of users who think, and below it the controls: the step from stage to stage is seen without a word.
pub fn users(results: &Results) -> Option<Chart> {
    let bar = |group: &Group<'_>| {
        let (sample, is_stage) = (group.median(), group.median().part == Part::Users);
        let class = class(&sample.target);
        let (kind, name) = match is_stage {
            true => ("bar", server(sample)),
            false => ("frame", users::control(sample)?),
        };
        let (rps, served) = (grouped(sample.load.rps), grouped(sample.load.served as f64));
        Some(Bar {
            class,
            name,
            pieces: vec![piece(format!("{kind} {class}"), sample.load.rps)],
            repeats: group.range(|sample| Some(sample.load.rps)),
            note: format!("{rps}, serves {served}"),
        })
    };
    let trials = [Part::Users, Part::Controls].map(|part| results.trials(part)).concat();
    let bars: Vec<_> = trials.iter().filter_map(bar).collect();
    let sample = *results.medians(Part::Users).first()?;
    let chart = Chart {
        name: "users".to_owned(),
        title: format!("{} users who think", grouped(sample.connections as f64)),
        subtitle: format!(
            "req/s on {}; keep-alive always, 20 ms of thought, 50 µs of CPU a request; framed: controls",
            counted(results.host.cores, "core")
        ),
        caption: "Stage 1 waits for one user to think, stage 2 for as many as it has threads, stage 3 has one core to serve \
                  all, and stage 4 all cores."
            .to_owned(),
        ..Chart::default()
    };
    Some(bars::chart(chart, &[], &bars))
}

/// So many layers have a colour of their own in the style.
const COLOURS: usize = 9;

/// A request's time by layer, a bar for each profile; `None` without any.
pub fn profile(results: &Results) -> Option<Chart> {
    let mut names = profile::layers(results);
    names.retain(|name| !WAITS.contains(name));
    let class_of = |index: usize| format!("layer l{}", index % COLOURS);
    let layers: Vec<_> = names.iter().enumerate().map(|(at, name)| (class_of(at), *name)).collect();
    let bar = |profile: &Profile| {
        let name = label(&profile.target).to_owned();
        let piece = |(class, layer): &(String, &str)| {
            let length = profile.layer(layer)?;
            Some(Piece {
                class: class.clone(),
                length,
                tip: format!("{name}, {layer}: {length:.1} µs"),
            })
        };
        let pieces: Vec<_> = layers.iter().filter_map(piece).collect();
        let drawn = pieces.iter().map(|piece| piece.length).sum::<f64>();
        let wait = |name: &&str| Some(format!(", {name} {}", micros(Some(profile.layer(name)?))));
        let note = format!("{drawn:.1} µs") + &WAITS.iter().filter_map(wait).collect::<String>();
        Bar { class: class(&profile.target), name, pieces, repeats: None, note }
    };
    let bars: Vec<_> = results.profiles.iter().map(bar).collect();
    let (title, caption) = profile_texts(&results.profiles);
    let chart = Chart {
        name: "profile".to_owned(),
        title: format!("{title}, hello, kept alive"),
        subtitle: "µs; one connection for stage 1, for the others no more than workers".to_owned(),
        caption: caption.to_owned(),
        ..Chart::default()
    };
    (!bars.is_empty()).then(|| bars::chart(chart, &layers, &bars))
}

/// What is shown and how to read it: layers as perf saw them, and of the other stages what /proc shows.
fn profile_texts(profiles: &[Profile]) -> (&'static str, &'static str) {
    if profiles.iter().all(Profile::is_by_layer) {
        return (
            "Server CPU per request by layer",
            "Each layer's share of perf's samples, times the CPU of a request. Compare µs, not shares: from stage to \
             stage it is seen which layer shrinks.",
        );
    }
    (
        "Server CPU per request",
        "Of a stage that perf could look at, each layer's share of perf's samples, times the CPU of a request. Of the others \
         what /proc shows any user: CPU time (user, system) as bars; behind them time with work but without a CPU (run \
         queue) and time without work (asleep), of all threads that served.",
    )
}
