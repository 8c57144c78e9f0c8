//! HTTP/1.1 without a socket: bytes in, bytes out (RFC 9110, RFC 9112).

pub mod body;
mod bytes;
mod chunked;
pub mod connection;
mod date;
mod field;
pub mod head;
mod host;
mod path;
mod request;
mod request_line;
mod response;
mod status;

pub use connection::{Connection, Done, Job, Lane, Next, Presence, Turn};
pub use date::DateLine;
pub use path::Path;
pub use request::Request;
pub use request_line::{Method, Version};
pub use response::{Body, Response, Stream};
pub use status::{Refusal, Status};
