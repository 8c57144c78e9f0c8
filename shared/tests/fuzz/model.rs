//! The rules once more, as plainly as possible: from the whole input to the responses, line by line,
//! with no thought of speed, and none of the server's code. Limits that no random input reaches are left out.

use crate::model_body::{chunked, field, is_token, line, trim};
use crate::model_target::{after_authority, is_host, segments};

/// One response that must come.
#[derive(Default)]
pub(crate) struct Expected {
    status: u16,
    is_last: bool,
    pub(crate) is_head: bool,
    body: Vec<u8>,
}

impl Expected {
    pub(crate) fn essence(&self) -> (u16, bool, &[u8]) {
        (self.status, self.is_last, if self.is_head { b"" } else { &self.body })
    }
}

#[derive(Default)]
struct Head<'a> {
    method: &'a [u8],
    /// `None` is the server as a whole.
    path: Option<&'a [u8]>,
    is_1_0: bool,
    hosts: usize,
    lengths: Vec<u64>,
    codings: Option<Vec<&'a [u8]>>,
    expectations: Vec<&'a [u8]>,
    options: Vec<Vec<u8>>,
}

/// All responses to `input`, after which the client ends its half.
pub(crate) fn responses(input: &[u8]) -> Vec<Expected> {
    let (mut responses, mut rest) = (Vec::new(), input);
    loop {
        let method = (0..4).fold(rest, |rest, _| rest.strip_prefix(b"\r\n").unwrap_or(rest));
        let is_head = method.starts_with(b"HEAD ");
        match response(&mut rest) {
            Ok(None) => return responses,
            Ok(Some(response)) => responses.push(Expected { is_head, ..response }),
            Err(status) => {
                responses.push(Expected { status, is_last: true, is_head, ..Expected::default() });
            }
        }
        if responses.last().is_some_and(|response| response.is_last) {
            return responses;
        }
    }
}

/// The response to the next request, which is taken from `input`; the status of a refusal, which is also
/// what a request gets that is not complete; `None` if there is no request.
fn response(input: &mut &[u8]) -> Result<Option<Expected>, u16> {
    let mut empty_lines = 0;
    while let Some(rest) = input.strip_prefix(b"\r\n") {
        *input = rest;
        empty_lines += 1;
    }
    if empty_lines > 4 {
        return Err(400);
    }
    if input.is_empty() || *input == b"\r" {
        return Ok(None);
    }
    let head = head(input)?;
    let length = head.length()?;
    let options = |name: &[u8]| head.options.iter().any(|option| option == name);
    let mut is_last = options(b"close") || head.is_1_0 && !options(b"keep-alive");
    let waits = !head.is_1_0 && !head.expectations.is_empty();
    if let Some(status) = head.early() {
        is_last |= length != Some(0) && (waits || status == 417 || length > Some(256 << 10));
        if !is_last && body(input, length, 256 << 10).is_err() {
            // The response is given already; a body that does not end leaves nothing after it.
            *input = b"";
        }
        return Ok(Some(Expected { status, is_last, ..Expected::default() }));
    }
    let content = body(input, length, 1 << 20)?;
    is_last |= head.route() == Some("stream") && head.is_1_0;
    let body = match head.route() {
        Some("echo") => content,
        Some("stream") => b"line\nline\nline\n".to_vec(),
        _ => b"hello".to_vec(),
    };
    Ok(Some(Expected { status: 200, is_last, body, ..Expected::default() }))
}

fn body(input: &mut &[u8], length: Option<u64>, limit: u64) -> Result<Vec<u8>, u16> {
    let (content, rest) = match length {
        Some(length) if length > limit => return Err(413),
        Some(length) => {
            let (content, rest) = input.split_at_checked(length as usize).ok_or(400_u16)?;
            (content.to_vec(), rest)
        }
        None => chunked(input, limit)?.ok_or(400_u16)?,
    };
    *input = rest;
    Ok(content)
}

fn head<'a>(input: &mut &'a [u8]) -> Result<Head<'a>, u16> {
    let (request_line, mut rest) = line(input)?.ok_or(400_u16)?;
    let mut head = read_request_line(request_line)?;
    loop {
        let (text, after) = line(rest)?.ok_or(400_u16)?;
        rest = after;
        if text.is_empty() {
            break;
        }
        let (name, value) = field(text)?;
        head.take(&name.to_ascii_lowercase(), value)?;
    }
    *input = rest;
    if !head.is_1_0 && head.hosts == 0 { Err(400) } else { Ok(head) }
}

fn read_request_line(line: &[u8]) -> Result<Head<'_>, u16> {
    let parts: Vec<_> = line.split(|&byte| byte == b' ').collect();
    let [method, target, version] = parts[..] else { return Err(400) };
    let target_is_fine = target.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'#');
    let [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] = version
    else {
        return Err(400);
    };
    if !is_token(method) || !target_is_fine {
        return Err(400);
    }
    if *major != b'1' {
        return Err(505);
    }
    if method == b"CONNECT" {
        return Err(501);
    }
    let path = match target {
        [b'/', ..] => Some(target),
        b"*" if method == b"OPTIONS" => None,
        _ => after_authority(target)?.or(if method == b"OPTIONS" { None } else { Some(b"") }),
    };
    Ok(Head { method, path, is_1_0: *minor == b'0', ..Head::default() })
}

fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim).filter(|member| !member.is_empty())
}

impl<'a> Head<'a> {
    fn take(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), u16> {
        match name {
            b"host" => {
                self.hosts += 1;
                return if self.hosts == 1 && is_host(value) { Ok(()) } else { Err(400) };
            }
            b"content-length" => {
                let digits = value.iter().all(u8::is_ascii_digit);
                let text = str::from_utf8(value).ok().filter(|_| digits && self.lengths.is_empty());
                self.lengths.push(text.and_then(|text| text.parse().ok()).ok_or(400_u16)?);
            }
            b"transfer-encoding" => self.codings.get_or_insert_default().extend(list(value)),
            b"expect" => self.expectations.extend(list(value)),
            b"connection" => self.options.extend(list(value).map(<[u8]>::to_ascii_lowercase)),
            _ => {}
        }
        Ok(())
    }

    /// The length of the body; `None` is chunked.
    fn length(&self) -> Result<Option<u64>, u16> {
        let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
        match self.codings.as_deref() {
            None => Ok(Some(self.lengths.first().copied().unwrap_or(0))),
            Some(codings) if codings.is_empty() || self.is_1_0 || !self.lengths.is_empty() => {
                Err(400)
            }
            Some([only]) if is_chunked(only) => Ok(None),
            Some([first, ..]) if is_chunked(first) => Err(400),
            Some(codings) if codings.iter().any(|coding| !is_token(&coding[..1])) => Err(400),
            Some(_) => Err(501),
        }
    }

    fn route(&self) -> Option<&'static str> {
        let segments = segments(self.path)?;
        let names: Vec<_> = segments.iter().map(Vec::as_slice).collect();
        match names[..] {
            [b""] | [b"slow"] | [b"later"] => Some("hello"),
            [b"hello", name] if !name.is_empty() => Some("hello"),
            [b"echo"] => Some("echo"),
            [b"stream"] => Some("stream"),
            _ => None,
        }
    }

    /// The status of a response that needs no body.
    fn early(&self) -> Option<u16> {
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];
        let is_met = |expectation: &&[u8]| expectation.eq_ignore_ascii_case(b"100-continue");
        let offered: &[&str] =
            if self.route() == Some("echo") { &["POST"] } else { &["GET", "HEAD"] };
        let is_one_of = |names: &[&str]| names.iter().any(|name| name.as_bytes() == self.method);
        match self {
            _ if !self.expectations.iter().all(is_met) => Some(417),
            _ if !is_one_of(&known) => Some(501),
            _ if self.path.is_none() => Some(204),
            _ if segments(self.path).is_none() => Some(400),
            _ if self.route().is_none() => Some(404),
            _ if is_one_of(offered) => None,
            _ if self.method == b"OPTIONS" => Some(204),
            _ => Some(405),
        }
    }
}
