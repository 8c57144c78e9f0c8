//! Rules for *every* response, whatever the request was: each is a case of its own (group `answers`), judged over all
//! the responses of a run. A server that forgets Date then shows one red case, not three hundred.

use super::case::{Case, End, Level, Step, case};
use super::play::Exchange;
use crate::load::head::Framing;
use crate::wire::Ending;
use crate::wire::response::Response;
use std::time::{Duration, SystemTime};

/// One rule for every response.
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) section: &'static str,
    pub(crate) level: Level,
    pub(crate) rule: &'static str,
    breach: Breach,
}

/// How a response, or a whole exchange, breaks a rule.
enum Breach {
    Response(fn(&Response) -> Option<String>),
    Exchange(fn(&Case, &Exchange) -> Option<String>),
}
use Breach::{Exchange as OfExchange, Response as Of};
use Level::{Must, Robustness, Should};

impl Rule {
    /// The rule as a case without steps, so that it is listed and counted like the others.
    pub(crate) fn case(&self) -> Case {
        case(self.level, format!("answers/{}", self.id), self.section, self.rule, "", "")
    }

    /// How the exchange breaks the rule.
    pub(crate) fn broken(&self, case: &Case, exchange: &Exchange) -> Option<String> {
        let text = match self.breach {
            Of(breach) => exchange.wire.responses.iter().find_map(breach),
            OfExchange(breach) => breach(case, exchange),
        };
        text.map(|text| format!("in {}: {text}", case.id))
    }
}

const fn rule(
    id: &'static str,
    section: &'static str,
    level: Level,
    rule: &'static str,
    breach: Breach,
) -> Rule {
    Rule { id, section, level, rule, breach }
}

/// All of them.
#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    rule("version", "RFC 9110 6.2", Should, "responses are labelled HTTP/1.1, those to HTTP/1.0 too", Of(version)),
    rule("field-syntax", "RFC 9112 5", Must, "field lines follow the grammar", Of(|response| response.faults.first().cloned())),
    rule("date", "RFC 9110 6.6.1", Must, "2xx, 3xx and 4xx have one Date",
        Of(|response| dates(response).filter(|_| (200..500).contains(&response.status)))),
    rule("date-on-5xx", "RFC 9110 6.6.1", Robustness, "5xx have one Date too",
        Of(|response| dates(response).filter(|_| response.status >= 500))),
    rule("date-form", "RFC 9110 5.6.7", Must, "Date is an IMF-fixdate", Of(date_form)),
    rule("one-framing", "RFC 9112 6.2", Must, "never two framings, and none where no content can be", Of(one_framing)),
    rule("framing-stated", "RFC 9112 6.3", Should, "to HTTP/1.1 the content has Content-Length or is chunked", OfExchange(framing_stated)),
    rule("allow-on-405", "RFC 9110 15.5.6", Must, "405 comes with Allow",
        Of(|response| (response.status == 405 && response.field("allow").is_none()).then(|| "405 without".into()))),
    rule("close-said", "RFC 9112 9.6", Should, "the last response before the server closes says so", OfExchange(close_said)),
    rule("close-meant", "RFC 9112 9.6", Must, "no response follows one that said close", OfExchange(close_meant)),
];

fn version(response: &Response) -> Option<String> {
    let labelled = response.status_line.starts_with(b"HTTP/1.1 ");
    (!labelled).then(|| response.status_line.escape_ascii().to_string())
}

fn dates(response: &Response) -> Option<String> {
    let dates = response.all("date").count();
    (dates != 1).then(|| format!("{} has {dates} Date fields", response.status))
}

fn date_form(response: &Response) -> Option<String> {
    let value = response.field("date")?;
    // The parser takes all three historic forms; writing it back shows whether it was the one to send.
    let right = httpdate::parse_http_date(value).is_ok_and(|time| {
        let now = SystemTime::now();
        let off = now.duration_since(time).or_else(|_| time.duration_since(now));
        httpdate::fmt_http_date(time) == value
            && off.unwrap_or_default() < Duration::from_secs(3600)
    });
    (!right).then(|| format!("Date: {value}"))
}

fn one_framing(response: &Response) -> Option<String> {
    let count = |name| response.all(name).count();
    let (lengths, codings) = (count("content-length"), count("transfer-encoding"));
    let allowed = if response.status < 200 || response.status == 204 { 0 } else { 1 };
    (lengths + codings > allowed).then(|| {
        format!("{} has {lengths} Content-Length and {codings} Transfer-Encoding", response.status)
    })
}

fn framing_stated(_: &Case, exchange: &Exchange) -> Option<String> {
    // A client of HTTP/1.0 gets a stream of unknown length until the connection ends: it knows no chunks.
    let old = exchange.wire.sent.windows(9).any(|window| window == b"HTTP/1.0\r");
    let without = |response: &&Response| response.framing == Framing::UntilClose && !old;
    let response = exchange.wire.responses.iter().find(without)?;
    Some(format!("{} has neither", response.status))
}

fn close_said(case: &Case, exchange: &Exchange) -> Option<String> {
    let wire = &exchange.wire;
    let half_closed = case.steps.iter().any(|step| matches!(step, Step::HalfClose));
    let server_closed = exchange.probed || matches!(case.end, End::Closed | End::Clean);
    // With fewer responses than were due, the connection ended for another reason than the last one.
    let cut_short =
        wire.responses.len() < case.wants.len() && !wire.responses.iter().any(Response::is_last);
    if half_closed || cut_short || !server_closed || wire.ending == Ending::Open {
        return None;
    }
    let last = wire.responses.last().filter(|response| response.status >= 200)?;
    (!last.is_last()).then(|| format!("{} came last and did not", last.status))
}

fn close_meant(_: &Case, exchange: &Exchange) -> Option<String> {
    let mut earlier = exchange.wire.responses.iter().rev().skip(1);
    let early = earlier.find(|response| response.has_token("connection", "close"))?;
    Some(format!("{} said close and another response followed", early.status))
}
