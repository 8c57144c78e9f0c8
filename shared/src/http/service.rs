//! What the protocol asks of the server around it: the seam that keeps sockets, files, threads and the
//! application out of this module.

use super::date::DateLine;
use super::head::RequestHead;
use super::request::{BlocksOn, Request};
use super::response::Response;
use std::time::Instant;

/// The server, as the protocol sees it: it finds the response to a request, knows the time, and is told what happens.
pub trait Service {
    /// What a request was found to be for: a route, or a file.
    type Resource<'a>
    where
        Self: 'a;

    /// Finds what a request is for. `is_whole`: its body has arrived, so that what is found may come from a cache.
    ///
    /// # Errors
    /// The response that the head alone decides, such as 404 or 405.
    fn find<'a>(
        &self,
        head: RequestHead<'a>,
        is_whole: bool,
    ) -> Result<Self::Resource<'a>, Response>
    where
        Self: 'a;

    /// What the response may have to wait for; `None` if it never blocks.
    fn blocks_on(resource: &Self::Resource<'_>) -> Option<BlocksOn>;

    /// The response to a whole request.
    fn respond(&mut self, resource: Self::Resource<'_>, request: &Request<'_>) -> Response;

    /// The present moment: the same as before unless the server has looked at its clock.
    fn now(&self) -> Instant;

    /// The Date line of that moment.
    fn date_line(&self) -> &DateLine;

    /// A head is complete.
    fn on_head(&mut self);

    /// A long response begins: part of it is appended to the output. Its number comes back when it has left.
    fn on_long_response(&mut self, _: &ResponseSummary) -> u64 {
        0
    }

    /// A response has left the protocol: all of it is appended to the output, or as much as the connection lived for.
    fn on_response(&mut self, summary: &ResponseSummary);

    /// Whether [`ResponseSummary::request`] is wanted.
    fn keeps_request_line(&self) -> bool;
}

/// A response that has left the protocol, or a long one that begins to, for counters and logs.
#[derive(Clone)]
pub struct ResponseSummary {
    /// The status code.
    pub code: u16,
    /// Bytes of content, if that was known beforehand.
    pub length: Option<u64>,
    /// The first bytes of the request, at most [`REQUEST_BYTES`], if [`Service::keeps_request_line`].
    pub request: Option<Box<[u8]>>,
    /// When the thread woke up to the last byte of the request: [`super::StepCx::since`].
    pub since: Instant,
    /// That of [`Service::on_long_response`]; 0 for any other.
    pub number: u64,
}

/// Bytes of a request that are kept for a log.
pub const REQUEST_BYTES: usize = 512;
