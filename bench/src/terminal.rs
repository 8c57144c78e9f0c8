//! What is printed: results to standard output, progress and errors to standard error. Without colours, so that
//! NO_COLOR has nothing to turn off.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, ErrorKind, IsTerminal, Write, stderr};

/// Writes results to standard output, at once. A reader that has seen enough (`| head`) is no error: what is
/// under way goes on to its end, and the exit status still tells how that was.
///
/// # Errors
/// When standard output takes no more, such as on a full disk.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}

/// Writes a line of progress, or an error, to standard error. Where that fails, nothing is left to tell it with.
pub fn note(line: &str) {
    let _ = stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// The widest line that is printed.
pub const WIDTH: usize = 120;

/// A label, and behind it a text whose further lines begin below its first.
pub fn wrapped(label: &str, text: &str) -> String {
    let indent = label.chars().count();
    let (mut lines, mut column) = (label.to_owned(), indent);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            lines += &format!("\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += length;
    }
    lines + "\n"
}

/// A line on standard error that is written anew each time; only on a terminal, elsewhere nothing is. Dropping it clears
/// the line.
pub struct LiveLine {
    on_terminal: bool,
}

impl LiveLine {
    /// Nothing is written yet.
    pub fn start() -> Self {
        Self { on_terminal: stderr().is_terminal() }
    }

    /// Writes `text` in the place of what was there. Where that fails, nothing is left to tell it with.
    pub fn say(&self, text: &str) {
        if self.on_terminal {
            // Carriage return, and ECMA-48's "erase in line".
            let _ = stderr().lock().write_all(format!("\r\x1b[K{text}").as_bytes());
        }
    }
}

impl Drop for LiveLine {
    fn drop(&mut self) {
        self.say("");
    }
}

/// How far a long run is: a bar on a terminal, plain lines elsewhere.
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins with nothing of `steps` done.
    pub fn start(steps: usize) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(steps as u64);
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {eta} left  {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar }
    }

    /// Tells what is being done now.
    pub fn say(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => note(&format!("  {what}")),
        }
    }

    /// One more is done.
    pub fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Clears the bar.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_wrapped_below_their_beginning() {
        assert_eq!(wrapped("a: ", "b c"), "a: b c\n");
        let long = wrapped("  label: ", &"word ".repeat(50));
        assert!(long.lines().all(|line| line.chars().count() <= WIDTH), "{long}");
        assert!(long.lines().skip(1).all(|line| line.starts_with("         word")), "{long}");
    }
}
