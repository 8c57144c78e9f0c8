//! What waiting costs: CPU per request over silent connections, and over active ones.

use super::figures::server;
use super::tables::Cross;
use crate::numbers::{counted, grouped};
use crate::results::{Group, Part, Results, Sample};
use crate::table::Table;
use crate::workspace::label;

/// Server CPU per request: a row for each server and number of busy clients, a column for each number of silent ones.
pub fn idle(results: &Results) -> Option<Table> {
    let row = |sample: &Sample| {
        let clients = counted(sample.connections, "busy client");
        format!("{}, {clients}", server(sample))
    };
    let mut trials = of(results);
    let beside_silent = trials.iter().map(Group::median).filter(|sample| sample.idle > 0);
    let curves: Vec<_> = beside_silent.map(row).collect();
    trials.retain(|trial| curves.contains(&row(trial.median())));
    let cross = Cross { row: &row, column: &|sample| sample.idle, name: &connections };
    cross.table("µs of CPU, silent connections:", &trials, cpu)
}

/// The same with no connection silent: a column for each number of busy clients.
pub fn active(results: &Results) -> Option<Table> {
    let mut trials = of(results);
    trials.retain(|trial| trial.median().idle == 0 && trial.median().connections > 1);
    let cross = Cross { row: &server, column: &|sample| sample.connections, name: &connections };
    cross.table("µs of CPU, active connections:", &trials, cpu)
}

fn connections(count: &usize) -> String {
    grouped(*count as f64)
}

/// The trials: servers by rising busy clients, and silent ones.
fn of(results: &Results) -> Vec<Group<'_>> {
    let mut trials = results.trials(Part::Waits);
    trials.sort_by_key(|trial| (trial.median().connections, trial.median().idle));
    trials
}

/// Of each server beside one busy client, the line that comes nearest to its points.
pub fn fits(results: &Results) -> Option<String> {
    let lines = curves(results).into_iter().filter_map(|(target, points)| {
        let (a, b) = least_squares(&points)?;
        let (sign, b) = (if b < 0.0 { '-' } else { '+' }, b.abs());
        Some(format!("{} = {a:.1} {sign} {b:.4} × K µs", label(target)))
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| {
        let lines = lines.join("; ");
        format!("CPU per request of one busy client beside K silent connections: {lines} (least squares).")
    })
}

/// What the two curves say, where both were measured.
pub fn lesson(results: &Results) -> Option<String> {
    let curves = curves(results);
    let growth = |name: &str| {
        let (_, points) = curves.iter().find(|(target, _)| *target == name)?;
        let ((_, first), (most, last)) = (points.first()?, points.last()?);
        (points.len() > 1).then(|| (*most, last / first))
    };
    let ((most, poll), (_, epoll)) = (growth("poll_loop")?, growth("epoll_loop")?);
    Some(format!(
        "{} silent connections make a request {poll:.1} × as dear with poll and {epoll:.1} × with epoll: poll pays for \
         the connections that are open, epoll for those that are ready. Where all are active, these are the same.",
        grouped(most)
    ))
}

/// Of each server beside one busy client: silent connections, and CPU per request in µs.
fn curves(results: &Results) -> Vec<(&str, Vec<(f64, f64)>)> {
    let trials = of(results);
    let one = |target: &'_ String| {
        let is_own = |sample: &&Sample| sample.connections == 1 && sample.target == *target;
        let own = trials.iter().map(Group::median).filter(is_own);
        own.filter_map(|sample| Some((sample.idle as f64, sample.server_cpu_us?))).collect()
    };
    results.config.targets.iter().map(|target| (target.as_str(), one(target))).collect()
}

/// `a` and `b` of the line y = a + b x; `None` where all points stand above each other.
fn least_squares(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let common: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let b = common / spread;
    b.is_finite().then_some((y - b * x, b))
}

/// The median, and the lowest and the highest of several repeats.
fn cpu(group: &Group<'_>) -> Option<String> {
    let range = group.range(|sample| sample.server_cpu_us)?;
    let short = |micros: f64| match micros {
        ..99.95 => format!("{micros:.1}"),
        _ => grouped(micros),
    };
    // A server that has not met all of them yet is measured while they connect.
    let sample = group.median();
    let met = sample.noted("crowd.answered").filter(|met| (*met as usize) < sample.idle);
    Some(match (met, group.samples.len()) {
        (Some(met), _) => format!("{}, with {} silent", short(range.middle), grouped(met)),
        (None, 1) => short(range.middle),
        _ => format!("{} ({} to {})", short(range.middle), short(range.low), short(range.high)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    /// poll: 20 + 0.2 K µs. epoll: 22 µs. With none silent they are the same.
    fn results() -> Results {
        let row = |target: &str, connections: usize, idle: usize, cpu: f64, repeat: usize| {
            let row = json!({
                "target": target, "part": "waits", "connections": connections, "idle": idle,
                "server_cpu_us": cpu, "repeat": repeat
            });
            from_value(row).unwrap()
        };
        let run = json!({"config": {"targets": ["poll_loop", "epoll_loop"]}});
        let mut results: Results = from_value(run).unwrap();
        for repeat in 0..2 {
            for idle in [0, 100, 9000] {
                results.rows.push(row("poll_loop", 1, idle, 20.0 + 0.2 * idle as f64, repeat));
                results.rows.push(row("epoll_loop", 1, idle, 22.0, repeat));
            }
            for target in ["poll_loop", "epoll_loop"] {
                results.rows.push(row(target, 32, 0, 5.0 + repeat as f64, repeat));
                results.rows.push(row(target, 500, 0, 6.0, repeat));
            }
        }
        results
    }

    #[test]
    fn silent_connections_and_active_ones_have_a_table_each() {
        let (idle, active) = (idle(&results()).unwrap(), active(&results()).unwrap());
        assert_eq!(idle.header[1..], ["0", "100", "9,000"]);
        let cells = ["poll_loop, 1 busy client", "20.0 (20.0 to 20.0)", "40.0 (40.0 to 40.0)"];
        assert_eq!((idle.rows.len(), &idle.rows[0][..3]), (2, &cells.map(str::to_owned)[..]));
        assert_eq!(active.header[1..], ["32", "500"]);
        assert_eq!(active.rows[1][..2], ["epoll_loop", "5.0 (5.0 to 6.0)"]);
        assert_eq!((super::idle(&Results::default()), lesson(&Results::default())), (None, None));
    }

    #[test]
    fn the_line_is_found_again() {
        let text = fits(&results()).unwrap();
        assert!(
            text.contains("poll_loop = 20.0 + 0.2000 × K µs; epoll_loop = 22.0 + 0.0000"),
            "{text}"
        );
        let text = lesson(&results()).unwrap();
        assert!(
            text.starts_with("9,000 silent connections make a request 91.0 × as dear"),
            "{text}"
        );
        assert_eq!(least_squares(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
