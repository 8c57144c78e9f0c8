//! Curves over load and over threads: what theory says, where the knee is, and which law points lie on.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::numbers::Random;
use bench::report::blocks;
use bench::results::sweep::{Theory, curves};
use bench::results::{Results, Sample};
use serde_json::json;

#[test]
fn in_theory_response_times_are_exponential_and_each_core_has_its_queue() {
    for (rate, busy) in [(100.0, 0.1), (500.0, 0.5), (900.0, 0.9), (990.0, 0.99)] {
        let mean = 0.001 / (1.0 - busy);
        for (queues, rate) in [(1, rate), (2, 2.0 * rate)] {
            let theory = Theory { service: 0.001, queues };
            for (quantile, expected) in [(0.5, mean * 2_f64.ln()), (0.99, mean * 100_f64.ln())] {
                let found = theory.percentile(rate, quantile).unwrap();
                assert!((found / expected - 1.0).abs() < 1e-6, "{rate}: {found} {expected}");
            }
        }
    }
    assert_eq!(Theory { service: 0.001, queues: 1 }.percentile(1001.0, 0.5), None);
}

/// A closed loop, and response times in ms at parts of its 1,000 requests per second.
fn sweep(means: &[(usize, f64)]) -> Results {
    let row = |offered: Option<usize>, mean: f64| -> Sample {
        let row = json!({
            "target": "stage3-epoll", "part": "sweep", "offered": offered,
            "rps": 10 * offered.unwrap_or(100), "latency_us": { "mean": 1e3 * mean, "max": 0.0 }
        });
        serde_json::from_value(row).unwrap()
    };
    let open = means.iter().rev().map(|(load, mean)| row(Some(*load), *mean));
    let rows = open.chain([row(None, 64.0)]).collect();
    let mut results = Results { rows, ..Results::default() };
    results.config.targets = vec!["stage3-epoll".to_owned()];
    results
}

#[test]
fn the_knee_is_where_throughput_by_latency_is_most() {
    let knee = |means: &[(usize, f64)]| {
        let results = sweep(means);
        let curves = curves(&results);
        curves[0].knee().unwrap().offered()
    };
    // M/M/1 has it at half of its capacity, and so has its own formula here.
    let mm1 = [10, 30, 45, 50, 55, 70, 90].map(|load| (load, 1.0 / (1.0 - load as f64 / 100.0)));
    assert_eq!(knee(&mm1), 50);
    // A queue that begins late has it late, and one that never does at its end.
    assert_eq!(knee(&[(10, 1.0), (50, 1.0), (80, 1.1), (90, 3.0), (100, 50.0)]), 80);
    assert_eq!(knee(&[(10, 1.0), (50, 1.0), (100, 1.0)]), 100);
    // Cores that have to be woken up at low load are no knee.
    assert_eq!(knee(&[(10, 3.0), (25, 2.0), (60, 1.2), (90, 9.0)]), 60);
}

/// A row of stage 4 with `threads` loops on a machine whose server has half of the cores.
fn with(threads: usize, workload: &str, repeat: usize, rps: f64, cause: &str) -> Sample {
    let row = json!({
        "target": "stage4-epoll-threads", "part": "scale", "workload": workload, "threads": threads,
        "connections": 512, "repeat": repeat, "rps": rps, "seconds": 1.0, "served": 512,
        "client_threads_cpu_seconds": [0.5, 0.5, 0.5, 0.5], "server_cpu_us": 10.0,
        "evidence": { "cause": cause, "seconds": 1.0, "server": { "cpu": 0.99 * threads as f64 } }
    });
    serde_json::from_value(row).unwrap()
}

/// Three repeats of each point on the law with λ = 50,000, σ = 0.03 and κ = 0.001, each up to half a per cent off it.
fn scale(counts: &[usize], cores: usize) -> Results {
    let mut random = Random::new(5);
    let mut rows = Vec::new();
    for repeat in 0..3 {
        for (workload, lambda) in [("hello", 50_000.0), ("work", 5000.0)] {
            for threads in counts {
                let n = *threads as f64;
                let law = lambda * n / (1.0 + 0.03 * (n - 1.0) + 0.001 * n * (n - 1.0));
                let noise = 0.995 + 0.01 * random.fraction();
                // The generator has the other half of the cores, and hello is all that it can send at the end.
                let cause = match (workload, threads) {
                    ("hello", 8..) => "the client",
                    (_, 1) => "one thread",
                    _ => "unknown",
                };
                rows.push(with(*threads, workload, repeat, law * noise, cause));
            }
        }
    }
    let mut results = Results { rows, ..Results::default() };
    results.host.cores = cores;
    results.config.targets = vec!["stage4-epoll-threads".to_owned()];
    results
}

#[test]
fn on_sixteen_cores_the_table_has_efficiency_and_the_law_is_found() {
    let results = scale(&[1, 2, 4, 8], 16);
    let text = |name: &str| {
        let block = blocks::find(&results, &format!("{name} stage4-epoll-threads"));
        block.map(|block| block.markdown()).unwrap_or_default()
    };
    let table = text("scale");
    let row = |start: &str| table.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    let cell = |row: &str, index: usize| row.split(" | ").nth(index).unwrap().to_owned();
    // 8 ÷ (1 + 0.03 × 7 + 0.001 × 56) = 6.32, which is 79 % of 8.
    let last = row("| work | 8 |");
    assert!(cell(&last, 3).starts_with("×6.3"), "{last}");
    assert!(["78 %", "79 %", "80 %"].contains(&cell(&last, 4).as_str()), "{last}");
    assert!(last.ends_with(" | 10.0 µs | 7.92 | 2.00 | all its threads |"), "{last}");
    assert!(!last.contains("served"), "{last}");
    assert!(row("| work | 1 |").contains(" ×1.00 | 100 % |"), "{table}");
    assert!(row("| hello | 8 |").ends_with("| the client |"), "{table}");
    let laws = text("laws");
    let figure = |line: &str, name: &str| -> f64 {
        let rest = line.rsplit_once(&format!("{name} = ")).unwrap().1;
        rest.split([' ', ',']).next().unwrap().parse().unwrap()
    };
    let work = laws.lines().find(|line| line.starts_with("| work")).unwrap();
    assert!(
        (figure(work, "σ") - 0.03).abs() < 0.01 && (figure(work, "κ") - 0.001).abs() < 0.001,
        "{work}"
    );
    assert!((figure(work, "λ") - 5000.0).abs() < 50.0 && work.contains(", most with "), "{work}");
    // All repeats are in it, as the command that has it with its figures.
    assert_eq!(work.split_once("bench fit ").unwrap().1.matches('=').count(), 12, "{work}");
    let hello = laws.lines().find(|line| line.starts_with("| hello")).unwrap();
    assert_eq!(hello.split_once("bench fit ").unwrap().1.matches('=').count(), 9, "{hello}");
    assert!(hello.contains("Left out, as the client was the limit: 8 threads"), "{hello}");
}
