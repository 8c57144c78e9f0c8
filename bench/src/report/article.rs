//! What the article measured, and what stage 1 makes of the same cost of a request.

use super::figures::{cores, or_dash, requests};
use crate::numbers::{grouped, micros};
use crate::results::{Part, Results, Sample};
use crate::table::{Column, Table};

/// A row of the article, measured with wrk on another machine. Times are milliseconds; what the article or our copy of it
/// does not say is `None`.
struct Row {
    server: &'static str,
    connections: usize,
    /// Rounded, in thousands a second.
    thousands: u32,
    mean: Option<f64>,
    p99: f64,
    /// Our arithmetic, by Little's law: requests per second times mean, from the figures before they were rounded.
    in_service: u32,
}

const fn row(
    server: &'static str,
    connections: usize,
    (thousands, in_service): (u32, u32),
    mean: Option<f64>,
    p99: f64,
) -> Row {
    Row { server, connections, thousands, mean, p99, in_service }
}

/// All of its rows.
const ARTICLE: [Row; 9] = [
    row("baseline", 50, (5, 49), Some(9.9), 33.0),
    row("baseline", 100, (5, 100), None, 49.0),
    row("baseline", 200, (5, 201), None, 97.0),
    row("baseline", 400, (5, 398), None, 158.0),
    row("baseline", 800, (5, 791), Some(154.0), 283.0),
    row("thread pool", 800, (21, 505), Some(23.5), 48.9),
    row("epoll", 800, (43, 797), Some(18.4), 21.9),
    row("epoll and threads", 1200, (57, 1182), Some(20.5), 30.4),
    row("nginx", 800, (60, 791), Some(13.1), 32.5),
];

/// The article's figures as history, and what Little's law makes of them.
pub fn history() -> Table {
    let mut table =
        Table::new(["The article", "Connections", "Req/s", "Mean", "p99", "In service"]);
    for row in &ARTICLE {
        let (name, connections) = (row.server.to_owned(), row.connections.to_string());
        table.add([name, connections].into_iter().chain(row.figures()));
    }
    table
}

impl Row {
    /// Requests per second, mean, p99, connections in service.
    fn figures(&self) -> [String; 4] {
        let mean = self.mean.map_or("-".to_owned(), |mean| format!("{mean} ms"));
        let in_service = grouped(self.in_service.into());
        [format!("{} k", self.thousands), mean, format!("{} ms", self.p99), in_service]
    }
}

/// Stage 1's plateau beside the article's; `None` where it was not measured.
pub fn plateau(results: &Results) -> Option<Table> {
    let article = |row: &Sample, figure: usize| {
        let is_same =
            |other: &&Row| (other.server, other.connections) == ("baseline", row.connections);
        or_dash(ARTICLE.iter().find(is_same).map(|same| same.figures()[figure].clone()))
    };
    let busy = |row: &Sample, each: Option<f64>| cores(each.map(|us| us * row.load.rps / 1e6));
    let columns: [Column<'_, &Sample>; 10] = [
        ("Connections", &|row| row.connections.to_string()),
        ("Req/s", &|row| requests(row)),
        ("Mean", &|row| micros(Some(row.load.latency_us.mean))),
        ("p99", &|row| micros(row.load.latency_us.p99)),
        ("In service", &|row| grouped(row.load.rps * row.load.latency_us.mean / 1e6)),
        ("Server cores", &|row| busy(row, row.server_cpu_us)),
        ("Client cores", &|row| busy(row, row.client_cpu_us)),
        ("Article req/s", &|row| article(row, 0)),
        ("Article mean", &|row| article(row, 1)),
        ("Article p99", &|row| article(row, 2)),
    ];
    Table::of(results.medians(Part::Plateau), &columns)
}

/// How to read it.
pub fn lesson(results: &Results) -> Option<String> {
    let rows = results.medians(Part::Plateau);
    let [first, .., last] = rows[..] else { return None };
    let times = |of: fn(&Sample) -> f64| of(last) / of(first).max(f64::MIN_POSITIVE);
    Some(format!(
        "A calibration: with 200 µs of work a request, as the article's first server seems to have had, one thread has \
         {:.2} × the requests per second and {:.0} × the latency at {} connections that it has at {}. In service \
         (Little's law, requests per second times mean) are all of them: \
         the queue grows with the clients, and what the thread does in a second does not.",
        times(|row| row.load.rps),
        times(|row| row.load.latency_us.mean),
        last.connections,
        first.connections,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_articles_products_are_those_of_its_figures() {
        for row in &ARTICLE {
            let Some(mean) = row.mean else { continue };
            let (rounded, exact) = (f64::from(row.thousands) * mean, f64::from(row.in_service));
            assert!((rounded / exact - 1.0).abs() < 0.03, "{} {}", row.server, row.connections);
        }
        assert_eq!(history().rows[0][1..], ["50", "5 k", "9.9 ms", "33 ms", "49"]);
    }
}
