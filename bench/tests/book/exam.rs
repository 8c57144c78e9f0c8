//! The final exam: patches that slow a stage down and break nothing.
//!
//! The appendix links each patch in a paragraph `**Exam 1** (apply [a.patch](a.patch)). ... Check: `cargo test ...`.`, and
//! folds the answer away below it.

use crate::document::{Book, Problem};
use crate::exercises::{Scratch, between};
use std::fs;
use std::path::Path;

const TITLE: &str = "Appendix F: The final exam";

/// Where the patches are, and how their names begin.
const PATCHES: (&str, &str) = ("bench/exercises", "exam-");

const ANNOUNCE: &str = "announce the patch, `(apply [a.patch](a.patch))`, and name what stays green: Check: `cargo test ...`";
const FOLD: &str =
    "an exam has a folded answer: `<details><summary>Answer</summary>` to `</details>`";

/// One patch with what the appendix says of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exam {
    pub(crate) line: usize,
    pub(crate) patch: String,
    /// What is green with the patch: it breaks nothing.
    check: String,
}

/// The patches that there are.
pub(crate) fn patches(root: &Path) -> Vec<String> {
    let (folder, start) = PATCHES;
    let names = fs::read_dir(root.join(folder)).expect("the exercises have a folder");
    let names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut patches: Vec<_> = names
        .filter(|name| name.starts_with(start))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    patches.sort();
    patches
}

/// The exam's tasks, and what is missing in the appendix: a patch, a check, a folded answer.
pub(crate) fn all(book: &Book, patches: &[String]) -> (Vec<Exam>, Vec<Problem>) {
    let Some((_, blocks)) = book.chapters().into_iter().find(|(title, _)| *title == TITLE) else {
        let what = format!("the book lacks `## {TITLE}`");
        return (Vec::new(), vec![Problem::new(book.lines.len().saturating_sub(1), what)]);
    };
    let (start, end) = (book.blocks[blocks.start].0, book.blocks[blocks.end - 1].0);
    let (mut exams, mut problems) = (Vec::new(), Vec::new());
    for (line, text) in book.paragraphs(blocks) {
        let Some(rest) = text.strip_prefix("**Exam ") else { continue };
        match exam(line, &rest.replace('\n', " ")) {
            Some(exam) => exams.push(exam),
            None => problems.push(Problem::new(line, ANNOUNCE)),
        }
    }
    let lacking = patches.iter().filter(|patch| exams.iter().all(|exam| exam.patch != **patch));
    problems
        .extend(lacking.map(|patch| Problem::new(start, format!("no exam here applies {patch}"))));
    let ends = exams.iter().skip(1).map(|exam| exam.line).chain([end + 1]);
    for (exam, end) in exams.iter().zip(ends) {
        let own = book.lines[exam.line..end].join("\n");
        let answer = between(&own, "<details><summary>Answer</summary>", "</details>");
        if answer.is_none_or(|answer| answer.trim().is_empty()) {
            problems.push(Problem::new(exam.line, FOLD));
        }
    }
    (exams, problems)
}

fn exam(line: usize, text: &str) -> Option<Exam> {
    let patch = between(text, "** (apply [", "]")?;
    let check = between(text, "Check: `", "`").filter(|check| check.starts_with("cargo test "))?;
    Some(Exam { line, patch, check })
}

impl Exam {
    /// Whether the patch fits the source as it is.
    pub(crate) fn fits(&self, root: &Path) -> Result<(), String> {
        Scratch::of_patches(root, "exam-fits", &[&self.patch])?.apply(&self.patch)
    }

    /// Whether the patch breaks nothing.
    pub(crate) fn breaks_nothing(&self, scratch: &Scratch) -> Result<(), String> {
        scratch.apply(&self.patch)?;
        match scratch.check(&self.check)? {
            true => Ok(()),
            false => Err(format!("`{}` is red: the patch may slow down, not break", self.check)),
        }
    }
}

#[test]
fn an_exam_names_its_patch_and_folds_its_answer() {
    let whole = format!(
        "## {TITLE}\n\n**Exam 1** (apply [a.patch](a.patch)). Find it.\nCheck: `cargo test x`.\n\n\
         <details><summary>Answer</summary>\n\nIt is this.\n\n</details>\n"
    );
    let of = |text: &str| all(&Book::parse(text), &["a.patch".to_owned()]);
    let (exams, problems) = of(&whole);
    let expected = Exam { line: 2, patch: "a.patch".to_owned(), check: "cargo test x".to_owned() };
    assert_eq!((exams, problems), (vec![expected], Vec::new()));
    for part in
        [TITLE, "[a.patch](a.patch)", "[a", "Check: ", "<details>", "It is this.", "</details>"]
    {
        assert_ne!(of(&whole.replace(part, "")).1, [], "{part}");
    }
    let other = whole.split_once("\n\n").unwrap().1.replace("a.patch", "b.patch");
    let unanswered = whole.replace("<details><summary>Answer</summary>", "");
    assert_eq!(of(&format!("{unanswered}\n{other}")).1.len(), 1);
}
