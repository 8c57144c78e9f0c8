//! Bytes made readable: what was sent and what came, on one line.

/// The most bytes of a message that a report shows from its start; a little of the end is shown as well.
const SHOWN: usize = 700;
const TAIL: usize = 100;

/// Printable ASCII as it is, the rest as `\r`, `\n`, `\t` or `\xNN`; the middle of a long message is left out.
pub(crate) fn escape(bytes: &[u8]) -> String {
    if bytes.len() <= SHOWN + TAIL {
        return bytes.escape_ascii().to_string();
    }
    let left_out = bytes.len() - SHOWN - TAIL;
    let (start, end) = (&bytes[..SHOWN], &bytes[bytes.len() - TAIL..]);
    format!("{} [... {left_out} bytes ...] {}", start.escape_ascii(), end.escape_ascii())
}
