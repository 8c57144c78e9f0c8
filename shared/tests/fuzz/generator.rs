//! Requests that are nearly right: pieces of the grammar, some of them wrong, and then some bytes changed.

use crate::random::Random;

const METHODS: [&str; 9] =
    ["GET", "POST", "HEAD", "OPTIONS", "PUT", "BREW", "CONNECT", "get", "G T"];
const TARGETS: [&str; 21] = [
    "/",
    "/echo",
    "/hello/x",
    "/slow",
    "/later",
    "/stream",
    "/hello/%41%2f",
    "/a/../",
    "/hello/../..",
    "/%zz",
    "/%00",
    "/none",
    "/?q=/../",
    "*",
    "http://a/hello/y",
    "HTTPS://[::1]:8?q",
    "http://u@a/",
    "ftp://a/",
    "http://a",
    "/#",
    "",
];
const VERSIONS: [&str; 8] =
    ["HTTP/1.1", "HTTP/1.0", "HTTP/1.9", "HTTP/2.0", "http/1.1", "HTTP/1.10", "HTTP/0.9", ""];
const HOSTS: [&str; 8] = ["a", "a:80", "[::1]:80", "", ":80", "u@a", "a b", "a:99999"];
const FIELDS: [&str; 18] = [
    "X: y\r\n",
    "Connection: close\r\n",
    "Connection: x, keep-alive\r\n",
    "connection: closed\r\n",
    "Expect: 100-continue\r\n",
    "Expect: x\r\n",
    "X: \t\u{e9}\t\r\n",
    "X:\r\n",
    "X : y\r\n",
    " y\r\n",
    "X\r\n",
    "X: y\n",
    "X: y\rz\r\n",
    "X: \0\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: gzip\r\n",
    "Host: b\r\n",
    "\r\n",
];
const LENGTHS: [&str; 9] =
    ["300000", "9999999", "5, 5", "+5", "0x5", "", "18446744073709551616", "5 ", "05"];
const CODINGS: [&str; 9] = [
    "chunked",
    "CHUNKED ",
    "\tchunked,",
    "gzip",
    "gzip, chunked",
    "chunked, gzip",
    "xchunked",
    "",
    "\"chunked\"",
];
const EXTENSIONS: [&str; 9] =
    ["", ";x=y", " ;x", " ", ";x=\"GET / HTTP/1.1\"", "\t", ";x\0", ";x\n", "_"];
const TRAILERS: [&str; 8] = [
    "",
    "A: b\r\n",
    "Content-Length: 9\r\n",
    "A : b\r\n",
    "A\r\n",
    "A: b\n",
    "GET / HTTP/1.1\r\n",
    " a\r\n",
];
/// Bytes that parsers trip over.
const SPICE: &[u8] = b"\r\n\r\n \t:;,/\0\x0b\x7f\xff0aA#%*=\"";

/// One to four requests behind each other, sometimes with changes anywhere.
pub(crate) fn requests(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=random.below(4) {
        request(random, &mut bytes);
    }
    if random.once_in(2) {
        for _ in 0..=random.below(3) {
            mutate(random, &mut bytes);
        }
    }
    bytes
}

fn request(random: &mut Random, bytes: &mut Vec<u8>) {
    if random.once_in(10) {
        bytes.extend_from_slice("\r\n".repeat(random.below(6)).as_bytes());
    }
    let body: Vec<u8> = (0..random.below(40)).map(|_| random.byte()).collect();
    let (method, target) = match random.below(3) {
        0 => ("POST", "/echo"),
        1 => ("GET", random.mostly_first(&TARGETS)),
        _ => (random.mostly_first(&METHODS), random.mostly_first(&TARGETS)),
    };
    let version = if random.once_in(4) { random.mostly_first(&VERSIONS) } else { VERSIONS[0] };
    bytes.extend_from_slice(format!("{method} {target} {version}\r\n").as_bytes());
    let host = if random.once_in(8) { HOSTS[random.below(HOSTS.len())] } else { HOSTS[0] };
    bytes.extend_from_slice(format!("Host:{host}\r\n").as_bytes());
    while random.once_in(3) {
        // The first few are good ones.
        let kinds = if random.once_in(4) { FIELDS.len() } else { 4 };
        bytes.extend_from_slice(FIELDS[random.below(kinds)].as_bytes());
    }
    match random.below(8) {
        0..3 => bytes.extend_from_slice(b"\r\n"),
        3..5 => with_length(random, bytes, &body),
        5..7 => with_chunks(random, bytes, &body),
        _ => {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
            with_chunks(random, bytes, &body);
        }
    }
}

fn with_length(random: &mut Random, bytes: &mut Vec<u8>, body: &[u8]) {
    let length = match random.below(8) {
        0 => LENGTHS[random.below(LENGTHS.len())].to_owned(),
        _ => body.len().to_string(),
    };
    bytes.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
    bytes.extend_from_slice(body);
}

fn with_chunks(random: &mut Random, bytes: &mut Vec<u8>, body: &[u8]) {
    let coding = if random.once_in(4) { random.mostly_first(&CODINGS) } else { CODINGS[0] };
    bytes.extend_from_slice(format!("Transfer-Encoding: {coding}\r\n\r\n").as_bytes());
    let extension = |random: &mut Random| match random.once_in(6) {
        true => random.mostly_first(&EXTENSIONS[1..]),
        false => "",
    };
    for chunk in body.chunks(1 + random.below(20)) {
        let size = if random.once_in(40) { usize::MAX - random.below(3) } else { chunk.len() };
        bytes.extend_from_slice(format!("{size:x}{}\r\n", extension(random)).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    let trailer = if random.once_in(4) { random.mostly_first(&TRAILERS[1..]) } else { "" };
    bytes.extend_from_slice(format!("0{}\r\n{trailer}\r\n", extension(random)).as_bytes());
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len());
    let spice = SPICE[random.below(SPICE.len())];
    match random.below(7) {
        0 => bytes[at] = spice,
        1 => bytes[at] = random.byte(),
        2 => bytes.insert(at, spice),
        3 if bytes.len() > 1 => drop(bytes.remove(at)),
        4 => bytes.truncate(at.max(1)),
        5 => {
            let end = bytes.len().min(at + 1 + random.below(30));
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
        // Long enough for the small limits, and for whole blocks of a fast path.
        _ => drop(bytes.splice(at..at, vec![b'a' + random.below(26) as u8; random.below(80)])),
    }
}
