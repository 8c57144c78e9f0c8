//! What a client sends in a schedule, and what it may receive.

/// Requests for all that a response can be: short, long, streamed, echoed, from a file, from a handler
/// that blocks, delayed, refused.
const REQUESTS: [&str; 9] = [
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "HEAD /hello/you HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world",
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nT: t\r\n\r\n",
    "GET /count/300 HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /file.txt HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /sleep/0 HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /delay/1 HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n",
];

/// How the script ends: with Connection: close, with a request that is refused, or with HTTP/1.0.
const ENDS: [&str; 3] = [
    "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nNo colon\r\n\r\nand what follows is thrown away",
    "GET /count/9 HTTP/1.0\r\n\r\n",
];

/// The script of a number.
pub(crate) fn script(number: u64) -> Vec<u8> {
    let mut rest = number;
    let mut pick = |from: &[&'static str]| {
        let index = rest as usize % from.len();
        rest /= from.len() as u64;
        from[index]
    };
    let requests: String = (0..4).map(|_| pick(&REQUESTS)).collect();
    (requests + pick(&ENDS)).into_bytes()
}

/// The number of different scripts.
pub(crate) const SCRIPTS: u64 = 9 * 9 * 9 * 9 * 3;

/// The responses without their dates, which differ from one second to the next.
pub(crate) fn without_dates(responses: &[u8]) -> String {
    let text = String::from_utf8_lossy(responses);
    text.split_inclusive("\r\n").filter(|line| !line.starts_with("Date: ")).collect()
}

/// `came` must be what comes without faults; of a connection that was lost, its beginning.
pub(crate) fn check(seed: u64, came: &[u8], expected: &[u8], lost: bool) {
    let (came, expected) = (without_dates(came), without_dates(expected));
    if !lost {
        let same = came.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
        assert!(
            came == expected,
            "schedule {seed}: differs from byte {same} of {}",
            expected.len()
        );
        return;
    }
    // The last line may be a part of a Date.
    let whole = came.rfind("\r\n").map_or("", |end| &came[..end]);
    assert!(
        expected.starts_with(whole),
        "schedule {seed}: not the beginning of the right response"
    );
}
