//! The body decoder: whatever was sent comes out, however it was chunked and however it was cut.

#[path = "common/reads.rs"]
mod reads;

use proptest::prelude::*;
use reads::{STEP, reads};
use shared::http::RequestError;
use shared::http::body::{Decoder, Framing};

const LIMIT: u64 = 1 << 20;

/// How many random bodies there are; fewer under Miri, as with [`STEP`].
const CASES: u32 = if cfg!(miri) { 2 } else { 300 };

/// What came out of a body: its content and the bytes that it took, `None` while it has not ended.
type Outcome = Result<Option<(Vec<u8>, usize)>, RequestError>;

/// Decodes `bytes` as they arrive up to each of `ends`.
fn decode(framing: Framing, bytes: &[u8], ends: impl IntoIterator<Item = usize>) -> Outcome {
    let (mut decoder, mut content, mut used) = (Decoder::new(framing, LIMIT)?, Vec::new(), 0);
    for end in ends {
        let keep = &mut |piece: &[u8]| content.extend_from_slice(piece);
        let progress = decoder.decode(&bytes[used..end], keep)?;
        used += progress.used;
        if progress.done {
            return Ok(Some((content, used)));
        }
        assert_eq!(used, end, "an unfinished body takes all that there is");
    }
    Ok(None)
}

/// Asserts that the cuts do not show, and returns what came out of the whole.
fn decode_every_way(framing: Framing, bytes: &[u8]) -> Outcome {
    let whole = decode(framing, bytes, [bytes.len()]);
    for cut in (0..bytes.len()).step_by(STEP) {
        assert_eq!(decode(framing, bytes, [cut, bytes.len()]), whole, "cut at {cut}");
    }
    assert_eq!(decode(framing, bytes, reads(bytes.len(), STEP)), whole, "byte by byte");
    whole
}

/// One chunk as a client may write it: the size in either case and with zeros before it, extensions.
fn chunk(data: &[u8], zeros: usize, upper: bool, extension: &str) -> Vec<u8> {
    let size = if upper { format!("{:X}", data.len()) } else { format!("{:x}", data.len()) };
    let mut chunk = format!("{}{size}{extension}\r\n", "0".repeat(zeros)).into_bytes();
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// A body with its content: random data in random chunks.
fn body() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let data = prop::collection::vec(any::<u8>(), 1..40);
    let extension = "([ \t]{0,2};[a-z]{1,5}(=[a-z0-9]{1,5}|=\"[ -~&&[^\"]]{0,9}\")?)?";
    let chunks = prop::collection::vec((data, 0..4_usize, any::<bool>(), extension), 0..5);
    let trailers = "([A-Za-z-]{1,9}:[ -~]{0,20}\r\n){0,3}";
    (chunks, extension, trailers).prop_map(|(chunks, extension, trailers)| {
        let content = chunks.iter().flat_map(|(data, ..)| data.clone()).collect();
        let coded = |(data, zeros, upper, extension): &(Vec<u8>, usize, bool, String)| {
            chunk(data, *zeros, *upper, extension)
        };
        let mut bytes: Vec<u8> = chunks.iter().flat_map(coded).collect();
        bytes.extend_from_slice(format!("0{extension}\r\n{trailers}\r\n").as_bytes());
        (bytes, content)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_chunked_comes_out_whole_and_the_next_request_is_left((bytes, content) in body()) {
        let length = bytes.len();
        let followed = [&bytes[..], b"GET / HTTP/1.1\r\n"].concat();
        prop_assert_eq!(decode_every_way(Framing::Chunked, &followed), Ok(Some((content, length))));
        prop_assert_eq!(decode(Framing::Chunked, &bytes, [length - 1]), Ok(None));
    }

    #[test]
    fn a_mutated_body_is_the_same_for_every_cut(
        (bytes, _) in body(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = bytes;
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(Some((content, used))) = decode_every_way(Framing::Chunked, &bytes) {
            prop_assert!(content.len() < used && used <= bytes.len());
        }
    }

    #[test]
    fn a_body_with_a_length_is_so_many_bytes(
        bytes in prop::collection::vec(any::<u8>(), 1..60),
        index in any::<prop::sample::Index>(),
    ) {
        let length = index.index(bytes.len() + 1);
        let expected = (bytes[..length].to_vec(), length);
        prop_assert_eq!(decode_every_way(Framing::Length(length as u64), &bytes), Ok(Some(expected)));
        let missing = Framing::Length(bytes.len() as u64 + 1);
        prop_assert_eq!(decode_every_way(missing, &bytes), Ok(None));
    }
}

fn status(outcome: Outcome) -> u16 {
    match outcome {
        Ok(Some(_)) => 200,
        Ok(None) => 0,
        Err(error) => error.status.code,
    }
}

#[test]
fn a_body_over_the_limit_is_refused_from_what_it_declares() {
    assert_eq!(status(decode(Framing::Length(LIMIT), b"x", [1])), 0);
    assert_eq!(status(decode(Framing::Length(LIMIT + 1), b"x", [1])), 413);
    assert_eq!(status(decode(Framing::Chunked, b"100000\r\n", [8])), 0);
    assert_eq!(status(decode(Framing::Chunked, b"100001\r\n", [8])), 413);
    assert_eq!(status(decode(Framing::Chunked, b"1\r\nx\r\n100000\r\n", [14])), 413);
    assert_eq!(status(decode(Framing::Chunked, b"ffffffffffffffff\r\n", [18])), 413);
}

#[test]
fn what_is_read_and_dropped_is_bounded_for_the_whole_body() {
    let chunks = |extension: usize, count: usize| {
        let chunk = format!("1;{}\r\nx\r\n", "e".repeat(extension - 1)).repeat(count);
        format!("{chunk}0\r\n\r\n")
    };
    let trailers = |bytes: usize| format!("0\r\nx: {}\r\n\r\n", "y".repeat(bytes - 7));
    for (text, expected) in [
        (chunks(253, 1), 200),
        (chunks(254, 1), 400),
        (chunks(128, 32), 200),
        (chunks(128, 33), 400),
        (trailers(8192), 200),
        (trailers(8193), 431),
    ] {
        let decode = |ends: Vec<usize>| status(decode(Framing::Chunked, text.as_bytes(), ends));
        assert_eq!(decode(vec![text.len()]), expected, "{} bytes", text.len());
        assert_eq!(
            decode(reads(text.len(), STEP).collect()),
            expected,
            "{} bytes, one by one",
            text.len()
        );
    }
}
