//! The cases, a file for each group.

mod chunked;
mod connection;
mod expect;
mod fields;
mod framing;
mod hostile;
mod limits;
mod line;
mod methods;
mod paths;
mod pipelining;
mod timeouts;

use super::case::{Case, Level, case};
use super::options::Options;

/// All cases in the order in which they are listed.
pub(crate) fn all(options: &Options) -> Vec<Case> {
    let groups = [
        ("line", line::cases()),
        ("fields", fields::cases()),
        ("framing", framing::cases()),
        ("chunked", chunked::cases()),
        ("expect", expect::cases(options)),
        ("connection", connection::cases()),
        ("methods", methods::cases()),
        ("paths", paths::cases()),
        ("limits", limits::cases(options)),
        ("timeouts", timeouts::cases(options)),
        ("pipelining", pipelining::cases()),
        ("hostile", hostile::cases()),
    ];
    let named =
        |group: &'static str| move |case: Case| Case { id: format!("{group}/{}", case.id), ..case };
    groups.into_iter().flat_map(|(group, cases)| cases.into_iter().map(named(group))).collect()
}

/// A row of a table: short id, level, section, the bytes that the rule is about, and the rule.
type Row = (&'static str, Level, &'static str, &'static [u8], &'static str);

/// Rows as cases: a row's bytes stand between `before` and `after`, cut in their middle when sent split.
fn rows(rows: &[Row], before: &str, after: &str, expected: &str) -> Vec<Case> {
    let of = |(id, level, section, bytes, rule): &Row| {
        let (left, right) = bytes.split_at(bytes.len() / 2);
        // A `{get}` must not be cut in two: then the default cut will do.
        let cut: &[u8] = if bytes.contains(&b'{') { b"" } else { b"{|}" };
        let message = [before.as_bytes(), left, cut, right, after.as_bytes()].concat();
        case(*level, *id, section, rule, message, expected)
    };
    rows.iter().map(of).collect()
}
