//! Every cut of every kind of response.

use bench::load::Digest;
use bench::load::head::Malformed;
use bench::load::response::{Parser, Response};

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7;x=\"1\"\r\nHello, \r\n6\r\nWorld!\r\n000\r\nA: b\r\n\r\n";
const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const HINTS: &str = "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
const BARE_LF: &str =
    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nD;x\nHello, World!\n0\nA: b\n\n";
const UNTIL_CLOSE: &str = "HTTP/1.0 200 OK\r\n\r\nHello, World!";

fn responses(pieces: &[&[u8]]) -> Result<Vec<Response>, Malformed> {
    let (mut parser, mut responses) = (Parser::new(false), Vec::new());
    for mut piece in pieces.iter().copied() {
        while !piece.is_empty() {
            let (used, response) = parser.feed(piece)?;
            piece = &piece[used..];
            responses.extend(response);
        }
    }
    responses.extend(parser.end());
    assert!(parser.between_responses());
    Ok(responses)
}

#[test]
fn every_cut_gives_the_same_responses() {
    let hello = Response { status: 200, body: Digest::of(b"Hello, World!"), close: false };
    let closing = Response { close: true, ..hello };
    let created = Response { status: 201, body: Digest::of(b""), close: true };
    let nothing = Response { status: 204, close: false, ..created };
    for (stream, expected) in [
        (HELLO.to_owned(), vec![hello]),
        (HINTS.to_owned(), vec![nothing]),
        (BARE_LF.to_owned(), vec![hello]),
        (CHUNKED.to_owned(), vec![hello]),
        (INTERIM.to_owned(), vec![created]),
        (UNTIL_CLOSE.to_owned(), vec![closing]),
        ([HELLO, CHUNKED, HELLO, INTERIM].concat(), vec![hello, hello, hello, created]),
    ] {
        let bytes = stream.as_bytes();
        for cut in 0..=bytes.len() {
            let (left, right) = bytes.split_at(cut);
            assert_eq!(
                responses(&[left, right]).as_ref(),
                Ok(&expected),
                "{stream:?} cut at {cut}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(responses(&single).as_ref(), Ok(&expected), "{stream:?}");
    }
}

#[test]
fn an_end_in_the_middle_completes_nothing() {
    for stream in [HELLO, CHUNKED] {
        for cut in 1..stream.len() {
            let mut parser = Parser::new(false);
            assert_eq!(parser.feed(&stream.as_bytes()[..cut]).unwrap(), (cut, None));
            assert_eq!(parser.end(), None);
            assert!(!parser.between_responses());
        }
    }
}

#[test]
fn broken_chunks_are_malformed() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["\r\n", "x\r\n", ";a\r\n", "1\r\nab", "5 5\r\nhellox", "11111111111111111\r\n"] {
        assert_eq!(responses(&[head.as_bytes(), body.as_bytes()]), Err(Malformed), "{body:?}");
    }
}
