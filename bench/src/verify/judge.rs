//! Compares what came with what was expected: one line for each difference.

use super::case::{Case, Check, End, Level, Want};
use super::play::Exchange;
use crate::wire::Ending;
use crate::wire::response::Response;

/// What is wrong with the exchange; empty where the case passes.
pub(crate) fn judge(case: &Case, exchange: &Exchange) -> Vec<String> {
    let wire = &exchange.wire;
    if case.or_nothing && wire.received.is_empty() && wire.ending != Ending::Open {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    let expected = case.wants.len() + usize::from(exchange.probed);
    let (fewer, more) = (wire.responses.len() < expected, wire.responses.len() > expected);
    if fewer && !excused(case, exchange) || more && wire.malformed.is_none() {
        wrong.push(count(case, exchange));
    }
    wrong.extend(wire.malformed.clone());
    for (index, (want, response)) in case.wants.iter().zip(&wire.responses).enumerate() {
        wrong.extend(
            compare(want, response, &wire.responses)
                .map(|text| format!("response {}: {text}", index + 1)),
        );
    }
    wrong.extend(probe(case, exchange));
    wrong.extend(ending(case, exchange).map(String::from));
    wrong.extend(timing(case, exchange));
    wrong
}

/// A server may end a connection with any response that says so. No MUST therefore hinges on the connection staying
/// open: persistence has cases of its own.
fn excused(case: &Case, exchange: &Exchange) -> bool {
    let wire = &exchange.wire;
    let last = wire.responses.last().is_some_and(Response::is_last);
    case.level == Level::Must && last && wire.ending != Ending::Open
}

fn count(case: &Case, exchange: &Exchange) -> String {
    let wire = &exchange.wire;
    let ending = match wire.ending {
        Ending::Open => "the connection is open",
        Ending::Eof => "the connection was closed",
        Ending::Reset => "the connection was reset",
    };
    let probe = if exchange.probed { " and the next request's" } else { "" };
    let came: Vec<u16> = wire.responses.iter().map(|response| response.status).collect();
    format!("expected {}{probe}, came {came:?}; {ending}", describe(case))
}

/// The expected responses in words.
pub(crate) fn describe(case: &Case) -> String {
    let statuses =
        |want: &Want| want.status.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
    match case.wants.len() {
        0 => "no response".into(),
        1..=4 => case.wants.iter().map(statuses).collect::<Vec<_>>().join(", "),
        many => format!("{many} responses"),
    }
}

fn compare(want: &Want, response: &Response, all: &[Response]) -> Option<String> {
    if !want.status.contains(&response.status) {
        return Some(format!("expected {:?}, came {}", want.status, response.status));
    }
    want.checks.iter().find_map(|check| violates(check, response, all))
}

/// Why the check fails.
fn violates(check: &Check, response: &Response, all: &[Response]) -> Option<String> {
    let (holds, text) = match check {
        Check::Token(name, token) => {
            (response.has_token(name, token), format!("no {token} in {name}"))
        }
        Check::Lacks(name) => {
            (response.field(name).is_none(), format!("{name} has no place there"))
        }
        Check::Same(name, index) => {
            let other = all.get(*index).and_then(|other| other.field(name));
            (other == response.field(name), format!("{name} is not that of response {}", index + 1))
        }
        Check::Body(body) => (response.body == *body, "not the content expected".into()),
        Check::Lines(count) => {
            let lines = response.body.iter().filter(|&&byte| byte == b'\n').count();
            (lines == *count, format!("{lines} lines, not {count}"))
        }
    };
    (!holds).then_some(text)
}

/// The request that the runner added must be served like any other.
fn probe(case: &Case, exchange: &Exchange) -> Option<String> {
    let response = exchange.wire.responses.get(case.wants.len()).filter(|_| exchange.probed)?;
    (response.status != 200)
        .then(|| format!("the next request on the connection got {}", response.status))
}

fn ending(case: &Case, exchange: &Exchange) -> Option<&'static str> {
    match (case.end, exchange.wire.ending) {
        (End::Open, _) if !exchange.probed => {
            Some("the server closed a connection that stays open")
        }
        (End::Closed | End::Clean | End::Idle, Ending::Open) => Some("the server did not close"),
        (End::Clean | End::Idle, Ending::Reset) => {
            Some("a reset, which may lose the response, where a clean close is due")
        }
        _ => None,
    }
}

fn timing(case: &Case, exchange: &Exchange) -> Option<String> {
    let (least, most) = case.window?;
    let took = exchange.took;
    (took < least || took > most)
        .then(|| format!("took {took:.1?}, expected {least:.1?} to {most:.1?}"))
}
