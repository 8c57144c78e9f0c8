//! A request's CPU by layer as a bar of signs: for a terminal, and for a cell of a table.

use super::profile;
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
const STATES: [Piece; 3] = [
    ('█', "user", &["user", "user and system"]),
    ('▒', "system", &["system"]),
    ('░', "waiting for a CPU (run queue)", &["run queue"]),
];

/// The bars of a run's profiles, all to one scale.
pub struct Bars {
    pieces: &'static [Piece],
    /// µs of the longest.
    longest: f64,
}

impl Bars {
    /// Of perf's layers, or of what /proc shows where perf could not look.
    pub fn of(results: &Results) -> Self {
        let pieces: &[Piece] = if profile::missing(results).is_none() { &LAYERS } else { &STATES };
        let bars = Self { pieces, longest: 0.0 };
        let sums = results.profiles.iter().map(|profile| bars.lengths(profile).iter().sum());
        Self { longest: sums.fold(0.0, f64::max), ..bars }
    }

    /// µs of each piece.
    pub fn lengths(&self, profile: &Profile) -> Vec<f64> {
        self.pieces.iter().map(|piece| length(profile, self.pieces, piece)).collect()
    }

    /// So many signs for each piece: the ends are rounded, so that no rounding adds up.
    pub fn drawn(&self, profile: &Profile) -> String {
        let (mut bar, mut sum, mut end) = (String::new(), 0.0, 0);
        for (us, (sign, ..)) in self.lengths(profile).iter().zip(self.pieces) {
            sum += us;
            let next = (sum / self.longest.max(f64::MIN_POSITIVE) * LONGEST).round() as usize;
            bar.extend(std::iter::repeat_n(*sign, next - end));
            end = next;
        }
        bar
    }

    /// What the signs stand for.
    pub fn legend(&self) -> String {
        let names: Vec<_> =
            self.pieces.iter().map(|(sign, name, _)| format!("{sign} {name}")).collect();
        names.join("  ")
    }

    /// The bar, its sum, and each piece by its name, in one line.
    pub fn line(&self, profile: &Profile) -> String {
        let lengths = self.lengths(profile);
        let shown = lengths.iter().zip(self.pieces).filter(|(us, _)| **us >= LEAST);
        let named: Vec<_> =
            shown.map(|(us, (sign, name, _))| format!("{sign} {name} {us:.1}")).collect();
        format!(
            "{} {:.1} µs (hello, kept alive, connections: {}) = {}",
            self.drawn(profile),
            lengths.iter().sum::<f64>(),
            profile.connections,
            named.join(" + ")
        )
    }
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
