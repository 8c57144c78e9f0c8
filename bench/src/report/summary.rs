//! The last screen of a run: who waits (users), where CPU goes (hello), and what is the bottleneck now. At most 40 lines of 80
//! columns that can be read alone; many cores, or a quota of two and a half, make those of the table a little longer.

use super::figures::{cores, served};
use super::layers::{self, Bars};
use super::{profile, users};
use crate::numbers::{grouped, micros};
use crate::results::{Part, Results, Sample};
use crate::table::{Column, Table};
use crate::terminal::wrapped_to;
use crate::workspace::{self, STAGES};

/// Columns.
const WIDTH: usize = 80;
/// What the stages are called where there is little space.
const NAMES: [&str; 4] = ["1 blocking", "2 thread pool", "3 epoll", "4 epoll + threads"];

/// The screen; `None` for a run without users.
pub fn of(results: &Results) -> Option<String> {
    let rows = results.medians(Part::Users);
    let caption = users::caption(results)?;
    let mut text = format!("\n{}\n", "=".repeat(WIDTH));
    text += &prose("WHO WAITS. ", &format!("{caption} {SYMBOLS}"));
    text += &ladder(&rows, results);
    text += "What is the bottleneck now, and why:\n";
    text += &rows.iter().map(|row| limit(row)).collect::<String>();
    text += &prose("  ", &users::beaten(results).pop().unwrap_or_default());
    text += &prose("  NOT TRUSTED: ", &doubts(&rows).unwrap_or_default());
    text += &prose("HOW IT IS KNOWN. ", KNOWN);
    Some(text + &bars(results))
}

const KNOWN: &str = "/proc shows threads' CPU and sleep, and the accept queue.";

/// What the predictions are made of: before the table that has them.
const SYMBOLS: &str = "Predicted: s and g are a request's CPU in server and generator, Z think time, R response time, N users.";

/// A text below its beginning, a little indented; nothing for an empty one.
fn prose(head: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let indent = if head.starts_with(' ') { "     " } else { "  " };
    let wrapped = wrapped_to(WIDTH, indent, &format!("{}{text}", head.trim_start()));
    let begin = indent.len() - (head.len() - head.trim_start().len());
    wrapped.get(begin..).unwrap_or_default().to_owned()
}

/// The stages, and below them the controls.
fn ladder(rows: &[&Sample], results: &Results) -> String {
    let row_name = |row: &Sample| match row.part {
        Part::Users => format!("{} ({})", name(&row.target), users::threads(row, results)),
        _ => format!("{} with {}", label(&row.target), users::variant(row)),
    };
    let columns: [Column<'_, &Sample>; 7] = [
        ("stage (threads)", &|row| row_name(row)),
        ("req/s", &|row| grouped(row.load.rps)),
        ("× above", &|row| users::factor(row, results).unwrap_or_default()),
        ("predicted", &|row| users::predicted(row, results).unwrap_or_default()),
        ("served", &|row| served(row)),
        ("CPU/req", &|row| micros(row.server_cpu_us)),
        ("cores", &|row| cores(row.busy_cores())),
    ];
    let all = rows.iter().copied().chain(results.medians(Part::Controls));
    Table::of(all, &columns).map_or(String::new(), |table| table.bare())
}

/// What a stage is called here.
fn name(target: &str) -> &str {
    workspace::stage(target).map_or(target, |stage| NAMES[stage])
}

/// What limits a stage, in a sentence.
fn limit(sample: &Sample) -> String {
    let beginning = format!("  {}  ", label(&sample.target));
    wrapped_to(WIDTH, &beginning, sample.told("verdict").unwrap_or("-"))
}

/// A stage's number.
fn label(target: &str) -> String {
    workspace::stage(target).map_or(target.to_owned(), |stage| (stage + 1).to_string())
}

/// Which rows are not to be trusted, in one sentence.
fn doubts(rows: &[&Sample]) -> Option<String> {
    let doubtful = || rows.iter().filter(|row| !row.doubts().is_empty());
    let row = doubtful().next()?;
    let stages: Vec<_> = doubtful().map(|row| label(&row.target)).collect();
    let (all, first, doubt) = (stages.join(", "), &stages[0], row.doubts()[0]);
    Some(format!("no figure of stage {all} is to be relied on; stage {first}: {doubt}."))
}

/// One bar a stage of where a request's CPU goes, with a legend.
fn bars(results: &Results) -> String {
    let profiles = &results.profiles;
    if profiles.is_empty() {
        return String::new();
    }
    let bars = Bars::of(results);
    let connections: Vec<_> = profiles.iter().map(|it| it.connections.to_string()).collect();
    let caption =
        format!("hello, kept alive, {} connections; µs a request:", connections.join(", "));
    let mut text = "\n".to_owned() + &prose("WHERE CPU GOES. ", &caption);
    for profile in profiles {
        let (name, drawn, lengths) =
            (name(&profile.target), bars.drawn(profile), layers::lengths(profile));
        let figures: Vec<_> = lengths.iter().map(|us| format!("{us:.1}")).collect();
        let sum = lengths.iter().sum::<f64>();
        let queued = layers::queued(profile).map_or(String::new(), |us| format!(" (+{us:.1})"));
        text += &format!("  {name:<18}{drawn:<28} {sum:.1} = {}{queued}\n", figures.join("+"));
    }
    layers::legend(results).iter().for_each(|line| text += &format!("  {line}\n"));
    let lesson = falls(results).or(profile::missing(results));
    text + &wrapped_to(WIDTH, "  ", &lesson.unwrap_or_default())
}

/// What an event loop saves, where perf has seen it.
fn falls(results: &Results) -> Option<String> {
    let waiting = |stage: usize| layers::waiting(results.profile(STAGES[stage])?);
    let (pool, epoll) = (waiting(1)?, waiting(2)?);
    (pool > epoll).then(|| {
        format!(
            "From stage 2 to 3 waiting falls from {pool:.1} to {epoll:.1} µs: a thread sleeps before each \
             request, an event loop hears of many at once."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html;
    use crate::results::{Profile, folder};
    use serde_json::{from_value, json};
    use std::path::Path;

    /// The recorded run, of which every stage has a long verdict and is not to be trusted.
    fn doubted() -> Results {
        let mut results = folder::read(&folder::recorded().unwrap()).unwrap();
        let verdict =
            "threads wait for users that think, and others wait to be accepted; ".repeat(2);
        for row in results.rows.iter_mut().filter(|row| row.part == Part::Users) {
            row.evidence.insert("verdict".to_owned(), json!(verdict));
            row.evidence.insert("doubts".to_owned(), json!(["other programs used 1.9 cores"]));
        }
        results
    }

    fn profile(stage: usize, layers: &[(&str, f64)]) -> Profile {
        let layers: Vec<_> =
            layers.iter().map(|(name, us)| json!({"name": name, "us": us})).collect();
        let profile = json!({"target": STAGES[stage], "connections": 64, "layers": layers});
        from_value(profile).unwrap()
    }

    /// Columns of its longest line.
    fn width(screen: &str) -> usize {
        screen.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    }

    #[test]
    fn the_screen_has_forty_lines_of_eighty_columns_and_can_be_read_alone() {
        let screen = of(&doubted()).unwrap();
        // Below it stand an empty line and where the page is.
        assert!(screen.lines().count() <= 38, "{screen}");
        assert!(width(&screen) <= WIDTH, "{screen}");
        for text in [
            "1,000 users",
            " stage (threads) ",
            " 1 blocking (1) ",
            " 1/(Z+R) = ",
            " 1/1000 ",
            " 2 thread pool (64) ",
            " 1 with keep-alive never ",
            " 2 with 1,000 threads ",
            "NOT TRUSTED: no figure of stage 1, 2, 3, 4 ",
        ] {
            assert!(screen.contains(text), "{text}\n{screen}");
        }
        // Each stage but the first has its factor, below the column's name; no control has one.
        let (table, _) = screen.split_once("What is the bottleneck").unwrap();
        assert_eq!(table.matches('×').count(), STAGES.len(), "{screen}");
        assert_eq!(of(&Results::default()), None);
    }

    #[test]
    fn a_quota_makes_a_line_of_the_table_a_little_longer() {
        let mut results = doubted();
        let machine = json!({"quota": 2.5});
        for row in results.rows.iter_mut().filter(|row| row.part == Part::Controls) {
            let told =
                [("cores", json!(4)), ("server_cores", json!(4)), ("machine", machine.clone())];
            row.evidence.extend(told.map(|(name, value)| (name.to_owned(), value)));
        }
        let screen = of(&results).unwrap();
        assert!(screen.contains(" 2.5/(s+g) = "), "{screen}");
        assert!((WIDTH + 1..=110).contains(&width(&screen)), "{screen}");
    }

    #[test]
    fn without_perf_the_bars_are_what_proc_shows_and_it_is_said_what_would_give_more() {
        let mut results = doubted();
        let shown =
            |queued| [("user", 2.0), ("system", 8.0), ("run queue", queued), ("asleep", 900.0)];
        results.profiles = vec![profile(1, &shown(180.0)), profile(2, &shown(1.0))];
        for profile in &mut results.profiles {
            profile.missing = Some("perf is not installed. Install it.".to_owned());
            profile.by_thread = true;
        }
        let screen = of(&results).unwrap();
        // However long a pool's threads wait for a CPU, the bars show where CPU time goes.
        let bar = "██████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 10.0 = 2.0+8.0 (+";
        for text in [bar.to_owned() + "180.0)\n", bar.to_owned() + "1.0)\n"] {
            assert!(screen.contains(&text), "{text}\n{screen}");
        }
        assert!(screen.contains("█ user  ▒ system  (+ waiting for a CPU: run queue)"), "{screen}");
        assert!(screen.contains("perf is not installed"), "{screen}");
        let page = html::of(&results, Path::new("/nowhere"));
        assert!(page.contains("Without layers: perf is not installed."), "{page}");
        assert!(page.contains("perf had to follow each thread"), "{page}");
        assert!(page.contains(">10.0 µs, run queue 180 µs, asleep 900 µs<"), "{page}");
    }

    #[test]
    fn a_stage_that_perf_could_not_look_at_takes_no_layers_from_the_others() {
        let mut results = doubted();
        let by_layer =
            |waiting| [("user code", 1.0), ("waiting and switching", waiting), ("accept", 0.5)];
        let of_proc = [("user", 2.0), ("system", 8.0)];
        results.profiles =
            vec![profile(0, &of_proc), profile(1, &by_layer(9.5)), profile(2, &by_layer(0.6))];
        results.profiles[0].missing = Some("it was disturbed.".to_owned());
        results.profiles[1].samples = 1924;
        let screen = of(&results).unwrap();
        for text in [
            "10.0 = 2.0+8.0\n",
            "  2 thread pool     ███░░░░░░░░░░░░░░░░░░░░░░░░· 11.0 = 1.0+0.0+0.0+9.5+0.5\n",
            "▒ system",
            "▓ read",
            "waiting falls from 9.5 to 0.6 µs",
        ] {
            assert!(screen.contains(text), "{text}\n{screen}");
        }
        let page = html::of(&results, Path::new("/nowhere"));
        for text in [
            "<td>-</td><td>1,924</td>",
            "stage1-blocking without layers: it was disturbed.",
            "each layer's share of perf's samples, times the CPU of a request. Of the others what /proc shows",
        ] {
            assert!(page.contains(text), "{text}\n{page}");
        }
    }
}
