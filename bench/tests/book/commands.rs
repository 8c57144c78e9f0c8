//! The book's commands, typed for the reader: each chapter is a session with a server in the other terminal.
//!
//! `<!-- server -->` starts one on a free port, `<!-- run -->` runs a script against it and compares
//! what it prints, `<!-- needs: PROGRAM -->` does so where the program is installed, and
//! `<!-- recorded -->` stands above what takes too long to repeat.

use crate::document::{Block, Book, Problem};
use crate::weave::Change;
use bench::targets::server::Server;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

const TAGS: [&str; 4] = ["run", "server", "recorded", "needs"];

/// How long a server may take to listen: cargo may have to build it first.
const START_TIMEOUT: Duration = Duration::from_secs(300);

/// Every fence of shell commands says what is to be done with it.
pub(crate) fn untagged(book: &Book) -> Vec<Problem> {
    let is_tagged = |index: usize| {
        let before = index.checked_sub(1).map(|index| &book.blocks[index].1);
        matches!(before, Some(Block::Directive { kind, .. }) if TAGS.contains(&kind.as_str()))
    };
    let problem = |(index, (line, block)): (usize, &(usize, Block))| match block {
        Block::Fence { language, .. } if language == "sh" && !is_tagged(index) => {
            let what = format!("commands without a tag: put one of {TAGS:?} in a comment above");
            Some(Problem::new(*line, what))
        }
        _ => None,
    };
    book.blocks.iter().enumerate().filter_map(problem).collect()
}

/// Commands of `bench` that it does not understand, those included that take too long to be run here: each is asked for its
/// help, after all its other arguments.
pub(crate) fn mistyped(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (_, block) in &book.blocks {
        let Block::Fence { language, inside } = block else { continue };
        for at in inside.clone().filter(|_| language == "sh") {
            let Some(words) = arguments(&book.lines[at]) else { continue };
            let output = Command::new(env!("CARGO_BIN_EXE_bench")).args(&words).output();
            if !output.is_ok_and(|output| output.status.success()) {
                let what = format!("bench does not understand {words:?}");
                problems.push(Problem::new(at, what));
            }
        }
    }
    problems
}

/// What is typed behind `-p bench --`, with `--help` in the place of what is passed on to a server or to the shell. What the
/// shell would put in is not known here: `None`.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let (_, typed) = line.split_once("-p bench -- ")?;
    let is_end = |word: &&str| {
        *word == "--" || word.starts_with("2>") || word.starts_with(['#', '|', '>', '&'])
    };
    let words = typed.split_whitespace().take_while(|word| !is_end(word));
    let words: Vec<_> = words.map(|word| word.trim_matches(['\'', '"', ')', ';'])).collect();
    let is_known = !words.iter().any(|word| word.contains('$'));
    is_known.then(|| words.into_iter().chain(["--help"]).collect())
}

/// Types the commands of all chapters, all at once: they mostly wait. What was printed otherwise than the book says,
/// and what went wrong, in the order of the book.
pub(crate) fn sessions(book: &Book, root: &Path) -> (Vec<Change>, Vec<Problem>) {
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let start = |(_, blocks)| scope.spawn(move || session(book, blocks, root));
        let started: Vec<_> = book.chapters().into_iter().map(start).collect();
        for one in started {
            let (changed, wrong) = one.join().expect("a session does not panic");
            changes.extend(changed);
            problems.extend(wrong);
        }
    });
    (changes, problems)
}

/// Types the commands of one chapter: what was printed otherwise than the book says, and what went wrong.
pub(crate) fn session(
    book: &Book,
    blocks: Range<usize>,
    root: &Path,
) -> (Vec<Change>, Vec<Problem>) {
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    let mut server = None;
    for index in blocks {
        let (line, Block::Directive { kind, args }) = &book.blocks[index] else { continue };
        if !TAGS.contains(&kind.as_str()) || kind == "recorded" {
            continue;
        }
        let Some((fence, "sh", script)) = book.fence_after(index) else {
            problems.push(Problem::new(*line, format!("no fence of `sh` follows the tag {kind}")));
            continue;
        };
        let script = book.inside(script);
        let printed = match kind.as_str() {
            "needs" if !is_installed(args) => continue,
            "server" => start(&script, root).map(|(first, started)| {
                server = Some(started);
                first
            }),
            _ => run(&script, server.as_ref(), root),
        };
        let expected = book.fence_after(fence).filter(|(_, language, _)| *language == "text");
        match (printed, expected) {
            (Err(what), _) => problems.push(Problem::new(*line, what)),
            (Ok(printed), Some((_, _, inside))) => {
                let numbers = args == "any numbers";
                changes.extend(compared(book, inside.clone(), &printed, numbers, *line));
            }
            (Ok(_), None) => {}
        }
    }
    (changes, problems)
}

fn compared(
    book: &Book,
    place: Range<usize>,
    printed: &str,
    numbers: bool,
    line: usize,
) -> Option<Change> {
    let masked = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| mask(line, numbers)).filter(|line| !line.is_empty());
        lines.map(|line| if numbers { without_tails(&line) } else { line }).collect()
    };
    let expected = masked(&book.inside(&place));
    if fits(&expected, &masked(printed)) {
        return None;
    }
    let what = format!(
        "the commands below print something else now: run them, then mend the book or the code; they printed\n{printed}"
    );
    let lines = printed.trim_end().lines().map(|line| line.trim_end().to_owned()).collect();
    Some(Change { place, lines, problem: Problem::new(line, what) })
}

/// Whether the lines are those expected, where `...` stands for any number of lines.
fn fits(expected: &[String], printed: &[String]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((dots, rest)), _) if dots == "..." => {
            (0..=printed.len()).any(|from| fits(rest, &printed[from..]))
        }
        (Some((one, rest)), Some((other, after))) => one == other && fits(rest, after),
        _ => false,
    }
}

/// The line without what differs from run to run: dates, times, ports, and with `numbers` every number
/// that is no part of a name. Blanks count as one.
fn mask(line: &str, numbers: bool) -> String {
    let blanks = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((before, _)) = blanks.split_once("Date: ") {
        return format!("{before}Date: #");
    }
    let (mut masked, mut rest) = (String::new(), blanks.as_str());
    while let Some(first) = rest.chars().next() {
        let length = number_length(rest);
        let in_name = masked.ends_with(|character: char| character.is_alphabetic());
        let gap = usize::from(rest[length..].starts_with(' '));
        let unit = ["us", "µs", "ms", "ns", "s"].iter().find(|unit| {
            rest[length + gap..].strip_prefix(**unit).is_some_and(|after| {
                !after.starts_with(|character: char| character.is_alphanumeric())
            })
        });
        let is_port = masked.ends_with("127.0.0.1:");
        if length == 0 || in_name {
            let taken = length.max(first.len_utf8());
            masked.push_str(&rest[..taken]);
            rest = &rest[taken..];
        } else if unit.is_some() || is_port || (numbers && !rest.starts_with("127.0.0.1")) {
            masked.push('#');
            rest = &rest[length + unit.map_or(0, |unit| gap + unit.len())..];
        } else {
            masked.push_str(&rest[..length]);
            rest = &rest[length..];
        }
    }
    masked
}

/// The masked line without the percentiles that take thousands of responses: whether there were so many is a matter of
/// speed.
fn without_tails(masked: &str) -> String {
    ["p99 #, ", "p99.9 #, "].iter().fold(masked.to_owned(), |line, tail| line.replace(tail, ""))
}

/// How many bytes a number takes that stands here: digits, with points and commas between them.
fn number_length(text: &str) -> usize {
    let end = text.find(|character: char| !character.is_ascii_digit() && !".,".contains(character));
    let length = text[..end.unwrap_or(text.len())].trim_end_matches(['.', ',']).len();
    if text.starts_with(|character: char| character.is_ascii_digit()) { length } else { 0 }
}

/// Starts the server of a command like `cargo run --release -p stage1-blocking -- FLAGS`, on a free port.
fn start(script: &str, root: &Path) -> Result<(String, Server), String> {
    let words: Vec<&str> = script.split_whitespace().collect();
    let Some(args) = words.strip_prefix(&["cargo", "run", "--release"]) else {
        return Err("a server is started with `cargo run --release -p ...`".to_owned());
    };
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet"]).args(args).current_dir(root);
    // The examples take no flags, and always get a free port here.
    if !args.contains(&"--") {
        command.arg("--");
    }
    command.args(["--listen", "127.0.0.1:0"]);
    let server = Server::announced(command, START_TIMEOUT).map_err(|error| format!("{error:#}"))?;
    let name = args.iter().skip_while(|word| **word != "--example").nth(1);
    let name = name.or(args.iter().skip_while(|word| **word != "-p").nth(1));
    let name = name.ok_or("name a package with `-p`")?;
    Ok((format!("{name} listening on http://{}\n", server.address()), server))
}

/// What a script prints on both outputs. The address 127.0.0.1:8080 is that of the running server.
fn run(script: &str, server: Option<&Server>, root: &Path) -> Result<String, String> {
    let mut script = script
        .replace("cargo run --release -p bench --", env!("CARGO_BIN_EXE_bench"))
        .replace("cargo run --release", "cargo run --quiet");
    if let Some(server) = server {
        let port = server.address().port();
        script = script
            .replace("127.0.0.1:8080", &server.address().to_string())
            .replace("127.0.0.1/8080", &format!("127.0.0.1/{port}"));
    }
    let output = Command::new("timeout")
        .args(["600", "bash", "-c", &format!("exec 2>&1\n{script}\ntrue")])
        .current_dir(root)
        .env("BENCH_PROFILE", "dev")
        .output()
        .map_err(|error| format!("cannot start bash: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    match output.status.code() {
        Some(124) => Err(format!("the commands did not end within ten minutes:\n{text}")),
        _ => Ok(text),
    }
}

fn is_installed(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn only_what_differs_from_run_to_run_is_masked() {
    for (line, numbers, masked) in [
        ("HTTP/1.1 200 OK", false, "HTTP/1.1 200 OK"),
        ("x listening on http://127.0.0.1:8080", false, "x listening on http://127.0.0.1:#"),
        ("Date: Sun, 06 Nov 1994 08:49:37 GMT", false, "Date: #"),
        ("real  0.25s, 3 rows, 12.5ms, p99", false, "real #, 3 rows, #, p99"),
        ("  Requests   1,234 (99 per second) p99 5 µs", true, "Requests # (# per second) p99 #"),
    ] {
        assert_eq!(mask(line, numbers), masked);
    }
    let latency =
        mask("Latency mean 72.7us, p90 95.0us, p99 201us, p99.9 3.97ms, max 4.79ms", true);
    assert_eq!(without_tails(&latency), "Latency mean #, p90 #, max #");
}

#[test]
fn dots_stand_for_any_lines() {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(fits(&lines("a ... d"), &lines("a b c d")) && fits(&lines("a ... d"), &lines("a d")));
    assert!(!fits(&lines("a ... d"), &lines("a b c")) && !fits(&lines("a b"), &lines("a b c")));
}

#[test]
fn other_output_than_the_books_is_found() {
    let text = "<!-- run -->\n```sh\necho one\n```\n\n```text\ntwo\n```\n```sh\nls\n```\n";
    let book = Book::parse(text);
    assert_eq!(untagged(&book).len(), 1);
    let (changes, problems) = session(&book, 0..book.blocks.len(), &crate::root());
    assert_eq!((changes.len(), problems.len()), (1, 0));
    assert!(changes[0].problem.to_string().contains("they printed\none"));
}

#[test]
fn a_mistyped_command_is_named() {
    let book = |line: &str| mistyped(&Book::parse(&format!("```sh\n{line}\n```")));
    assert_eq!(
        book("cargo run --release -p bench -- run stage2 -c 2 2>&1 -- --threads 16  # x"),
        []
    );
    assert_eq!(book("cargo run --release -p bench -- laod http://127.0.0.1/ | head").len(), 1);
    assert_eq!(book("cargo run --release -p bench -- run stage2 --repaet 5").len(), 1);
}
