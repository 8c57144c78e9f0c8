//! From a file, or the lack of one, to an answer.

use super::conditions::{Conditions, Verdict};
use super::range::Wanted;
use super::{Entry, FileRange, Missing};
use crate::http::{Method, Response, Status};
use std::borrow::Cow;
use std::sync::Arc;

/// What can be done with a file.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// The answer for what was found under `name`. `target` is what the client wrote, with its query; `field` looks
/// up a field of the request.
pub(super) fn answer<'a>(
    found: Result<Arc<Entry>, Missing>,
    method: Method,
    name: &[u8],
    target: &[u8],
    field: impl Fn(&'static str) -> Option<Cow<'a, [u8]>>,
) -> Response {
    match (found, method) {
        (Err(Missing::Nothing), _) => Response::new(Status::NOT_FOUND, "404: nothing here\n"),
        (Err(Missing::Unknown), _) => {
            Response::new(Status::SERVICE_UNAVAILABLE, "503: the file cannot be opened now\n")
                .with("Retry-After", "1")
        }
        (Ok(entry), Method::Get | Method::Head) => respond(entry, method, field),
        (Err(Missing::Slash), Method::Get | Method::Head) => moved(name, target),
        (_, Method::Options) => Response::empty(Status::NO_CONTENT).with("Allow", METHODS),
        _ => Response::new(Status::METHOD_NOT_ALLOWED, "405: files can be read, and no more\n")
            .with("Allow", METHODS),
    }
}

fn respond<'a>(
    entry: Arc<Entry>,
    method: Method,
    field: impl Fn(&'static str) -> Option<Cow<'a, [u8]>>,
) -> Response {
    let conditions = Conditions::of(&field);
    match conditions.judge(entry.etag(), entry.modified()) {
        Verdict::NotModified => return Response::empty(Status::NOT_MODIFIED).describing(&entry),
        Verdict::Failed => {
            return Response::new(Status::PRECONDITION_FAILED, "412: the file is another by now\n");
        }
        Verdict::Proceed => {}
    }
    let range =
        field("range").filter(|_| method == Method::Get && conditions.allow_range(entry.etag()));
    match Wanted::of(range.as_deref(), entry.len()) {
        Wanted::All => Response::file(FileRange::new(entry, None), Status::OK),
        Wanted::Part(part) => {
            let content_range = format!("bytes {}-{}/{}", part.start, part.end - 1, entry.len());
            Response::file(FileRange::new(entry, Some(part)), Status::PARTIAL_CONTENT)
                .with("Content-Range", content_range)
        }
        Wanted::Nothing => {
            Response::new(Status::RANGE_NOT_SATISFIABLE, "416: the file has no such bytes\n")
                .with("Content-Range", format!("bytes */{}", entry.len()))
        }
    }
}

/// To the same name with a slash behind it, and the same query. The name came from a path, decoded; on its way
/// back into a field it is encoded again. It has no empty segment, so this never begins with two slashes, which
/// would lead to another host.
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
