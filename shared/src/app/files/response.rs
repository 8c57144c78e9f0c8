//! The response to a request for a file: the whole file, a part of it, or an error (RFC 9110 sections 13 and 14). A
//! first reading may skip it.

use super::byte_range::ByteRange;
use super::entry::Entry;
use super::file_range;
use super::missing::Missing;
use super::preconditions::{Precondition, allows_range};
use crate::http::{Method, RequestHead, Response, Status};
use std::sync::Arc;

/// The value of Allow for every file.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// The response to `request`, for the file `name` below the root.
pub(super) fn to(
    request: RequestHead<'_>,
    name: &[u8],
    found: Result<Arc<Entry>, Missing>,
) -> Response {
    match (found, request.method()) {
        (Err(Missing::Nothing), _) => Response::new(Status::NOT_FOUND, "404: nothing here\n"),
        (Err(Missing::Unknown), _) => {
            Response::new(Status::SERVICE_UNAVAILABLE, "503: the file cannot be opened now\n")
                .with("Retry-After", "1")
        }
        (Ok(entry), Method::Get | Method::Head) => with_entry(request, entry),
        (Err(Missing::Slash), Method::Get | Method::Head) => {
            moved(name, request.target().unwrap_or_default())
        }
        (_, Method::Options) => Response::empty(Status::NO_CONTENT).with("Allow", METHODS),
        _ => Response::new(Status::METHOD_NOT_ALLOWED, "405: files can be read, and no more\n")
            .with("Allow", METHODS),
    }
}

fn with_entry(request: RequestHead<'_>, entry: Arc<Entry>) -> Response {
    match Precondition::evaluate(|name| request.list(name), &entry.etag, entry.modified) {
        Precondition::NotModified => {
            return validators(Response::empty(Status::NOT_MODIFIED), &entry);
        }
        Precondition::Failed => {
            return Response::new(Status::PRECONDITION_FAILED, "412: the file is another by now\n");
        }
        Precondition::Proceed => {}
    }
    let may_be_part =
        request.method() == Method::Get && allows_range(request.list("if-range"), &entry.etag);
    let range = request.list("range").filter(|_| may_be_part);
    let length = entry.len();
    match ByteRange::parse(range.as_deref(), length) {
        ByteRange::All => content(Status::OK, entry, 0..length),
        ByteRange::Part(part) => {
            let content_range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            content(Status::PARTIAL_CONTENT, entry, part).with("Content-Range", content_range)
        }
        ByteRange::Unsatisfiable => {
            Response::new(Status::RANGE_NOT_SATISFIABLE, "416: the file has no such bytes\n")
                .with("Content-Range", format!("bytes */{length}"))
        }
    }
}

fn content(status: Status, entry: Arc<Entry>, range: std::ops::Range<u64>) -> Response {
    let body = file_range::body(Arc::clone(&entry), range);
    validators(Response::with_body(status, entry.content_type, body), &entry)
        .with("Accept-Ranges", "bytes")
}

/// Adds the fields that identify the version of a file.
fn validators(response: Response, entry: &Entry) -> Response {
    response.with("ETag", &*entry.etag).with("Last-Modified", &*entry.last_modified)
}

fn moved(name: &[u8], target: &[u8]) -> Response {
    let mut location = String::from("/");
    for &byte in name {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => location.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => location.push(char::from(byte)),
            byte => location.push_str(&format!("%{byte:02X}")),
        }
    }
    location.push('/');
    let query = target.iter().skip_while(|&&byte| byte != b'?');
    location.extend(query.map(|&byte| char::from(byte)));
    Response::new(Status::MOVED_PERMANENTLY, "301: directories end in a slash\n")
        .with("Location", location)
}
