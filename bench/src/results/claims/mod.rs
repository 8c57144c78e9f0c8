//! The book's claims as data, and what a run says to each: held, did not hold, or cannot be tested here,
//! because ...
//!
//! [`claim`] is the shape of `bench/claims.json`, and [`mod@judge`] holds a claim against a run.

pub mod claim;
mod comparison;
pub mod judge;

pub use claim::{Claim, Claims};
pub use judge::{Outcome, Verdict, judge};

use anyhow::{Context, Result};

/// The claims that this program was built with.
///
/// # Errors
/// When `bench/claims.json` has another shape.
pub fn built_in() -> Result<Vec<Claim>> {
    let claims: Claims = serde_json::from_str(include_str!("../../../claims.json"))
        .context("bench/claims.json is not a list of claims")?;
    Ok(claims.claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// What they compare is seen in the reports of the recorded runs: a server or a figure that is not there would be told.
    #[test]
    fn the_claims_can_be_read_and_have_names_of_their_own() {
        let claims = built_in().unwrap();
        let names: HashSet<_> = claims.iter().map(|claim| &claim.id).collect();
        assert!(claims.len() >= 8 && names.len() == claims.len());
    }
}
