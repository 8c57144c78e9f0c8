//! Status codes (RFC 9110 section 15), and the error that a malformed request meets.

/// The statuses that this server gives, each with its prepared status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The three digits.
    pub code: u16,
    /// The whole status line, line end included. The version is ours, not the client's: responses to
    /// HTTP/1.0 are labelled HTTP/1.1 too (RFC 9110 section 2.5).
    pub(super) line: &'static str,
}

macro_rules! statuses {
    ($($name:ident = $code:literal $reason:literal;)*) => {
        impl Status {
            $(
                #[doc = concat!(stringify!($code), " ", $reason)]
                pub const $name: Status = Status {
                    code: $code,
                    line: concat!("HTTP/1.1 ", stringify!($code), " ", $reason, "\r\n"),
                };
            )*
        }
    };
}

statuses! {
    OK = 200 "OK";
    NO_CONTENT = 204 "No Content";
    PARTIAL_CONTENT = 206 "Partial Content";
    MOVED_PERMANENTLY = 301 "Moved Permanently";
    NOT_MODIFIED = 304 "Not Modified";
    BAD_REQUEST = 400 "Bad Request";
    NOT_FOUND = 404 "Not Found";
    METHOD_NOT_ALLOWED = 405 "Method Not Allowed";
    REQUEST_TIMEOUT = 408 "Request Timeout";
    PRECONDITION_FAILED = 412 "Precondition Failed";
    CONTENT_TOO_LARGE = 413 "Content Too Large";
    URI_TOO_LONG = 414 "URI Too Long";
    RANGE_NOT_SATISFIABLE = 416 "Range Not Satisfiable";
    EXPECTATION_FAILED = 417 "Expectation Failed";
    FIELDS_TOO_LARGE = 431 "Request Header Fields Too Large";
    INTERNAL_SERVER_ERROR = 500 "Internal Server Error";
    NOT_IMPLEMENTED = 501 "Not Implemented";
    SERVICE_UNAVAILABLE = 503 "Service Unavailable";
    VERSION_NOT_SUPPORTED = 505 "HTTP Version Not Supported";
}

impl Status {
    /// Whether a response with this status never has content (RFC 9110 section 6.4.1).
    pub(super) fn is_bodyless(self) -> bool {
        self.code < 200 || self.code == 204 || self.code == 304
    }
}

/// Why a request is refused. Where its head or its body is malformed, no server can say where
/// the next request would begin, so the connection is always closed: that, and not politeness, is
/// what prevents request smuggling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// What the client is told in the status line.
    pub status: Status,
    /// What the client is told in the body: one clause that names the rule.
    pub reason: &'static str,
}

impl RequestError {
    pub(crate) const fn new(status: Status, reason: &'static str) -> Self {
        Self { status, reason }
    }

    pub(crate) const fn bad(reason: &'static str) -> Self {
        Self::new(Status::BAD_REQUEST, reason)
    }
}
