//! What one rule makes of one row.

/// Of a core or a machine: the share in use from which on a sentence calls it full.
pub(super) const FULL: f64 = 0.9;

/// A rule that has something to say of a row says how near it comes, whether it matches or not.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// The weakest of the rule's figures over its limit: from 1.0 on the rule matches.
    pub(super) nearness: f64,
    /// What the bottleneck is, if the rule matches.
    pub(super) sentence: String,
    /// The figures that decide, with their limits.
    pub(super) figures: String,
}

impl Finding {
    /// `parts`: each figure over its limit; nothing over nothing is far from it.
    pub(super) fn new(parts: &[f64], sentence: String, figures: String) -> Option<Self> {
        let parts = parts.iter().map(|part| if part.is_nan() { 0.0 } else { *part });
        let nearness = parts.fold(f64::INFINITY, f64::min);
        (nearness > 0.0).then_some(Self { nearness, sentence, figures })
    }

    pub(super) fn matches(&self) -> bool {
        self.nearness >= 1.0
    }
}

/// So many per cent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
