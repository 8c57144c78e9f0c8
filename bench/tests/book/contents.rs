//! What a chapter's parts hold: questions with folded answers, few listings, short stories of bugs; and every small
//! program whole.

use crate::document::{Block, Book, Problem};
use crate::skeleton::chapters;
use std::fs;
use std::ops::Range;
use std::path::Path;

const QUESTIONS: usize = 3;
/// Listings in `Read`.
const LISTINGS: usize = 5;
/// Stories of bugs in a chapter, and the lines of each.
const BUGS: (usize, usize) = (2, 8);
/// Where the small programs lie.
const EXAMPLES: &str = "shared/examples";

/// Everything that is too much, or missing, in the chapters.
pub(crate) fn problems(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    for chapter in chapters(book) {
        let answered = chapter.part("Check yourself").map(|blocks| lines(book, &blocks));
        problems.extend(answered.into_iter().flat_map(|lines| questions(book, lines)));
        problems.extend(chapter.part("Read").and_then(|blocks| listings(book, &blocks)));
        problems.extend(bugs(book, chapter.number, lines(book, &chapter.blocks)));
    }
    problems
}

/// The lines of these blocks.
fn lines(book: &Book, blocks: &Range<usize>) -> Range<usize> {
    let line = |index: usize| book.blocks.get(index).map_or(book.lines.len(), |(line, _)| *line);
    line(blocks.start)..line(blocks.end)
}

fn questions(book: &Book, place: Range<usize>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let is_question = |at: &usize| {
        let number = book.lines[*at].strip_prefix("**").and_then(|rest| rest.split_once(".**"));
        number.is_some_and(|(number, _)| number.parse::<usize>().is_ok())
    };
    let starts: Vec<_> = place.clone().filter(is_question).collect();
    if starts.len() != QUESTIONS {
        let what = format!(
            "`Check yourself` has {} questions and needs {QUESTIONS}: `**1.** …`",
            starts.len()
        );
        problems.push(Problem::new(place.start, what));
    }
    let ends = starts.iter().skip(1).chain([&place.end]);
    for ((number, start), end) in starts.iter().enumerate().zip(ends) {
        let text = &book.lines[*start..*end];
        if !text[0].starts_with(&format!("**{}.**", number + 1)) {
            problems
                .push(Problem::new(*start, format!("question {} should stand here", number + 1)));
        }
        if !is_folded(text) {
            let what = "fold the answer: `<details><summary>Answer</summary>`, an empty line, the answer, an empty line, \
                        `</details>`";
            problems.push(Problem::new(*start, what));
        }
    }
    problems
}

/// Whether an answer follows. Without the empty lines its Markdown would be shown as it was typed.
fn is_folded(text: &[String]) -> bool {
    let find = |wanted: &str| text.iter().position(|line| line == wanted);
    let Some((start, end)) = find("<details><summary>Answer</summary>").zip(find("</details>"))
    else {
        return false;
    };
    end > start + 3 && text[start + 1].is_empty() && text[end - 1].is_empty()
}

fn listings(book: &Book, blocks: &Range<usize>) -> Option<Problem> {
    let is_listing = |(_, block): &&(usize, Block)| matches!(block, Block::Directive { kind, .. } if kind == "listing");
    let count = book.blocks[blocks.clone()].iter().filter(is_listing).count();
    (count > LISTINGS).then(|| {
        let what = format!("`Read` has {count} listings: at most {LISTINGS}, link the others");
        Problem::new(book.blocks[blocks.start].0, what)
    })
}

fn bugs(book: &Book, chapter: usize, place: Range<usize>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let is_bug = |at: &usize| book.lines[*at].starts_with("> **A bug");
    let starts: Vec<_> = place.clone().filter(is_bug).collect();
    if let Some(line) = starts.get(BUGS.0) {
        let what = format!(
            "chapter {chapter} has {} boxes of bugs: at most {}, the others go to an appendix",
            starts.len(),
            BUGS.0
        );
        problems.push(Problem::new(*line, what));
    }
    for start in starts {
        let count =
            book.lines[start..place.end].iter().take_while(|line| line.starts_with('>')).count();
        if count > BUGS.1 {
            problems
                .push(Problem::new(start, format!("a box of {count} lines: at most {}", BUGS.1)));
        }
    }
    problems
}

/// The small programs that the book does not show whole.
pub(crate) fn hidden_examples(book: &Book, root: &Path) -> Vec<Problem> {
    let entries = fs::read_dir(root.join(EXAMPLES)).expect("the small programs are there");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".rs")).collect();
    names.sort();
    let is_shown = |name: &String| {
        let whole = format!("{EXAMPLES}/{name}");
        book.blocks.iter().any(|(_, block)| {
            matches!(block, Block::Directive { kind, args } if kind == "listing" && *args == whole)
        })
    };
    let problem = |name: &String| {
        let marker = format!("<!-- listing: {EXAMPLES}/{name} -->");
        Problem::new(0, format!("no chapter shows {name} whole: `{marker}` above a code fence"))
    };
    names.iter().filter(|name| !is_shown(name)).map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "<details><summary>Answer</summary>\n\nBecause.\n\n</details>\n";

    fn told(text: &str) -> Vec<String> {
        problems(&Book::parse(&format!("## 1. A\n{text}")))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[track_caller]
    fn assert_told(text: &str, what: &str) {
        let told = told(text);
        assert!(told.len() == 1 && told[0].contains(what), "{what}: {told:?}");
    }

    #[test]
    fn a_question_too_few_or_without_a_folded_answer_is_named() {
        let question = |number: usize| format!("**{number}.** Why?\n\n{ANSWER}\n");
        let all =
            format!("### Check yourself\n{}{}{}### Next\n", question(1), question(2), question(3));
        assert_eq!(told(&all), [""; 0]);
        assert_told(&all.replace("**3.**", "3."), "BOOK.md:2: `Check yourself` has 2 questions");
        assert_told(&all.replace("**3.**", "**4.**"), "question 3 should stand here");
        assert_told(&all.replacen("Because.\n\n", "Because.\n", 1), "BOOK.md:3: fold the answer");
        assert_told(&all.replacen("Answer</summary>\n", "Answer</summary>", 1), "fold the answer");
        assert_told(&all.replacen(ANSWER, "", 1), "fold the answer");
    }

    #[test]
    fn too_many_listings_and_too_much_of_bugs_are_named() {
        let listing = "<!-- listing: LICENSE -->\n";
        assert_eq!(told(&format!("### Read\n{}### Run\n{listing}", listing.repeat(5))), [""; 0]);
        assert_told(&format!("### Read\n{}", listing.repeat(6)), "`Read` has 6 listings");
        let bug = |lines: usize| format!("> **A bug.** B\n{}\n", "> c\n".repeat(lines - 1));
        assert_eq!(told(&bug(8).repeat(2)), [""; 0]);
        assert_told(&bug(9), "BOOK.md:2: a box of 9 lines");
        assert_told(&bug(2).repeat(3), "BOOK.md:8: chapter 1 has 3 boxes");
    }

    #[test]
    fn a_small_program_that_is_shown_in_part_is_named() {
        let text = "<!-- listing: shared/examples/poll_loop.rs -->\n<!-- listing: shared/examples/epoll_loop.rs#main -->";
        let told: Vec<_> = hidden_examples(&Book::parse(text), &crate::root())
            .iter()
            .map(ToString::to_string)
            .collect();
        let of = |name: &str| told.iter().filter(|line| line.contains(name)).count();
        assert_eq!((of("/poll_loop.rs"), of("/epoll_loop.rs"), of("/uring_loop.rs")), (0, 1, 1));
    }
}
