//! Work that may have to wait, made ready to be sent to another thread.

use crate::app::App;
use crate::http::{Action, BlocksOn, OwnedRequest, Protocol, ReadAhead, Response, Service, StepCx};
use crate::telemetry::ThreadStats;
use crate::telemetry::trace::{ConnectionId, Span};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Something to be done by a thread that may wait.
pub struct BlockingTask {
    work: Work,
    /// For the timeline: it may be done on another thread than the one that read the request.
    connection: ConnectionId,
    presence: Arc<ClientPresence>,
}

enum Work {
    Respond(Arc<App>, Box<OwnedRequest>),
    ReadAhead(ReadAhead),
}

/// What came of a task.
pub enum TaskResult {
    /// The response to the request.
    Response(Response),
    /// More of a file is in the page cache, and can be sent.
    ReadAhead,
}

impl TaskResult {
    /// The protocol goes on, which has waited for the task.
    pub fn complete<S: Service>(self, protocol: &mut Protocol, cx: &mut StepCx<'_, S>) -> Action {
        match self {
            Self::Response(response) => protocol.complete(response, cx),
            Self::ReadAhead => protocol.resume(cx),
        }
    }
}

/// Whether the client of a task is still there, as its event loop last heard: 0; from 1 on, it has ended its half, and
/// so many tasks have been taken before its own, the oldest; or `CLOSED`.
#[derive(Debug, Default)]
pub struct ClientPresence(AtomicU8);

const CLOSED: u8 = u8::MAX;

/// The oldest task is taken before so many others have been, even if its client may have left.
const MAX_PASSED: u8 = 8;

/// So many tasks are looked at for one that is taken or declined, however many wait: a thread that looked at all would
/// need the longer for each, the more there are.
const MAX_LOOKS: usize = 1024;

impl ClientPresence {
    /// The client has ended its half. It may wait for its response all the same, or have closed everything: only a
    /// response that is sent would tell.
    pub fn set_half_closed(&self) {
        self.0.fetch_max(1, Ordering::Relaxed);
    }

    /// The connection is no more.
    pub fn set_closed(&self) {
        self.0.store(CLOSED, Ordering::Relaxed);
    }
}

impl BlockingTask {
    /// The response to a request: by a handler that may block, or with a file that has to be opened.
    pub fn respond(app: &Arc<App>, request: Box<OwnedRequest>, connection: ConnectionId) -> Self {
        let (work, presence) = (Work::Respond(Arc::clone(app), request), Arc::default());
        Self { work, connection, presence }
    }

    /// A part of a file that is to be in the page cache before it is sent.
    pub fn read_ahead(read_ahead: ReadAhead, connection: ConnectionId) -> Self {
        Self { work: Work::ReadAhead(read_ahead), connection, presence: Arc::default() }
    }

    /// What the task may wait for. Tasks of one kind do not wait for those of the other.
    pub fn blocks_on(&self) -> BlocksOn {
        match &self.work {
            Work::Respond(_, request) => request.blocks_on,
            Work::ReadAhead(_) => BlocksOn::Disk,
        }
    }

    /// Where the event loop writes down what becomes of the client.
    pub fn presence(&self) -> Arc<ClientPresence> {
        Arc::clone(&self.presence)
    }

    /// Takes the task to do next out of those that wait. One whose client may have left waits for those whose clients
    /// are there, but not for ever; one whose client has left is never done: nothing would come of it.
    pub fn take_next<T>(queue: &mut VecDeque<T>, task: impl Fn(&T) -> &Self) -> Option<T> {
        while queue.front().is_some_and(|item| task(item).left_or_passed() == CLOSED) {
            queue.pop_front();
        }
        let oldest = task(queue.front()?);
        let passed = oldest.left_or_passed();
        let is_there = |item| task(item).left_or_passed() == 0;
        let next = match passed {
            0 | MAX_PASSED.. => 0,
            _ => queue.iter().take(MAX_LOOKS).position(is_there).unwrap_or(0),
        };
        oldest.presence.0.fetch_max(passed + u8::from(next > 0), Ordering::Relaxed);
        queue.remove(next)
    }

    /// Takes the latest task whose client has left, or may have left, to make place for one whose client is there.
    pub fn take_doubtful<T>(queue: &mut VecDeque<T>, task: impl Fn(&T) -> &Self) -> Option<T> {
        let state = |place: &usize| task(&queue[*place]).left_or_passed();
        let latest = queue.len().saturating_sub(MAX_LOOKS)..queue.len();
        let may_have_left = latest.filter(|place| state(place) > 0);
        let place = may_have_left.max_by_key(|place| state(place) == CLOSED)?;
        queue.remove(place)
    }

    fn left_or_passed(&self) -> u8 {
        self.presence.0.load(Ordering::Relaxed)
    }

    /// Does it, and has `stats` take note of how long it takes.
    pub fn run(self, stats: &mut ThreadStats) -> TaskResult {
        stats.continue_as(self.connection);
        stats.begin(Span::Blocking);
        let result = match self.work {
            Work::Respond(app, request) => TaskResult::Response(respond(&app, &request)),
            Work::ReadAhead(read_ahead) => {
                read_ahead();
                TaskResult::ReadAhead
            }
        };
        stats.end(Span::Blocking);
        result
    }

    /// No thread can do it. Then `response` is the one to its request; a file is sent all the same, and may wait for its
    /// disk.
    pub fn decline(self, response: Response) -> TaskResult {
        match self.work {
            Work::Respond(..) => TaskResult::Response(response),
            Work::ReadAhead(_) => TaskResult::ReadAhead,
        }
    }
}

fn respond(app: &App, request: &OwnedRequest) -> Response {
    let request = request.as_request();
    // Not from the cache: this task is here to look whether the file has changed.
    match app.find(request.head, None) {
        Ok(resource) => app.respond(resource, &request),
        Err(response) => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn task() -> BlockingTask {
        BlockingTask::read_ahead(Box::new(|| {}), ConnectionId::default())
    }

    #[test]
    fn a_thread_looks_at_few_of_the_tasks_that_wait() {
        let mut queue: VecDeque<_> = (0..50_000).map(|_| task()).collect();
        thread_local!(static LOOKS: Cell<usize> = const { Cell::new(0) });
        fn look(task: &BlockingTask) -> &BlockingTask {
            LOOKS.set(LOOKS.get() + 1);
            task
        }
        (0..100).for_each(|_| assert!(BlockingTask::take_next(&mut queue, look).is_some()));
        assert!(LOOKS.get() <= 500, "{} looks for 100 tasks", LOOKS.get());
        queue.iter().for_each(|task| task.presence().set_half_closed());
        LOOKS.set(0);
        assert!(BlockingTask::take_next(&mut queue, look).is_some());
        assert!(BlockingTask::take_doubtful(&mut queue, look).is_some());
        assert!(LOOKS.get() <= 4 * MAX_LOOKS, "{} looks for two", LOOKS.get());
    }

    #[test]
    fn a_client_that_may_have_left_waits_for_others_and_not_for_ever() {
        let mut queue = VecDeque::from([(false, task()), (true, task()), (true, task())]);
        queue[0].1.presence().set_half_closed();
        let mut taken = 0;
        while BlockingTask::take_next(&mut queue, |item| &item.1).is_some_and(|item| item.0) {
            taken += 1;
            queue.push_back((true, task()));
        }
        assert_eq!(taken, u32::from(MAX_PASSED) - 1);
    }
}
