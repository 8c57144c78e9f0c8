//! Request targets once more, as plainly as possible: authorities and paths.

/// What follows the authority of a URL, if anything does.
pub(crate) fn after_authority(url: &[u8]) -> Result<Option<&[u8]>, u16> {
    let lower = url.to_ascii_lowercase();
    let start = [&b"http://"[..], b"https://"].into_iter().find(|scheme| lower.starts_with(scheme));
    let rest = &url[start.ok_or(400_u16)?.len()..];
    let end = rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len());
    if end == 0 || !is_host(&rest[..end]) {
        return Err(400);
    }
    Ok(Some(&rest[end..]).filter(|path| !path.is_empty()))
}

pub(crate) fn is_host(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    let (name_is_fine, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(None) => return false,
        Some(Some((address, rest))) => (address.parse::<std::net::Ipv6Addr>().is_ok(), rest),
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            let is_fine = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=%".contains(c);
            let is_name = name.chars().all(is_fine) && unescape(name.as_bytes()).is_some();
            (is_name && (port.is_empty() || !name.is_empty()), port)
        }
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let port_is_fine = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (port.is_empty() || port.starts_with(':'))
        && (digits.is_empty() || digits.parse::<u16>().is_ok());
    name_is_fine && port_is_fine
}

/// Undoes percent-encoding; `None` if it is broken.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut parts = text.split(|&byte| byte == b'%');
    let mut plain = parts.next()?.to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).filter(|(two, _)| two.is_ascii())?;
        let digits = str::from_utf8(digits).ok().filter(|digits| !digits.contains('+'))?;
        plain.push(u8::from_str_radix(digits, 16).ok()?);
        plain.extend_from_slice(rest);
    }
    Some(plain)
}

/// The decoded path, `.` and `..` resolved.
pub(crate) fn segments(target: Option<&[u8]>) -> Option<Vec<Vec<u8>>> {
    let path = target?.split(|&byte| byte == b'?').next()?;
    let mut segments: Vec<Vec<u8>> = Vec::new();
    let raw: Vec<_> = path.strip_prefix(b"/").unwrap_or(path).split(|&byte| byte == b'/').collect();
    for (place, raw_segment) in raw.iter().enumerate() {
        let segment = unescape(raw_segment).filter(|segment| !segment.contains(&0))?;
        let is_dots = matches!(&segment[..], b"." | b"..");
        match &segment[..] {
            b"." => {}
            b".." => drop(segments.pop()?),
            _ => segments.push(segment),
        }
        if is_dots && place + 1 == raw.len() {
            segments.push(Vec::new());
        }
    }
    Some(segments)
}
