//! Finding an item in a source file: a scan that matches braces, with comments and literals blanked out.

use ra_ap_rustc_lexer::{FrontmatterAllowed, TokenKind, tokenize};
use std::ops::Range;

/// The text of `path` in `source`: `name`, `Type::method`, or `impl ...` as the source begins the block.
/// With the comments and attributes above it, and without its indentation. An empty path is the whole file.
pub(crate) fn item(source: &str, path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(source.to_owned());
    }
    let code = blanked(source);
    let (owner, name) = match path.split_once("::") {
        Some((owner, name)) => (Some(owner), name),
        None => (None, path),
    };
    let places = match owner {
        Some(owner) => blocks_of(&code, owner),
        None => std::iter::once(0..code.len()).collect(),
    };
    let found = places.into_iter().find_map(|place| declaration(&code, place, name));
    let found = found.ok_or_else(|| format!("there is no item `{path}`"))?;
    Ok(dedented(&source[with_comments(source, found.start)..found.end]))
}

/// Where the `impl` blocks of type `owner` lie, and its trait if it is one.
fn blocks_of(code: &str, owner: &str) -> Vec<Range<usize>> {
    let of_owner = |line: &Range<usize>| {
        let text = code[line.clone()].trim_start();
        let header = text.split('{').next().unwrap_or_default();
        let subject = header.rsplit(" for ").next().unwrap_or_default();
        let subject = subject.strip_prefix("impl").map_or(subject, |rest| after_generics(rest));
        text.starts_with("impl") && identifier(subject.trim_start()) == owner
            || declares(text, owner).is_some()
    };
    lines(code, 0..code.len())
        .filter(of_owner)
        .map(|line| line.start..end_of_item(code, line.start, false))
        .collect()
}

fn after_generics(text: &str) -> &str {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ if depth == 0 => return &text[at..],
            _ => {}
        }
    }
    text
}

fn declaration(code: &str, place: Range<usize>, name: &str) -> Option<Range<usize>> {
    let block = |text: &str| name.starts_with("impl") && text.starts_with(name);
    lines(code, place).find_map(|line| {
        let text = code[line.clone()].trim_start();
        let ends_in_semicolon = match declares(text, name) {
            Some(keyword) => matches!(keyword, "const" | "static" | "type"),
            None if block(text) => false,
            None => return None,
        };
        Some(line.start..end_of_item(code, line.start, ends_in_semicolon))
    })
}

/// The keyword by which a line declares `name`, if it does.
fn declares<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    const KEYWORDS: [&str; 9] =
        ["fn", "struct", "enum", "trait", "const", "static", "type", "mod", "macro_rules!"];
    let mut words = line.split_whitespace().skip_while(|word| {
        word.starts_with("pub") || matches!(*word, "unsafe" | "async" | "extern" | "\"C\"")
    });
    let mut keyword = words.next().filter(|word| KEYWORDS.contains(word))?;
    let mut declared = words.next()?;
    if (keyword, declared) == ("const", "fn") {
        (keyword, declared) = ("fn", words.next()?);
    }
    (identifier(declared) == name).then_some(keyword)
}

fn identifier(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_');
    &text[..end.unwrap_or(text.len())]
}

/// Where the item ends that begins at `start`: behind the brace that closes its first block, or behind a semicolon.
fn end_of_item(code: &str, start: usize, ends_in_semicolon: bool) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' && !ends_in_semicolon {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn lines(text: &str, place: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    text[place.clone()].split_inclusive('\n').scan(place.start, |at, line| {
        let start = *at;
        *at += line.len();
        Some(start..*at)
    })
}

/// The start of the comments and attributes that stand directly above `start`.
fn with_comments(source: &str, start: usize) -> usize {
    let mut first = start;
    for line in source[..start].split_inclusive('\n').rev() {
        let text = line.trim_start();
        let belongs =
            text.starts_with("#[") || (text.starts_with("//") && !text.starts_with("//!"));
        if !belongs {
            break;
        }
        first -= line.len();
    }
    first
}

fn dedented(text: &str) -> String {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let strip = |line: &str| {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        format!("{}\n", &line[spaces.min(indent)..])
    };
    text.lines().map(strip).collect()
}

/// The source with everything in comments and literals replaced by blanks, byte for byte.
fn blanked(source: &str) -> String {
    use TokenKind::{BlockComment, LineComment, Literal};
    let (mut code, mut from) = (String::with_capacity(source.len()), 0);
    for token in tokenize(source, FrontmatterAllowed::No) {
        let text = &source[from..from + token.len as usize];
        from += text.len();
        match token.kind {
            LineComment { .. } | BlockComment { .. } | Literal { .. } => {
                code.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            }
            _ => code += text,
        }
    }
    code
}

#[test]
fn items_are_found_whatever_stands_in_comments_and_strings() {
    let source = r####"//! Module.
/// One. } {
#[inline]
pub(crate) fn one(a: &'static str, c: char) -> bool { a == "}" && c == '{' && a != r#"}"# }

struct Unit(u8);
const LIST: [u8; 2] = [1, 2];
impl<'a, T: Into<u8>> From<T> for Unit {
    // Why.
    fn from(value: T) -> Self {
        Self(value.into())
    }
}
impl Unit {
    fn one() {}
}
"####;
    assert!(item(source, "one").unwrap().starts_with("/// One. } {\n#[inline]\npub(crate) fn one"));
    assert!(item(source, "one").unwrap().ends_with("}\n"));
    assert_eq!(item(source, "Unit").unwrap(), "struct Unit(u8);\n");
    assert_eq!(item(source, "LIST").unwrap(), "const LIST: [u8; 2] = [1, 2];\n");
    let from = "// Why.\nfn from(value: T) -> Self {\n    Self(value.into())\n}\n";
    assert_eq!(item(source, "Unit::from").unwrap(), from);
    assert_eq!(item(source, "Unit::one").unwrap(), "fn one() {}\n");
    assert!(item(source, "impl Unit").unwrap().starts_with("impl Unit {\n"));
    assert!(item(source, "two").is_err() && item(source, "Unit::two").is_err());
}
