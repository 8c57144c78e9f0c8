//! HTTP/1.1 without a socket, an application or a clock: bytes in, bytes out (RFC 9110, RFC 9112).

pub mod body;
mod bytes;
mod chunked;
mod date;
mod encoding;
mod field;
pub mod head;
mod host;
pub mod limits;
mod path;
mod protocol;
mod request;
mod request_line;
mod response;
mod service;
mod status;
mod step;

pub use bytes::decimal;
pub use date::DateLine;
pub use head::RequestHead;
pub use limits::Limits;
pub use path::Path;
pub use protocol::Protocol;
pub use request::{BlocksOn, OwnedRequest, Request};
pub use request_line::{Method, Version};
pub use response::{Body, FileBody, ReadAhead, Response, Stream};
pub use service::{REQUEST_BYTES, ResponseSummary, Service};
pub use status::{RequestError, Status};
pub use step::{Action, StepCx};
