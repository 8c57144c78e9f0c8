//! Listings in colour, token by token, as the compiler's own lexer cuts them.

use bench::table::escape;
use ra_ap_rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};

const KEYWORDS: &str = " as async await break const continue crate dyn else enum extern false fn for if impl in let loop \
    match mod move mut pub ref return self static struct super trait true type unsafe use where while ";
const PRIMITIVES: &str =
    " bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize ";

/// HTML of Rust source.
pub(crate) fn highlighted(source: &str) -> String {
    let mut from = 0;
    let mut html = String::new();
    for token in tokenize(source, FrontmatterAllowed::No) {
        let end = from + token.len as usize;
        let text = escape(&source[from..end]);
        html += &match class(token.kind, &source[from..end], &source[end..]) {
            Some(class) => format!("<span class=\"{class}\">{text}</span>"),
            None => text,
        };
        from = end;
    }
    html
}

/// How a token looks, which the first character behind it helps to tell.
fn class(kind: TokenKind, text: &str, behind: &str) -> Option<&'static str> {
    let is_one_of = |words: &str| words.contains(&format!(" {text} "));
    Some(match kind {
        TokenKind::LineComment { .. } | TokenKind::BlockComment { .. } => "comment",
        TokenKind::Literal {
            kind: LiteralKind::Int { .. } | LiteralKind::Float { .. }, ..
        } => "number",
        TokenKind::Literal { .. } => "string",
        TokenKind::Lifetime { .. } => "number",
        TokenKind::Ident if is_one_of(KEYWORDS) => "keyword",
        TokenKind::Ident if is_one_of(PRIMITIVES) || text.starts_with(char::is_uppercase) => "type",
        TokenKind::Ident if behind.starts_with('(') => "function",
        TokenKind::Ident if behind.starts_with('!') && !behind.starts_with("!=") => "function",
        _ => return None,
    })
}

#[test]
fn nothing_is_lost_and_words_are_told_apart() {
    let html = highlighted("fn f(x: &'a u8) -> Vec<T> { g(\"<&>\", 1) } // \"é\"\n");
    for (class, text) in [
        ("keyword", "fn"),
        ("function", "f"),
        ("number", "'a"),
        ("type", "u8"),
        ("type", "Vec"),
        ("string", "&quot;&lt;&amp;&gt;&quot;"),
        ("number", "1"),
        ("comment", "// &quot;é&quot;"),
    ] {
        assert!(html.contains(&format!("<span class=\"{class}\">{text}</span>")), "{html}");
    }
    assert!(html.contains("(x: &amp;<span") && html.ends_with("</span>\n"), "{html}");
}
