//! Tables with a line for each trial: a server's figures and verdicts, a constant rate, two runs side by side.

use super::figures::{count, cpu, doubt, or_dash, requests, rps, served, server, verdict};
use super::users::variant;
use crate::numbers::{grouped, micros};
use crate::results::compare::Pair;
use crate::results::statistics::{ENOUGH, Ratio};
use crate::results::{Group, Part, Results, Sample};
use crate::table::{Column, Table};

/// What clients saw of a server, and what that cost it.
fn figures<'a>() -> [Column<'a, Group<'a>>; 10] {
    [
        ("Req/s", &|trial| rps(trial) + &spread(trial)),
        ("mean", &|trial| micros(Some(trial.median().load.latency_us.mean))),
        ("p50", &|trial| micros(trial.median().load.latency_us.p50)),
        ("p90", &|trial| micros(trial.median().load.latency_us.p90)),
        ("p99", &|trial| micros(trial.median().load.latency_us.p99)),
        ("max", &|trial| micros(Some(trial.median().load.latency_us.max))),
        ("Served", &|trial| served(trial.median())),
        ("Errors", &|trial| grouped(trial.median().load.errors.total() as f64)),
        ("CPU/req", &cpu),
        ("System CPU %", &|trial| or_dash(trial.kernel().map(|it| format!("{:.0}", 100.0 * it)))),
    ]
}

/// How far the repeats lie from the median: ` (-1 to +3%)`.
fn spread(trial: &Group<'_>) -> String {
    trial.spread().map_or(String::new(), |spread| {
        let [low, high] = spread.map(|share| 100.0 * share);
        format!(" ({low:+.0} to {high:+.0}%)")
    })
}

/// The article's table for one server, a line for each mode and connection count; `None` without rows.
pub fn of_target(results: &Results, target: &str) -> Option<Table> {
    let names: [Column<'_, Group<'_>>; 2] = [
        ("Connection", &|trial| trial.median().connection.clone()),
        ("Connections", &|trial| trial.median().connections.to_string()),
    ];
    let mut own = results.trials(Part::Ladder);
    own.retain(|trial| trial.median().target == target);
    Table::of(own, &[&names[..], &figures()].concat())
}

/// The same for all servers in one table; `None` where one of them has several lines, and so a table of its own.
pub fn of_all(results: &Results) -> Option<Table> {
    let trials = results.trials(Part::Ladder);
    let is_single = trials.windows(2).all(|two| two[0].median().target != two[1].median().target);
    let name: [Column<'_, Group<'_>>; 1] = [("Server", &|trial| server(trial.median()))];
    if is_single { Table::of(trials, &[&name[..], &figures()].concat()) } else { None }
}

/// The bottleneck of each server in each mode, at the most connections.
pub fn bottlenecks(results: &Results) -> Option<Table> {
    let rows = [Part::Ladder, Part::Rate].map(|part| results.medians(part)).concat();
    let is_highest = |row: &&&Sample| {
        let same =
            |other: &&&Sample| (&other.target, &other.connection) == (&row.target, &row.connection);
        rows.iter().filter(same).all(|other| other.connections <= row.connections)
    };
    // A server that keeps up with a constant rate has no bottleneck worth a word.
    let keeps_up =
        |row: &Sample| row.noted("target_rps").is_some_and(|due| row.load.rps >= 0.99 * due);
    let line = |row: &&Sample| {
        let at = format!("{}, {}", row.connection, row.connections);
        Some(vec![server(row), at, verdict(row)?])
    };
    let held = rows.iter().filter(is_highest).filter(|row| !keeps_up(row));
    Table::of_prose(["Server", "Connections", "What is the bottleneck, and why"])
        .filled(held.filter_map(line).collect())
}

/// What each server made of a constant rate; `None` when there are no rows for it. A request can leave late for two
/// reasons: the generator was late itself, or no connection was free. Rows of an older bench tell only their sum.
pub fn rate(results: &Results) -> Option<Table> {
    let due = |row: &Sample| row.noted("target_rps").unwrap_or_default();
    let reached = |row: &Sample| 100.0 * row.load.rps / due(row).max(f64::MIN_POSITIVE);
    let waited = |row: &Sample| Some(row.noted("lag_us")? - row.noted("generator_lag_us")?);
    let columns: [Column<'_, &Sample>; 13] = [
        ("Server", &|row| server(row)),
        ("Due/s", &|row| grouped(due(row))),
        ("Reached", &|row| format!("{:.1}%{}", reached(row), doubt(row))),
        ("mean", &|row| micros(Some(row.load.latency_us.mean))),
        ("p50", &|row| micros(row.load.latency_us.p50)),
        ("p90", &|row| micros(row.load.latency_us.p90)),
        ("p99", &|row| micros(row.load.latency_us.p99)),
        ("p99.9", &|row| micros(row.load.latency_us.p999)),
        ("max", &|row| micros(Some(row.load.latency_us.max))),
        ("Late", &|row| micros(row.noted("generator_lag_us"))),
        ("Waited", &|row| micros(waited(row))),
        ("Unsent", &|row| count(row.noted("unsent"))),
        ("Served", &|row| served(row)),
    ];
    Table::of(results.medians(Part::Rate), &columns)
}

/// Two runs side by side.
pub fn compare(pairs: &[Pair<'_>]) -> Option<Table> {
    let trial = |a: &Sample| {
        let mut name = format!("{} {} {}", a.workload, a.connection, a.connections);
        if a.idle > 0 {
            name += &format!(" + {} idle", a.idle);
        }
        if a.part == Part::Controls {
            name += &format!(", {}", variant(a));
        }
        name
    };
    let factor = |pair: &Pair<'_>| {
        let (a, b) = (pair.a.load.rps, pair.b.load.rps);
        pair.rps.map(|ratio| ratio.mean).or((a > 0.0).then(|| b / a))
    };
    let columns: [Column<'_, &Pair<'_>>; 9] = [
        ("Server", &|pair| server(pair.a)),
        ("Trial", &|pair| trial(pair.a)),
        ("A req/s", &|pair| requests(pair.a)),
        ("B req/s", &|pair| requests(pair.b)),
        ("B/A", &|pair| or_dash(factor(pair).map(|factor| format!("×{factor:.2}")))),
        ("", &|pair| difference(pair.rps)),
        ("A CPU/req", &|pair| micros(pair.a.server_cpu_us)),
        ("B CPU/req", &|pair| micros(pair.b.server_cpu_us)),
        ("", &|pair| difference(pair.cpu)),
    ];
    Table::of(pairs, &columns)
}

/// Whether two runs differ, by how much, and in how many repeats.
fn difference(ratio: Option<Ratio>) -> String {
    let Some(ratio) = ratio else { return "-".to_owned() };
    let word = match ratio.repeats {
        ..ENOUGH => "few repeats",
        _ if ratio.differs() => "differs",
        _ => "by chance",
    };
    format!("{word}, {}", ratio.interval())
}

#[cfg(test)]
mod tests {
    use super::super::{article, scale, tables, uring, users};
    use super::*;
    use crate::results::compare::pairs;

    fn results(sample: Sample) -> Results {
        Results { rows: vec![Sample { target: "floor".into(), ..sample }], ..Results::default() }
    }

    #[test]
    fn figures_of_which_every_repeat_was_disturbed_say_so() {
        let of =
            |part| results(Sample { part, threads: Some(1), doubtful: true, ..Sample::default() });
        let ladder = of(Part::Ladder);
        for table in [
            of_all(&ladder),
            of_target(&ladder, "floor"),
            tables::ladder(&ladder, ""),
            compare(&pairs(&ladder, &ladder)),
            rate(&of(Part::Rate)),
            uring::table(&of(Part::Uring)),
            scale::table(&of(Part::Scale), "floor"),
            users::ladder(&of(Part::Users)),
            users::controls(&of(Part::Controls)),
            article::plateau(&of(Part::Plateau)),
        ] {
            let text = table.unwrap().terminal();
            assert!(text.contains("(doubtful"), "{text}");
        }
    }

    #[test]
    fn half_of_the_rate_is_half_of_it_and_lag_has_two_causes() {
        let mut sample = Sample { part: Part::Rate, ..Sample::default() };
        sample.load.rps = 50.0;
        for (name, figure) in [("target_rps", 100.0), ("lag_us", 70.0), ("generator_lag_us", 20.0)]
        {
            sample.evidence.insert(name.to_owned(), figure.into());
        }
        let table = rate(&results(sample)).unwrap();
        assert_eq!(table.rows[0][..3], ["null server", "100", "50.0%"]);
        assert_eq!(table.rows[0][9..], ["20.0 µs", "50.0 µs", "-", "0/0"]);
        assert_eq!(rate(&Results::default()), None);
    }
}
