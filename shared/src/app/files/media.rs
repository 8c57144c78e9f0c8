//! The Content-Type of a file, by its name (RFC 9110 section 8.3). A first reading may skip it.

/// A whole Content-Type field line for the extension of `name`.
pub(super) fn content_type(name: &[u8]) -> &'static str {
    let is_known = |extension: &[u8]| {
        TYPES.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known.as_bytes()))
    };
    let (_, line) = extension(name).and_then(is_known).unwrap_or(&UNKNOWN);
    line
}

/// The part behind the last dot of a file's name, if something stands before that dot.
fn extension(name: &[u8]) -> Option<&[u8]> {
    let file = name.rsplit(|&byte| byte == b'/').next()?;
    let dot = file.iter().rposition(|&byte| byte == b'.').filter(|&dot| dot > 0)?;
    Some(&file[dot + 1..])
}

macro_rules! types {
    ($($extension:literal => $type:literal,)*) => {
        &[$(($extension, concat!("Content-Type: ", $type, "\r\n")),)*]
    };
}

const UNKNOWN: (&str, &str) = ("", "Content-Type: application/octet-stream\r\n");

/// Text states its charset: a browser's guess would be an attack surface.
const TYPES: &[(&str, &str)] = types! {
    "html" => "text/html; charset=utf-8",
    "htm" => "text/html; charset=utf-8",
    "css" => "text/css; charset=utf-8",
    "js" => "text/javascript; charset=utf-8",
    "mjs" => "text/javascript; charset=utf-8",
    "txt" => "text/plain; charset=utf-8",
    "md" => "text/markdown; charset=utf-8",
    "csv" => "text/csv; charset=utf-8",
    "xml" => "text/xml; charset=utf-8",
    "json" => "application/json",
    "pdf" => "application/pdf",
    "wasm" => "application/wasm",
    "zip" => "application/zip",
    "gz" => "application/gzip",
    "svg" => "image/svg+xml",
    "png" => "image/png",
    "jpg" => "image/jpeg",
    "jpeg" => "image/jpeg",
    "gif" => "image/gif",
    "webp" => "image/webp",
    "avif" => "image/avif",
    "ico" => "image/vnd.microsoft.icon",
    "woff2" => "font/woff2",
    "mp3" => "audio/mpeg",
    "mp4" => "video/mp4",
    "webm" => "video/webm",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_if_something_stands_before_its_dot() {
        assert_eq!(content_type(b"a/b.HTML"), "Content-Type: text/html; charset=utf-8\r\n");
        assert_eq!(content_type(b"a.tar.gz"), "Content-Type: application/gzip\r\n");
        assert_eq!(content_type(b"a..js"), "Content-Type: text/javascript; charset=utf-8\r\n");
        for name in "js sub/html a.js/zip .js sub/.html a.js. a. html/name".split(' ') {
            assert_eq!(content_type(name.as_bytes()), UNKNOWN.1, "{name}");
        }
    }
}
