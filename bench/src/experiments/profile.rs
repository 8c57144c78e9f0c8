//! Where the CPU time of a request goes: a second of samples for each stage, at the end of a run.
//!
//! The clients say `hello` on connections that are kept alive. There are no more of them than the stage has workers: a
//! client that waits for a worker would say nothing about the cost of its request.

use super::measuring::Run;
use super::plan::{Plan, Profiling, Trial};
use super::trial::Measurement;
use super::tried::undisturbed;
use super::workload::Kind;
use crate::evidence::Evidence;
use crate::evidence::perf::Profiler;
use crate::evidence::profile::{ALLOW, Profile as Samples};
use crate::numbers::as_micros;
use crate::results::profile::{self, Profile};
use crate::results::{POOL, threads_told};
use crate::targets::{NOT_OURS, Target};
use crate::tools;
use anyhow::{Context, Error, Result};
use std::time::Duration;

/// How long perf looks at a stage.
const PASS: Duration = Duration::from_secs(1);
/// And how long /proc is looked at, which counts from the first moment on.
const SHORT_PASS: Duration = Duration::from_millis(500);
/// What perf takes beside it, about: to attach, to end, and to resolve names.
const OVERHEAD: Duration = Duration::from_secs(2);
/// Why there are no layers where perf was not asked.
const LEFT_AWAY: &str = "perf was left away (--quick, --no-profile).";
/// How often a stage is looked at again, at most.
const AGAIN: usize = 2;

/// The stages among the servers of a plan that asks for profiles.
fn stages(plan: &Plan) -> Vec<(usize, usize)> {
    let stage = |(index, target): (usize, &Target)| match target {
        Target::Stage(stage) if plan.profile != Profiling::No => Some((index, *stage)),
        _ => None,
    };
    plan.targets.iter().enumerate().filter_map(stage).collect()
}

/// As many clients as a stage has workers, [`POOL`] at most. The flag is of stage 2 alone: an event loop serves them all.
pub(super) fn clients(stage: usize, stage_args: &[String]) -> usize {
    match stage {
        0 => 1,
        1 => threads_told(stage_args).unwrap_or(POOL).clamp(1, POOL),
        _ => POOL,
    }
}

/// How long [`measure`] takes, about.
pub fn time(plan: &Plan) -> Duration {
    let each = if plan.profile == Profiling::Perf { PASS + OVERHEAD } else { 2 * SHORT_PASS };
    each * stages(plan).len() as u32
}

/// Adds a profile of each stage to the run, and its stacks to the folder. A stage that fails here is a failure of the run.
pub fn measure(run: &mut Run) {
    let stages = stages(&run.plan);
    if !stages.is_empty() {
        run.progress.part("profile: where a request's CPU time goes");
    }
    let each = time(&run.plan) / stages.len().max(1) as u32;
    for (target, stage) in stages {
        if run.interrupt.raised() || !run.record.results.failures.is_empty() {
            break;
        }
        let name = run.plan.targets[target].name();
        run.progress.say(&format!("{name}, a profile"));
        let clients = clients(stage, run.starter.stage_args());
        let hello = Trial { target, ..Trial::kept(clients, Kind::Hello) };
        match of(run, hello) {
            Ok((mut profile, stacks)) => {
                let file = format!("profiles/{name}.folded");
                profile.stacks = stacks.and_then(|stacks| run.record.keep(file, &stacks));
                run.record.results.profiles.push(profile);
            }
            Err(error) if !run.interrupt.raised() => {
                run.record.results.failures.push(format!("{name}: {error:#}"));
            }
            Err(_) => {}
        }
        run.progress.step(each);
    }
}

/// One stage: its profile, and its folded stacks where perf could look. What other programs or the host disturbed is looked
/// at again, three times at most; if no look was better, the last one stands, and says what disturbed it.
fn of(run: &Run, trial: Trial) -> Result<(Profile, Option<String>)> {
    let is_disturbed = |looked: &Result<(Measurement, Result<Samples, String>)>| {
        looked.as_ref().is_ok_and(|(measured, _)| measured.is_disturbed())
    };
    let mut spare = AGAIN;
    let looked = undisturbed(&mut spare, run.interrupt, |_| look(run, trial), is_disturbed);
    let (measured, samples) = looked.value?;
    let cpu = measured.server_cpu().context("no request was answered")?;
    let profile = Profile {
        target: run.plan.targets[trial.target].name().to_owned(),
        connections: trial.connections,
        cpu_us: as_micros(cpu),
        doubts: if looked.doubtful { measured.verdict(None).doubts } else { Vec::new() },
        ..Profile::default()
    };
    Ok(match samples {
        Ok(samples) => {
            let stacks = samples.folded();
            (with_layers(profile, samples), Some(stacks))
        }
        Err(why) => (without_layers(profile, &measured, why), None),
    })
}

/// One look at a stage under load, and perf's samples of it.
fn look(run: &Run, trial: Trial) -> Result<(Measurement, Result<Samples, String>)> {
    let with_perf = run.plan.profile == Profiling::Perf;
    let pass = if with_perf { PASS } else { SHORT_PASS };
    let (mut server, mut options) = run.start(trial, pass)?;
    options.threads = run.plan.threads;
    let pid = server.as_ref().context(NOT_OURS)?.pid();
    let profiler = with_perf.then(|| Profiler::attach(pid));
    let measured = trial.observe(server.as_mut(), &options, run.interrupt);
    let samples = match profiler.map(|attached| attached.and_then(Profiler::finish)) {
        Some(samples) => samples.map_err(|why| lacks(tools::find("perf").is_some(), &why)),
        None => Err(LEFT_AWAY.to_owned()),
    };
    Ok((measured?, samples))
}

/// Each layer's share of perf's samples is the same share of the CPU time of a request.
fn with_layers(mut profile: Profile, samples: Samples) -> Profile {
    let cpu_us = profile.cpu_us;
    let layer = |(name, share)| layer(name, share * cpu_us);
    profile.layers = samples.shares().into_iter().map(layer).collect();
    (profile.samples, profile.by_thread) = (samples.samples(), samples.by_thread);
    profile
}

/// What /proc shows instead, and why.
fn without_layers(mut profile: Profile, measured: &Measurement, why: String) -> Profile {
    let requests = measured.outcome.tally.requests as f64;
    let layer = |(name, seconds)| layer(name, 1e6 * seconds / requests);
    profile.layers = shown(&measured.evidence).into_iter().map(layer).collect();
    profile.missing = Some(why);
    profile
}

/// Why perf did not look, and what would let it.
fn lacks(is_installed: bool, error: &Error) -> String {
    let (why, install) = if is_installed {
        (format!("{error:#}"), "")
    } else {
        ("perf is not installed".to_owned(), "apt-get install linux-perf; ")
    };
    format!("{why}. What gives the layers: as root: {install}{ALLOW}.")
}

fn layer(name: &str, us: f64) -> profile::Layer {
    profile::Layer { name: name.to_owned(), us }
}

/// What `/proc` shows to any user, in seconds of all threads that worked at all: those of an idle pool sleep, and that is no
/// part of a request.
fn shown(evidence: &Evidence) -> Vec<(&'static str, f64)> {
    let Some(server) = &evidence.server else { return Vec::new() };
    let mut parts = match server.kernel {
        Some((kernel, _)) => {
            vec![("user", server.cpu * (1.0 - kernel)), ("system", server.cpu * kernel)]
        }
        None => vec![("user and system", server.cpu)],
    };
    let busiest = evidence.threads.first().map_or(0.0, |thread| thread.cpu);
    let worked = evidence.threads.iter().filter(|thread| thread.cpu > busiest / 100.0);
    let asleep = worked.map(|thread| evidence.seconds - thread.cpu - thread.run_wait);
    parts.push(("run queue", server.run_wait));
    parts.push(("asleep", asleep.map(|seconds| seconds.max(0.0)).sum()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::tree::{Thread, Use};

    #[test]
    fn no_client_waits_for_a_worker() {
        let args = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!((clients(0, &[]), clients(1, &[]), clients(3, &[])), (1, 64, 64));
        for text in ["--threads 8", "--keep-alive=always --threads=8 --backlog 5"] {
            assert_eq!((clients(1, &args(text)), clients(2, &args(text))), (8, 64), "{text}");
        }
    }

    #[test]
    fn only_a_user_without_perf_is_told_to_install_it() {
        let error = Error::msg("perf is not shown what the kernel does");
        let [missing, refused] = [false, true].map(|is_installed| lacks(is_installed, &error));
        assert!(
            missing.starts_with(
                "perf is not installed. What gives the layers: as root: apt-get install"
            )
        );
        assert!(refused.starts_with(
            "perf is not shown what the kernel does. What gives the layers: as root: sysctl"
        ));
        assert!([missing, refused].iter().all(|told| told.ends_with(&format!("{ALLOW}."))));
    }

    #[test]
    fn threads_that_did_no_work_are_not_asleep_for_a_request() {
        let thread = |cpu| Thread {
            tid: 1,
            name: String::new(),
            cpu,
            run_wait: 0.1,
            voluntary: None,
            mostly: None,
        };
        let server = Use { cpu: 0.5, kernel: Some((0.8, 50)), run_wait: 0.1, ..Use::default() };
        let evidence = Evidence {
            seconds: 1.0,
            server: Some(server),
            threads: vec![thread(0.5), thread(0.001)],
            ..Evidence::default()
        };
        let parts = shown(&evidence);
        let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["user", "system", "run queue", "asleep"]);
        let seconds: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
        assert!((seconds - 1.0).abs() < 1e-9, "{parts:?}");
    }
}
