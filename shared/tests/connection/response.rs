//! Responses as a strict client reads them. What holds for every response is asserted here, in every test.

/// One final response. Its Date was checked and taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParsedResponse {
    pub(crate) status: u16,
    pub(crate) fields: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl ParsedResponse {
    /// The value of a field that stands at most once.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let value = |line: &'_ String| Some(line.split_once(": ")?.0 == name);
        let mut lines = self.fields.iter().filter(|line| value(line) == Some(true));
        let line = lines.next()?;
        assert!(lines.next().is_none(), "{name} twice");
        line.split_once(": ").map(|(_, value)| value)
    }

    /// Whether this is the last response of its connection, as its fields say.
    pub(crate) fn is_last(&self) -> bool {
        self.field("Connection") == Some("close")
    }
}

/// All final responses in `bytes`; those at the places `heads` have no body, because HEAD asked for them.
pub(crate) fn read(mut bytes: &[u8], heads: &[usize]) -> Vec<ParsedResponse> {
    let mut responses: Vec<ParsedResponse> = Vec::new();
    while !bytes.is_empty() {
        let after_last = responses.last().is_some_and(ParsedResponse::is_last);
        assert!(!after_last, "after the last response: {}", bytes.escape_ascii());
        let end =
            find(bytes, b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {}", bytes.escape_ascii()));
        let head = str::from_utf8(&bytes[..end]).unwrap();
        bytes = &bytes[end + 4..];
        if head == "HTTP/1.1 100 Continue" {
            continue;
        }
        let (mut response, is_head) = (read_head(head), heads.contains(&responses.len()));
        response.body = read_body(&response, is_head, &mut bytes);
        responses.push(response);
    }
    responses
}

fn read_head(head: &str) -> ParsedResponse {
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap();
    let code = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap();
    let (dates, fields): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("Date: "));
    assert_eq!(dates.len(), 1, "every response has one Date: {head}");
    let date = httpdate::parse_http_date(&dates[0]["Date: ".len()..]).unwrap();
    assert_eq!(httpdate::fmt_http_date(date), dates[0]["Date: ".len()..], "IMF-fixdate");
    let fields = fields.into_iter().map(str::to_owned).collect();
    ParsedResponse { status: code.parse().unwrap(), fields, body: Vec::new() }
}

/// Exactly one framing: a length, chunks, or the end of the connection; none where there is no body.
fn read_body(response: &ParsedResponse, is_head: bool, bytes: &mut &[u8]) -> Vec<u8> {
    let length = response.field("Content-Length").map(|length| length.parse::<usize>().unwrap());
    let chunked = response.field("Transfer-Encoding");
    let bodyless = response.status == 204 || response.status == 304;
    let length = match (length, chunked) {
        (None, None) if bodyless => 0,
        (_, _) if bodyless => panic!("a framing for nothing"),
        (_, _) if is_head => 0,
        (Some(length), None) => length,
        (None, Some("chunked")) => return read_chunks(bytes),
        (None, None) if response.is_last() => bytes.len(),
        framing => panic!("not one framing: {framing:?}"),
    };
    let (body, rest) = bytes.split_at(length);
    *bytes = rest;
    body.to_vec()
}

fn read_chunks(bytes: &mut &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = find(bytes, b"\r\n").unwrap();
        let size = usize::from_str_radix(str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let (data, rest) = bytes[end + 2..].split_at(size);
        body.extend_from_slice(data);
        *bytes = rest.strip_prefix(b"\r\n").unwrap();
        if size == 0 {
            return body;
        }
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}
