//! The head parser against httparse, which is well known, and more lenient than a server may be.
//! Where both accept they must agree; where only one does, the reason must stand here.

use proptest::prelude::*;
use shared::http::head::{Head, HeadParser};
use shared::http::{Limits, RequestHead};
use shared::http::{Method, RequestError};

/// What we refuse and httparse accepts: the reason in the response, and a request for it.
const STRICTER: [(&str, &str); 15] = [
    ("an HTTP/1.1 request without Host", "GET / HTTP/1.1\r\n\r\n"),
    ("more than one Host", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    ("a Host that is not HOST or HOST:PORT", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    (
        "more than one Content-Length",
        "GET / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    ),
    (
        "a Content-Length that is not one decimal number",
        "GET / HTTP/1.0\r\nContent-Length: +1\r\n\r\n",
    ),
    (
        "a Transfer-Encoding in which chunked is not the last, or stands twice",
        "GET / HTTP/1.0\r\nTransfer-Encoding: chunked, x\r\n\r\n",
    ),
    (
        "a Transfer-Encoding that is no list of codings",
        "GET / HTTP/1.0\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
    ),
    ("a line that ends in LF alone", "GET / HTTP/1.0\r\nHost: a\n\r\n"),
    ("a field line without a colon, or one that ends in LF alone", "GET / HTTP/1.0\r\n\n"),
    ("a method is a token and one space", "\nGET / HTTP/1.0\r\n\r\n"),
    ("empty lines instead of a request", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
    (
        "a request target is visible ASCII without '#', and one space follows it",
        "GET /a#b HTTP/1.0\r\n\r\n",
    ),
    ("a request target is a path, or an http URL", "GET * HTTP/1.0\r\n\r\n"),
    ("a URL whose authority is not HOST or HOST:PORT", "GET http://u@a/ HTTP/1.0\r\n\r\n"),
    ("this server is no proxy", "CONNECT a:80 HTTP/1.0\r\n\r\n"),
];

fn ours(bytes: &[u8]) -> Result<Option<(Head, usize)>, RequestError> {
    let mut parser = HeadParser::default();
    let complete = parser.parse(bytes, &Limits::default())?;
    Ok(complete.map(|(head, used)| (head.clone(), used)))
}

/// A later HTTP/1.x is to be served as 1.1 (RFC 9110 section 2.5): the one thing that httparse refuses
/// and we accept. It gets to read 1.1.
fn without_later_versions(text: &[u8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    if let Some(at) = text.windows(7).position(|seven| seven == b"HTTP/1.")
        && let Some(digit @ b'2'..=b'9') = bytes.get_mut(at + 7)
    {
        *digit = b'1';
    }
    bytes
}

/// Compares the two on one text; `Err` is the disagreement.
fn compare(text: &[u8]) -> Result<(), String> {
    let mut fields = [httparse::EMPTY_HEADER; 200];
    let mut theirs = httparse::Request::new(&mut fields);
    let served = without_later_versions(text);
    match (ours(text), theirs.parse(&served)) {
        (Ok(Some((head, used))), Ok(httparse::Status::Complete(expected))) => {
            if used != expected {
                return Err(format!("we use {used} bytes, httparse {expected}"));
            }
            agree(&head, text, &theirs)
        }
        (Ok(Some(_)), theirs) => Err(format!("only we accept it; httparse: {theirs:?}")),
        (Ok(None), Ok(httparse::Status::Complete(_))) => Err("only httparse is content".to_owned()),
        (Err(error), Ok(httparse::Status::Complete(_)))
            if STRICTER.iter().all(|(reason, _)| *reason != error.reason) =>
        {
            Err(format!("only we refuse it, because of {}", error.reason))
        }
        _ => Ok(()),
    }
}

fn agree(head: &Head, text: &[u8], theirs: &httparse::Request<'_, '_>) -> Result<(), String> {
    let expect = |same: bool, what: &str| if same { Ok(()) } else { Err(what.to_owned()) };
    let method = theirs.method.unwrap_or_default();
    expect(head.method.name() == method || head.method == Method::Unknown, "the method")?;
    let target = theirs.path.unwrap_or_default().as_bytes();
    // Of an absolute-form the resource is what follows the authority; `*`, or such a URL, has none.
    let resource = RequestHead::new(head, text).target().unwrap_or(b"");
    expect(target.ends_with(resource), "the target")?;
    expect(!target.starts_with(b"/") || target == resource, "the whole target")?;
    expect(
        u8::from(head.version == shared::http::Version::Http11) == theirs.version.unwrap_or(9),
        "the version",
    )?;
    for field in theirs.headers.iter() {
        let same_name =
            theirs.headers.iter().filter(|other| other.name.eq_ignore_ascii_case(field.name));
        let values = same_name.map(|other| other.value);
        expect(
            RequestHead::new(head, text).field(field.name).eq(values),
            &format!("the values of {}", field.name),
        )?;
    }
    Ok(())
}

#[test]
fn every_reason_to_be_stricter_has_a_request_that_httparse_accepts() {
    for (reason, text) in STRICTER {
        let mut fields = [httparse::EMPTY_HEADER; 10];
        let outcome = httparse::Request::new(&mut fields).parse(text.as_bytes());
        assert_eq!(outcome, Ok(httparse::Status::Complete(text.len())), "{reason}");
        assert_eq!(ours(text.as_bytes()).err().map(|error| error.reason), Some(reason));
    }
}

#[test]
fn a_later_version_is_the_one_thing_that_only_we_accept() {
    let text = b"GET / HTTP/1.7\r\nHost: a\r\n\r\n";
    let mut fields = [httparse::EMPTY_HEADER; 10];
    let outcome = httparse::Request::new(&mut fields).parse(text);
    assert_eq!(outcome, Err(httparse::Error::Version));
    assert_eq!(compare(text), Ok(()));
    assert!(ours(text).is_ok_and(|head| head.is_some()));
}

/// A field line: mostly a good one, of those that we look at or of any name.
fn field() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "Host: a",
        "host:b:80",
        "HOST: [::1]",
        "Connection: close, x",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip",
        "Expect: 100-continue",
        "X:",
        "X : y",
        " folded",
        "nothing",
        ": y",
        "X: a\tb \t",
        "X: \u{e9}",
        "X: a:b::c",
        "Content-Length: 5, 5",
    ]);
    let any = ("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}", "[ \t]{0,3}", "[ -~]{0,60}", "[ \t]{0,3}")
        .prop_map(|(name, before, value, after)| format!("{name}:{before}{value}{after}"));
    prop_oneof![2 => known.prop_map(str::to_owned), 3 => any]
}

fn head() -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![
        4 => prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "get"])
            .prop_map(str::to_owned),
        1 => "[!-~]{1,8}",
    ];
    let target = prop_oneof![
        4 => "/[!-~]{0,30}",
        1 => "(http|HTTPS|ftp)://[a-z.:0-9@]{0,12}[/?]?[!-~]{0,10}",
        1 => prop::sample::select(vec!["*", "a:80", "", "/a#b", "/\u{e9}"]).prop_map(str::to_owned),
    ];
    let version =
        prop_oneof![6 => "HTTP/1\\.[01]", 1 => "HTTP/[0-9]\\.[0-9]", 1 => "[A-Z/0-9. ]{0,9}"];
    let line = (method, target, version)
        .prop_map(|(method, target, version)| format!("{method} {target} {version}"));
    let end = prop_oneof![30 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r")];
    let lines = prop::collection::vec((field(), end), 0..8);
    let start = prop::sample::select(vec!["", "", "", "", "\r\n", "\r\n\r\n", "\n"]);
    let host = prop::sample::select(vec!["Host: a\r\n", "Host: a\r\n", ""]);
    (start, line, host, lines).prop_map(|(start, line, host, lines)| {
        let lines: String = lines.into_iter().map(|(line, end)| line + end).collect();
        format!("{start}{line}\r\n{host}{lines}\r\n").into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_head_means_the_same_to_both_or_the_reason_is_known(text in head()) {
        prop_assert_eq!(compare(&text), Ok(()), "{}", text.escape_ascii());
    }

    #[test]
    fn a_mutated_head_means_the_same_to_both_or_the_reason_is_known(
        text in head(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
    ) {
        let mut text = text;
        for (index, byte, kind) in changes {
            let at = index.index(text.len());
            match kind {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        prop_assert_eq!(compare(&text), Ok(()), "{}", text.escape_ascii());
    }
}
