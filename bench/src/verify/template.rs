//! Templates: exact bytes, in which `{get}`, `{echo}`, `{hello}`, `{count}` and `{sleep}` stand for the server's
//! routes, `{|}` for the critical spot where the message is cut when it is sent split, and [`WORDS`] for what most
//! requests have in common.

use super::options::Options;
use crate::wire::response::find;

/// What stands for more.
const WORDS: [(&str, &str); 4] = [
    ("{GET}", "GET {get} HTTP/1.1\r\nHost: h\r\n\r\n"),
    ("{POST}", "POST {echo} HTTP/1.1\r\nHost: h\r\n"),
    ("{1.1}", " HTTP/1.1\r\nHost: h\r\n"),
    ("{chunked}", "Transfer-Encoding: chunked\r\n\r\n"),
];

/// The template without [`WORDS`].
pub(crate) fn expanded(template: &[u8]) -> Vec<u8> {
    replace(template, &WORDS)
}

/// The critical spot.
const CUT: &[u8] = b"{|}";

/// The routes by the name that templates use; `none` is a route that the server does not have.
pub(crate) fn routes(options: &Options) -> [(&'static str, &str); 5] {
    [
        ("{get}", &options.get),
        ("{echo}", &options.echo),
        ("{hello}", &options.hello),
        ("{count}", &options.count),
        ("{sleep}", &options.sleep),
    ]
}

/// The first route that the template needs and the server lacks.
pub(crate) fn missing(template: &[u8], options: &Options) -> Option<&'static str> {
    let lacks = |(name, path): &(&'static str, &str)| {
        *path == "none" && find(template, name.as_bytes()).is_some()
    };
    routes(options).into_iter().find(lacks).map(|(name, _)| name)
}

/// The message as it is sent whole: routes filled in, cuts left out.
pub(crate) fn whole(template: &[u8], options: &Options) -> Vec<u8> {
    let [get, echo, hello, count, sleep] = routes(options);
    replace(template, &[get, echo, hello, count, sleep, ("{|}", "")])
}

/// The message in pieces: cut at each mark, or inside the empty line that ends the head, where a parser that
/// looks at one read at a time goes wrong first.
pub(crate) fn pieces(template: &[u8], options: &Options) -> Vec<Vec<u8>> {
    let mut rest = template;
    let mut pieces = Vec::new();
    while let Some(at) = find(rest, CUT) {
        pieces.push(whole(&rest[..at], options));
        rest = &rest[at + CUT.len()..];
    }
    let last = whole(rest, options);
    if !pieces.is_empty() {
        pieces.push(last);
        return pieces;
    }
    let at = find(&last, b"\r\n\r\n").map_or(last.len() / 2, |at| at + 3);
    vec![last[..at].to_vec(), last[at..].to_vec()]
}

/// Puts the second of a pair for the first, wherever it stands.
fn replace(bytes: &[u8], pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    // Bodies of a megabyte have none: then there is nothing to look at byte by byte.
    while rest.contains(&b'{') {
        let at = rest.iter().position(|byte| *byte == b'{').unwrap_or(rest.len());
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let found = pairs.iter().find(|(from, _)| rest.starts_with(from.as_bytes()));
        let (from, to) = found.unwrap_or(&("{", "{"));
        out.extend_from_slice(to.as_bytes());
        rest = &rest[from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_filled_in_and_cuts_left_out() {
        let options = Options { get: "/g".into(), echo: "none".into(), ..Options::default() };
        assert_eq!(whole(b"GET {get} {|}HTTP", &options), b"GET /g HTTP");
        assert_eq!(
            whole(&expanded(b"HEAD {get}{1.1}"), &options),
            b"HEAD /g HTTP/1.1\r\nHost: h\r\n"
        );
        assert_eq!(missing(b"POST {echo}", &options), Some("{echo}"));
        assert_eq!(missing(b"GET {get}", &options), None);
    }

    #[test]
    fn cut_at_the_mark_or_in_the_empty_line() {
        let options = Options::default();
        assert_eq!(pieces(b"a{|}b{|}c", &options), [b"a", b"b", b"c"]);
        assert_eq!(pieces(b"a\r\n\r\nb", &options), [&b"a\r\n\r"[..], b"\nb"]);
    }
}
