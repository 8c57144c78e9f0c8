//! What the event loops of stages 3 and 4 have in common: one loop, many connections.

mod acceptor;
mod connection_set;
mod table;

pub use acceptor::Acceptor;
pub use connection_set::ConnectionSet;
pub(super) use table::Token;
