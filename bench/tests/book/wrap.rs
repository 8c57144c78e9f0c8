//! Markdown ends a paragraph at a line that begins with a comment, as a woven figure does: it gets a word before it.

/// How a woven figure begins.
pub(crate) const OPEN: &str = "<!--=";

/// The lines of a paragraph, where no line but a first one begins with a woven figure: the last word of the line above
/// comes down, or the figure's line goes up where that has no word to spare.
pub(crate) fn mended(lines: Vec<String>) -> Vec<String> {
    let mut mended: Vec<String> = Vec::new();
    for line in lines {
        let rest = line.trim_start_matches([' ', '>']);
        let indent = &line[..line.len() - rest.len()];
        match mended.last_mut() {
            Some(above) if rest.starts_with(OPEN) => match last_word(above) {
                Some(at) => {
                    let word = above.split_off(at);
                    mended.push(format!("{indent}{} {rest}", word.trim()));
                }
                None => *above += &format!(" {rest}"),
            },
            _ => mended.push(line),
        }
    }
    mended
}

/// Whether a paragraph's or an item's first line begins with a figure: only a writer can put a word there.
pub(crate) fn begins_bare(line: &str) -> bool {
    line.trim_start_matches([' ', '>', '-', '*']).starts_with(OPEN)
}

/// Where the last words of a line begin that may begin another: what stays is something, and nothing is cut in two.
fn last_word(line: &str) -> Option<usize> {
    let marker = line.len() - line.trim_start_matches([' ', '>', '-', '*']).len();
    let is_whole = |text: &str| {
        text.matches("<!--").count() == text.matches("-->").count()
            && text.matches('`').count().is_multiple_of(2)
    };
    // A hyphen, a number with a point and the like would begin a list there.
    let is_plain =
        |word: &str| word.starts_with(|first: char| first.is_alphabetic() || "(`".contains(first));
    let blanks = line.rmatch_indices(' ').map(|(at, _)| at);
    blanks
        .take_while(|at| *at > marker)
        .find(|at| is_whole(&line[..*at]) && is_plain(&line[at + 1..]))
}

#[test]
fn no_line_of_a_paragraph_begins_with_a_figure() {
    let mend = |lines: &[&str]| mended(lines.iter().map(|line| (*line).to_owned()).collect());
    let figure = "<!--= a | b | c -->1<!--/-->";
    let line = |before: &str| format!("{before}{figure} x");
    assert_eq!(
        mend(&["It takes from", &line(""), &line("")]),
        ["It takes", &format!("from {figure}"), &line("x ")]
    );
    assert_eq!(mend(&["- one two", &line("  ")]), ["- one", &line("  two ")]);
    assert_eq!(mend(&["> one `a b`", &line("> ")]), ["> one", &line("> `a b` ")]);
    let long = format!("a to {figure}");
    assert_eq!(mend(&[&long, &line("")]), ["a", &line(&format!("to {figure} "))]);
    assert_eq!(mend(&["a = 3 -", &line("")]), [line("a = 3 - ")]);
    assert_eq!(mend(&["- two", &line("  ")]), [line("- two ")]);
    assert_eq!(mend(&[&line(""), "a"]), [line(""), "a".to_owned()]);
    assert!(begins_bare(&line("- ")) && !begins_bare(&line("a ")));
}
