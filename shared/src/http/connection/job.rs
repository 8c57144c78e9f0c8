//! Work that may have to wait, made ready to be sent to another thread.

use super::super::head::Head;
use super::super::response::Response;
use crate::files::ReadAhead;
use crate::meter::Meter;
use crate::service::Service;
use crate::trace::{Slice, Whose};
use std::sync::Arc;

/// Something to be done by whoever may wait.
pub struct Job {
    work: Work,
    /// For the timeline: it may be done on another thread than the one that read the request.
    whose: Whose,
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
        Box::new(Self { work: Work::Answer(call), whose })
    }

    pub(super) fn read_ahead(window: ReadAhead, whose: Whose) -> Box<Self> {
        Box::new(Self { work: Work::ReadAhead(window), whose })
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
