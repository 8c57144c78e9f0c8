//! Rules for what is used up: a quota, a thread, the generator, the machine; and for the price of sharing work.

use super::case::Case;
use super::finding::{FULL, Finding, percent};
use crate::numbers::{counted, time};
use std::time::Duration;

/// Of a quota: what is wanted beyond it in a window that it limits.
const BEYOND: f64 = 0.03;

/// A server that is held back for half as long as it may run leaves clients without a response by that alone.
const LEAVES_SOME_OUT: f64 = 0.5;

/// The kernel holds back the threads of the server's control group, which has used up its share of a period.
pub(super) fn quota(case: &Case<'_>) -> Option<Finding> {
    let machine = case.evidence.machine?;
    let (quota, seconds) = (machine.quota?, case.evidence.seconds);
    let throttled = time(Duration::try_from_secs_f64(machine.throttled * seconds).ok()?);
    let sentence = format!(
        "the CPU quota of the server's control group is the limit: {quota:.2} cores; it was throttled for {throttled}"
    );
    let server =
        case.server_cores().map_or(String::new(), |cores| format!("server {cores:.2} and "));
    let figures = format!(
        "throttled for {throttled} in {seconds:.1} s, all CPUs together; {server}client {:.2} cores",
        case.seen.client_cores
    );
    let enough = if case.leaves_some_out() { LEAVES_SOME_OUT } else { BEYOND };
    Finding::new(&[machine.throttled / (enough * quota)], sentence, figures)
}

/// One thread never rests, and the others of the server do, however many they are. A thread that other threads keep off
/// its CPU for moments never rests either, unless these moments are most of the time.
pub(super) fn single_thread(case: &Case<'_>) -> Option<Finding> {
    let seconds = case.evidence.seconds;
    let mut threads: Vec<_> = case.evidence.threads.iter().collect();
    let wants = |cpu: f64, run_wait: f64| (cpu + run_wait) / seconds;
    threads.sort_by(|a, b| b.cpu.total_cmp(&a.cpu));
    let one = threads.first()?;
    let next = threads.get(1).map_or(0.0, |next| wants(next.cpu, next.run_wait));
    let (busy, wanted) = (one.cpu / seconds, wants(one.cpu, one.run_wait));
    let cores = case.server_cores()?;
    let share = percent(busy.min(1.0));
    let sentence = if busy < FULL {
        format!(
            "one thread is the ceiling: it always has work, and has a CPU for it {share} of the time"
        )
    } else {
        format!(
            "one thread is the ceiling: one core is full ({share} busy), and the server uses {cores:.2} cores in all"
        )
    };
    let figures = format!(
        "its busiest thread runs {share} of the time and waits for a CPU {}; the next wants a CPU {}",
        percent(wanted - busy),
        percent(next)
    );
    let others_rest = 0.8 / next.max(f64::MIN_POSITIVE);
    Finding::new(&[wanted / 0.95, busy / MOSTLY, others_rest], sentence, figures)
}

/// What a thread gets of a CPU at least, if it is to be the limit and not the machine.
const MOSTLY: f64 = 2.0 / 3.0;

/// The generator cannot send requests any faster. A client with time to spare is no limit, however fast it is.
pub(super) fn client(case: &Case<'_>) -> Option<Finding> {
    let busy = case.seen.client_busiest;
    let ceiling = case.ceiling.filter(|ceiling| ceiling.of_the_client && ceiling.rps > 0.0);
    let share = ceiling.map_or(0.0, |ceiling| case.seen.rps / ceiling.rps);
    let (alone, beside) = (busy / FULL, (share / 0.75).min(busy / 0.75));
    let sentence = if alone < 1.0 {
        format!(
            "the client is the limit: this is {} of what it reaches against a server that does nothing",
            percent(share)
        )
    } else {
        format!(
            "the client is the limit: its busiest thread is busy {} of the time; give it more with -t",
            percent(busy.min(1.0))
        )
    };
    let figures = format!("the generator's busiest thread is busy {}", percent(busy.min(1.0)));
    Finding::new(&[alone.max(beside)], sentence, figures)
}

/// Server and client use up all CPUs. If not mostly they, that is a doubt and no verdict.
pub(super) fn machine(case: &Case<'_>) -> Option<Finding> {
    let machine = case.evidence.machine?;
    if let Some(own) = case.evidence.server_cores.filter(|own| *own < case.evidence.cores) {
        return cores_of_its_own(case, own);
    }
    let cores = case.evidence.cores as f64;
    let (full, client) = (case.fullness()?, case.seen.client_cores);
    let all = counted(case.evidence.cores, "core");
    let figures = format!("{} of {all} is in use", percent(full));
    let Some(server) = case.server_cores() else {
        let sentence = format!(
            "the machine is full: client {client:.2} of {all}, and the server's CPU is unknown"
        );
        return Finding::new(&[full / FULL], sentence, figures);
    };
    let kernel = case.evidence.server.as_ref().and_then(|server| server.kernel);
    let kernel = kernel.map_or(String::new(), |(share, _)| {
        format!("; {} of the server's time is the kernel's", percent(share))
    });
    // Those two may be less than what the sentence calls full.
    let rest = Some(full * cores - server - client).filter(|_| server + client < FULL * cores);
    let rest = rest.map_or(String::new(), |rest| format!(" and all else {rest:.2}"));
    let sentence = format!(
        "the machine is full: server {server:.2} and client {client:.2}{rest} of {all}{kernel}"
    );
    let ours = case.ours(machine) / cores;
    let figures = format!("{figures}, {} by server and client", percent(ours));
    Finding::new(&[full / FULL, ours / 0.5], sentence, figures)
}

/// A server that is kept apart from the generator has full cores while the generator's may be idle.
fn cores_of_its_own(case: &Case<'_>, own: usize) -> Option<Finding> {
    let (server, client) = (case.server_cores()?, case.seen.client_cores);
    let sentence = format!("the server's cores are full: it uses {server:.2} of {own}");
    let figures = format!(
        "the server uses {server:.2} of its {}, the client {client:.2}",
        counted(own, "core")
    );
    Finding::new(&[server / (FULL * own as f64)], sentence, figures)
}

/// The server's threads wait longer for a CPU than they have one. Whether a server whose processes cannot be seen
/// does is unknown.
pub(super) fn other_programs(case: &Case<'_>) -> Option<Finding> {
    let machine = case.evidence.machine?;
    let (server, cores) = (case.server_cores()?, case.evidence.cores as f64);
    let waits = case.evidence.server.as_ref()?.run_wait / case.evidence.seconds;
    if case.handlers_asleep().is_some() {
        return None;
    }
    let ours = case.ours(machine);
    let sentence = format!(
        "other programs fill the machine: server and client get {ours:.2} of {}",
        counted(case.evidence.cores, "core")
    );
    let figures =
        format!("{waits:.2} of the server's threads wait for a CPU, {server:.2} have one");
    let parts = [case.fullness()? / FULL, waits / server.max(0.1 * cores)];
    Finding::new(&parts, sentence, figures)
}

/// An event loop sleeps once per request too when there is little to do: threads of the pool must have been woken up
/// as well.
pub(super) fn hand_over(case: &Case<'_>) -> Option<Finding> {
    let requests = Some(case.seen.requests).filter(|requests| *requests > 0)?;
    let all = case.evidence.server.as_ref()?.voluntary? as f64 / requests as f64;
    let by_waiters = case.waits_for_threads();
    let sentence = format!(
        "threads hand work to each other: {all:.1} times per request one goes to sleep until another wakes it"
    );
    let figures = format!("{all:.2} sleeps per request, {by_waiters:.2} of them in futex");
    Finding::new(&[all, by_waiters / 0.5], sentence, figures)
}
