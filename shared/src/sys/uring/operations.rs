//! The operations under way, and the memory that they use. A first reading may skip it.

use super::Socket;
use std::io;
use std::mem;

/// An operation under way, for [`super::Ring::cancel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationId(pub(super) u32);

/// A result.
#[derive(Debug)]
pub struct Completion {
    /// What the operation was begun with. What it stands for may be gone by now.
    pub token: u64,
    /// Whether the operation goes on, and will make further completions.
    pub more: bool,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an operation.
#[derive(Debug)]
pub enum Outcome {
    /// A connection.
    Accepted(io::Result<Socket>),
    /// So many bytes, 0 at the end of the stream: see [`super::Ring::received`]. `None` if it ended for want of a common buffer,
    /// or was cancelled: it may begin anew.
    Received(io::Result<Option<usize>>),
    /// So many of these bytes were sent.
    Sent(io::Result<usize>, Vec<u8>),
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Accept,
    Receive,
    Send,
}

/// An operation, from when it is queued to its last completion, and the memory that it uses.
struct Operation {
    kind: Kind,
    token: u64,
    bytes: Vec<u8>,
    /// It is done when it was handed over, and makes a completion only if it failed.
    skips: bool,
}

/// By their numbers, which completions name.
#[derive(Default)]
pub(super) struct Operations {
    places: Vec<Option<Operation>>,
    free: Vec<u32>,
    /// Those that skip, and may be done.
    skipping: Vec<u32>,
}

impl Operations {
    pub(super) fn begin(&mut self, kind: Kind, token: u64, bytes: Vec<u8>) -> OperationId {
        let operation = Some(Operation { kind, token, bytes, skips: false });
        let index = self.free.pop().unwrap_or(self.places.len() as u32);
        match self.places.get_mut(index as usize) {
            Some(place) => *place = operation,
            None => self.places.push(operation),
        }
        OperationId(index)
    }

    pub(super) fn find(&self, index: u32) -> Option<(Kind, u64)> {
        let operation = self.places.get(index as usize)?.as_ref()?;
        Some((operation.kind, operation.token))
    }

    /// Frees its number, and gives back its memory.
    pub(super) fn end(&mut self, index: u32) -> Vec<u8> {
        let ended = self.places[index as usize].take();
        self.free.extend(ended.is_some().then_some(index));
        ended.map(|operation| operation.bytes).unwrap_or_default()
    }

    pub(super) fn skip(&mut self, OperationId(index): OperationId) {
        self.skipping.push(index);
        self.places[index as usize].iter_mut().for_each(|operation| operation.skips = true);
    }

    /// All was handed over, and all completions were taken: those that skip, and of which none said that they failed, are
    /// done. The number of one that failed may be another's by now, which does not skip.
    pub(super) fn end_skipping(&mut self) {
        for index in mem::take(&mut self.skipping) {
            if self.places[index as usize].as_ref().is_some_and(|operation| operation.skips) {
                self.end(index);
            }
        }
    }

    pub(super) fn ids(&self) -> Vec<OperationId> {
        let indexes = (0..self.places.len()).filter(|index| self.places[*index].is_some());
        indexes.map(|index| OperationId(index as u32)).collect()
    }
}
