//! What the article measured, and what stage 1 makes of the same cost of a request.

use super::figures::{cores, or_dash, requests};
use crate::numbers::{grouped, micros};
use crate::results::{Part, Results, Sample};
use crate::table::{Column, Table};

/// A row of the article, measured with wrk on another machine: server and connections; requests per second, rounded, in
/// thousands; connections in service; mean and p99 in milliseconds. A mean that the article or our copy of it does not say is
/// `None`. In service is our arithmetic, by Little's law: requests per second times mean, before they were rounded.
type Row = (&'static str, usize, u32, u32, Option<f64>, f64);

/// All of its rows.
const ARTICLE: [Row; 9] = [
    ("baseline", 50, 5, 49, Some(9.9), 33.0),
    ("baseline", 100, 5, 100, None, 49.0),
    ("baseline", 200, 5, 201, None, 97.0),
    ("baseline", 400, 5, 398, None, 158.0),
    ("baseline", 800, 5, 791, Some(154.0), 283.0),
    ("thread pool", 800, 21, 505, Some(23.5), 48.9),
    ("epoll", 800, 43, 797, Some(18.4), 21.9),
    ("epoll and threads", 1200, 57, 1182, Some(20.5), 30.4),
    ("nginx", 800, 60, 791, Some(13.1), 32.5),
];

/// The article's figures as history, and what Little's law makes of them.
pub fn history() -> Table {
    let mut table =
        Table::new(["The article", "Connections", "Req/s", "Mean", "p99", "In service"]);
    for row in &ARTICLE {
        let (name, connections) = (row.0.to_owned(), row.1.to_string());
        table.add([name, connections].into_iter().chain(figures(row)));
    }
    table
}

/// Requests per second, mean, p99, connections in service.
fn figures((_, _, thousands, in_service, mean, p99): &Row) -> [String; 4] {
    let mean = or_dash(mean.map(|mean| format!("{mean} ms")));
    [format!("{thousands} k"), mean, format!("{p99} ms"), grouped(f64::from(*in_service))]
}

/// Stage 1's plateau beside the article's; `None` where it was not measured.
pub fn plateau(results: &Results) -> Option<Table> {
    let article = |row: &Sample, figure: usize| {
        let is_same = |other: &&Row| (other.0, other.1) == ("baseline", row.connections);
        or_dash(ARTICLE.iter().find(is_same).map(|same| figures(same)[figure].clone()))
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
        for (server, connections, thousands, in_service, mean, _) in &ARTICLE {
            let Some(mean) = mean else { continue };
            let (rounded, exact) = (f64::from(*thousands) * mean, f64::from(*in_service));
            assert!((rounded / exact - 1.0).abs() < 0.03, "{server} {connections}");
        }
        assert_eq!(history().rows[0][1..], ["50", "5 k", "9.9 ms", "33 ms", "49"]);
    }
}
