//! Rules for servers and clients that wait: for each other, for time to pass, for room in a queue.

use super::case::Case;
use super::finding::{Finding, percent};
use crate::evidence::sleep::Sleep;
use crate::numbers::{counted, time};
use std::ops::Range;
use std::time::Duration;

/// Whatever waits, waits for this.
pub(super) fn stopped(case: &Case<'_>) -> Option<Finding> {
    let sentence = "the server is stopped, by SIGSTOP or a debugger; SIGCONT sets it going";
    let figures = "at the end of the window all of its threads are in state T of proc(5)";
    Finding::new(&[f64::from(u8::from(case.evidence.stopped))], sentence.into(), figures.into())
}

/// Each overflow costs one client a second. What happened while all connected at once explains a window only where
/// clients still have no connection in it.
pub(super) fn overflow(case: &Case<'_>) -> Option<Finding> {
    let (all, in_window) = (case.evidence.overflows?, case.evidence.overflows_in_window?);
    let (open, connected) = (case.seen.open.max(1) as f64, case.seen.connected as f64);
    let lost = in_window as f64 / (0.05 * open * case.evidence.seconds);
    let without = if all > 0 { (open - connected) / (0.05 * open) } else { 0.0 };
    let sentence =
        format!("the accept queue overflowed {all} times; those clients tried again after 1 s");
    let figures = format!(
        "{in_window} overflows in the window, {all} since the first connect; {} of {} clients got a connection",
        case.seen.connected, case.seen.open
    );
    Finding::new(&[lost.max(without)], sentence, figures)
}

/// Threads wait for clients that hold a connection and had no response in the window.
pub(super) fn silent_clients(case: &Case<'_>) -> Option<Finding> {
    let quiet = case.silent_holders();
    if !case.leaves_some_out() || quiet.unwrap_or(case.seen.silent) == 0 {
        return None;
    }
    let silent = match quiet {
        Some(1) => "a client that sends".to_owned(),
        Some(many) => format!("{many} clients that send"),
        None => "clients that send".to_owned(),
    };
    let of = format!("{} of {} busy clients", case.seen.served, case.seen.open);
    let sentence = format!("the server waits for {silent} nothing; {of} were served");
    let share = case.waits_for_one_client_each()?;
    let figures =
        format!("{} of the threads that serve are asleep in read or poll", percent(share));
    Finding::new(&[share / 0.8], sentence, figures)
}

/// Threads wait for clients that hold a connection, have responses, and think before they ask again.
pub(super) fn thinking_users(case: &Case<'_>) -> Option<Finding> {
    let think = Duration::from_secs_f64(case.seen.think?);
    let (served, open) = (case.seen.served, case.seen.open);
    if !case.leaves_some_out() || served == 0 || case.silent_holders().is_some_and(|some| some > 0)
    {
        return None;
    }
    let others = open.saturating_sub(served);
    let sentence = match served {
        1 => format!("it waits for its one user to think; {others} wait"),
        many => format!(
            "{many} workers hold {many} connections and wait for their users to think; {others} wait"
        ),
    };
    let share = case.waits_for_one_client_each()?;
    let figures = format!(
        "{} of the threads that serve are asleep in read or poll; users think for {}, and a response takes {}",
        percent(share),
        time(think),
        time(Duration::from_secs_f64(case.seen.mean))
    );
    Finding::new(&[share / 0.8], sentence, figures)
}

/// Requests have a thread each, and most of these threads wait for another one. Where one thread has most of the work the
/// others wait for what it hands to them; a pool with little to do has more threads that wait than requests.
pub(super) fn lock(case: &Case<'_>) -> Option<Finding> {
    let (waiting, under_way) = (case.evidence.asleep_in(Sleep::Futex)?, case.under_way());
    let sleeps = case.waits_for_threads();
    let sentence = format!(
        "threads wait for a lock: {under_way:.0} requests are under way, and {waiting:.0} of their threads wait for another thread"
    );
    let figures =
        format!("{waiting:.1} threads are asleep in futex, each request {sleeps:.2} times");
    let busiest = case.evidence.threads.first()?.cpu / case.evidence.server.as_ref()?.cpu;
    let parts = [
        under_way / 3.0,
        2.0 * waiting / under_way,
        (under_way + 1.0) / waiting,
        sleeps / 0.5,
        0.5 / busiest,
    ];
    Finding::new(&parts, sentence, figures)
}

/// Requests have a thread each, and most of these threads, or the one that serves all, cannot write on. While server
/// and client compute, their pace decides.
pub(super) fn blocked_writes(case: &Case<'_>) -> Option<Finding> {
    let waiting = case.evidence.asleep_in(Sleep::Write)?;
    let under_way = case.under_way();
    let awake = [Sleep::Running, Sleep::Read, Sleep::Poll, Sleep::Epoll].into_iter();
    let awake: f64 = awake.filter_map(|kind| case.evidence.asleep_in(kind)).sum();
    let sentence = format!(
        "threads wait in write: {under_way:.0} requests are under way, and {} cannot go on until what \
         they write, to clients, a log or a disk, is taken",
        counted(waiting.round() as usize, "thread")
    );
    let figures =
        format!("{waiting:.1} threads are asleep in write, {awake:.1} run or wait for clients");
    let cores = case.server_cores()? + case.seen.client_cores;
    let parts = [
        waiting / 0.5,
        2.0 * waiting / under_way.min(waiting + awake),
        0.5 / cores.max(f64::MIN_POSITIVE),
    ];
    Finding::new(&parts, sentence, figures)
}

/// More requests are under way than there are threads to sleep in. Threads that sleep only at times serve others too.
pub(super) fn sleeping_threads(case: &Case<'_>) -> Option<Finding> {
    let asleep = case.handlers_asleep()?;
    let under_way = case.under_way();
    let threads = match asleep.round() {
        ..=1.0 => "the one thread sleeps (nanosleep)".to_owned(),
        many => format!("{many:.0} threads sleep (nanosleep)"),
    };
    let sentence = format!(
        "{threads} while {under_way:.0} requests are under way, and no thread serves the others"
    );
    let requests = counted(under_way.round() as usize, "request");
    let figures = format!("{asleep:.1} threads are asleep in nanosleep, {requests} under way");
    let always = 1.5 * case.sleepers().count() as f64 / asleep;
    Finding::new(&[under_way / (1.5 * asleep.ceil()), always], sentence, figures)
}

/// Each thread keeps the client that it has.
pub(super) fn held_connections(case: &Case<'_>) -> Option<Finding> {
    let (served, open) = (case.seen.served, case.seen.open);
    let queued = case.evidence.queue.map_or(0.0, |queue| queue.mean).round();
    let queue =
        if queued >= 1.0 { format!(" ({queued:.0} in the accept queue)") } else { String::new() };
    let holds = match served {
        0 => "none of the connections is served".to_owned(),
        many => format!("the server holds {}", counted(many as usize, "connection")),
    };
    let others = case.left_waiting();
    let accepted = case.evidence.sockets.map(|sockets| sockets.accepted as usize);
    let figures = format!(
        "{served} of {open} clients had a response in the window{}; {queued:.0} wait in the accept queue",
        accepted
            .map_or(String::new(), |some| format!(", {} accepted", counted(some, "connection")))
    );
    let left_out = others as f64 / (0.05 * open as f64);
    Finding::new(&[left_out], format!("{holds}; {others} wait{queue}"), figures)
}

/// How long a response takes that waits for a late acknowledgement: 40 ms as a rule, and 200 ms at most.
const USUALLY_LATE: Range<Duration> = Duration::from_millis(36)..Duration::from_millis(56);
const LATE: Range<Duration> = Duration::from_millis(36)..Duration::from_millis(220);

/// The server's kernel keeps the second part of a response until the client's kernel has acknowledged the first, which it
/// does late. A handler that takes as long looks the same to the clients. What tells them apart: the
/// first part comes at once, about as many acknowledgements are late as responses, and where the server's writes are
/// counted, there are as many further ones.
pub(super) fn delayed_ack(case: &Case<'_>) -> Option<Finding> {
    let comes_whole = case.seen.first_byte.is_some_and(|first| first > 0.5 * case.seen.mean);
    if comes_whole || case.handlers_asleep().is_some() {
        return None;
    }
    let (late, further) = (case.evidence.delayed_acks?, case.further_writes());
    let range = if further.is_some() { LATE } else { USUALLY_LATE };
    let mut percentiles = [case.seen.p50, case.seen.p99].into_iter().flatten();
    let slow = percentiles.find(|percentile| range.contains(percentile))?;
    // Where only some responses come in two parts, they take nearly all of the time.
    let share = (case.seen.mean / slow.as_secs_f64()).min(1.0);
    let responses = case.seen.requests;
    let which = match share {
        0.75.. => "each response takes".to_owned(),
        _ => format!("{} of the responses take", percent(share)),
    };
    let took = if USUALLY_LATE.contains(&slow) { "40 ms".to_owned() } else { time(slow) };
    let sentence = format!(
        "{which} {took} and next to no CPU: Nagle's algorithm meets the delayed ACK; write a response at once, or set \
         TCP_NODELAY"
    );
    let figures = format!(
        "{which} {}; {late} acknowledgements were late for {responses} responses",
        time(slow)
    );
    let enough = 0.75 * share * responses as f64;
    let cores = case.server_cores().unwrap_or(0.0) + case.seen.client_cores;
    let further = further.unwrap_or(f64::INFINITY);
    let parts = [late as f64 / enough, further / enough, 0.5 / cores.max(f64::MIN_POSITIVE)];
    Finding::new(&parts, sentence, figures)
}

/// The clients set the pace, and the server keeps it.
pub(super) fn no_more_asked(case: &Case<'_>) -> Option<Finding> {
    let mean = time(Duration::from_secs_f64(case.seen.mean));
    let (nearness, figures) = match (case.seen.think, case.seen.rate) {
        (Some(think), _) => {
            let text = time(Duration::from_secs_f64(think));
            // Where responses take as long as thinking does, the server has a share in the pace.
            (
                0.25 * think / case.seen.mean,
                format!("users think for {text}, a response takes {mean}"),
            )
        }
        (_, Some(rate)) => (
            f64::from(u8::from(case.seen.unsent == 0)),
            format!("all of {rate:.0} per second were sent"),
        ),
        _ => return None,
    };
    let sentence = "none: the server keeps up, and the clients ask for no more".to_owned();
    let all = f64::from(u8::from(!case.leaves_some_out()));
    Finding::new(&[nearness, all], sentence, figures)
}

/// Each request has a thread to sleep in.
pub(super) fn slow_handler(case: &Case<'_>) -> Option<Finding> {
    let (asleep, under_way) = (case.handlers_asleep()?, case.under_way());
    let requests = counted(under_way.round() as usize, "request");
    let sentence = format!(
        "what the handlers wait for is the limit: {requests} under way, each with a thread to sleep in"
    );
    let figures = format!("{asleep:.1} threads are asleep in nanosleep, {requests} under way");
    Finding::new(&[1.5 * asleep.ceil() / under_way], sentence, figures)
}
