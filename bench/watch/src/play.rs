//! The tour without a person at the keys: each step until the sentence has named its cause.

use crate::draw::{SIZE, View, draw};
use crate::engine::{Engine, FRAME};
use crate::frame::Frame;
use crate::svg::svg;
use crate::tour::{STEPS, Step};
use anyhow::{Context, Result};
use bench::interrupt::Interrupt;
use bench::terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a step may take.
const BOUND: Duration = Duration::from_secs(15);
/// Of a step of which a picture is drawn there is more to be seen after some seconds.
const PICTURE: Duration = Duration::from_secs(6);

/// Plays the steps from number `first` on, a line for each; says whether each cause was named.
///
/// # Errors
/// A server or load that failed, or a folder that cannot be written to.
pub(crate) fn play(
    mut engine: Engine,
    first: usize,
    folder: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<bool> {
    if let Some(folder) = folder {
        fs::create_dir_all(folder).with_context(|| {
            format!("cannot create {}; choose another folder", folder.display())
        })?;
    }
    let least = if folder.is_some() { PICTURE } else { Duration::ZERO };
    let mut named = 0;
    for (number, Step { chapter, setup, cause, .. }) in STEPS.iter().enumerate().skip(first) {
        engine.change(setup.clone());
        let (begun, cause) = (Instant::now(), cause.short());
        let is_seen = |frame: &Frame, time| frame.now.cause == cause && time >= least;
        while !is_seen(&engine.frame, begun.elapsed()) && begun.elapsed() < BOUND {
            engine.tick()?;
            if interrupt.wait(FRAME) {
                return Ok(false);
            }
        }
        let (frame, seconds, number) = (&engine.frame, begun.elapsed().as_secs(), number + 1);
        let is_named = frame.now.cause == cause;
        named += usize::from(is_named);
        let (what, text) = (if is_named { "named" } else { "NOT NAMED" }, &frame.now.text);
        terminal::print(&format!(
            "{number:>2}, chapter {chapter:>2}: `{cause}` {what} after {seconds} s: {text}\n"
        ))?;
        if let Some(folder) = folder {
            write(folder, number, frame)?;
        }
    }
    let steps = STEPS.len() - first;
    terminal::print(&format!("{named} of {steps} steps named their cause\n"))?;
    Ok(named == steps)
}

/// The picture, and the frame that it was drawn from.
fn write(folder: &Path, number: usize, frame: &Frame) -> Result<()> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    let view = View { colour: true, step: Some(number - 1), ..View::default() };
    draw(frame, view, buffer.area, &mut buffer);
    let name = format!("step{number:02}");
    for (end, text) in [("svg", svg(&buffer)), ("json", serde_json::to_string_pretty(frame)?)] {
        let path = folder.join(format!("{name}.{end}"));
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
