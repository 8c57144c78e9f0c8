//! The work of a dripped head, which only the parser itself can count.

use super::*;

/// Feeds `bytes` in steps and returns how many the parser looked at.
fn examined(bytes: &[u8], step: usize) -> usize {
    let (mut parser, limits) = (HeadParser::default(), Limits::default());
    for end in (step..bytes.len()).step_by(step) {
        assert_eq!(parser.parse(&bytes[..end], &limits).map(|done| done.is_some()), Ok(false));
    }
    assert!(parser.parse(bytes, &limits).unwrap().is_some());
    parser.examined
}

/// Parsed from the start at every read, 16 KiB would cost 134 million looks and not 64 thousand.
#[test]
fn a_dripped_head_costs_linear_work() {
    let start = "GET / HTTP/1.1\r\nHost: a\r\n";
    // Miri interprets each instruction: what is linear shows in a tenth of it too.
    let long = if cfg!(miri) { 800 } else { 8000 };
    for (shape, text) in [
        ("one long value", format!("{start}X: {}\r\n\r\n", "x".repeat(2 * long))),
        ("one long name", format!("{start}{}: x\r\n\r\n", "x".repeat(2 * long))),
        ("many short fields", format!("{start}{}\r\n", "X:y\r\n".repeat(99))),
        ("a long request line", format!("GET /{} HTTP/1.0\r\n\r\n", "x".repeat(long))),
        ("empty lines first", format!("\r\n\r\n\r\n\r\n{start}\r\n")),
    ] {
        for step in [1, 2, 3, 100] {
            let looks = examined(text.as_bytes(), step);
            let bound = 4 * text.len() + 64;
            assert!(looks <= bound, "{shape} in steps of {step}: {looks} looks, not {bound}");
            assert!(looks >= text.len() - 10, "{shape}: the counter counts");
        }
    }
}
