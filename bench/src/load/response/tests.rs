//! Every cut of every kind of answer.

use super::*;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7;x=\"1\"\r\nHello, \r\n6\r\nWorld!\r\n000\r\nA: b\r\n\r\n";
const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const UNTIL_CLOSE: &str = "HTTP/1.0 200 OK\r\n\r\nHello, World!";

fn answers(pieces: &[&[u8]]) -> Result<Vec<Answer>, Malformed> {
    let (mut parser, mut answers) = (Parser::new(false), Vec::new());
    for mut piece in pieces.iter().copied() {
        while !piece.is_empty() {
            let (used, answer) = parser.feed(piece)?;
            piece = &piece[used..];
            answers.extend(answer);
        }
    }
    answers.extend(parser.end());
    assert!(parser.between_answers());
    Ok(answers)
}

#[test]
fn every_cut_gives_the_same_answers() {
    let hello = Answer { status: 200, body: Digest::of(b"Hello, World!"), close: false };
    let closing = Answer { close: true, ..hello };
    let created = Answer { status: 201, body: Digest::EMPTY, close: true };
    for (stream, expected) in [
        (HELLO.to_owned(), vec![hello]),
        (CHUNKED.to_owned(), vec![hello]),
        (INTERIM.to_owned(), vec![created]),
        (UNTIL_CLOSE.to_owned(), vec![closing]),
        ([HELLO, CHUNKED, HELLO, INTERIM].concat(), vec![hello, hello, hello, created]),
    ] {
        let bytes = stream.as_bytes();
        for cut in 0..=bytes.len() {
            let (left, right) = bytes.split_at(cut);
            assert_eq!(answers(&[left, right]).as_ref(), Ok(&expected), "{stream:?} cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(answers(&single).as_ref(), Ok(&expected), "{stream:?}");
    }
}

#[test]
fn an_answer_to_head_has_no_body() {
    let mut parser = Parser::new(true);
    let head = &HELLO.as_bytes()[..HELLO.len() - 13];
    let (used, answer) = parser.feed(head).unwrap();
    assert_eq!((used, answer.unwrap().body.length), (head.len(), 0));
}

#[test]
fn an_end_in_the_middle_completes_nothing() {
    for stream in [HELLO, CHUNKED] {
        for cut in 1..stream.len() {
            let mut parser = Parser::new(false);
            assert_eq!(parser.feed(&stream.as_bytes()[..cut]).unwrap(), (cut, None));
            assert_eq!(parser.end(), None);
            assert!(!parser.between_answers());
        }
    }
}

#[test]
fn broken_chunks_are_malformed() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["\r\n", "x\r\n", ";a\r\n", "1\r\nab", "5 5\r\nhellox", "11111111111111111\r\n"] {
        assert_eq!(answers(&[head.as_bytes(), body.as_bytes()]), Err(Malformed), "{body:?}");
    }
}
