//! Work that may have to wait, made ready to be sent to another thread.

use super::super::head::Head;
use super::super::response::Response;
use crate::files::ReadAhead;
use crate::meter::Meter;
use crate::service::Service;
use crate::trace::{Slice, Whose};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Something to be done by a thread that may wait.
pub struct Job {
    work: Work,
    /// For the timeline: it may be done on another thread than the one that read the request.
    whose: Whose,
    presence: Arc<Presence>,
}

/// What a job waits for, and so how long it may take. Jobs of one kind do not wait for those of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A handler: as long as it likes.
    Handler,
    /// A disk: a file is opened or read.
    File,
}

/// Whether the client of a job is still there, as its event loop last heard.
#[derive(Debug, Default)]
pub struct Presence(AtomicU8);

const HALF_CLOSED: u8 = 1;
const GONE: u8 = 2;

impl Presence {
    /// The client has ended its half. It may wait for its response all the same, or have closed everything: only a
    /// response that is sent would tell.
    pub fn half_closed(&self) {
        self.0.fetch_max(HALF_CLOSED, Ordering::Relaxed);
    }

    /// The connection is no more.
    pub fn gone(&self) {
        self.0.store(GONE, Ordering::Relaxed);
    }
}

enum Work {
    Answer(Call),
    ReadAhead(ReadAhead),
}

/// A request for a handler that may block, or for a file that has to be opened.
pub(super) struct Call {
    pub(super) service: Arc<Service>,
    pub(super) head: Head,
    pub(super) bytes: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) draining: bool,
    pub(super) lane: Lane,
}

/// What came of it.
pub enum Done {
    /// An answer.
    Answer(Response),
    /// More of a file is in the page cache, and can be sent.
    ReadAhead,
}

impl Job {
    pub(super) fn answer(call: Call, whose: Whose) -> Box<Self> {
        Self::new(Work::Answer(call), whose)
    }

    pub(super) fn read_ahead(window: ReadAhead, whose: Whose) -> Box<Self> {
        Self::new(Work::ReadAhead(window), whose)
    }

    fn new(work: Work, whose: Whose) -> Box<Self> {
        Box::new(Self { work, whose, presence: Arc::default() })
    }

    /// What it waits for.
    pub fn lane(&self) -> Lane {
        match &self.work {
            Work::Answer(call) => call.lane,
            Work::ReadAhead(_) => Lane::File,
        }
    }

    /// Where the event loop writes down what becomes of the client.
    pub fn presence(&self) -> Arc<Presence> {
        Arc::clone(&self.presence)
    }

    /// Takes the job to do next out of those that wait. One whose client may have gone waits for those whose clients
    /// are there; one whose client has gone is never done: nothing would come of it.
    pub fn take_next<T>(waiting: &mut VecDeque<T>, job: impl Fn(&T) -> &Job) -> Option<T> {
        Self::drop_abandoned(waiting, &job);
        let is_there = |item: &T| job(item).presence.0.load(Ordering::Relaxed) == 0;
        let first = waiting.iter().position(is_there).unwrap_or(0);
        waiting.remove(first)
    }

    /// Drops those that nobody waits for.
    pub fn drop_abandoned<T>(waiting: &mut VecDeque<T>, job: impl Fn(&T) -> &Job) {
        waiting.retain(|item| job(item).presence.0.load(Ordering::Relaxed) != GONE);
    }

    /// Does it, and has `meter` take note of how long it takes.
    pub fn run(self, meter: &mut Meter) -> Done {
        meter.attend_to(self.whose);
        meter.begin(Slice::Blocking);
        let done = match self.work {
            Work::Answer(call) => Done::Answer(call.answer()),
            Work::ReadAhead(window) => {
                window.run();
                Done::ReadAhead
            }
        };
        meter.end(Slice::Blocking);
        done
    }

    /// There is nobody to do it. A request is told so; a file is sent all the same, and may wait for its disk.
    pub fn decline(self, response: Response) -> Done {
        match self.work {
            Work::Answer(_) => Done::Answer(response),
            Work::ReadAhead(_) => Done::ReadAhead,
        }
    }
}

impl Call {
    fn answer(self) -> Response {
        // No file is at hand: this job is here to look whether it has changed.
        match self.service.find(&self.head, &self.bytes, None) {
            Ok(destination) => {
                self.service.answer(destination, &self.head, &self.bytes, &self.body, self.draining)
            }
            Err(response) => response,
        }
    }
}
