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

/// Whether the client of a task is still there, as its event loop last heard: one of four states, which follow
/// each other in this order.
#[derive(Debug, Default)]
pub struct ClientPresence(AtomicU8);

const PRESENT: u8 = 0;
const HALF_CLOSED: u8 = 1;
/// Half-closed, and its task has let those go first that waited behind it.
const POSTPONED: u8 = 2;
const CLOSED: u8 = 3;

/// So many tasks are looked at for one that is declined, however many wait: a thread that looked at all would need the
/// longer for each, the more there are.
const MAX_LOOKS: usize = 1024;

impl ClientPresence {
    /// The client has ended its half. It may wait for its response all the same, or have closed everything: only a
    /// response that is sent would tell.
    pub fn set_half_closed(&self) {
        self.0.fetch_max(HALF_CLOSED, Ordering::Relaxed);
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

    /// Takes the task to do next out of those that wait. One whose client may have left goes to the back, once; one
    /// whose client has left is never done: nothing would come of it.
    pub fn take_next<T>(queue: &mut VecDeque<T>, task: impl Fn(&T) -> &Self) -> Option<T> {
        while let Some(item) = queue.pop_front() {
            let presence = &task(&item).presence.0;
            match presence.load(Ordering::Relaxed) {
                CLOSED => {}
                HALF_CLOSED => {
                    // The later of two states: its loop may just have set that it is closed.
                    presence.fetch_max(POSTPONED, Ordering::Relaxed);
                    queue.push_back(item);
                }
                _ => return Some(item),
            }
        }
        None
    }

    /// Takes the latest task whose client has left, or may have left, to make place for one whose client is there.
    pub fn take_doubtful<T>(queue: &mut VecDeque<T>, task: impl Fn(&T) -> &Self) -> Option<T> {
        let state = |place: &usize| task(&queue[*place]).presence.0.load(Ordering::Relaxed);
        let latest = queue.len().saturating_sub(MAX_LOOKS)..queue.len();
        let may_have_left = latest.filter(|place| state(place) > PRESENT);
        let place = may_have_left.max_by_key(|place| state(place) == CLOSED)?;
        queue.remove(place)
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

    type Queue = VecDeque<(u8, BlockingTask)>;

    fn numbered(number: u8) -> (u8, BlockingTask) {
        (number, BlockingTask::read_ahead(Box::new(|| {}), ConnectionId::default()))
    }

    fn take(queue: &mut Queue) -> Option<u8> {
        Some(BlockingTask::take_next(queue, |(_, task)| task)?.0)
    }

    #[test]
    fn a_client_that_may_have_left_waits_for_those_behind_it_and_for_no_others() {
        let mut queue: Queue = (0..4).map(numbered).collect();
        let presence = queue[0].1.presence();
        // As many come as are taken.
        let taken = (4..9).map(|number| {
            presence.set_half_closed();
            queue.push_back(numbered(number));
            take(&mut queue).unwrap()
        });
        assert_eq!(taken.collect::<Vec<_>>(), [1, 2, 3, 4, 0]);
    }

    #[test]
    fn a_task_without_a_client_is_dropped_also_where_it_was_postponed() {
        let mut queue: Queue = (0..4).map(numbered).collect();
        queue[0].1.presence().set_half_closed();
        assert_eq!(take(&mut queue), Some(1));
        let left = queue.iter().filter(|(number, _)| *number != 3);
        left.for_each(|(_, task)| task.presence().set_closed());
        assert_eq!([take(&mut queue), take(&mut queue)], [Some(3), None]);
    }

    #[test]
    fn a_client_that_has_left_is_declined_before_one_that_may_have() {
        let mut queue: Queue = (0..4).map(numbered).collect();
        queue[0].1.presence().set_closed();
        [1, 2].iter().for_each(|place| queue[*place].1.presence().set_half_closed());
        let mut decline = || Some(BlockingTask::take_doubtful(&mut queue, |(_, task)| task)?.0);
        assert_eq!([(); 4].map(|()| decline()), [Some(0), Some(2), Some(1), None]);
    }
}
