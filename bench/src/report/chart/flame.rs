//! A flame graph: all stacks of one server. A function stands on its caller, as broad as its share of the samples.

use super::svg::{Anchor, Svg};
use std::collections::BTreeMap;

const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 16.0;
const TOP: f64 = 60.0;
const STEP: f64 = 17.0;
const THICK: f64 = 16.0;
/// Breadth of a letter, about.
const LETTER: f64 = 6.4;
/// What is narrower than a pixel cannot be seen.
const LEAST: f64 = 1.0;
/// What the kernel's functions end with in folded stacks.
const KERNEL: &str = "_[k]";

/// A function below one caller, and what it called.
#[derive(Debug, Default)]
struct Frame {
    samples: u64,
    calls: BTreeMap<String, Frame>,
}

impl Frame {
    /// From lines `outermost;...;innermost count`; what is no such line is left out.
    fn parse(folded: &str) -> Self {
        let mut root = Self::default();
        for (stack, count) in folded.lines().filter_map(|line| line.rsplit_once(' ')) {
            let Ok(count) = count.parse::<u64>() else { continue };
            root.samples += count;
            let mut frame = &mut root;
            for name in stack.split(';') {
                frame = frame.calls.entry(name.to_owned()).or_default();
                frame.samples += count;
            }
        }
        root
    }

    /// How many of its calls stand on each other.
    fn depth(&self) -> usize {
        self.calls.values().map(|call| 1 + call.depth()).max().unwrap_or(0)
    }
}

/// Where frames are drawn.
struct Canvas {
    svg: Svg,
    /// The lower edge of the lowest frame.
    bottom: f64,
    /// Breadth of a sample.
    sample: f64,
    all: u64,
}

impl Canvas {
    /// What `frame` called, from `left` on, `level` frames above the ground.
    fn draw(&mut self, frame: &Frame, mut left: f64, level: usize) {
        for (name, call) in &frame.calls {
            let breadth = call.samples as f64 * self.sample;
            if breadth >= LEAST {
                self.frame(name, call.samples, (left, breadth), level);
                self.draw(call, left, level + 1);
            }
            left += breadth;
        }
    }

    fn frame(&mut self, name: &str, samples: u64, (left, breadth): (f64, f64), level: usize) {
        let y = self.bottom - (level + 1) as f64 * STEP;
        let kind = if name.ends_with(KERNEL) { "kernel" } else { "user" };
        let name = name.trim_end_matches(KERNEL);
        let share = 100.0 * samples as f64 / self.all as f64;
        let tip = format!("{name}: {samples} samples, {share:.1} %");
        self.svg.tipped_rect(&format!("flame {kind}"), (left, y), (breadth, THICK), &tip);
        let letters = (breadth / LETTER) as usize;
        let text = shortened(name, letters.saturating_sub(1));
        if !text.is_empty() {
            self.svg.text("frame-name", (left + 3.0, y + 12.0), Anchor::Start, &text);
        }
    }
}

/// The whole name, or the end of its path, or the beginning of that, or nothing: what fits.
fn shortened(name: &str, letters: usize) -> String {
    let end = name.rsplit("::").next().unwrap_or(name);
    match [name, end].into_iter().find(|text| text.chars().count() <= letters) {
        Some(text) => text.to_owned(),
        None if letters < 4 => String::new(),
        None => end.chars().take(letters - 1).chain(['…']).collect(),
    }
}

/// The graph of folded stacks, as a file of its own with the given title.
pub fn file(title: &str, folded: &str) -> String {
    let root = Frame::parse(folded);
    let bottom = TOP + root.depth() as f64 * STEP;
    let subtitle = format!(
        "{} samples; a function stands on its caller; green: the program, amber: the kernel; the mouse tells names",
        root.samples
    );
    let svg = Svg::sized((WIDTH, bottom + MARGIN), title, &subtitle);
    let sample = (WIDTH - 2.0 * MARGIN) / root.samples.max(1) as f64;
    let mut canvas = Canvas { svg, bottom, sample, all: root.samples.max(1) };
    canvas.draw(&root, MARGIN, 0);
    super::picture::styled(&canvas.svg.finish())
}
