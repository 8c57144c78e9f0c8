//! What users who think should get of a stage, before it is run: the least of three bounds.
//!
//! A user thinks for Z and is answered in R, so that a connection asks 1/(Z+R) times a second (the interactive response time
//! law). A stage has *places*, connections that it holds at once, and *threads* that serve; a request costs the server s of
//! CPU and the generator g.

use super::{Config, Sample};
use crate::workspace;

/// Threads of stage 2, unless told otherwise.
const POOL: usize = 64;

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
    match workspace::stage(&sample.target) {
        Some(1) => sample.threads.or(config.threads_told()).unwrap_or(POOL),
        Some(3) => sample.threads.or(config.threads_told()).unwrap_or(own(sample, cores)),
        _ => 1,
    }
}

/// How many of the `cores` the server may use: all, unless it is kept apart from the generator.
fn own(sample: &Sample, cores: usize) -> usize {
    sample.noted("server_cores").map_or(cores, |own| cores.min(own as usize))
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
    let bounds = [
        (places as f64 / (z + r), format!("{place}/(Z+R)")),
        (threads as f64 / s, format!("{threads}/s")),
        match own(sample, cores) {
            own if own < cores => (own as f64 / s, format!("{own}/s")),
            _ => (cores as f64 / (s + g), format!("{cores}/(s+g)")),
        },
    ];
    let least = bounds.into_iter().min_by(|left, right| left.0.total_cmp(&right.0))?;
    Some(Prediction { rps: least.0, formula: least.1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::STAGES;

    #[test]
    fn a_server_that_is_kept_apart_has_its_own_cores_only_and_what_is_unknown_is_not_predicted() {
        let mut sample =
            Sample { target: STAGES[3].to_owned(), connections: 1000, ..Sample::default() };
        assert_eq!(of(&sample, &Config::default(), 2), None);
        (sample.server_cpu_us, sample.client_cpu_us) = (Some(60.0), Some(12.5));
        sample.load.latency_us.mean = 16_000.0;
        for (name, figure) in [("think_us", 20_000.0), ("server_cores", 1.0)] {
            sample.evidence.insert(name.to_owned(), figure.into());
        }
        assert_eq!(of(&sample, &Config::default(), 2).unwrap().formula, "1/s");
    }
}
