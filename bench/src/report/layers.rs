//! A request's CPU by layer as a bar of signs: for a terminal, and for a cell of a table.

use crate::results::{Profile, Results};

/// Signs of the longest bar.
const LONGEST: f64 = 28.0;
/// Fewer µs are not worth a name.
const LEAST: f64 = 0.05;

/// A piece of a bar: its sign, its name, and the layers that it is made of; none: all others.
type Piece = (char, &'static str, &'static [&'static str]);

/// By perf's layers.
const LAYERS: [Piece; 5] = [
    ('█', "user code", &["user code"]),
    ('▓', "read", &["read"]),
    ('▒', "write and TCP send", &["write and TCP send"]),
    ('░', WAITING, &[WAITING, "futex"]),
    ('·', "other", &[]),
];
/// The layer that an event loop makes small.
const WAITING: &str = "waiting and switching";
/// By what /proc shows.
const STATES: [Piece; 2] =
    [('█', "user", &["user", "user and system"]), ('▒', "system", &["system"])];
/// Waits that /proc shows. The threads of a pool wait so long that a bar with them in would hide all CPU time: they stand
/// behind it, as figures.
pub const WAITS: [&str; 2] = [RUN_QUEUE, "asleep"];
const RUN_QUEUE: &str = "run queue";

/// The pieces of a profile: perf's layers, or what /proc shows where perf could not look.
fn pieces(profile: &Profile) -> &'static [Piece] {
    if profile.is_by_layer() { &LAYERS } else { &STATES }
}

/// The bars of a run's profiles, all to one scale.
pub struct Bars {
    /// µs of the longest.
    longest: f64,
}

impl Bars {
    /// The scale of these.
    pub fn of(results: &Results) -> Self {
        let sums = results.profiles.iter().map(|profile| lengths(profile).iter().sum());
        Self { longest: sums.fold(0.0, f64::max) }
    }

    /// So many signs for each piece: the ends are rounded, so that no rounding adds up.
    pub fn drawn(&self, profile: &Profile) -> String {
        let (mut bar, mut sum, mut end) = (String::new(), 0.0, 0);
        for (us, (sign, ..)) in lengths(profile).iter().zip(pieces(profile)) {
            sum += us;
            let next = (sum / self.longest.max(f64::MIN_POSITIVE) * LONGEST).round() as usize;
            bar.extend(std::iter::repeat_n(*sign, next - end));
            end = next;
        }
        bar
    }

    /// The bar, its sum, and each piece by its name, in one line.
    pub fn line(&self, profile: &Profile) -> String {
        let lengths = lengths(profile);
        let shown = lengths.iter().zip(pieces(profile)).filter(|(us, _)| **us >= LEAST);
        let named: Vec<_> =
            shown.map(|(us, (sign, name, _))| format!("{sign} {name} {us:.1}")).collect();
        let queued =
            queued(profile).map_or(String::new(), |us| format!("; in the run queue {us:.1}"));
        format!(
            "{} {:.1} µs (hello, kept alive, connections: {}) = {}{queued}",
            self.drawn(profile),
            lengths.iter().sum::<f64>(),
            profile.connections,
            named.join(" + ")
        )
    }
}

/// µs of each piece of a profile.
pub fn lengths(profile: &Profile) -> Vec<f64> {
    let pieces = pieces(profile);
    pieces.iter().map(|piece| length(profile, pieces, piece)).collect()
}

/// What the signs stand for: a line for perf's layers, and one for what /proc shows, where both were used.
pub fn legend(results: &Results) -> Vec<String> {
    let used = |all: &&'static [Piece]| results.profiles.iter().any(|one| pieces(one) == *all);
    let line = |all: &'static [Piece]| {
        let names: Vec<_> = all.iter().map(|(sign, name, _)| format!("{sign} {name}")).collect();
        let behind = if *all == STATES { "  (+ waiting for a CPU: run queue)" } else { "" };
        names.join("  ") + behind
    };
    [&LAYERS[..], &STATES[..]].into_iter().filter(used).map(line).collect()
}

/// µs with work and without a CPU, as /proc tells them.
pub fn queued(profile: &Profile) -> Option<f64> {
    profile.layer(RUN_QUEUE)
}

/// µs of waiting, where perf has seen it.
pub fn waiting(profile: &Profile) -> Option<f64> {
    profile.layer(WAITING)?;
    Some(length(profile, &LAYERS, &LAYERS[3]))
}

fn length(profile: &Profile, pieces: &[Piece], piece: &Piece) -> f64 {
    let is_in = |name: &str| match piece.2 {
        [] => pieces.iter().all(|other| !other.2.contains(&name)),
        names => names.contains(&name),
    };
    let own = profile.layers.iter().filter(|layer| is_in(&layer.name));
    own.map(|layer| layer.us).fold(0.0, |sum, us| sum + us)
}
