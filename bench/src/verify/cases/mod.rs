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

use super::case::{Case, Level};
use super::options::Options;

/// All cases in the order in which they are listed.
pub(crate) fn all(options: &Options) -> Vec<Case> {
    [
        line::cases(),
        fields::cases(),
        framing::cases(),
        chunked::cases(),
        expect::cases(options),
        connection::cases(),
        methods::cases(),
        paths::cases(),
        limits::cases(options),
        timeouts::cases(options),
        pipelining::cases(),
        hostile::cases(),
    ]
    .concat()
}

/// A row of a table: short name, level, section, the bytes that the rule is about, and the rule.
type Row = (&'static str, Level, &'static str, &'static [u8], &'static str);

/// A row as a case: the row's bytes stand between `before` and `after`, cut in their middle when sent split.
fn row(group: &str, row: &Row, before: &str, after: &str) -> Case {
    let (name, level, section, bytes, rule) = row;
    let (left, right) = bytes.split_at(bytes.len() / 2);
    // A `{get}` must not be cut in two: then the default cut will do.
    let cut: &[u8] = if bytes.contains(&b'{') { b"" } else { b"{|}" };
    let message = [before.as_bytes(), left, cut, right, after.as_bytes()].concat();
    Case::new(*level, format!("{group}/{name}"), section, rule).send(message)
}
