//! A card for each stage: what is the bottleneck now, how it is known, what helps, and what holds then.
//!
//! The limit and its evidence are of the users' ladder; where CPU goes is the profile of an empty handler.

use super::layers::Bars;
use super::lines::{noted, verdict_of};
use super::{profile, users};
use crate::numbers;
use crate::results::{Part, Profile, Results, Sample};
use crate::table::Table;
use crate::workspace::{self, STAGES, label};

/// What cannot be measured: what helps a stage, and what holds it then.
struct Advice {
    remedy: &'static str,
    next: &'static str,
}

/// In the order of [`STAGES`].
const ADVICE: [Advice; 4] = [
    Advice {
        remedy: "a pool of worker threads: each waits for one connection (stage 2)",
        next: "the number of workers: a silent connection holds one",
    },
    Advice {
        remedy: "an event loop: epoll, and non-blocking sockets that need no thread to wait for them (stage 3)",
        next: "one core; and a handler that blocks, which stops all connections",
    },
    Advice {
        remedy: "an event loop per core, each with its own listener, and a pool for blocking handlers (stage 4)",
        next: "the machine: all cores, and what the kernel needs for each request",
    },
    Advice {
        remedy: "more cores; or fewer and cheaper system calls, as with io_uring",
        next: "what no way of waiting changes: the handlers' own work, the network, the services behind them",
    },
];

/// What was observed of one stage.
struct Observed<'a> {
    users: Option<&'a Sample>,
    profile: Option<&'a Profile>,
}

fn observed<'a>(results: &'a Results, target: &str) -> Observed<'a> {
    let groups = results.groups();
    let users = users::rows(&groups, Part::Users).into_iter().find(|row| row.target == target);
    let profile = results.profiles.iter().find(|profile| profile.target == target);
    Observed { users, profile }
}

/// The card of a stage; `None` where nothing of it was observed.
pub fn of(results: &Results, target: &str) -> Option<Table> {
    let advice = &ADVICE[workspace::stage(target)?];
    let seen = observed(results, target);
    seen.users.is_some().then_some(()).or(seen.profile.map(drop))?;
    let mut table = Table::of_prose(["Bottleneck", label(target)]);
    table.add(["Limit".to_owned(), or_dash(seen.users.and_then(verdict_of))]);
    for (name, figure) in evidence(seen.users) {
        table.add([name.to_owned(), or_dash(figure)]);
    }
    let cpu = seen.profile.map(|profile| Bars::of(results).line(profile));
    table.add(["Where a request's CPU goes".to_owned(), or_dash(cpu)]);
    let flame = seen.profile.and_then(Profile::flame);
    let flame = flame.map(|file| format!("[{}]({file})", profile::flame_title(target)));
    table.add(["Flame graph".to_owned(), or_dash(flame)]);
    table.add(["Remedy", advice.remedy]);
    table.add(["Next limit", advice.next]);
    Some(table)
}

/// A line for each stage. The factor is the remedy's: of the next stage's requests per second over this stage's.
pub fn all(results: &Results) -> Option<Table> {
    let line = |(stage, target): (usize, &&str)| {
        let row = observed(results, target).users?;
        let next = STAGES.get(stage + 1).and_then(|next| observed(results, next).users);
        let factor = next.filter(|_| row.load.rps > 0.0);
        let factor = factor.map(|next| format!("×{:.1}", next.load.rps / row.load.rps));
        let told = evidence(Some(row))
            .into_iter()
            .filter_map(|(name, figure)| Some(format!("{} {}", name.to_lowercase(), figure?)));
        Some(vec![
            label(target).to_owned(),
            or_dash(verdict_of(row)),
            told.collect::<Vec<_>>().join(", "),
            ADVICE[stage].remedy.to_owned(),
            or_dash(factor),
        ])
    };
    Table::of_prose(["Stage", "Limit", "Evidence", "Remedy", "Factor"])
        .filled(STAGES.iter().enumerate().filter_map(line).collect())
}

/// What a stage's limit is known by.
fn evidence(row: Option<&Sample>) -> [(&'static str, Option<String>); 4] {
    let switches = |row: &Sample| {
        let all = noted(row, "server.voluntary").filter(|_| row.load.requests > 0)?;
        Some(format!("{:.1}", all / row.load.requests as f64))
    };
    let served = |row: &Sample| Some(format!("{}/{}", row.load.served, row.connections));
    let cores = |row: &Sample| users::busy_cores(row).map(|cores| format!("{cores:.2}"));
    let queue = |row: &Sample| noted(row, "queue.max").map(numbers::grouped);
    [
        ("Served", row.and_then(served)),
        ("Busy cores", row.and_then(cores)),
        ("Switches/req", row.and_then(switches)),
        ("Accept queue", row.and_then(queue)),
    ]
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::blocks;
    use crate::results::folder;
    use crate::results::profile::Layer;
    use serde_json::json;

    fn cell(table: &Table, row: &str) -> String {
        let row = table.rows.iter().find(|cells| cells[0] == row);
        row.map(|cells| cells[1].clone()).unwrap()
    }

    fn saved() -> Results {
        let row = |stage: usize, rps, served, queue: serde_json::Value| {
            let mut row = Sample {
                target: STAGES[stage].to_owned(),
                part: Part::Users,
                connections: 1000,
                ..Sample::default()
            };
            (row.load.rps, row.load.requests, row.load.served) = (rps, 100, served);
            for (name, value) in [
                ("verdict", json!("64 workers wait")),
                ("seconds", json!(2.0)),
                ("server", json!({"cpu": 1.0, "voluntary": 110})),
                ("queue", queue),
            ] {
                row.evidence.insert(name.to_owned(), value);
            }
            row
        };
        let rows =
            vec![row(0, 50.0, 1, json!({"max": 999})), row(1, 3150.0, 64, serde_json::Value::Null)];
        let layer = |(name, us): (&str, f64)| Layer { name: name.to_owned(), us };
        let profile = Profile {
            target: STAGES[1].to_owned(),
            connections: 64,
            layers: [("user code", 2.0), ("read", 0.0), ("waiting and switching", 6.0)]
                .map(layer)
                .into(),
            stacks: Some("profiles/stage2-threadpool.folded".to_owned()),
            ..Profile::default()
        };
        Results { rows, profiles: vec![profile], ..Results::default() }
    }

    #[test]
    fn a_card_has_the_limit_its_evidence_and_what_helps() {
        let results = saved();
        let card = of(&results, STAGES[1]).unwrap();
        assert_eq!(card.header, ["Bottleneck", STAGES[1]]);
        for (row, text) in [
            ("Limit", "64 workers wait"),
            ("Served", "64/1000"),
            ("Busy cores", "0.50"),
            ("Switches/req", "1.1"),
            ("Accept queue", "-"),
            (
                "Where a request's CPU goes",
                "███████░░░░░░░░░░░░░░░░░░░░░ 8.0 µs (hello, kept alive, connections: 64) = █ user code 2.0 + \
                 ░ waiting and switching 6.0",
            ),
            ("Flame graph", "[flame graph of stage2-threadpool](profiles/stage2-threadpool.svg)"),
            ("Remedy", ADVICE[1].remedy),
            ("Next limit", ADVICE[1].next),
        ] {
            assert_eq!(cell(&card, row), text, "{row}");
        }
        assert_eq!(
            blocks::find(&results, "card stage2-threadpool").unwrap().title,
            "The bottleneck of stage2-threadpool"
        );
        let cards = all(&results).unwrap();
        assert_eq!(
            cards.rows[0],
            [
                STAGES[0],
                "64 workers wait",
                "served 1/1000, busy cores 0.50, switches/req 1.1, accept queue 999",
                ADVICE[0].remedy,
                "×63.0"
            ]
        );
        assert_eq!(cards.rows[1][4], "-");
    }

    #[test]
    fn what_is_missing_is_a_dash() {
        let mut results = saved();
        results.rows.iter_mut().for_each(|row| {
            row.evidence.clear();
            (row.load.rps, row.load.requests) = (0.0, 0);
        });
        results.profiles.clear();
        let card = of(&results, STAGES[0]).unwrap();
        for row in [
            "Limit",
            "Busy cores",
            "Switches/req",
            "Accept queue",
            "Where a request's CPU goes",
            "Flame graph",
        ] {
            assert_eq!(cell(&card, row), "-", "{row}");
        }
        assert_eq!(
            all(&results).unwrap().rows[0][1..],
            ["-", "served 1/1000", ADVICE[0].remedy, "-"]
        );
        assert_eq!((of(&results, STAGES[3]), of(&results, "nginx")), (None, None));
        results.profiles = saved().profiles;
        results.rows.clear();
        assert_eq!(cell(&of(&results, STAGES[1]).unwrap(), "Served"), "-");
        assert_eq!(all(&results), None);
    }

    #[test]
    fn the_recorded_run_has_a_card_for_every_stage() {
        let results = folder::read(&folder::recorded().unwrap()).unwrap();
        for stage in STAGES {
            let card = of(&results, stage).unwrap();
            assert!(card.rows.iter().all(|cells| cells[1] != "-"), "{card:?}");
        }
        assert_eq!(all(&results).unwrap().rows.len(), STAGES.len());
    }
}
