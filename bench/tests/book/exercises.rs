//! Exercises: red as shipped, green with their answer.
//!
//! A paragraph that begins `**Exercise 6.1** (unsolved)` asks for something that is not there yet; one
//! that begins `**Exercise 6.1** (apply ...)` names a patch that breaks what is there. Both name the
//! check that shows it, and the patch that answers.

use crate::document::{Book, Problem};
use crate::skeleton::chapters;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One exercise.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exercise {
    pub(crate) line: usize,
    pub(crate) number: String,
    /// The patch that makes the check red, where it is not red as shipped.
    breaks: Option<String>,
    check: String,
    answer: String,
}

/// All exercises, and what is missing in those that are not whole.
pub(crate) fn all(book: &Book) -> (Vec<Exercise>, Vec<Problem>) {
    let (mut exercises, mut problems) = (Vec::new(), Vec::new());
    for chapter in chapters(book) {
        let Some(blocks) = chapter.part("Exercises") else { continue };
        let before = exercises.len() + problems.len();
        let start = book.blocks[blocks.start].0;
        for (line, text) in book.paragraphs(blocks) {
            let text = text.replace('\n', " ");
            let Some(rest) = text.strip_prefix("**Exercise ") else { continue };
            match exercise(line, rest) {
                Ok(exercise) if exercise.number.starts_with(&format!("{}.", chapter.number)) => {
                    exercises.push(exercise);
                }
                Ok(_) => problems.push(Problem::new(line, "an exercise has its chapter's number")),
                Err(what) => problems.push(Problem::new(line, what)),
            }
        }
        if exercises.len() + problems.len() == before {
            let what = "no exercise here: `**Exercise N.M** (unsolved) ...`";
            problems.push(Problem::new(start, what));
        }
    }
    (exercises, problems)
}

fn exercise(line: usize, text: &str) -> Result<Exercise, String> {
    let number = text.split("**").next().unwrap_or_default().to_owned();
    let breaks = between(text, "** (apply [", "]");
    if breaks.is_none() && !text.contains("** (unsolved)") {
        return Err(
            "announce the exercise: `(unsolved)` or `(apply [a.patch](a.patch))`".to_owned()
        );
    }
    let check = between(text, "Check: `", "`").filter(|check| check.starts_with("cargo test "));
    let check = check.ok_or("name the check: Check: `cargo test ...`")?;
    let answer =
        between(text, "Answer: [", "]").ok_or("name the answer: Answer: [a.patch](a.patch)")?;
    Ok(Exercise { line, number, breaks, check, answer })
}

/// What stands between the first `start` and the `end` that follows it.
pub(crate) fn between(text: &str, start: &str, end: &str) -> Option<String> {
    let rest = text.split_once(start)?.1;
    Some(rest.split_once(end)?.0.to_owned())
}

/// A copy of the repository that can be patched and thrown away.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(root: &Path, name: &str) -> Result<Self, String> {
        let copy = empty(name)?;
        // Everything but what git keeps and cargo builds.
        let script = "tar -c --exclude=.git --exclude=target . | tar -x -C \"$0\"";
        let mut command = Command::new("bash");
        command.args(["-o", "pipefail", "-c", script]).arg(&copy).current_dir(root);
        let copied = command.status().is_ok_and(|status| status.success());
        copied.then_some(Self(copy)).ok_or_else(|| "cannot copy the repository".to_owned())
    }

    /// The same of nothing but these patches and the files that they change.
    pub(crate) fn of_patches(root: &Path, name: &str, patches: &[&String]) -> Result<Self, String> {
        let copy = empty(name)?;
        for patch in patches {
            let text = fs::read_to_string(root.join(patch))
                .map_err(|error| format!("cannot read {patch}: {error}"))?;
            let changed = text.lines().filter_map(|line| line.strip_prefix("--- a/"));
            let changed = changed.map(|file| file.split('\t').next().unwrap_or(file));
            for file in changed.chain([patch.as_str()]).filter(|file| root.join(file).exists()) {
                let to = copy.join(file);
                let copied = fs::create_dir_all(to.parent().unwrap_or(&copy))
                    .and_then(|()| fs::copy(root.join(file), &to));
                copied.map_err(|error| format!("cannot copy {file}: {error}"))?;
            }
        }
        Ok(Self(copy))
    }

    /// Applies a patch, or says why it does not fit any more.
    pub(crate) fn apply(&self, patch: &str) -> Result<(), String> {
        let output = Command::new("patch")
            .args(["--strip=1", "--batch", "--forward", "--fuzz=0", "--input", patch])
            .current_dir(&self.0)
            .output()
            .map_err(|error| format!("cannot start patch(1), which exercises need: {error}"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!(
                "{patch} does not apply: make it again from the source as it is now\n{}",
                String::from_utf8_lossy(&output.stdout)
            )),
        }
    }

    /// Whether the check is green; an error when no test ran at all.
    pub(crate) fn check(&self, command: &str) -> Result<bool, String> {
        let output = Command::new("bash")
            .args(["-c", command])
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("exercises"))
            .output()
            .map_err(|error| format!("cannot start bash: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let ran = |result: &str| {
            text.lines()
                .any(|line| line.starts_with(result) && !line.contains(" 0 passed; 0 failed"))
        };
        match (output.status.success(), ran("test result: ok."), ran("test result: FAILED.")) {
            (true, true, _) => Ok(true),
            (false, _, true) => Ok(false),
            _ => Err(format!(
                "`{command}` ran no test:\n{text}{}",
                String::from_utf8_lossy(&output.stderr)
            )),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A folder with nothing in it.
fn empty(name: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {name}: {error}"))?;
    Ok(folder)
}

impl Exercise {
    /// Whether both patches still fit the source.
    pub(crate) fn fits(&self, root: &Path) -> Result<(), String> {
        let patches: Vec<_> = self.breaks.iter().chain([&self.answer]).collect();
        let scratch = Scratch::of_patches(root, "exercise-fits", &patches)?;
        self.breaks.iter().try_for_each(|patch| scratch.apply(patch))?;
        scratch.apply(&self.answer)
    }

    /// Whether its check is red before the answer and green after it.
    pub(crate) fn is_true(&self, scratch: &Scratch) -> Result<(), String> {
        self.breaks.iter().try_for_each(|patch| scratch.apply(patch))?;
        if scratch.check(&self.check)? {
            return Err(format!(
                "`{}` is green before the answer: nothing is left to do",
                self.check
            ));
        }
        scratch.apply(&self.answer)?;
        match scratch.check(&self.check)? {
            true => Ok(()),
            false => Err(format!("`{}` is red with the answer {}", self.check, self.answer)),
        }
    }
}

#[test]
fn an_exercise_names_its_check_and_its_answer() {
    let whole = "**Exercise 1.1** (apply [a.patch](a.patch)). Do it.\nCheck: `cargo test x`.\nAnswer: [b.patch](b.patch).";
    let of = |text: &str| all(&Book::parse(&format!("## 1. A\n### Exercises\n{text}\n")));
    let (exercises, problems) = of(whole);
    assert_eq!((exercises.len(), problems.len()), (1, 0));
    let expected = (Some("a.patch".to_owned()), "cargo test x", "b.patch");
    let found = &exercises[0];
    assert_eq!((found.breaks.clone(), found.check.as_str(), found.answer.as_str()), expected);
    for part in ["(apply [a.patch](a.patch))", "Check: ", "Answer: ", "**Exercise "] {
        assert_eq!(of(&whole.replace(part, "")).1.len(), 1, "{part}");
    }
    assert_eq!(of(&whole.replace("1.1", "2.1")).1.len(), 1);
}
