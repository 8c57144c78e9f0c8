//! The last screen of a run: who waits (users), where CPU goes (hello), and what is the bottleneck now. At most 40 lines of 80
//! columns that can be read alone.

use super::figures::{cores, served};
use super::layers::{self, Bars};
use super::{profile, users};
use crate::numbers::{grouped, micros};
use crate::results::{Part, Results, Sample};
use crate::terminal::wrapped_to;
use crate::workspace::{self, STAGES};

/// Columns.
const WIDTH: usize = 80;
/// Of these, for the prediction.
const PREDICTED: usize = 16;
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
    let columns = |cells: [&str; 7]| {
        let [name, rps, factor, predicted, served, cpu, cores] = cells;
        format!(
            " {name:<25}{rps:>7}{factor:>6} {predicted:<PREDICTED$}{served:>10}{cpu:>8}{cores:>6}\n"
        )
    };
    let line = |name: &str, row: &Sample| {
        columns([
            name,
            &grouped(row.load.rps),
            &users::factor(row, rows).filter(|_| row.part == Part::Users).unwrap_or_default(),
            &predicted(row, results),
            &served(row),
            &micros(row.server_cpu_us),
            &cores(row.busy_cores()),
        ])
    };
    let mut text = columns([
        "stage (threads), control",
        "req/s",
        "",
        "predicted",
        "served",
        "CPU/req",
        "cores",
    ]);
    for row in rows {
        text += &line(&format!("{} ({})", name(&row.target), users::threads(row, results)), row);
    }
    for row in results.medians(Part::Controls) {
        text += &line(&users::control(row).unwrap_or_default(), row);
    }
    text
}

/// What a row was predicted to reach. Many cores, or a quota of two and a half, make it longer than its column: then it has
/// no blanks.
fn predicted(row: &Sample, results: &Results) -> String {
    let predicted = users::predicted(row, results).unwrap_or_default();
    if predicted.chars().count() <= PREDICTED { predicted } else { predicted.replace(' ', "") }
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
    use crate::results::Profile;
    use serde_json::{Value, from_value, json};

    fn row(stage: usize, rps: f64, served: u64, told: Value) -> Sample {
        let verdict =
            "threads wait for users that think, and others wait to be accepted; ".repeat(2);
        let mut row = json!({
            "target": STAGES[stage], "part": "users", "connections": 1000, "keep_alive": "always",
            "rps": rps, "served": served, "latency_us": {"mean": 100.0, "max": 0.0},
            "server_cpu_us": 60.0, "client_cpu_us": 12.0,
            "evidence": {
                "think_us": 20_000.0, "seconds": 1.0, "server": {"cpu": 1.0, "memory": 29_000_000},
                "verdict": verdict, "doubts": ["other programs used 1.9 cores"]
            }
        });
        told.as_object().unwrap().iter().for_each(|(name, value)| row[name] = value.clone());
        from_value(row).unwrap()
    }

    fn profile(stage: usize, layers: &[(&str, f64)]) -> Profile {
        let layers: Vec<_> =
            layers.iter().map(|(name, us)| json!({"name": name, "us": us})).collect();
        let profile = json!({"target": STAGES[stage], "connections": 64, "layers": layers});
        from_value(profile).unwrap()
    }

    fn results() -> Results {
        let control = |told| json!({"part": "controls", "keep_alive": told});
        let many = json!({"part": "controls", "threads": 1000});
        let rows = vec![
            row(0, 48.0, 1, json!({})),
            row(1, 3147.0, 64, json!({})),
            row(2, 16_760.0, 1000, json!({})),
            row(3, 27_519.0, 1000, json!({})),
            row(0, 13_600.0, 1000, control("never")),
            row(1, 6_900.0, 1000, control("fair")),
            row(1, 22_200.0, 1000, many),
        ];
        let layers = |wait| [("user code", 1.0), ("waiting and switching", wait), ("accept", 0.5)];
        let waits = [9.0, 9.5, 0.6, 3.0].into_iter().enumerate();
        let profiles = waits.map(|(stage, us)| profile(stage, &layers(us))).collect();
        let mut results = Results { rows, profiles, ..Results::default() };
        results.host.cores = 2;
        results
    }

    #[test]
    fn the_screen_has_forty_lines_of_eighty_columns_and_can_be_read_alone() {
        let screen = of(&results()).unwrap();
        // Below it stand an empty line and where the page is.
        assert!(screen.lines().count() <= 38, "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        for text in [
            "1,000 users",
            " 1 blocking (1)                48       1/(Z+R) = 50        1/1000 60.0 µs  1.00\n",
            " 2 thread pool (64)         3,147 ×65.6 64/(Z+R) = 3,184   64/1000",
            "×5.3 1/s = 16,667",
            " stage 1, keep-alive never 13,600",
            " stage 2, 1,000 threads    22,200",
            "1.3 × stage 3",
            "NOT TRUSTED: no figure of stage 1, 2, 3, 4 ",
            "  2 thread pool     ███░░░░░░░░░░░░░░░░░░░░░░░░· 11.0 = 1.0+0.0+0.0+9.5+0.5\n",
            "waiting falls from 9.5 to 0.6 µs",
        ] {
            assert!(screen.contains(text), "{text}\n{screen}");
        }
        assert_eq!(of(&Results::default()), None);
    }

    #[test]
    fn a_quota_or_many_cores_make_no_line_longer_than_the_screen() {
        let machine = json!({"quota": 2.5});
        let told = json!({"think_us": 20_000.0, "cores": 4, "server_cores": 4, "machine": machine});
        let mut results = results();
        results.rows[5] = row(
            1,
            6900.0,
            1000,
            json!({"part": "controls", "keep_alive": "fair", "evidence": told}),
        );
        let screen = of(&results).unwrap();
        assert!(screen.contains(" 2.5/(s+g)=34,722 1000/1000 60.0 µs"), "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
    }

    #[test]
    fn without_perf_the_bars_are_what_proc_shows_and_the_screen_says_what_would_give_more() {
        let mut results = results();
        let shown =
            |queued| [("user", 2.0), ("system", 8.0), ("run queue", queued), ("asleep", 900.0)];
        results.profiles = vec![profile(1, &shown(180.0)), profile(2, &shown(1.0))];
        for profile in &mut results.profiles {
            profile.missing = Some("perf is not installed. Install it.".to_owned());
        }
        let screen = of(&results).unwrap();
        // However long a pool's threads wait for a CPU, the bars show where CPU time goes.
        let bar = "██████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 10.0 = 2.0+8.0 (+";
        for text in [bar.to_owned() + "180.0)\n", bar.to_owned() + "1.0)\n"] {
            assert!(screen.contains(&text), "{text}\n{screen}");
        }
        assert!(screen.contains("█ user  ▒ system  (+ waiting for a CPU: run queue)"), "{screen}");
        assert!(screen.contains("perf is not installed"), "{screen}");
    }

    #[test]
    fn a_stage_that_perf_could_not_look_at_takes_no_layers_from_the_others() {
        let mut results = results();
        results.profiles[0] = profile(0, &[("user", 2.0), ("system", 8.0)]);
        results.profiles[0].missing = Some("other programs used the machine.".to_owned());
        let screen = of(&results).unwrap();
        for text in ["10.0 = 2.0+8.0\n", "11.0 = 1.0+0.0+0.0+9.5+0.5\n", "▒ system", "▓ read"] {
            assert!(screen.contains(text), "{text}\n{screen}");
        }
    }
}
