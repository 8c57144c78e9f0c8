//! Which rows and figures become bars, and how to read them.

use super::bars::{self, Bar, Body};
use super::pick::View;
use super::{Chart, class, grid};
use crate::numbers;
use crate::report::tables::{is_stage, levels, micros, of_matrix, workloads};
use crate::results::{Group, Part, Sample};

impl View<'_, '_> {
    /// The bars of a figure at the most connections.
    fn bars(
        &self,
        level: usize,
        figure: impl Fn(&Sample) -> Option<f64>,
        note: impl Fn(&Sample, Option<&Sample>) -> String,
    ) -> Vec<Bar> {
        let (mut bars, mut below) = (Vec::new(), None);
        for target in &self.results.config.targets {
            let groups = self.of(target, Part::Ladder);
            let group = groups.into_iter().find(|group| group.median().connections == level);
            let Some((group, range)) = group.and_then(|group| Some((group, group.range(&figure)?)))
            else {
                continue;
            };
            let sample = group.median();
            bars.push(Bar {
                class: class(target),
                name: target.clone(),
                range,
                body: Body::Whole,
                note: note(sample, below.filter(|_| is_stage(target))),
            });
            below = is_stage(target).then_some(sample).or(below);
        }
        bars
    }

    pub(super) fn ladder(&self) -> Option<Chart> {
        let level = *levels(self.groups, self.mode).last()?;
        let note = |sample: &Sample, below: Option<&Sample>| {
            let factor = below.filter(|below| below.rps > 0.0);
            let factor =
                factor.map_or(String::new(), |below| format!(" ×{:.2}", sample.rps / below.rps));
            let left_out = (!sample.serves_all())
                .then(|| format!(", served {} of {}", sample.served, sample.connections));
            numbers::grouped(sample.rps) + &factor + &left_out.unwrap_or_default()
        };
        let bars = self.bars(level, |sample| Some(sample.rps), note);
        let title = format!("The ladder at {level} connections, {}", self.words());
        let drawing =
            bars::draw(&title, "req/s; × is the factor over the stage above", &bars, None);
        let caption = match self.results.config.repeat {
            ..2 => "Each was measured once: how much of it is noise, only repeats would tell.",
            _ => {
                "Whiskers go from the lowest repeat to the highest; what lies within them is noise."
            }
        };
        Some(self.chart("ladder", title, caption, drawing))
    }

    pub(super) fn cpu(&self) -> Option<Chart> {
        let level = *levels(self.groups, self.mode).last()?;
        let note = |sample: &Sample, _: Option<&Sample>| micros(sample.server_cpu_us);
        let mut bars = self.bars(level, |sample| sample.server_cpu_us, note);
        let user = |bar: &Bar| {
            let groups = self.of(&bar.name, Part::Ladder);
            let group = groups.into_iter().find(|group| group.median().connections == level);
            group.and_then(user_part)
        };
        let split = bars.iter().any(|bar| user(bar).is_some());
        if split {
            bars.iter_mut().for_each(|bar| bar.body = user(bar).map_or(Body::Unknown, Body::Split));
        }
        let floor = bars.iter().find(|bar| bar.class == "floor").map(|bar| bar.range.middle);
        let title = format!("Server CPU per request, {level} connections, {}", self.words());
        let subtitle = if split {
            "microseconds; strong: user, pale: kernel; framed: too few ticks to tell them apart"
        } else {
            "microseconds, user and kernel together"
        };
        let mark = floor.map(|floor| (floor, "the floor: the kernel's own price"));
        let drawing = (!bars.is_empty()).then(|| bars::draw(&title, subtitle, &bars, mark))?;
        let caption = match floor {
            Some(_) => "What lies beyond the line is the server's own: parsing, routing, timers.",
            None => "The floor, measured beside it, would show the kernel's own price.",
        };
        Some(self.chart("cpu", title, caption, drawing))
    }

    pub(super) fn matrix(&self) -> Option<Chart> {
        let columns = workloads(self.groups);
        let line = |target: &String| {
            let cell = |workload: &&str| {
                let sample = of_matrix(self.groups, target, workload)?.median();
                let left_out = (!sample.serves_all())
                    .then(|| format!(" ({}/{})", sample.served, sample.connections));
                Some((sample.rps, numbers::grouped(sample.rps) + &left_out.unwrap_or_default()))
            };
            let cells = columns.iter().map(cell).collect();
            grid::Line { class: class(target), name: target.clone(), cells }
        };
        let lines: Vec<_> = self.results.config.targets.iter().map(line).collect();
        let title = "Which model suits which workload";
        let subtitle = "req/s beside the best of each column; in brackets: served/clients, where some were left out";
        let drawing =
            (!columns.is_empty()).then(|| grid::draw(title, subtitle, &columns, &lines))?;
        let caption = "Each stage has its killer; only the last survives all.";
        Some(Chart { name: "matrix".into(), title: title.into(), caption: caption.into(), drawing })
    }
}

/// User time of a request, where enough ticks have split it.
fn user_part(group: &Group<'_>) -> Option<f64> {
    Some(group.median().server_cpu_us? * (1.0 - group.kernel()?))
}
