//! Tables of servers over something: connection counts, workloads, silent connections.

use super::lines::noted;
use crate::numbers;
use crate::results::statistics::Ratio;
use crate::results::{Group, Part, Results, Sample};
use crate::table::Table;
use crate::workspace::{is_stage, label};

/// A column: its name, and which rows it is of.
struct Column<'a> {
    name: String,
    is: Box<dyn Fn(&Sample) -> bool + 'a>,
}

impl<'a> Column<'a> {
    fn new(name: impl ToString, is: impl Fn(&Sample) -> bool + 'a) -> Self {
        Self { name: name.to_string(), is: Box::new(is) }
    }

    /// The repeats of this column's trial with a server.
    fn of<'g, 'r>(&self, groups: &'g [Group<'r>], target: &str) -> Option<&'g Group<'r>> {
        let is = |group: &&Group<'_>| group.median().target == target && (self.is)(group.median());
        groups.iter().find(is)
    }
}

/// What stands in a cell; the second group is of the stage below.
type Cell = fn(&Group<'_>, Option<&Group<'_>>) -> Option<String>;

/// The servers that have any cell over these columns; `None` when there are none.
fn table(results: &Results, corner: &str, columns: &[Column<'_>], cell: Cell) -> Option<Table> {
    let groups = results.groups();
    let (mut rows, mut below) = (Vec::new(), None);
    for target in &results.config.targets {
        let in_column = |column: &Column<'_>| {
            let lower =
                below.filter(|_| is_stage(target)).and_then(|below| column.of(&groups, below));
            cell(column.of(&groups, target)?, lower)
        };
        let cells: Vec<_> = columns.iter().map(in_column).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
            rows.push(std::iter::once(label(target).to_owned()).chain(cells).collect());
            below = is_stage(target).then_some(target.as_str()).or(below);
        }
    }
    let header = std::iter::once(corner).chain(columns.iter().map(|column| column.name.as_str()));
    Table::new(header).filled(rows)
}

/// Req/s, the factor over the rung below, and what must not be overlooked beside them.
fn rung(group: &Group<'_>, lower: Option<&Group<'_>>) -> String {
    let sample = group.median();
    let factor = lower.and_then(|lower| times(group, lower));
    let factor = factor.map_or(String::new(), |factor| format!(" ×{factor:.2}"));
    let mut notes = Vec::new();
    if (sample.load.served as usize) < sample.connections {
        notes.push(format!("served {}/{}", sample.load.served, sample.connections));
    }
    let evicted = noted(sample, "crowd.evicted").unwrap_or_default() as u64;
    for (name, count) in [("errors", sample.load.errors.total()), ("evicted", evicted)] {
        notes.extend((count > 0).then(|| format!("{name} {count}")));
    }
    notes.extend(group.disturbed());
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    numbers::grouped(sample.load.rps) + &factor + &notes
}

/// How many times as much one serves as another: by the ratios within repeats, and without repeats by the figures themselves.
fn times(one: &Group<'_>, other: &Group<'_>) -> Option<f64> {
    match Ratio::within(one, other, served) {
        Some(ratio) => Some(ratio.mean),
        None => Some(served(one.median())? / served(other.median())?),
    }
}

/// Requests per second, where there were any.
fn served(sample: &Sample) -> Option<f64> {
    Some(sample.load.rps).filter(|rps| *rps > 0.0)
}

/// The different values of a figure over some rows, rising.
fn values(
    groups: &[Group<'_>],
    is: impl Fn(&Sample) -> bool,
    of: fn(&Sample) -> usize,
) -> Vec<usize> {
    let samples = groups.iter().map(Group::median).filter(|sample| is(sample));
    let mut values: Vec<_> = samples.map(of).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The connection counts of the ladder in one mode, rising.
pub fn levels(groups: &[Group<'_>], mode: &str) -> Vec<usize> {
    values(groups, |sample| is_rung(sample, mode), |sample| sample.connections)
}

fn is_rung(sample: &Sample, mode: &str) -> bool {
    (sample.part, sample.connection.as_str()) == (Part::Ladder, mode)
}

fn rungs<'a>(groups: &[Group<'_>], mode: &'a str) -> Vec<Column<'a>> {
    let column = |level| {
        let is = move |sample: &Sample| is_rung(sample, mode) && sample.connections == level;
        Column::new(format!("{level} connections"), is)
    };
    levels(groups, mode).into_iter().map(column).collect()
}

/// Req/s of all servers over connection counts, with each stage's factor over the stage above it.
pub fn ladder(results: &Results, mode: &str) -> Option<Table> {
    let columns = rungs(&results.groups(), mode);
    table(results, "Req/s", &columns, |group, lower| Some(rung(group, lower)))
}

/// How far the highest stage comes beside the servers that are no stages, at each connection count; `None` without both.
/// With repeats, by the ratios within each of them.
pub fn beside(results: &Results, mode: &str) -> Option<String> {
    let groups = results.groups();
    let columns = rungs(&groups, mode);
    let sentence = |target: &str, other: &str, column: &Column<'_>| {
        let (one, two) = (column.of(&groups, target)?, column.of(&groups, other)?);
        Some(match Ratio::within(one, two, served) {
            Some(ratio) => ratio.beside(label(other)),
            None => {
                let note = one.disturbed().or(two.disturbed());
                let note = note.map_or(String::new(), |note| format!(" ({note})"));
                format!("{:.2} × {}{note}", times(one, two)?, label(other))
            }
        })
    };
    let measured = |target: &&String| {
        let group = |column: &Column<'_>| column.of(&groups, target).map(Group::median);
        columns.iter().filter_map(group).any(|sample| served(sample).is_some())
    };
    let present = || results.config.targets.iter().filter(measured);
    let top = present().rfind(|target| is_stage(target))?;
    let line = |other: &String| {
        let at = |column: &Column<'_>| {
            Some(format!("{} at {}", sentence(top, other, column)?, column.name))
        };
        let all: Vec<_> = columns.iter().filter_map(at).collect();
        format!("{top} serves {}.", all.join(", "))
    };
    let others: Vec<_> = present().filter(|target| !is_stage(target)).map(line).collect();
    (!others.is_empty()).then(|| others.join("\n"))
}

/// The workloads of the matrix, in the order in which they ran.
fn workloads<'a>(groups: &[Group<'a>]) -> Vec<Column<'a>> {
    let mut names: Vec<&str> = Vec::new();
    for sample in groups.iter().map(Group::median).filter(|sample| sample.part == Part::Matrix) {
        if !names.contains(&sample.workload.as_str()) {
            names.push(&sample.workload);
        }
    }
    let column = |name| {
        let is = move |sample: &Sample| sample.part == Part::Matrix && sample.workload == name;
        Column::new(name, is)
    };
    names.into_iter().map(column).collect()
}

/// Req/s of all servers over workloads.
pub fn matrix(results: &Results) -> Option<Table> {
    let columns = workloads(&results.groups());
    table(results, "Req/s", &columns, |group, _| Some(rung(group, None)))
}

/// The bottleneck of all servers over workloads, in two words.
pub fn causes(results: &Results) -> Option<Table> {
    let columns = workloads(&results.groups());
    table(results, "Bottleneck", &columns, |group, _| {
        Some(group.median().observed("cause")?.as_str()?.to_owned())
    })
}

/// Req/s of all servers over the number of silent connections.
pub fn idle(results: &Results) -> Option<Table> {
    let is_idle = |sample: &Sample| sample.part == Part::Idle;
    let column = |count| {
        let name = format!("{} silent", numbers::grouped(count as f64));
        Column::new(name, move |sample: &Sample| is_idle(sample) && sample.idle == count)
    };
    let counts = values(&results.groups(), is_idle, |sample| sample.idle);
    let columns: Vec<_> = counts.into_iter().map(column).collect();
    table(results, "Req/s", &columns, |group, _| Some(rung(group, None)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Figures;

    fn sample(target: &str, part: Part, rps: f64, served: u64) -> Sample {
        Sample {
            target: target.to_owned(),
            part,
            workload: "hello".to_owned(),
            connection: "keep-alive".to_owned(),
            connections: 50,
            load: Figures { rps, served, ..Figures::default() },
            ..Sample::default()
        }
    }

    fn results(rows: Vec<Sample>) -> Results {
        let mut results = Results { rows, ..Results::default() };
        results.config.targets =
            ["stage1-blocking", "stage2-threadpool", "floor"].map(str::to_owned).to_vec();
        results
    }

    #[test]
    fn the_ladder_has_factors_and_tells_how_many_were_served() {
        let results = results(vec![
            sample("stage1-blocking", Part::Ladder, 1000.0, 1),
            sample("stage2-threadpool", Part::Ladder, 2500.0, 50),
            sample("floor", Part::Ladder, 5000.0, 50),
        ]);
        assert_eq!(
            ladder(&results, "keep-alive").unwrap().markdown(),
            "| Req/s | 50 connections |\n|---|--:|\n| stage1-blocking | 1,000 (served 1/50) |\n\
             | stage2-threadpool | 2,500 ×2.50 |\n| null server | 5,000 |\n"
        );
        let beside = beside(&results, "keep-alive").unwrap();
        assert_eq!(beside, "stage2-threadpool serves 0.50 × null server at 50 connections.");
        assert_eq!((ladder(&results, "close"), matrix(&results)), (None, None));
    }

    #[test]
    fn the_matrix_is_a_part_of_its_own() {
        let work = sample("stage1-blocking", Part::Matrix, 8.0, 50);
        let results = results(vec![
            sample("floor", Part::Matrix, 9.0, 50),
            Sample { workload: "work".to_owned(), ..work },
        ]);
        let text = matrix(&results).unwrap().markdown();
        assert!(text.starts_with("| Req/s | hello | work |\n"), "{text}");
        assert!(text.contains("| null server | 9 | - |\n"), "{text}");
        assert_eq!((ladder(&results, "keep-alive"), causes(&results)), (None, None));
    }

    #[test]
    fn the_idle_table_has_a_column_for_each_count() {
        let beside = |idle, rps| Sample { idle, ..sample("floor", Part::Idle, rps, 50) };
        let text = idle(&results(vec![beside(64, 7.0), beside(0, 9.0)])).unwrap().markdown();
        assert!(text.starts_with("| Req/s | 0 silent | 64 silent |\n"), "{text}");
        assert!(text.ends_with("\n| null server | 9 | 7 |\n"), "{text}");
        assert_eq!(idle(&results(Vec::new())), None);
    }
}
