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
    use crate::results::{Part, Results, Sample};
    use std::collections::HashSet;

    #[test]
    fn the_claims_can_be_read_and_have_names_of_their_own() {
        let claims = built_in().unwrap();
        let names: HashSet<_> = claims.iter().map(|claim| &claim.id).collect();
        assert!(claims.len() >= 8 && names.len() == claims.len());
    }

    /// Five repeats of a server whose request costs 20 µs alone, and as much as is told beside 5,000 silent connections.
    fn waits(target: &str, beside: f64) -> Results {
        let row = |repeat, idle, cpu| Sample {
            target: target.to_owned(),
            workload: "waits".to_owned(),
            connection: "keep-alive".to_owned(),
            server_cpu_us: Some(cpu),
            ..Sample { part: Part::Waits, connections: 1, idle, repeat, ..Sample::default() }
        };
        let rows = (0..5).flat_map(|repeat| {
            [row(repeat, 0, 20.0), row(repeat, 5000, beside), row(repeat, 9000, 9.0 * beside)]
        });
        Results { rows: rows.collect(), ..Results::default() }
    }

    #[test]
    fn idle_connections_are_compared_where_the_claim_says() {
        let claims = built_in().unwrap();
        let verdict = |id: &str, results: &Results| {
            judge(claims.iter().find(|claim| claim.id == id).unwrap(), results).name()
        };
        let poll = |beside| verdict("poll-pays-for-idle-connections", &waits("poll_loop", beside));
        let epoll = |beside| verdict("epoll-does-not", &waits("epoll_loop", beside));
        assert_eq!((poll(1000.0), poll(100.0)), ("held", "did not hold"));
        assert_eq!((epoll(20.5), epoll(30.0)), ("held", "did not hold"));
    }

    #[test]
    fn they_are_about_servers_figures_and_workloads_that_exist() {
        let known = |target: &String| {
            crate::workspace::is_stage(target)
                || crate::workspace::EXAMPLES.contains(&target.as_str())
                || [crate::workspace::NULL_SERVER, "nginx"].contains(&target.as_str())
        };
        for claim in built_in().unwrap() {
            let targets = claim.left.targets().iter().chain(claim.right.targets());
            assert!(targets.into_iter().all(known), "{}", claim.id);
            assert!(["close", "keep-alive"].contains(&claim.connection.as_str()), "{}", claim.id);
            assert!(
                ["hello", "work", "sleep", "idle", "users", "waits"]
                    .contains(&claim.workload.as_str()),
                "{}",
                claim.id
            );
        }
    }
}
