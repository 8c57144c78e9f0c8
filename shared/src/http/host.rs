//! The authority of a request: `host [ ":" port ]` (RFC 3986 section 3.2, RFC 9110 section 7.2).

use super::bytes::{decimal, host_length};
use std::net::Ipv6Addr;

/// Whether `authority` is a host with perhaps a port. User information is refused: it has no business in a
/// request (RFC 9110 section 4.2.4). Nothing at all is what a URL without authority has; a port alone is refused (section
/// 4.2.1).
#[inline(always)]
pub(super) fn is_valid(authority: &[u8]) -> bool {
    if let Some(rest) = authority.strip_prefix(b"[") {
        let Some(end) = rest.iter().position(|&byte| byte == b']') else {
            return false;
        };
        return is_ipv6(&rest[..end]) && is_port(&rest[end + 1..]);
    }
    let mut rest = &authority[host_length(authority)..];
    while let [b'%', high, low, after @ ..] = rest
        && high.is_ascii_hexdigit()
        && low.is_ascii_hexdigit()
    {
        rest = &after[host_length(after)..];
    }
    let has_name = rest.len() < authority.len();
    is_port(rest) && (has_name || rest.is_empty())
}

fn is_ipv6(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// Nothing, or a colon and a number that fits a port; `host:` with nothing after it is in the grammar.
fn is_port(text: &[u8]) -> bool {
    match text {
        [] | [b':'] => true,
        [b':', digits @ ..] => decimal(digits).is_some_and(|port| port <= u64::from(u16::MAX)),
        _ => false,
    }
}
