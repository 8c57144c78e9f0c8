//! Stages one below the other, a lane for each thread, on the same axis of time.

use super::picture::Chart;
use super::svg::{Anchor, Svg};
use crate::results::timeline::{self, Summary, WINDOW};
use crate::results::trace::{self, Interval, Thread, Trace};
use crate::workspace;
use shared::telemetry::trace::Span;
use std::path::Path;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 104.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 84.0;
/// Above the lanes of a stage: its name, and what is to be seen.
const HEADING: f64 = 28.0;
const LANE: f64 = 14.0;
const THICK: f64 = 11.0;
/// Between two stages.
const GAP: f64 = 16.0;
/// Narrower than this nothing is seen.
const LEAST: f64 = 0.8;
/// Microseconds from tick to tick.
const TICK: f64 = 10_000.0;

/// What a thread does, by its class in the style, and what it is called. Waiting is the bare lane.
const LEGEND: [(Span, &str, &str); 4] = [
    (Span::Request, "bar s3", "reads a request"),
    (Span::Handler, "bar s4", "runs a handler"),
    (Span::Blocking, "bar s2", "is blocked in a handler"),
    (Span::Write, "bar nginx", "writes a response"),
];

/// What is to be seen in the picture of each stage.
const LESSONS: [&str; 4] = [
    "One thread serves one connection after the other. While a handler blocks it, all other clients wait.",
    "A worker that is blocked in a handler stops its own connection only: the others go on.",
    "One loop serves all connections. While a handler blocks it, no client is served, and handlers that block run one after \
     the other.",
    "Every loop serves its own connections, and hands handlers that block to threads beside it: none of them stops a loop.",
];

/// The pictures of the traces in a run's folder: all stages in one, and each by itself.
pub fn of_folder(folder: &Path) -> Vec<Chart> {
    let traces = trace::read(folder).unwrap_or_default();
    let each = traces.iter().filter_map(|(stage, trace)| {
        let lesson = LESSONS[workspace::stage(stage)?];
        let caption = format!("50 ms of {stage}, from shortly before four clients at once request something slow. {lesson}");
        Some(chart(&format!("timeline-{stage}"), &caption, &[Panel::new(stage, trace)]))
    });
    of(&traces).into_iter().chain(each).collect()
}

/// The picture of these stages, if there are any.
pub fn of(traces: &[(&str, Trace)]) -> Option<Chart> {
    let panels: Vec<_> = traces.iter().map(|(stage, trace)| Panel::new(stage, trace)).collect();
    let caption = "The same clients for each stage, and 50 ms of what its threads did: shortly before four clients at once \
                   request something slow. Threads that only waited are left out.";
    (!panels.is_empty()).then(|| chart("timeline", caption, &panels))
}

fn chart(name: &str, caption: &str, panels: &[Panel<'_>]) -> Chart {
    let all = if panels.len() > 1 { " Every stage has the same clients." } else { "" };
    let chart = Chart {
        name: name.to_owned(),
        title: "What every thread does".to_owned(),
        subtitle: format!("A lane is a thread, and pale while it waits.{all}"),
        caption: caption.to_owned(),
        ..Chart::default()
    };
    Chart { drawing: draw(&chart, panels), ..chart }
}

/// One stage.
struct Panel<'a> {
    stage: &'a str,
    window: Interval,
    summary: Summary,
    lanes: Vec<&'a Thread>,
}

impl<'a> Panel<'a> {
    fn new(stage: &'a str, trace: &'a Trace) -> Self {
        let window = timeline::window(trace);
        let (summary, lanes) = (Summary::of(trace, &window), timeline::busy(trace, &window));
        Self { stage, window, summary, lanes }
    }

    fn height(&self) -> f64 {
        HEADING + self.lanes.len() as f64 * LANE + GAP
    }

    fn draw(&self, svg: &mut Svg, top: f64) {
        svg.text("title", (16.0, top + 16.0), Anchor::Start, self.stage);
        svg.text("muted", (RIGHT, top + 16.0), Anchor::End, &self.summary.line());
        for (index, thread) in self.lanes.iter().enumerate() {
            let y = top + HEADING + index as f64 * LANE;
            svg.text("muted", (LEFT - 8.0, y + THICK - 2.0), Anchor::End, &thread.name);
            svg.rect("band null", (LEFT, y), (RIGHT - LEFT, THICK));
            for (span, interval) in
                thread.spans.iter().filter(|(_, interval)| interval.meets(&self.window))
            {
                self.span(svg, *span, interval, y);
            }
        }
    }

    fn span(&self, svg: &mut Svg, span: Span, interval: &Interval, y: f64) {
        let Some((_, class, _)) = LEGEND.iter().find(|(known, ..)| *known == span) else { return };
        let (from, to) = (self.place(interval.start), self.place(interval.end));
        svg.rect(class, (from, y), ((to - from).max(LEAST), THICK));
    }

    fn place(&self, moment: f64) -> f64 {
        at((moment - self.window.start).clamp(0.0, WINDOW))
    }
}

/// So many microseconds after the beginning of a window.
fn at(micros: f64) -> f64 {
    LEFT + micros / WINDOW * (RIGHT - LEFT)
}

fn draw(chart: &Chart, panels: &[Panel<'_>]) -> String {
    let bottom = TOP + panels.iter().map(Panel::height).sum::<f64>();
    let mut svg = Svg::sized((WIDTH, bottom + 28.0), &chart.title, &chart.subtitle);
    legend(&mut svg);
    let ticks = || (0..=(WINDOW / TICK) as usize).map(|tick| tick as f64 * TICK);
    for x in ticks().map(at) {
        svg.line("grid", (x, TOP + HEADING - 4.0), (x, bottom));
    }
    let mut top = TOP;
    for panel in panels {
        panel.draw(&mut svg, top);
        top += panel.height();
    }
    svg.line("axis", (LEFT, bottom), (RIGHT, bottom));
    for micros in ticks() {
        let label = format!("{:.0} ms", micros / 1000.0);
        svg.text("muted", (at(micros), bottom + 18.0), Anchor::Middle, &label);
    }
    svg.finish()
}

fn legend(svg: &mut Svg) {
    for (index, (_, class, name)) in LEGEND.iter().enumerate() {
        let x = 16.0 + index as f64 * 170.0;
        svg.rect(class, (x, 58.0), (12.0, 12.0));
        svg.text("", (x + 18.0, 68.0), Anchor::Start, name);
    }
}
