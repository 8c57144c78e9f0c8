//! The tour without a person at the keys: each step until the sentence has named its cause.

use crate::draw::{SIZE, View, draw};
use crate::engine::Engine;
use crate::frame::Frame;
use crate::svg::svg;
use crate::tour::STEPS;
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
    engine: Engine,
    first: usize,
    folder: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<bool> {
    if let Some(folder) = folder {
        fs::create_dir_all(folder).with_context(|| {
            format!("cannot create {}; choose another folder", folder.display())
        })?;
    }
    let mut named = 0;
    for (number, step) in STEPS.iter().enumerate().skip(first) {
        // The engine has begun with the first one.
        if number > first {
            let _ = engine.setups.send(step.setup());
        }
        let Some((frame, seconds)) = watch(&engine, number, folder.is_some(), interrupt) else {
            break;
        };
        let is_named = frame.now.cause == step.cause.short();
        named += usize::from(is_named);
        let what = if is_named { "named" } else { "NOT NAMED" };
        let (step_name, cause) =
            (format!("{:>2}, chapter {:>2}", number + 1, step.chapter), step.cause.short());
        terminal::print(&format!(
            "{step_name}: `{cause}` {what} after {seconds:.0} s: {}\n",
            frame.now.text
        ))?;
        if let Some(folder) = folder {
            write(folder, number, &frame)?;
        }
    }
    engine.finish()?;
    let steps = STEPS.len() - first;
    terminal::print(&format!("{named} of {steps} steps named their cause\n"))?;
    Ok(named == steps)
}

/// Looks until the step's cause is named, or its time is over; `None` if the engine ended or the user asked to stop.
fn watch(
    engine: &Engine,
    number: usize,
    picture: bool,
    interrupt: &Interrupt,
) -> Option<(Frame, f64)> {
    let (step, begun) = (&STEPS[number], Instant::now());
    let title = step.setup().title();
    while !interrupt.raised() {
        let frame = engine.frames.recv().ok()?;
        let passed = begun.elapsed();
        let is_named = frame.title == title && frame.now.cause == step.cause.short();
        if (is_named && (!picture || passed >= PICTURE)) || passed >= BOUND {
            return Some((frame, passed.as_secs_f64()));
        }
    }
    None
}

/// The picture, and the frame that it was drawn from.
fn write(folder: &Path, number: usize, frame: &Frame) -> Result<()> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    let view = View { colour: true, step: Some(number), ..View::default() };
    draw(frame, view, buffer.area, &mut buffer);
    let name = format!("step{:02}", number + 1);
    for (end, text) in [("svg", svg(&buffer)), ("json", serde_json::to_string_pretty(frame)?)] {
        let path = folder.join(format!("{name}.{end}"));
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
