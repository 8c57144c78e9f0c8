//! The terminal: keys change the setup, frames are drawn, and however it ends the terminal is as it was before.

use crate::draw::{View, draw};
use crate::engine::{Engine, FRAME};
use crate::frame::Frame;
use crate::setup::Setup;
use crate::tour::STEPS;
use anyhow::{Context, Result};
use bench::interrupt::Interrupt;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, KeyCode, KeyEvent, KeyModifiers};
use shared::sys::signal::Signal;
use std::env;
use std::time::Instant;

/// What the person at the keys sees and changes.
struct Screen {
    engine: Engine,
    view: View,
    /// The frame that is shown while the picture is held.
    held: Option<Frame>,
}

/// Shows the engine's frames until `q`, Ctrl-C or a signal.
///
/// # Errors
/// A server or load that failed, or a terminal that cannot be used.
pub(crate) fn run(engine: Engine, step: Option<usize>, interrupt: &Interrupt) -> Result<()> {
    // no-color.org: any value but an empty one.
    let colour = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let view = View { colour, step, keys: engine.setup.keys(), ..View::default() };
    let mut screen = Screen { engine, view, held: None };
    // The first tick starts server and load: what cannot be started or looked at is said where it stays to be read.
    screen.engine.tick()?;
    with_terminal(|terminal| screen.show(terminal, interrupt))
}

/// Lends the terminal to `show`. Afterwards, also after a panic, it is as it was before.
fn with_terminal(show: impl FnOnce(&mut DefaultTerminal) -> Result<()>) -> Result<()> {
    // It sets a panic hook that restores the terminal and then calls the one before.
    let mut terminal = ratatui::try_init().context("cannot use this terminal")?;
    let shown = show(&mut terminal);
    ratatui::restore();
    shown
}

impl Screen {
    fn show(&mut self, terminal: &mut DefaultTerminal, interrupt: &Interrupt) -> Result<()> {
        let mut next = Instant::now();
        while !interrupt.raised() {
            terminal.draw(|page| {
                let frame = self.held.as_ref().unwrap_or(&self.engine.frame);
                let view = View { paused: self.held.is_some(), ..self.view };
                draw(frame, view, page.area(), page.buffer_mut());
            })?;
            if event::poll(next.saturating_duration_since(Instant::now()))? {
                let pressed = event::read()?.as_key_press_event();
                if pressed.is_some_and(|key| self.ends(key, interrupt)) {
                    return Ok(());
                }
            } else {
                // A frame that is late is not made up for.
                next = (next + FRAME).max(Instant::now());
                self.engine.tick()?;
            }
        }
        Ok(())
    }

    /// Does what a key asks for; says whether that is the end.
    fn ends(&mut self, key: KeyEvent, interrupt: &Interrupt) -> bool {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            // Keys are read one by one, so the terminal makes no signal of it.
            if key.code == KeyCode::Char('c') {
                interrupt.raise(Signal::Interrupt);
            }
            return false;
        }
        if std::mem::take(&mut self.view.help) {
            return false;
        }
        match (key.code, self.view.step) {
            (KeyCode::Char('q'), _) => return true,
            (KeyCode::Char('p'), _) if self.held.is_some() => self.held = None,
            (KeyCode::Char('p'), _) => self.held = Some(self.engine.frame.clone()),
            (KeyCode::Char('?'), _) => self.view.help = true,
            (KeyCode::Char(' ') | KeyCode::Enter | KeyCode::Right, Some(step)) => self.go(step + 1),
            (KeyCode::Char('b') | KeyCode::Left, Some(step)) => self.go(step.saturating_sub(1)),
            (KeyCode::Char(key), _) => {
                self.engine.setup.after(key).into_iter().for_each(|setup| self.change(setup));
            }
            _ => {}
        }
        false
    }

    /// To a step of the tour. After the last one the tour is over, and the reader has the keys.
    fn go(&mut self, step: usize) {
        self.view.step = Some(step).filter(|step| *step < STEPS.len());
        STEPS.get(step).into_iter().for_each(|step| self.change(step.setup.clone()));
    }

    fn change(&mut self, setup: Setup) {
        self.held = None;
        self.engine.change(setup);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    #[ignore = "the test below runs it in a terminal of its own"]
    fn a_screen_that_panics() {
        let _ = with_terminal(|_| panic!("seen by the user"));
    }

    #[test]
    fn a_panic_restores_the_terminal_before_its_message() {
        let tests = env::current_exe().unwrap();
        let panics = "--exact screen::tests::a_screen_that_panics --ignored --nocapture";
        let line = format!("{} {panics}; stty -a", tests.display());
        let mut command = Command::new("script");
        command.args(["-qfc", &line, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null());
        let Ok(output) = command.output() else {
            return bench::terminal::note("skipped: script(1) is not installed");
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let after = text.rsplit_once("\x1b[?1049l").expect("a screen that was left").1;
        assert!(after.contains("seen by the user"), "{text}");
        for mode in ["icanon", "echo", "isig"] {
            assert!(after.split_whitespace().any(|word| word == mode), "{mode} is off: {after}");
        }
    }
}
