//! BOOK.md is true: listings equal the source, tables, pictures and figures come from recorded runs, other figures say
//! from where they are, commands print what the book says, links lead somewhere, chapters are whole, and exercises have
//! answers.
//!
//! `BOOK_REFRESH=1 cargo test -p bench --test book` rewrites listings, tables, figures, printed output and recorded reports.

#![allow(clippy::unwrap_used, clippy::expect_used)] // clippy allows it in test functions, but not in what they call.

// As `bench book` has them.
#[path = "../../book/src/anchor.rs"]
mod anchor;
#[path = "../../book/src/cells.rs"]
mod cells;
mod commands;
mod contents;
mod document;
mod exam;
mod exercises;
mod figures;
mod index;
mod links;
mod listings;
mod members;
mod origins;
mod pictures;
mod recorded;
mod runs;
mod skeleton;
mod spine;
mod tables;
mod weave;
mod wrap;

use document::{Book, Problem};
use exercises::Scratch;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static BOOK: LazyLock<Book> = LazyLock::new(|| current("BOOK.md"));

/// A document as it stands, or as a refresh has left it.
fn current(file: &str) -> Book {
    if std::env::var_os("BOOK_REFRESH").is_some() {
        refresh(file);
    }
    read(file)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> Book {
    Book::parse(&fs::read_to_string(root().join(file)).expect("it is there"))
}

fn refresh(file: &str) {
    LazyLock::force(&recorded::FILES);
    let book = read(file);
    let (changes, _) = weave::changes(&book, &root());
    let book = Book::parse(&weave::apply(&book, changes));
    let changes = commands::sessions(&book, &root()).0;
    fs::write(root().join(file), weave::apply(&book, changes)).unwrap();
}

#[track_caller]
fn assert_true(problems: &[Problem]) {
    let lines: Vec<_> = problems.iter().map(|problem| format!("\n{problem}")).collect();
    assert!(lines.is_empty(), "the book says what is not so:{}", lines.concat());
}

#[test]
fn listings_and_tables_are_those_of_the_source() {
    let (changes, mut problems) = weave::changes(&BOOK, &root());
    problems.extend(changes.into_iter().map(|change| change.problem));
    assert_true(&problems);
}

#[test]
fn pictures_are_those_of_recorded_runs() {
    let problem = |(line, what)| Problem::new(line, what);
    let book = BOOK.lines.join("\n");
    assert_true(&pictures::untrue(&book, &root()).into_iter().map(problem).collect::<Vec<_>>());
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert_eq!(pictures::untrue(&readme, &root()), [], "in README.md");
}

/// The README is short, and its tables, links and commands are checked as the book's are.
#[test]
fn the_readme_is_true_too() {
    let readme = current("README.md");
    assert!(readme.lines.len() <= 120, "{} lines", readme.lines.len());
    let (mut changes, mut problems) = weave::changes(&readme, &root());
    let (printed, more) = commands::sessions(&readme, &root());
    changes.extend(printed);
    problems.extend(changes.into_iter().map(|change| change.problem));
    problems.extend(more);
    problems.extend(commands::untagged(&readme));
    problems.extend(commands::mistyped(&readme));
    problems.extend(links::links(&readme, &root()));
    let problems: Vec<_> = problems.iter().map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "of README.md, not of the book:\n{}", problems.join("\n"));
}

#[test]
fn commands_print_what_the_book_says() {
    let mut problems = commands::untagged(&BOOK);
    problems.extend(commands::mistyped(&BOOK));
    let (changes, more) = commands::sessions(&BOOK, &root());
    problems.extend(changes.into_iter().map(|change| change.problem));
    problems.extend(more);
    assert_true(&problems);
}

#[test]
fn links_lead_somewhere() {
    assert_true(&links::links(&BOOK, &root()));
}

#[test]
fn types_have_the_parts_that_are_named() {
    const FOLDERS: [&str; 6] = [
        "shared/src",
        "stage1-blocking/src",
        "stage2-threadpool/src",
        "stage3-epoll/src",
        "stage4-epoll-threads/src",
        "bench/src",
    ];
    let sources: Vec<_> =
        FOLDERS.iter().flat_map(|folder| members::sources(&root().join(folder))).collect();
    assert_true(&members::unknown(&BOOK, &sources));
}

#[test]
fn pictures_fit_a_narrow_screen() {
    assert_true(&links::wide_pictures(&BOOK));
}

#[test]
fn chapters_have_all_their_parts() {
    let mut problems = skeleton::numbers(&BOOK);
    problems.extend(skeleton::parts(&BOOK));
    problems.extend(contents::problems(&BOOK));
    problems.extend(spine::problems(&BOOK));
    problems.extend(contents::hidden_examples(&BOOK, &root()));
    assert_true(&problems);
}

#[test]
fn figures_are_woven_or_say_from_where_they_are() {
    assert_true(&origins::problems(&BOOK));
}

#[test]
fn exercises_are_whole_and_their_patches_fit() {
    let (exercises, mut problems) = exercises::all(&BOOK);
    problems.extend(tried(&exercises, |exercise| (exercise.line, exercise.fits(&root()))));
    assert_true(&problems);
}

#[test]
fn the_final_exam_has_answers_and_its_patches_fit() {
    let (exams, mut problems) = exam::all(&BOOK, &exam::patches(&root()));
    problems.extend(tried(&exams, |exam| (exam.line, exam.fits(&root()))));
    assert_true(&problems);
}

/// What went wrong with each of the tasks; `attempt` tells the task's line, too.
fn tried<T>(tasks: &[T], attempt: impl Fn(&T) -> (usize, Result<(), String>)) -> Vec<Problem> {
    let failed = tasks.iter().map(attempt).filter_map(|(line, tried)| Some((line, tried.err()?)));
    failed.map(|(line, what)| Problem::new(line, what)).collect()
}

#[test]
#[ignore = "builds a stage for each patch: cargo test -p bench --test book -- --ignored final_exam"]
fn the_final_exam_breaks_nothing() {
    let exams = exam::all(&BOOK, &exam::patches(&root())).0;
    assert_true(&tried(&exams, |exam| {
        let scratch = Scratch::new(&root(), "exam").unwrap();
        (exam.line, exam.breaks_nothing(&scratch))
    }));
}

/// Every exercise in a copy of the repository, or that of BOOK_EXERCISE=N.M: red before its answer, green after it.
#[test]
#[ignore = "builds the repository twice for each exercise: cargo test -p bench --test book -- --ignored"]
fn exercises_are_red_as_shipped_and_green_with_their_answer() {
    let only = std::env::var("BOOK_EXERCISE").ok();
    let mut exercises = exercises::all(&BOOK).0;
    exercises.retain(|exercise| only.as_ref().is_none_or(|only| *only == exercise.number));
    assert_true(&tried(&exercises, |exercise| {
        eprintln!("exercise {}", exercise.number);
        let scratch = Scratch::new(&root(), "exercise").unwrap();
        (exercise.line, exercise.is_true(&scratch))
    }));
}
