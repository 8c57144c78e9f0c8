//! What is printed: results to standard output, progress and errors to standard error. Without colours, so that
//! NO_COLOR has nothing to turn off.

use anyhow::{Context, Result};
use std::cell::Cell;
use std::io::{self, ErrorKind, IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

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
    wrapped_to(WIDTH, label, text)
}

/// The same in lines of so many columns. A text of several lines keeps them.
pub fn wrapped_to(width: usize, label: &str, text: &str) -> String {
    let indent = label.chars().count();
    let below = format!("\n{:indent$}", "");
    let lines: Vec<_> = text.lines().map(|line| folded(line, width, indent, &below)).collect();
    format!("{label}{}\n", lines.join(&below))
}

/// A line that begins in column `indent`, with `below` where it would be broader than `width`.
fn folded(line: &str, width: usize, indent: usize, below: &str) -> String {
    let (mut lines, mut column) = (String::new(), indent);
    for word in line.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > width {
            lines += below;
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += length;
    }
    lines
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
            // Carriage return, ECMA-48's "erase in line", and DEC's autowrap off and on: a line that is broader than the
            // window is cut, where two could not be written anew.
            let line = format!("\r\x1b[K\x1b[?7l{text}\x1b[?7h");
            let _ = stderr().lock().write_all(line.as_bytes());
        }
    }
}

impl Drop for LiveLine {
    fn drop(&mut self) {
        self.say("");
    }
}

/// How far a long run is, and how much time is left: on a terminal one line that is redrawn, elsewhere a line for each part
/// of the run.
pub struct Progress {
    line: LiveLine,
    begun: Instant,
    /// How long all of it should take, and how much of that is done.
    planned: Duration,
    done: Cell<Duration>,
}

impl Progress {
    /// Begins with nothing done.
    pub fn start(planned: Duration) -> Self {
        let done = Cell::default();
        Self { line: LiveLine::start(), begun: Instant::now(), planned, done }
    }

    /// A part of the run begins.
    pub fn part(&self, what: &str) {
        if !self.line.on_terminal {
            note(&format!("  {what}"));
        }
    }

    /// Tells what is being done now.
    pub fn say(&self, what: &str) {
        self.line.say(&redrawn(self.planned, self.done.get(), self.begun.elapsed(), what));
    }

    /// Something is done that should have taken so long.
    pub fn step(&self, planned: Duration) {
        self.done.set(self.done.get() + planned);
    }
}

/// The line of progress: a bar, the time left at the pace so far, and what is being done. A longer line than a terminal
/// is broad would not be redrawn but repeated.
fn redrawn(planned: Duration, done: Duration, elapsed: Duration, what: &str) -> String {
    const BAR: usize = 24;
    let left = planned.saturating_sub(done);
    let share = done.as_secs_f64() / planned.as_secs_f64().max(f64::MIN_POSITIVE);
    let pace = if done.is_zero() { 1.0 } else { elapsed.as_secs_f64() / done.as_secs_f64() };
    let seconds = (left.as_secs_f64() * pace).round() as u64;
    let full = ((share * BAR as f64) as usize).min(BAR);
    let bar = "#".repeat(full) + &".".repeat(BAR - full);
    let line = format!("  [{bar}] {}:{:02} left  {what}", seconds / 60, seconds % 60);
    line.chars().take(79).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_at_the_pace_so_far_and_in_one_line() {
        let [planned, none, half] = [60, 0, 30].map(Duration::from_secs);
        let line = redrawn(planned, none, none, "a");
        assert_eq!(line, "  [........................] 1:00 left  a");
        // Half of the plan took 40 s instead of 30: so will the rest.
        let line = redrawn(planned, half, Duration::from_secs(40), &"long ".repeat(30));
        assert!(line.starts_with("  [############............] 0:40 left  long "), "{line}");
        assert_eq!(line.chars().count(), 79);
    }

    #[test]
    fn long_sentences_are_wrapped_below_their_beginning() {
        assert_eq!(wrapped("a: ", "b c"), "a: b c\n");
        let long = wrapped("  label: ", &"word ".repeat(50));
        assert!(long.lines().all(|line| line.chars().count() <= WIDTH), "{long}");
        assert!(long.lines().skip(1).all(|line| line.starts_with("         word")), "{long}");
        // Each line of a text of several does so, too: the report's "Beside other servers" has one for each of them.
        assert_eq!(wrapped("  ", "a first\nand a second"), "  a first\n  and a second\n");
    }
}
