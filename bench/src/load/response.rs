//! Finds where an answer ends: bytes in, however they are cut; answers out. It owns no socket.

use super::head::{self, Framing, Head, Malformed};

/// A body in short: two that differ in length or in one byte have, but for one case in 2^64, different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Bytes.
    pub length: u64,
    hash: u64,
}

impl Digest {
    const EMPTY: Self = Self {
        length: 0,
        hash: 0xcbf2_9ce4_8422_2325,
    };

    /// The digest of a whole body.
    pub fn of(body: &[u8]) -> Self {
        let mut digest = Self::EMPTY;
        digest.add(body, true);
        digest
    }

    /// FNV-1a, byte by byte: it gives the same however the body is cut.
    fn add(&mut self, bytes: &[u8], hashed: bool) {
        self.length += bytes.len() as u64;
        if hashed {
            for byte in bytes {
                self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
}

/// One complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its body. Only the length counts unless the parser was told to hash.
    pub body: Digest,
    /// Whether the server closes the connection now.
    pub close: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    /// This many bytes of body are still to come.
    Length(u64),
    /// In the line with a chunk's size: what it says so far, and whether its digits are over.
    ChunkSize {
        size: Option<u64>,
        done: bool,
    },
    ChunkData(u64),
    /// In the line break after a chunk.
    ChunkEnd,
    /// In a trailer line of so many bytes; an empty one ends the body.
    Trailer(usize),
    UntilClose,
}

/// The reading side of one connection.
#[derive(Clone, Debug)]
pub struct Parser {
    state: State,
    /// An unfinished head. Empty most of the time: an answer usually comes in one piece.
    partial: Vec<u8>,
    head: Option<Head>,
    body: Digest,
    /// Whether bodies are hashed, or only counted.
    pub hashing: bool,
    /// Answers to HEAD have no body, whatever their fields say.
    bodiless: bool,
}

impl Parser {
    /// A parser at the start of an answer. `bodiless`: the requests are HEAD.
    pub fn new(bodiless: bool) -> Self {
        Self {
            state: State::Head,
            partial: Vec::new(),
            head: None,
            body: Digest::EMPTY,
            hashing: true,
            bodiless,
        }
    }

    /// Back to the start of an answer, on a new connection. It keeps its memory.
    pub fn reset(&mut self) {
        self.partial.clear();
        self.state = State::Head;
        self.hashing = true;
    }

    /// Whether no answer is half read.
    pub fn between_answers(&self) -> bool {
        self.state == State::Head && self.partial.is_empty()
    }

    /// Takes bytes up to the end of one answer at most, and says how many it took. It takes all
    /// unless an answer ended before.
    pub fn feed(&mut self, input: &[u8]) -> Result<(usize, Option<Answer>), Malformed> {
        let mut used = 0;
        loop {
            let rest = &input[used..];
            if self.state == State::Head {
                let Some(count) = self.feed_head(rest)? else {
                    return Ok((input.len(), None));
                };
                used += count;
            } else if rest.is_empty() {
                return Ok((used, None));
            } else {
                used += self.feed_body(rest)?;
            }
            if let Some(answer) = self.completed() {
                return Ok((used, Some(answer)));
            }
        }
    }

    /// The server closed: the end of an answer that was to end so, or of nothing.
    pub fn end(&mut self) -> Option<Answer> {
        (self.state == State::UntilClose)
            .then(|| self.take())
            .flatten()
    }

    fn feed_head(&mut self, input: &[u8]) -> Result<Option<usize>, Malformed> {
        let earlier = self.partial.len();
        let found = if earlier == 0 {
            head::parse(input, 0)?
        } else {
            self.partial.extend_from_slice(input);
            head::parse(&self.partial, earlier)?
        };
        let Some((head, length)) = found else {
            if earlier == 0 {
                self.partial.extend_from_slice(input);
            }
            return Ok(None);
        };
        self.partial.clear();
        // An interim answer (100 Continue) announces the real one.
        if head.status >= 200 {
            self.body = Digest::EMPTY;
            self.head = Some(head);
            self.state = match head.framing {
                _ if self.bodiless => State::Length(0),
                Framing::Length(length) => State::Length(length),
                Framing::Chunked => State::ChunkSize {
                    size: None,
                    done: false,
                },
                Framing::UntilClose => State::UntilClose,
            };
        }
        Ok(Some(length - earlier))
    }

    /// Takes some of `input`, which is not empty: a run of body bytes, or one byte of framing.
    fn feed_body(&mut self, input: &[u8]) -> Result<usize, Malformed> {
        let byte = input[0];
        self.state = match self.state {
            State::Length(left) => {
                let taken = self.take_body(input, left);
                self.state = State::Length(left - taken);
                return Ok(taken as usize);
            }
            State::ChunkData(left) => {
                let taken = self.take_body(input, left);
                if left > taken {
                    self.state = State::ChunkData(left - taken);
                } else {
                    self.state = State::ChunkEnd;
                }
                return Ok(taken as usize);
            }
            State::UntilClose => return Ok(self.take_body(input, u64::MAX) as usize),
            State::ChunkSize { size, done } => chunk_size(size, done, byte)?,
            State::ChunkEnd => match byte {
                b'\r' => State::ChunkEnd,
                b'\n' => State::ChunkSize {
                    size: None,
                    done: false,
                },
                _ => return Err(Malformed),
            },
            State::Trailer(length) => match byte {
                b'\r' => State::Trailer(length),
                b'\n' if length == 0 => State::Length(0),
                b'\n' => State::Trailer(0),
                _ => State::Trailer(length + 1),
            },
            State::Head => State::Head,
        };
        Ok(1)
    }

    fn take_body(&mut self, input: &[u8], left: u64) -> u64 {
        let taken = left.min(input.len() as u64);
        self.body.add(&input[..taken as usize], self.hashing);
        taken
    }

    fn completed(&mut self) -> Option<Answer> {
        (self.state == State::Length(0))
            .then(|| self.take())
            .flatten()
    }

    fn take(&mut self) -> Option<Answer> {
        self.state = State::Head;
        let head = self.head.take()?;
        Some(Answer {
            status: head.status,
            body: self.body,
            close: head.close,
        })
    }
}

/// One byte of the line with a chunk's size: hex digits, then perhaps extensions, then the line break.
fn chunk_size(size: Option<u64>, done: bool, byte: u8) -> Result<State, Malformed> {
    match (char::from(byte).to_digit(16), byte, size) {
        (Some(digit), _, _) if !done => {
            let size = size.unwrap_or(0);
            let size = size.checked_mul(16).ok_or(Malformed)? + u64::from(digit);
            Ok(State::ChunkSize {
                size: Some(size),
                done,
            })
        }
        (_, b'\n', Some(0)) => Ok(State::Trailer(0)),
        (_, b'\n', Some(size)) => Ok(State::ChunkData(size)),
        (_, _, Some(_)) if done || matches!(byte, b';' | b'\r' | b' ' | b'\t') => {
            Ok(State::ChunkSize { size, done: true })
        }
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
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
        let hello = Answer {
            status: 200,
            body: Digest::of(b"Hello, World!"),
            close: false,
        };
        let closing = Answer {
            close: true,
            ..hello
        };
        let created = Answer {
            status: 201,
            body: Digest::EMPTY,
            close: true,
        };
        for (stream, expected) in [
            (HELLO.to_owned(), vec![hello]),
            (CHUNKED.to_owned(), vec![hello]),
            (INTERIM.to_owned(), vec![created]),
            (UNTIL_CLOSE.to_owned(), vec![closing]),
            (
                [HELLO, CHUNKED, HELLO, INTERIM].concat(),
                vec![hello, hello, hello, created],
            ),
        ] {
            let bytes = stream.as_bytes();
            for cut in 0..=bytes.len() {
                let (left, right) = bytes.split_at(cut);
                assert_eq!(
                    answers(&[left, right]).as_ref(),
                    Ok(&expected),
                    "{stream:?} cut at {cut}"
                );
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
        for body in [
            "\r\n",
            "x\r\n",
            ";a\r\n",
            "1\r\nab",
            "5 5\r\nhellox",
            "11111111111111111\r\n",
        ] {
            assert_eq!(
                answers(&[head.as_bytes(), body.as_bytes()]),
                Err(Malformed),
                "{body:?}"
            );
        }
    }

    #[test]
    fn one_changed_byte_changes_the_digest() {
        assert_ne!(Digest::of(b"Hello, World!"), Digest::of(b"Hello, World?"));
        assert_ne!(Digest::of(b""), Digest::of(b"\0"));
    }
}
