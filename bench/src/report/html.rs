//! The page: one file that needs no network and no script, light or dark as the reader's system is.

use super::blocks;
use super::chart::svg::STYLE;
use super::chart::{self, Chart};
use crate::numbers::counted;
use crate::results::{Part, Results};
use crate::table::escape;
use std::fmt::Write as _;
use std::path::Path;

/// The whole page. Traces are read from the files in `folder`.
pub fn of(results: &Results, folder: &Path) -> String {
    let machine = counted(results.host.cores, "core");
    let title = format!("{} on {machine}", results.day());
    let mut text =
        format!("<main>\n<h1>The benchmark of {}</h1>\n{}", escape(&title), introduction(results));
    let charts = chart::of(results, folder);
    for block in blocks::of(results).iter().filter(|block| block.name != "origin") {
        text += &block.html();
        // The charts of a mode stand with its ladder.
        let suffix = block.name.strip_prefix("ladder ").map(|mode| format!("-{mode}"));
        let belongs = |chart: &&Chart| match &suffix {
            Some(suffix) => chart.name.ends_with(suffix),
            None => chart.name == block.name,
        };
        text += &figures(charts.iter().filter(belongs));
    }
    text += &figures(charts.iter().filter(|chart| chart.name == "timeline"));
    let style = format!("<style>\n{STYLE}{}</style>", include_str!("page.css"));
    document(&format!("bench: {title}"), &style, &(text + "</main>\n"))
}

/// A page that follows the reader's choice of light or dark. `style` and `body` are HTML.
pub fn document(title: &str, style: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{}</title>\n{style}\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title)
    )
}

/// How to read what was measured in a closed loop.
const CLOSED_LOOP: &str = "Every client sends its next request as soon as the response is complete (a closed loop), users \
    only after they have thought; on the same machine as the server. Figures are of the repeat with the median of requests \
    per second. “Served” is how many clients got any response: a server that serves few of them shows small latencies, as \
    the clients that wait are not in them.";
/// And at a constant rate.
const CONSTANT_RATE: &str = "Every server was sent the same number of requests per second, each due at a moment that was \
    planned beforehand and timed from then, whether a connection was free to send it or not: a server that stops for a \
    while shows it in all that were due meanwhile.";

/// What was measured where, and how to read it.
fn introduction(results: &Results) -> String {
    let mut text = String::new();
    if results.interrupted {
        text += "<p class=\"warn\">Interrupted: not all that was asked for was measured.</p>\n";
    }
    for failure in &results.failures {
        let _ = writeln!(text, "<p class=\"warn\">Not measured: {}</p>", escape(failure));
    }
    let how = match results.part() {
        Part::Rate => Some(CONSTANT_RATE),
        // A sweep's page says it beside the chart.
        Part::Sweep => None,
        _ => Some(CLOSED_LOOP),
    };
    text.extend(how.map(|how| format!("<p>{how}</p>\n")));
    let config = &results.config;
    let each = format!(
        "{} s a trial, {} of each, {} generator threads",
        config.seconds, config.repeat, config.threads
    );
    text += "<dl>\n";
    for (name, value) in [
        ("Machine", results.host.line()),
        ("Programs", results.source.line()),
        ("Began", results.began.clone()),
        ("Measured", each),
    ] {
        let _ = writeln!(text, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
    }
    let command = escape(&results.command.join(" "));
    let _ = writeln!(text, "<dt>Command</dt><dd><code>{command}</code></dd>\n</dl>");
    text
}

/// Charts side by side; nothing without any.
fn figures<'a>(charts: impl Iterator<Item = &'a Chart>) -> String {
    let figure = |chart: &Chart| {
        let (name, drawing, caption) = (&chart.name, &chart.drawing, escape(&chart.caption));
        format!("<figure class=\"{name}\">{drawing}<figcaption>{caption}</figcaption></figure>\n")
    };
    match charts.map(figure).collect::<String>() {
        none if none.is_empty() => none,
        some => format!("<div class=\"charts\">\n{some}</div>\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_rows_is_a_page_too() {
        let results = Results { interrupted: true, ..Results::default() };
        let page = of(&results, Path::new("/nowhere"));
        assert!(page.contains("Interrupted") && !page.contains("<svg"));
        assert!(page.ends_with("</html>\n"));
    }
}
