//! `METHOD SP request-target SP HTTP-version CRLF` (RFC 9112 section 3).

use super::bytes::{target_length, token_length};
use super::field::line_end;
use super::host;
use super::status::{RequestError, Status};
use std::ops::Range;

/// The methods that we know (RFC 9110 section 9.3, RFC 5789); every other is [`Method::Unknown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Trace,
    Patch,
    Connect,
    Unknown,
}

impl Method {
    #[inline(always)]
    fn of(token: &[u8]) -> Self {
        match token {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"PATCH" => Self::Patch,
            b"CONNECT" => Self::Connect,
            _ => Self::Unknown,
        }
    }

    /// As it stands in a request line or an Allow field.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 10] =
            ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "?"];
        NAMES[self as usize]
    }
}

/// HTTP/1.0, or HTTP/1.1 (which every later 1.x is served as).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Version {
    Http10,
    Http11,
}

/// A parsed request line.
pub(super) struct RequestLine {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) version: Version,
    /// Where the field lines begin.
    pub(super) end: usize,
}

/// What the request is for.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A path with perhaps a query: the origin-form, or what follows the authority in the
    /// absolute-form, where it may be empty.
    Resource(Range<usize>),
    /// `*`: the server as a whole.
    Server,
}

/// Reads the request line, a pure function of the bytes: `None` while it is incomplete. The places in the result count
/// from the start of the head's bytes, of which these are those from `at` on.
pub(super) fn parse(bytes: &[u8], at: usize) -> Result<Option<RequestLine>, RequestError> {
    let method_end = token_length(bytes);
    if !single_space(bytes.get(method_end), "a method is a token and one space")? {
        return Ok(None);
    }
    if method_end == 0 {
        return Err(RequestError::bad("a request line without a method"));
    }
    let start = method_end + 1;
    let end = start + target_length(&bytes[start..]);
    match single_space(
        bytes.get(end),
        "a request target is visible ASCII without '#', and one space follows it",
    ) {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        // `GET /` and a line end: HTTP/0.9, or a client that forgot.
        Err(_) if matches!(bytes[end], b'\r' | b'\n') => {
            return Err(RequestError::bad("a request line without a version"));
        }
        Err(error) => return Err(error),
    }
    let Some(version) = version(&bytes[end + 1..])? else {
        return Ok(None);
    };
    let method = Method::of(&bytes[..method_end]);
    let target = target(method, &bytes[start..end], at + start)?;
    Ok(Some(RequestLine { method, target, version, end: at + end + 1 + VERSION + 2 }))
}

fn single_space(byte: Option<&u8>, rule: &'static str) -> Result<bool, RequestError> {
    match byte {
        Some(b' ') => Ok(true),
        None => Ok(false),
        Some(_) => Err(RequestError::bad(rule)),
    }
}

const VERSION: usize = "HTTP/1.1".len();

/// `HTTP/` digit `.` digit and the line end; case matters (RFC 9112 section 2.3).
fn version(bytes: &[u8]) -> Result<Option<Version>, RequestError> {
    let [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', rest @ ..] =
        bytes
    else {
        return version_begins(bytes).then_some(None).ok_or(NO_VERSION);
    };
    if !line_end(rest)? {
        return Ok(None);
    }
    match (major, minor) {
        (b'1', b'0') => Ok(Some(Version::Http10)),
        (b'1', _) => Ok(Some(Version::Http11)),
        _ => Err(RequestError::new(
            Status::VERSION_NOT_SUPPORTED,
            "only HTTP/1.0 and HTTP/1.1 are spoken here",
        )),
    }
}

const NO_VERSION: RequestError =
    RequestError::bad("a version is HTTP/ and two digits with a point between them");

/// Whether these bytes, too few for a version, may become one.
fn version_begins(bytes: &[u8]) -> bool {
    let fits = |(&byte, &expected): (&u8, &u8)| {
        if expected == b'#' { byte.is_ascii_digit() } else { byte == expected }
    };
    bytes.len() < VERSION && bytes.iter().zip(b"HTTP/#.#").all(fits)
}

/// The four forms of RFC 9112 section 3.2; the authority-form belongs to CONNECT, which we do not do.
#[inline(always)]
fn target(method: Method, target: &[u8], at: usize) -> Result<Target, RequestError> {
    match target {
        _ if method == Method::Connect => {
            Err(RequestError::new(Status::NOT_IMPLEMENTED, "this server is no proxy"))
        }
        [] => Err(RequestError::bad("a request line without a target, or with two spaces")),
        [b'/', ..] => Ok(Target::Resource(at..at + target.len())),
        b"*" if method == Method::Options => Ok(Target::Server),
        _ => absolute(method, target, at),
    }
}

fn absolute(method: Method, target: &[u8], at: usize) -> Result<Target, RequestError> {
    let scheme = target.windows(3).position(|three| three == b"://").unwrap_or(0);
    if !target[..scheme].eq_ignore_ascii_case(b"http")
        && !target[..scheme].eq_ignore_ascii_case(b"https")
    {
        return Err(RequestError::bad("a request target is a path, or an http URL"));
    }
    let authority = scheme + 3;
    let length = target[authority..].iter().position(|byte| matches!(byte, b'/' | b'?'));
    let path = length.map_or(target.len(), |length| authority + length);
    if path == authority || !host::is_valid(&target[authority..path]) {
        return Err(RequestError::bad("a URL whose authority is not HOST or HOST:PORT"));
    }
    if path == target.len() && method == Method::Options {
        return Ok(Target::Server);
    }
    Ok(Target::Resource(at + path..at + target.len()))
}
