//! Rules for *every* answer, whatever was asked: each is a case of its own (group `answers`), judged over all
//! the answers of a run. A server that forgets Date then shows one red case, not three hundred.

use std::time::Duration;

use super::case::{Case, End, Level, Step};
use super::play::Exchange;
use super::response::{Answer, Framing};
use super::wire::Ending;

/// One rule for every answer.
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) section: &'static str,
    pub(crate) level: Level,
    pub(crate) rule: &'static str,
    /// The answers of the exchange that break it.
    breach: fn(&Case, &Exchange) -> Option<String>,
}

impl Rule {
    /// The rule as a case without steps, so that it is listed and counted like the others.
    pub(crate) fn case(&self) -> Case {
        Case::new(self.level, self.id, self.section, self.rule)
    }

    /// How the exchange breaks the rule.
    pub(crate) fn broken(&self, case: &Case, exchange: &Exchange) -> Option<String> {
        (self.breach)(case, exchange).map(|text| format!("in {}: {text}", case.id))
    }
}

const fn rule(
    id: &'static str,
    section: &'static str,
    level: Level,
    rule: &'static str,
    breach: fn(&Case, &Exchange) -> Option<String>,
) -> Rule {
    Rule { id, section, level, rule, breach }
}

/// All of them.
#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    rule("answers/version", "RFC 9110 6.2", Level::Should, "answers are labelled HTTP/1.1, those to HTTP/1.0 too", version),
    rule("answers/field-syntax", "RFC 9112 5", Level::Must, "field lines follow the grammar", syntax),
    rule("answers/date", "RFC 9110 6.6.1", Level::Must, "2xx, 3xx and 4xx have one Date", date),
    rule("answers/date-on-5xx", "RFC 9110 6.6.1", Level::Robustness, "5xx have one Date too", date_5xx),
    rule("answers/date-form", "RFC 9110 5.6.7", Level::Must, "Date is an IMF-fixdate", date_form),
    rule("answers/one-framing", "RFC 9112 6.2", Level::Must, "never two framings, and none where no content can be", one_framing),
    rule("answers/framing-stated", "RFC 9112 6.3", Level::Should, "to HTTP/1.1 the content has Content-Length or is chunked", stated),
    rule("answers/allow-on-405", "RFC 9110 15.5.6", Level::Must, "405 comes with Allow", allow),
    rule("answers/close-said", "RFC 9112 9.6", Level::Should, "the last answer before the server closes says so", close_said),
    rule("answers/close-meant", "RFC 9112 9.6", Level::Must, "nothing is answered after an answer that said close", close_meant),
];

/// The first answer for which `wrong` says why.
fn first(exchange: &Exchange, wrong: impl Fn(&Answer) -> Option<String>) -> Option<String> {
    exchange.wire.answers.iter().find_map(wrong)
}

fn version(_: &Case, exchange: &Exchange) -> Option<String> {
    first(exchange, |answer| {
        let labelled = answer.status_line.starts_with(b"HTTP/1.1 ");
        (!labelled).then(|| answer.status_line.escape_ascii().to_string())
    })
}

fn syntax(_: &Case, exchange: &Exchange) -> Option<String> {
    first(exchange, |answer| answer.faults.first().cloned())
}

fn date(_: &Case, exchange: &Exchange) -> Option<String> {
    first(exchange, |answer| dated(answer).filter(|_| (200..500).contains(&answer.status)))
}

fn date_5xx(_: &Case, exchange: &Exchange) -> Option<String> {
    first(exchange, |answer| dated(answer).filter(|_| answer.status >= 500))
}

fn dated(answer: &Answer) -> Option<String> {
    let dates = answer.all("date").count();
    (dates != 1).then(|| format!("{} has {dates} Date fields", answer.status))
}

fn date_form(_: &Case, exchange: &Exchange) -> Option<String> {
    first(exchange, |answer| {
        let value = answer.field("date")?;
        // The parser takes all three historic forms; writing it back shows whether it was the one to send.
        let parsed = httpdate::parse_http_date(value).ok();
        let now = std::time::SystemTime::now();
        let right = parsed.is_some_and(|time| {
            let off =
                now.duration_since(time).or_else(|_| time.duration_since(now)).unwrap_or_default();
            httpdate::fmt_http_date(time) == value && off < Duration::from_secs(3600)
        });
        (!right).then(|| format!("Date: {value}"))
    })
}

fn one_framing(_: &Case, exchange: &Exchange) -> Option<String> {
    first(exchange, |answer| {
        let (lengths, codings) =
            (answer.all("content-length").count(), answer.all("transfer-encoding").count());
        let none_allowed = answer.status < 200 || answer.status == 204;
        let framings = lengths + codings;
        (framings > 1 || none_allowed && framings > 0).then(|| {
            format!(
                "{} has {lengths} Content-Length and {codings} Transfer-Encoding",
                answer.status
            )
        })
    })
}

fn stated(_: &Case, exchange: &Exchange) -> Option<String> {
    // A client of HTTP/1.0 gets a stream of unknown length until the connection ends: it knows no chunks.
    let old = exchange.wire.sent.windows(9).any(|window| window == b"HTTP/1.0\r");
    first(exchange, |answer| {
        (answer.framing == Framing::Close && !old).then(|| format!("{} has neither", answer.status))
    })
}

fn allow(_: &Case, exchange: &Exchange) -> Option<String> {
    first(exchange, |answer| {
        (answer.status == 405 && answer.field("allow").is_none()).then(|| "405 without".into())
    })
}

fn close_said(case: &Case, exchange: &Exchange) -> Option<String> {
    let wire = &exchange.wire;
    let half_closed = case.steps.iter().any(|step| matches!(step, Step::HalfClose));
    let server_closed = exchange.probed || matches!(case.end, End::Closed | End::Clean);
    // With fewer answers than were due, the connection ended for another reason than the last one.
    let cut_short =
        wire.answers.len() < case.wants.len() && !wire.answers.iter().any(Answer::is_last);
    if half_closed || cut_short || !server_closed || wire.ending == Ending::Open {
        return None;
    }
    let last = wire.answers.last().filter(|answer| answer.status >= 200)?;
    (!last.is_last()).then(|| format!("{} came last and did not", last.status))
}

fn close_meant(_: &Case, exchange: &Exchange) -> Option<String> {
    let answers = &exchange.wire.answers;
    let early =
        answers.iter().rev().skip(1).find(|answer| answer.has_token("connection", "close"))?;
    Some(format!("{} said close and another answer followed", early.status))
}
