//! The chunked coding once more, as plainly as possible: whole lines of a whole input.

type Parts<'a> = (&'a [u8], &'a [u8]);
type Content<'a> = (Vec<u8>, &'a [u8]);

/// The line at the start of `bytes` without its CRLF, and what follows; `None` while it has no end.
pub(crate) fn line(bytes: &[u8]) -> Result<Option<Parts<'_>>, u16> {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
        return Ok(None);
    };
    match bytes[..end].strip_suffix(b"\r") {
        Some(line) if !line.contains(&b'\r') => Ok(Some((line, &bytes[end + 1..]))),
        _ => Err(400),
    }
}

/// tchar of RFC 9110 section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_tchar)
}

fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control())
}

/// Name and value of a field line.
pub(crate) fn field(line: &[u8]) -> Result<Parts<'_>, u16> {
    let colon = line.iter().position(|&byte| byte == b':').ok_or(400_u16)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if is_token(name) && !has_control(value) { Ok((name, trim(value))) } else { Err(400) }
}

/// Without SP and HTAB at both ends.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    match (bytes.iter().position(is_text), bytes.iter().rposition(is_text)) {
        (Some(first), Some(last)) => &bytes[first..=last],
        _ => b"",
    }
}

/// The size in a size line.
fn size(line: &[u8]) -> Result<u64, u16> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, extension) = line.split_at(end);
    let extension_is_fine = extension.is_empty() || trim(extension).starts_with(b";");
    // 64 bits are 16 digits; leading zeros count, so that no size line is all zeros without an end.
    let digits_are_fine = matches!(digits.len(), 1..=16);
    if !digits_are_fine || !extension_is_fine || has_control(extension) || line.len() > 254 {
        return Err(400);
    }
    let digits = str::from_utf8(digits).map_err(|_| 400_u16)?;
    u64::from_str_radix(digits, 16).map_err(|_| 400)
}

/// The content of a chunked body and what follows it; `None` if it has no end yet, or the status.
pub(crate) fn chunked(mut bytes: &[u8], limit: u64) -> Result<Option<Content<'_>>, u16> {
    let mut content = Vec::new();
    loop {
        let Some((size_line, rest)) = line(bytes)? else { return Ok(None) };
        let size = size(size_line)?;
        if size > limit - content.len() as u64 {
            return Err(413);
        }
        bytes = rest;
        if size == 0 {
            break;
        }
        let Some((data, rest)) = bytes.split_at_checked(size as usize) else { return Ok(None) };
        content.extend_from_slice(data);
        bytes = match rest {
            [] | [b'\r'] => return Ok(None),
            [b'\r', b'\n', rest @ ..] => rest,
            _ => return Err(400),
        };
    }
    loop {
        let Some((trailer, rest)) = line(bytes)? else { return Ok(None) };
        bytes = rest;
        if trailer.is_empty() {
            return Ok(Some((content, bytes)));
        }
        field(trailer)?;
    }
}
