//! What must hold for every input. The fuzzer looks for one for which it does not.
//!
//! ```text
//! cargo install cargo-fuzz
//! cd shared && cargo +nightly fuzz run connection -- -max_total_time=600
//! ```
//!
//! `.ci/fuzz SECONDS` runs all targets, one after the other. The checks of `head`, `chunked` and `connection` are those of
//! `shared/tests/fuzz`, which try a few thousand made-up requests in every `cargo test`; here coverage chooses the bytes.
#![allow(clippy::unwrap_used, dead_code)]

#[path = "../../src/app/files/byte_range.rs"]
mod byte_range;
#[path = "../../tests/fuzz/checks.rs"]
mod checks;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/fuzz/model.rs"]
mod model;
#[path = "../../tests/fuzz/model_body.rs"]
mod model_body;
#[path = "../../tests/fuzz/model_target.rs"]
mod model_target;
#[path = "../../src/app/files/preconditions.rs"]
mod preconditions;
#[path = "../../tests/fuzz/random.rs"]
mod random;
#[path = "../../tests/connection/response.rs"]
mod response;
#[path = "../../tests/fuzz/server.rs"]
mod server;

use bench::load::response::Parser;
use byte_range::ByteRange;
use preconditions::{Precondition, allows_range};
use random::Random;
use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// The first eight bytes choose where the others are cut.
fn cuts_and_bytes(input: &[u8]) -> Option<(Random, &[u8])> {
    let (seed, bytes) = input.split_first_chunk()?;
    Some((Random::new(u64::from_le_bytes(*seed)), bytes))
}

/// The head parser gives the same result for every way of cutting.
pub fn head(input: &[u8]) {
    if let Some((mut random, bytes)) = cuts_and_bytes(input) {
        checks::head(bytes, &mut random);
    }
}

/// The chunked decoder gives the same result for every way of cutting, and agrees with a plain model.
pub fn chunked(input: &[u8]) {
    if let Some((mut random, bytes)) = cuts_and_bytes(input) {
        checks::chunked(bytes, &mut random);
    }
}

/// A connection gives the responses of a plain model, for every way of cutting.
pub fn connection(input: &[u8]) {
    if let Some((mut random, bytes)) = cuts_and_bytes(input) {
        checks::connection(bytes, &mut random);
    }
}

/// A range lies within the file and is not empty.
pub fn ranges(input: &[u8]) {
    let Some((len, field)) = input.split_first_chunk() else { return };
    let len = u64::from_le_bytes(*len);
    if let ByteRange::Part(part) = ByteRange::parse(Some(field), len) {
        assert!(part.start < part.end && part.end <= len, "{part:?} of {len}");
    }
}

/// Five fields, a line each. A tag that is not the file's own never allows a range, and `*` always matches.
pub fn conditions(input: &[u8]) {
    const ETAG: &str = "\"1-2-3\"";
    let Some((seconds, fields)) = input.split_first_chunk() else { return };
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(u32::from_le_bytes(*seconds).into());
    let lines: Vec<_> = fields.split(|&byte| byte == b'\n').collect();
    let names = ["if-match", "if-unmodified-since", "if-none-match", "if-modified-since", "if-range"];
    let field = |name: &str| {
        let at = names.iter().position(|one| *one == name)?;
        lines.get(at).filter(|line| !line.is_empty()).map(|line| Cow::Borrowed(*line))
    };
    let result = Precondition::evaluate(field, ETAG, modified);
    if field("if-match").as_deref() == Some(b"*") {
        assert_ne!(result, Precondition::Failed);
    }
    if field("if-none-match").as_deref() == Some(b"*") {
        assert_ne!(result, Precondition::Proceed);
    }
    assert_eq!(allows_range(field("if-range"), ETAG), field("if-range").is_none_or(|tag| *tag == *ETAG.as_bytes()));
}

/// The generator's own parser finds the same responses for every way of cutting.
pub fn response(input: &[u8]) {
    let Some((mut random, bytes)) = cuts_and_bytes(input) else { return };
    let whole = responses(bytes, &[bytes.len()]);
    let pieces = responses(bytes, &random.cuts(bytes.len()));
    assert_eq!(pieces, whole, "{}", bytes.escape_ascii());
}

/// Lengths and status codes of the responses in `bytes`, and whether what follows them is none.
fn responses(bytes: &[u8], cuts: &[usize]) -> (Vec<(u16, u64, bool)>, bool) {
    let (mut parser, mut found, mut used) = (Parser::new(false), Vec::new(), 0);
    for &cut in cuts {
        while used < cut {
            match parser.feed(&bytes[used..cut]) {
                Ok((took, response)) => {
                    used += took;
                    found.extend(response.map(|one| (one.status, one.body.length, one.close)));
                }
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}
