//! The book's story in steps: a server and a load each, and the cause that the screen then names.

use crate::setup::Setup;
use anyhow::Result;
use bench::args::misuse;
use bench::evidence::verdict::Cause;
use bench::experiments::workload::Kind::{Hello, Sleep, Users, Work};
use bench::targets::Target;
use bench::tools;
use std::sync::LazyLock;

/// One step.
pub(crate) struct Step {
    /// The chapter that it belongs to.
    pub(crate) chapter: u8,
    pub(crate) setup: Setup,
    /// What it is about.
    pub(crate) cause: Cause,
    /// What to see.
    pub(crate) say: &'static str,
}

/// In the order of the book: chapter, stage, workload, busy and idle clients, cause, what to see.
#[rustfmt::skip]
pub(crate) static STEPS: LazyLock<[Step; 11]> = LazyLock::new(|| {
    // So many users are not the limit, however many cores there are.
    let users = 500 * tools::cores();
    [
        (6, 1, Hello, 50, 0, Cause::HeldConnections,
            "One thread serves one connection at a time: of 50 busy clients one is served, and 49 wait in the kernel's accept queue."),
        (6, 1, Hello, 50, 1, Cause::SilentClients,
            "One silent client stops stage 1: the thread waits for the client's next request, and 50 busy clients wait for the thread."),
        (9, 2, Users, users, 0, Cause::ThinkingUsers,
            "64 threads hold 64 users who think most of the time. The cores are idle, and all other users wait."),
        (9, 2, Hello, 50, 64, Cause::SilentClients,
            "64 silent clients hold the 64 threads of the pool. The 65th client stops stage 2: no thread is left for it."),
        (11, 3, Users, users, 64, Cause::SingleThread,
            "One thread waits for all clients at once: silent ones cost nothing, and every user is served. Now the one thread never rests."),
        (11, 3, Work, 50, 0, Cause::SingleThread,
            "A handler that computes stops stage 3: while it runs, the one thread serves no other client. Further cores stay idle."),
        (11, 3, Sleep, 50, 0, Cause::SleepingThreads,
            "A handler that sleeps stops stage 3 as well, and the cores have nothing to do."),
        (12, 4, Work, 50, 0, Cause::Machine,
            "Stage 4 has a loop for each core: the same handlers that compute now fill the machine."),
        (12, 4, Sleep, 50, 0, Cause::SlowHandler,
            "Handlers that sleep do so in a pool of 64 threads, and the loops go on. What remains is the sleep itself."),
        (12, 4, Sleep, 200, 0, Cause::SleepingThreads,
            "200 requests and 64 threads to sleep in: requests queue for the pool, as connections did in stage 2."),
        (13, 4, Hello, 50, 0, Cause::Machine,
            "Thirteen bytes a response: the machine is full, and most of the server's time is the kernel's. No architecture takes that away."),
    ]
    .map(|(chapter, stage, workload, busy, idle, cause, say)| {
        let target = Target::Stage(stage - 1);
        Step { chapter, setup: Setup { target, workload, busy, idle, load: true }, cause, say }
    })
});

/// The index of a chapter's first step.
///
/// # Errors
/// A chapter without a step, with those that have one.
pub(crate) fn first_of(chapter: u8) -> Result<usize> {
    let first = STEPS.iter().position(|step| step.chapter == chapter);
    let remedy =
        || misuse(format!("the tour has no step for chapter {chapter}, but for 6, 9, 11, 12, 13"));
    first.ok_or_else(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chapters_follow_each_other_and_no_step_is_like_the_one_before_it() {
        assert!(STEPS.is_sorted_by_key(|step| step.chapter));
        assert!(STEPS.windows(2).all(|two| two[0].setup != two[1].setup));
        assert_eq!((first_of(6).unwrap(), first_of(13).unwrap()), (0, STEPS.len() - 1));
    }
}
