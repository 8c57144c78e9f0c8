//! The terminal: keys change the setup, frames are drawn, and however it ends the terminal is as it was before.

use crate::draw::{View, draw};
use crate::engine::Engine;
use crate::frame::Frame;
use crate::setup::Setup;
use crate::tour::STEPS;
use anyhow::{Context, Result};
use bench::interrupt::Interrupt;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use shared::sys::signal::Signal;
use std::env;
use std::time::Duration;

/// How long a key is waited for, and so how late a frame may be drawn.
const KEY: Duration = Duration::from_millis(50);

/// What the person at the keys sees and changes.
struct Screen {
    engine: Engine,
    setup: Setup,
    view: View,
    frame: Frame,
}

/// Shows the engine's frames until `q`, Ctrl-C or a signal.
///
/// # Errors
/// A server or load that failed, or a terminal that cannot be used.
pub(crate) fn run(
    engine: Engine,
    setup: Setup,
    step: Option<usize>,
    interrupt: &Interrupt,
) -> Result<()> {
    // no-color.org: any value but an empty one.
    let colour = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let view = View { colour, step, ..View::default() };
    let mut screen = Screen { engine, setup, view, frame: Frame::default() };
    // It also has a panic restore the terminal.
    let mut terminal = ratatui::try_init().context("cannot use this terminal")?;
    let shown = screen.show(&mut terminal, interrupt);
    ratatui::restore();
    // Why the engine ended says more than that it did.
    screen.engine.finish()?;
    shown
}

impl Screen {
    fn show(&mut self, terminal: &mut DefaultTerminal, interrupt: &Interrupt) -> Result<()> {
        while !interrupt.raised() {
            let mut changed = false;
            if event::poll(KEY)? {
                let pressed = |event: Event| event.as_key_press_event();
                if pressed(event::read()?).is_some_and(|key| self.ends(key, interrupt)) {
                    return Ok(());
                }
                changed = true;
            }
            while let Ok(frame) = self.engine.frames.try_recv() {
                if !self.view.paused {
                    (self.frame, changed) = (frame, true);
                }
            }
            if self.engine.is_over() {
                return Ok(());
            }
            if changed {
                terminal
                    .draw(|page| draw(&self.frame, self.view, page.area(), page.buffer_mut()))?;
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
            (KeyCode::Char('p'), _) => self.view.paused = !self.view.paused,
            (KeyCode::Char('?'), _) => self.view.help = true,
            (KeyCode::Char(' ') | KeyCode::Enter | KeyCode::Right, Some(step)) => {
                // After the last step the tour is over, and the reader has the keys.
                self.view.step = Some(step + 1).filter(|step| *step < STEPS.len());
                self.view.step.into_iter().for_each(|step| self.change(STEPS[step].setup()));
            }
            (KeyCode::Char('b') | KeyCode::Left, Some(step)) => {
                self.view.step = Some(step.saturating_sub(1));
                self.change(STEPS[step.saturating_sub(1)].setup());
            }
            (KeyCode::Char(key), _) => {
                if let Some(setup) = self.setup.after(key) {
                    self.change(setup);
                }
            }
            _ => {}
        }
        false
    }

    fn change(&mut self, setup: Setup) {
        self.view.paused = false;
        // An engine that has ended is noticed by its frames.
        let _ = self.engine.setups.send(setup.clone());
        self.setup = setup;
    }
}
