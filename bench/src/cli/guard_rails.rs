//! `bench check hostile --guard-rails`: what was measured becomes a run's folder, as tables of the book are made from.

use crate::experiments::common::Common;
use crate::experiments::record::{Finished, Record};
use crate::interrupt::Interrupt;
use crate::load::{Figures, Latency};
use crate::numbers::as_micros;
use crate::resilience::guard_rails::{ATTACKS, Guarded, HOSTILE};
use crate::results::{Part, Sample};
use crate::targets;
use anyhow::Result;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::time::Duration;

/// Clients that behave well.
const CLIENTS: usize = 32;

/// Writes what was measured of each stage for so long.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn record(
    measured: &[(String, Vec<Guarded>)],
    time: Duration,
    interrupt: &Interrupt,
) -> Result<Finished> {
    let common = Common::default();
    let names: Vec<_> = measured.iter().map(|(stage, _)| stage.clone()).collect();
    let plan = common.plan(targets::parse(&names)?, vec![CLIENTS], time);
    let rows: Vec<_> =
        measured.iter().flat_map(|(stage, all)| all.iter().map(move |one| (stage, one))).collect();
    let mut record = Record::begin(&plan, rows.len(), &common)?;
    for (stage, one) in rows {
        record.add_row(sample(stage, one, time), one.outcome.latency.clone());
    }
    record.end(interrupt)
}

fn sample(stage: &str, one: &Guarded, time: Duration) -> Sample {
    let attack =
        one.kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let limit = ATTACKS.iter().find(|(kind, _)| *kind == one.kind).map(|(_, limit)| *limit);
    let side = if one.limited { "limited" } else { "unlimited" };
    let seconds = time.as_secs_f64();
    let load = Figures {
        seconds,
        requests: one.served,
        rps: one.served as f64 / seconds,
        latency_us: Latency::of(&one.outcome.latency),
        ..Figures::default()
    };
    let evidence: [(&str, Value); 7] = [
        ("attack", json!(attack)),
        ("limit", json!(limit)),
        ("limited", json!(one.limited)),
        ("hostile", json!(HOSTILE)),
        ("lost", json!(one.outcome.lost.len())),
        ("p99_us", json!(as_micros(one.outcome.p99()))),
        ("memory_kib", json!(one.memory)),
    ];
    Sample {
        target: stage.to_owned(),
        part: Part::GuardRails,
        workload: format!("{attack}-{side}"),
        connection: "keep-alive".to_owned(),
        connections: CLIENTS,
        load,
        evidence: evidence.map(|(name, value)| (name.to_owned(), value)).into(),
        ..Sample::default()
    }
}
