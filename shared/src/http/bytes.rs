//! Which bytes may stand where: the character classes of RFC 9110 section 5.6 and RFC 3986.

const TOKEN: u8 = 1;
const VALUE: u8 = 2;
const TARGET: u8 = 4;
const HOST: u8 = 8;

/// One table for all classes: a look-up instead of a chain of comparisons.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = class(byte as u8);
        byte += 1;
    }
    table
}

const fn class(byte: u8) -> u8 {
    let alphanumeric = byte.is_ascii_alphanumeric();
    let token = alphanumeric
        || matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        );
    // SP, HTAB, VCHAR and obs-text: everything but the other controls.
    let value = byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    // Wider than RFC 3986 where browsers are (they send `|` and `[` raw), but no `#`: a fragment never travels.
    let target = byte.is_ascii_graphic() && byte != b'#';
    // unreserved and sub-delims of RFC 3986's reg-name, which may also hold escapes.
    let host = alphanumeric
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&'..=b',' | b';' | b'=');
    (token as u8 * TOKEN) | (value as u8 * VALUE) | (target as u8 * TARGET) | (host as u8 * HOST)
}

/// How many bytes at the start of `bytes` may stand in a method or a field name.
pub(super) fn token_length(bytes: &[u8]) -> usize {
    run(bytes, TOKEN)
}

/// How many bytes at the start of `bytes` may stand in a request target.
pub(super) fn target_length(bytes: &[u8]) -> usize {
    run(bytes, TARGET)
}

/// How many bytes at the start of `bytes` may stand in the name of a host, up to the first escape.
pub(super) fn host_length(bytes: &[u8]) -> usize {
    run(bytes, HOST)
}

/// Whether the byte may stand in a field value.
pub(super) fn is_value(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & VALUE != 0
}

/// How many bytes at the start of `bytes` may stand in a field value.
///
/// Values are most of a head, so they are taken eight bytes at a time, as one number: the borrow of a
/// subtraction leaves a byte's highest bit set where the byte was too small. Bytes above the first
/// such place may be marked wrongly, so only the lowest mark counts; HTAB is marked and allowed.
pub(super) fn value_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(word) = bytes[length..].first_chunk() {
        let marks = controls(u64::from_le_bytes(*word));
        if marks == 0 {
            length += 8;
            continue;
        }
        length += marks.trailing_zeros() as usize / 8;
        if bytes[length] != b'\t' {
            return length;
        }
        length += 1;
    }
    length + run(&bytes[length..], VALUE)
}

/// The highest bit of each byte that is below 0x20 or is 0x7f.
fn controls(word: u64) -> u64 {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let below_space = word.wrapping_sub(EACH * 0x20) & !word;
    let not_delete = word ^ (EACH * 0x7f);
    let delete = not_delete.wrapping_sub(EACH) & !not_delete;
    (below_space | delete) & (EACH * 0x80)
}

fn run(bytes: &[u8], class: u8) -> usize {
    let outside = |&byte: &u8| CLASSES[usize::from(byte)] & class == 0;
    bytes.iter().position(outside).unwrap_or(bytes.len())
}

/// The members of a comma-separated list, trimmed; empty ones are passed over (RFC 9110 section 5.6.1.2).
pub(super) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// A decimal number as the grammar has it: digits alone, at least one, within 64 bits. Library
/// parsers also take a sign, and that was a smuggling hole in more than one server.
pub fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_way_over_a_value_agrees_with_the_table_for_every_byte_in_every_place() {
        // Miri, which interprets each instruction, tries as many words and one byte more.
        let lengths = if cfg!(miri) { 15..18 } else { 0..50 };
        for length in lengths {
            for place in 0..length {
                for byte in 0..=255 {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = byte;
                    assert_eq!(
                        value_length(&bytes),
                        run(&bytes, VALUE),
                        "byte {byte} at {place} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn token_is_rfc_9110s_tchar() {
        let delimiters = b"\"(),/:;<=>?@[\\]{} \t";
        for byte in 0..=255_u8 {
            let expected = byte.is_ascii_graphic() && !delimiters.contains(&byte);
            assert_eq!(token_length(&[byte]) == 1, expected, "{byte}");
        }
    }
}
