//! What users who think should get of a stage, before it is run: the least of three bounds.
//!
//! A user thinks for Z and is answered in R, so that a connection asks 1/(Z+R) times a second (the interactive response time
//! law). A stage has *places*, connections that it holds at once, and *threads* that serve; a request costs the server s of
//! CPU and the generator g.

use super::{Config, POOL, Sample, threads_told};
use crate::workspace;

/// The least bound, and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Requests per second.
    pub rps: f64,
    /// As a formula: `64/(Z+R)`, `1/s`, `2/(s+g)`.
    pub formula: String,
}

/// How many threads serve a row of a stage, on a machine with so many `cores`.
pub fn threads(sample: &Sample, config: &Config, cores: usize) -> usize {
    let told = || sample.threads.or(threads_told(&config.stage_args));
    match workspace::stage(&sample.target) {
        Some(1) => told().unwrap_or(POOL),
        Some(3) => told().unwrap_or(own(sample, cores as f64) as usize),
        _ => 1,
    }
}

/// How much of `cores` the server may use: all, unless it is kept apart from the generator.
fn own(sample: &Sample, cores: f64) -> f64 {
    sample.noted("server_cores").map_or(cores, |own| cores.min(own))
}

/// Cores' worth of time that server and generator may use together. Where a quota limits them it may be no whole number:
/// `cores`, which are as many as threads can run at once, are fewer then.
fn capacity(sample: &Sample, cores: usize) -> f64 {
    let quota = sample.noted("machine.quota").zip(sample.noted("cores"));
    quota.map_or(cores as f64, |(quota, cpus)| quota.min(cpus))
}

/// What holds a row's server, on a machine with so many `cores`; `None` where a figure is unknown, or for what is no stage.
pub fn of(sample: &Sample, config: &Config, cores: usize) -> Option<Prediction> {
    let stage = workspace::stage(&sample.target)?;
    let seconds = |us: Option<f64>| Some(us? / 1e6).filter(|seconds| *seconds > 0.0);
    let (s, g) = (seconds(sample.server_cpu_us)?, seconds(sample.client_cpu_us)?);
    let z = seconds(sample.noted("think_us"))?;
    let r = seconds(Some(sample.load.latency_us.mean))?;
    let threads = threads(sample, config, cores);
    let holds = stage < 2 && sample.keep_alive.as_deref() == Some("always");
    let users = sample.connections;
    let (places, r) = if holds && threads < users { (threads, r) } else { (users, s) };
    let place = if places == users { "N".to_owned() } else { places.to_string() };
    let (capacity, threads) = (capacity(sample, cores), threads as f64);
    let bounds = [
        (places as f64 / (z + r), format!("{place}/(Z+R)")),
        (threads / s, format!("{threads}/s")),
        match own(sample, capacity) {
            own if own < capacity => (own / s, format!("{own}/s")),
            _ => (capacity / (s + g), format!("{capacity}/(s+g)")),
        },
    ];
    let least = bounds.into_iter().min_by(|left, right| left.0.total_cmp(&right.0))?;
    Some(Prediction { rps: least.0, formula: least.1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::STAGES;
    use serde_json::{Value, from_value, json};

    #[test]
    fn a_server_that_is_kept_apart_has_its_own_cores_only_and_what_is_unknown_is_not_predicted() {
        let unknown = Sample { target: STAGES[3].to_owned(), ..Sample::default() };
        assert_eq!(of(&unknown, &Config::default(), 2), None);
        let apart = row(3, json!({"server_cores": 1}));
        assert_eq!(of(&apart, &Config::default(), 2).unwrap().formula, "1/s");
    }

    #[test]
    fn a_quota_of_a_core_and_a_half_is_no_whole_number_of_cores() {
        // Threads run on two CPUs, and std counts as many cores as are whole.
        let told = json!({"cores": 2, "server_cores": 2, "machine": {"quota": 1.5}});
        let formula = |stage| of(&row(stage, told.clone()), &Config::default(), 1).unwrap().formula;
        assert_eq!([formula(1), formula(2), formula(3)], ["1.5/(s+g)", "1/s", "1/s"]);
    }

    /// Of 10,000 users.
    fn row(stage: usize, mut evidence: Value) -> Sample {
        evidence["think_us"] = 1000.into();
        let row = json!({
            "target": STAGES[stage], "connections": 10_000, "server_cpu_us": 60.0, "client_cpu_us": 12.5,
            "latency_us": {"mean": 16_000.0, "max": 0.0}, "evidence": evidence
        });
        from_value(row).unwrap()
    }
}
