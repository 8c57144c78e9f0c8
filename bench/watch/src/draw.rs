//! The screen: a pure function of a [`Frame`] and of what the person at the keys is doing.

use crate::frame::{Figure, Frame, Group, LEGEND, QUEUED, Queue, clock};
use crate::tour::STEPS;
use bench::terminal::wrapped_to;
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

/// What all of it needs.
pub(crate) const SIZE: (u16, u16) = (80, 24);
/// So many kinds of threads fit.
const GROUPS: usize = 5;
const LABEL: usize = 15;
/// Columns for the name of a kind of threads: a pool of 64 fits beside it.
const NAME: usize = 8;
const TOUR_KEYS: &str = "space next step,b back,";
const KEYS: &str = "p hold,? help,q end";
const HELP: &str = "  1 2 3 4   of a stage: another stage under the same load
  w         of a stage: the next workload: hello, work (200 µs of CPU time),
            sleep (5 ms), users (50 µs, and 20 ms to think between requests)
  + -       more or fewer busy clients
  i I       more or fewer idle clients: one request each, and then silence
            (neither where the load is from elsewhere)
  space     in the tour: the next step (b: the step before)
  p         hold the picture; the load goes on
  q         end

  Stages run with --keep-alive always --idle-timeout never. A letter is a
  thread; a: accept, w: write, dot: asleep elsewhere. The figures and the
  sentence are of the last second; req/s and latency are seen of watch's own
  clients alone. The queue of a pool is worked out: what the server has accepted
  or read, and no thread works on.
  Any key closes this.";

/// What the person at the keys is doing.
#[derive(Clone, Copy, Default)]
pub(crate) struct View {
    pub(crate) colour: bool,
    /// The step of the tour.
    pub(crate) step: Option<usize>,
    pub(crate) paused: bool,
    pub(crate) help: bool,
    /// As [`crate::setup::Setup::keys`] has it.
    pub(crate) keys: &'static str,
}

/// Draws `frame` into `buffer`.
pub(crate) fn draw(frame: &Frame, view: View, area: Rect, buffer: &mut Buffer) {
    let (width, height) = (area.width, area.height);
    if width < SIZE.0 || height < SIZE.1 {
        let text = format!("this needs 80 × 24, the terminal has {width} × {height}");
        return Line::raw(text).render(area, buffer);
    }
    // ratatui's Layout would solve a system of equations for it, ten times a second.
    let mut below = area.y;
    let [head, before, now, page, tour, keys] = [1, 1, 2, height - 8, 3, 1].map(|height| {
        below += height;
        Rect { y: below - height, height, ..area }
    });
    let inside = |area: Rect| area.inner(Margin::new(1, 0));
    if view.help {
        let above = Rect { height: height - 1, ..area };
        Paragraph::new(HELP).render(above, buffer);
    } else {
        title(frame, view, width.into()).render(head, buffer);
        former(frame, inside(before).width.into()).render(inside(before), buffer);
        Paragraph::new(sentence(frame, inside(now).width.into())).render(inside(now), buffer);
        let page = if view.step.is_some() { page } else { page.union(tour) };
        Paragraph::new(lines(frame, width.into())).render(page, buffer);
    }
    if let Some(number) = view.step {
        step(number, frame).wrap(Wrap { trim: true }).render(inside(tour), buffer);
    }
    footer(frame, view, width.into()).render(keys, buffer);
    if !view.colour {
        let plain = Modifier::BOLD | Modifier::REVERSED | Modifier::DIM;
        for cell in &mut buffer.content {
            (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
            cell.modifier &= plain;
        }
    }
}

fn title(frame: &Frame, view: View, width: usize) -> Line<'static> {
    let right = format!("{}  {} ", if view.paused { "held" } else { "" }, clock(frame.at));
    let left = width.saturating_sub(right.len());
    Line::from(format!("{:left$}{right}", format!(" {}", frame.title))).reversed()
}

/// The sentence before, which named another cause.
fn former(frame: &Frame, width: usize) -> Line<'static> {
    let Some(before) = &frame.before else { return Line::default() };
    Line::from(words(&format!("until {}: {}", clock(frame.now.since), before.text), width)).dim()
}

/// As many whole words as fit, and a mark where there are more.
fn words(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let shown: String = text.chars().take(width - 1).collect();
    format!("{} …", shown.rsplit_once(' ').map_or("", |(whole, _)| whole))
}

/// The sentence and the first doubt about it: two lines, and a mark where there is more.
fn sentence(frame: &Frame, width: usize) -> Vec<Line<'static>> {
    let doubt = frame.now.doubts.first().map(|doubt| format!(" (not trusted: {doubt})"));
    let text = wrapped_to(width, "", &format!("{}{}", frame.now.text, doubt.unwrap_or_default()));
    let (first, rest) = text.trim_end().split_once('\n').unwrap_or((text.trim_end(), ""));
    let lines = [first.to_owned(), words(&rest.replace('\n', " "), width)];
    lines.map(|line| Line::from(line.yellow().bold())).into()
}

/// A step of the tour: what it is about, whether the sentence says so, and what to see.
fn step(number: usize, frame: &Frame) -> Paragraph<'static> {
    let (step, count) = (&STEPS[number], STEPS.len());
    let cause = step.cause.short();
    let named = if frame.now.cause == cause { "●" } else { "○" };
    let head = format!("tour {}/{count}, chapter {}  {named} {cause}", number + 1, step.chapter);
    Paragraph::new(vec![Line::from(head).bold(), Line::from(step.say)]).cyan()
}

fn footer(frame: &Frame, view: View, width: usize) -> Line<'static> {
    let mut line = Line::default();
    let first = if view.step.is_some() { TOUR_KEYS } else { view.keys };
    for key in [first, KEYS].concat().split(',') {
        let (key, word) = key.split_once(' ').unwrap_or((key, ""));
        line.push_span(format!(" {key}").bold());
        line.push_span(format!(" {word}").dim());
    }
    let own = format!("watch {:.1} % of a core ", 100.0 * frame.own);
    let left = width.saturating_sub(line.width());
    line.push_span(format!("{own:>left$}").dim());
    line
}

/// Threads, queues and figures.
fn lines(frame: &Frame, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![rule(LEGEND, " busiest", width)];
    lines.extend(frame.groups.iter().take(GROUPS).map(|kind| group(kind, width)));
    lines.push(cores(&frame.cores, width));
    lines.push(rule("queues and clients", "", width));
    lines.push(Line::from_iter(frame.queues.iter().flat_map(queue)));
    lines.extend(frame.clients.map(|clients| served(clients, width)));
    lines.push(rule("the last second, and the minute before it", "", width));
    lines.extend(frame.figures.iter().map(|part| figure(part, width)));
    lines
}

fn rule(title: &str, end: &str, width: usize) -> Line<'static> {
    let left = width - end.len();
    Line::from(format!("{:─<left$}{end}", format!("─ {title} "))).dim()
}

fn group(group: &Group, width: usize) -> Line<'static> {
    let places = width - NAME - 8;
    let count = group.letters.chars().count();
    let shown = if count > places { places - 6 } else { count };
    let mut line = Line::from(format!(" {:<NAME$.NAME$} ", group.name));
    let letters = group.letters.chars().take(shown);
    line.extend(letters.map(|letter| Span::styled(letter.to_string(), style(letter))));
    let more = if count > shown { format!(" +{}", count - shown) } else { String::new() };
    let left = places - shown;
    line.push_span(format!("{more:<left$}{:>4.0} %", 100.0 * group.busiest));
    line
}

/// A bar for each core. Where they are too many, a block for each, or for each few of them.
fn cores(cores: &[f64], width: usize) -> Line<'static> {
    let mut line = label("cores");
    if cores.len() > (width - LABEL) / 18 {
        let mean = |some: &[f64]| some.iter().sum::<f64>() / some.len() as f64;
        let each = cores.len().div_ceil(width - LABEL - 16);
        let blocks: String = cores.chunks(each).map(|few| block(mean(few))).collect();
        let all = format!(" {:.0} % of {}", 100.0 * mean(cores), cores.len());
        line.extend([blocks.green(), all.into()]);
        return line;
    }
    for share in cores {
        line.extend(bar(*share, 10));
        line.push_span(format!("{:>4.0} % ", 100.0 * share));
    }
    line
}

fn queue(Queue { name, length, limit }: &Queue) -> [Span<'static>; 2] {
    let limit = limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let text = format!("{:<18}", format!("{length}{limit}"));
    [format!(" {name:<LABEL$} ").into(), if *length > 0 { text.red() } else { text.into() }]
}

fn served([served, busy]: [u64; 2], width: usize) -> Line<'static> {
    let mut line = label("clients");
    line.extend(bar(served as f64 / busy.max(1) as f64, width - LABEL - 34));
    line.push_span(format!(" {served} of {busy} served, {} wait", busy.saturating_sub(served)));
    line
}

fn figure(figure: &Figure, width: usize) -> Line<'static> {
    let text = format!(" {:<LABEL$} {:<36}", figure.name, figure.text);
    let places = width.saturating_sub(text.chars().count() + 1);
    let minute = &figure.minute[figure.minute.len().saturating_sub(places)..];
    Line::from_iter([text.into(), sparkline(minute).blue()])
}

fn label(name: &str) -> Line<'static> {
    Line::from(format!(" {name:<LABEL$} "))
}

fn style(letter: char) -> Style {
    match letter {
        'R' => Style::new().green().bold(),
        QUEUED => Style::new().yellow().bold(),
        's' | 'w' => Style::new().red(),
        'p' => Style::new().magenta(),
        'l' | '-' | '.' => Style::new().dim(),
        _ => Style::new().blue(),
    }
}

/// A share of `width`, the rest pale. One of many is seen too.
fn bar(share: f64, width: usize) -> [Span<'static>; 2] {
    let full = (share * width as f64).ceil().clamp(0.0, width as f64) as usize;
    ["█".repeat(full).green(), "░".repeat(width - full).dim()]
}

/// From nothing to the highest of them.
fn sparkline(figures: &[f64]) -> String {
    let highest = figures.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    figures.iter().map(|figure| block(figure / highest)).collect()
}

/// A share as the height of a block.
fn block(share: f64) -> char {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    HEIGHTS[(7.0 * share.clamp(0.0, 1.0)).round() as usize]
}

#[cfg(test)]
mod tests;
