//! The screen: a pure function of a [`Frame`] and of what the person at the keys is doing.

use crate::frame::{Figure, Frame, Group, LEGEND, QUEUED, Queue, clock};
use crate::tour::{STEPS, Step};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// What all of it needs.
pub(crate) const SIZE: (u16, u16) = (80, 24);
/// So many kinds of threads fit.
const GROUPS: usize = 5;
/// Rows of the tour's sentence.
const SAY: usize = 2;
const LABEL: usize = 15;
/// Room for the name of a kind of threads: beside it there is room for a pool of 64.
const NAME: usize = 8;

const KEYS: &[(&str, &str)] = &[
    ("1-4", "stage"),
    ("+-", "busy"),
    ("iI", "idle"),
    ("w", "load"),
    ("p", "hold"),
    ("?", "help"),
    ("q", "end"),
];
const TOUR_KEYS: &[(&str, &str)] =
    &[("space", "next step"), ("b", "back"), ("p", "hold"), ("?", "help"), ("q", "end")];
const HELP: [&str; 14] = [
    "1 2 3 4   another stage under the same load",
    "+ -       more or fewer busy clients",
    "i I       more or fewer idle clients: one request each, and then silence",
    "w         the next workload: hello, work (200 µs of CPU time), sleep (5 ms),",
    "          users (50 µs of CPU time, and 20 ms to think between requests)",
    "p         hold the picture; the load goes on",
    "space     in the tour: the next step (b: the step before)",
    "q         end",
    "",
    "Stages run with --keep-alive always --idle-timeout never. A letter is a",
    "thread; a: accept, w: write, dot: asleep elsewhere. The figures and the",
    "sentence are of the last second. The queue of a pool is worked out: what the",
    "server has accepted or read, and no thread works on.",
    "Any key closes this.",
];

/// What the person at the keys is doing.
#[derive(Clone, Copy, Default)]
pub(crate) struct View {
    pub(crate) colour: bool,
    /// The step of the tour.
    pub(crate) step: Option<usize>,
    pub(crate) paused: bool,
    pub(crate) help: bool,
}

/// Draws `frame` into `buffer`.
pub(crate) fn draw(frame: &Frame, view: View, area: Rect, buffer: &mut Buffer) {
    let (width, height) = (area.width, area.height);
    if width < SIZE.0 || height < SIZE.1 {
        let text = format!("this needs 80 × 24, the terminal has {width} × {height}");
        buffer.set_stringn(area.x, area.y, text, width.into(), Style::new());
        return;
    }
    let lines = match view.help {
        true => HELP.iter().map(|line| Line::raw(format!("  {line}"))).collect(),
        false => Page { frame, view, width: width.into() }.lines(),
    };
    let said = view.step.map_or(Vec::new(), |step| tour(&STEPS[step], step, frame, width.into()));
    let bottom = height - 1 - said.len() as u16;
    for (row, line) in (0..bottom).zip(&lines).chain((bottom..height).zip(&said)) {
        buffer.set_line(area.x, area.y + row, line, width);
    }
    let last = footer(frame, view, width.into());
    buffer.set_line(area.x, area.y + height - 1, &last, width);
    if !view.colour {
        let plain = Modifier::BOLD | Modifier::REVERSED | Modifier::DIM;
        for cell in &mut buffer.content {
            (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
            cell.modifier &= plain;
        }
    }
}

fn footer(frame: &Frame, view: View, width: usize) -> Line<'static> {
    let keys = if view.step.is_some() { TOUR_KEYS } else { KEYS };
    let own = format!("watch {:.1} % of a core ", 100.0 * frame.own);
    let mut line = Line::default();
    for (key, word) in keys {
        line.push_span(Span::styled(format!(" {key}"), Style::new().add_modifier(Modifier::BOLD)));
        line.push_span(Span::styled(format!(" {word}"), Style::new().add_modifier(Modifier::DIM)));
    }
    let room = width.saturating_sub(line.width());
    line.push_span(Span::styled(format!("{own:>room$}"), Style::new().add_modifier(Modifier::DIM)));
    line
}

fn tour(step: &Step, number: usize, frame: &Frame, width: usize) -> Vec<Line<'static>> {
    let named = if frame.now.cause == step.cause.short() { "●" } else { "○" };
    let head = format!(
        " tour {}/{}, chapter {}  {named} {}",
        number + 1,
        STEPS.len(),
        step.chapter,
        step.cause.short()
    );
    let rows = wrap(step.say, width - 2, SAY)
        .into_iter()
        .map(|row| Line::styled(format!(" {row}"), Style::new().fg(Color::Cyan)));
    std::iter::once(Line::styled(head, Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD)))
        .chain(rows)
        .collect()
}

/// The rows from above.
struct Page<'a> {
    frame: &'a Frame,
    view: View,
    width: usize,
}

impl Page<'_> {
    fn lines(&self) -> Vec<Line<'static>> {
        let mut lines = vec![self.head()];
        lines.extend(self.sentence());
        lines.push(self.rule(LEGEND, "busiest"));
        lines.extend(self.frame.groups.iter().take(GROUPS).map(|group| self.group(group)));
        lines.push(self.cores());
        lines.push(self.rule("queues and clients", ""));
        lines.push(self.queues());
        lines.extend(self.frame.clients.map(|clients| self.clients(clients)));
        lines.push(self.rule("the last second, and the minute before it", ""));
        lines.extend(self.frame.figures.iter().map(|figure| self.figure(figure)));
        lines
    }

    fn head(&self) -> Line<'static> {
        let state = if self.view.paused { "held" } else { "" };
        let right = format!("{state}  {} ", clock(self.frame.at));
        let left = format!(" {}", self.frame.title);
        let text = format!("{left:0$}{right}", self.width.saturating_sub(right.len()));
        Line::styled(text, Style::new().add_modifier(Modifier::REVERSED))
    }

    /// Two rows for the sentence, and one for the one before it.
    fn sentence(&self) -> Vec<Line<'static>> {
        let (now, strong) =
            (&self.frame.now, Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD));
        let doubt =
            now.doubts.first().map_or(String::new(), |doubt| format!(" (not trusted: {doubt})"));
        let mut rows = wrap(&format!("{}{doubt}", now.text), self.width - 2, 2);
        rows.resize(2, String::new());
        let before =
            self.frame.before.as_ref().map_or(String::new(), |before| {
                format!("until {}: {}", clock(now.since), before.text)
            });
        let before = wrap(&before, self.width - 2, 1).pop().unwrap_or_default();
        let rows = rows.into_iter().map(|row| Line::styled(format!(" {row}"), strong));
        std::iter::once(dim(format!(" {before}"))).chain(rows).collect()
    }

    fn rule(&self, title: &str, end: &str) -> Line<'static> {
        let end = if end.is_empty() { String::new() } else { format!(" {end}") };
        let room = self.width - end.chars().count();
        dim(format!("{:─<room$}{end}", format!("─ {title} ")))
    }

    fn group(&self, group: &Group) -> Line<'static> {
        let mut spans = vec![Span::raw(format!(" {:<NAME$.NAME$} ", group.name))];
        let room = self.width - NAME - 8;
        let letters: Vec<_> = group.letters.chars().collect();
        let shown = if letters.len() > room { room - 6 } else { letters.len() };
        spans.extend(
            letters[..shown].iter().map(|letter| Span::styled(letter.to_string(), style(*letter))),
        );
        let more = letters.len() - shown;
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        spans.push(Span::raw(format!("{more:<0$}", room - shown)));
        spans.push(Span::raw(format!("{:>4.0} %", 100.0 * group.busiest)));
        Line::from(spans)
    }

    fn cores(&self) -> Line<'static> {
        let mut spans = vec![Span::raw(format!(" {:<LABEL$} ", "cores"))];
        for share in self.frame.cores.iter().take((self.width - LABEL) / 18) {
            spans.push(Span::styled(bar(*share, 10), Style::new().fg(Color::Green)));
            spans.push(Span::raw(format!("{:>4.0} % ", 100.0 * share)));
        }
        Line::from(spans)
    }

    fn queues(&self) -> Line<'static> {
        let mut spans = Vec::new();
        for Queue { name, length, limit } in &self.frame.queues {
            let limit = limit.map_or(String::new(), |limit| format!(" of {limit}"));
            let style = if *length > 0 { Style::new().fg(Color::Red) } else { Style::new() };
            spans.push(Span::raw(format!(" {name:<LABEL$} ")));
            spans.push(Span::styled(format!("{:<18}", format!("{length}{limit}")), style));
        }
        Line::from(spans)
    }

    /// A bar of all busy clients, those that were served in colour.
    fn clients(&self, [served, busy]: [u64; 2]) -> Line<'static> {
        let room = (self.width - LABEL).saturating_sub(34);
        let share = served as f64 / busy.max(1) as f64;
        // One of many is seen too.
        let part = ((share * room as f64) as usize).max(usize::from(served > 0)).min(room);
        Line::from(vec![
            Span::raw(format!(" {:<LABEL$} ", "clients")),
            Span::styled("█".repeat(part), Style::new().fg(Color::Green)),
            Span::styled("░".repeat(room - part), Style::new().add_modifier(Modifier::DIM)),
            Span::raw(format!(" {served} of {busy} served, {} wait", busy.saturating_sub(served))),
        ])
    }

    fn figure(&self, figure: &Figure) -> Line<'static> {
        let text = format!(" {:<LABEL$} {:<36}", figure.name, figure.text);
        let room = self.width.saturating_sub(text.chars().count() + 1);
        let minute = &figure.minute[figure.minute.len().saturating_sub(room)..];
        Line::from(vec![
            Span::raw(text),
            Span::styled(sparkline(minute), Style::new().fg(Color::Blue)),
        ])
    }
}

fn dim(text: String) -> Line<'static> {
    Line::styled(text, Style::new().add_modifier(Modifier::DIM))
}

fn style(letter: char) -> Style {
    match letter {
        'R' => Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
        QUEUED => Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
        's' | 'w' => Style::new().fg(Color::Red),
        'p' => Style::new().fg(Color::Magenta),
        'l' | '-' | '.' => Style::new().add_modifier(Modifier::DIM),
        _ => Style::new().fg(Color::Blue),
    }
}

fn bar(share: f64, width: usize) -> String {
    let full = (share * width as f64).round().clamp(0.0, width as f64) as usize;
    "█".repeat(full) + &"░".repeat(width - full)
}

/// From nothing to the highest of them.
fn sparkline(figures: &[f64]) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let highest = figures.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    figures.iter().map(|figure| STEPS[(7.0 * figure / highest).round() as usize % 8]).collect()
}

/// Rows of so many letters; what does not fit into the last one is cut off.
fn wrap(text: &str, width: usize, rows: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let is_last = wrapped.len() == rows;
        match wrapped.last_mut() {
            Some(row) if row.chars().count() + 1 + word.chars().count() <= width => {
                *row += " ";
                *row += word;
            }
            Some(row) if is_last => {
                let kept: String = row.chars().take(width - 2).collect();
                *row = kept + " …";
                break;
            }
            _ => wrapped.push(word.to_owned()),
        }
    }
    wrapped
}

#[cfg(test)]
mod tests;
