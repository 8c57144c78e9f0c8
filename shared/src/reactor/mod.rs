//! Connections that wait for nobody: what the event loops of stages 3 and 4 have in common.
//!
//! A loop asks epoll who is ready and then goes round in four steps, each for all that are ready:
//!
//! ```text
//!   epoll_wait ──► read ──────► answer ─────► expire ──► epoll_wait
//!                  (one read    (one write    (who is
//!                   each)        each)         late?)
//! ```
//!
//! Reading from everybody before writing to anybody matters where clients share the machine: each write may
//! wake up a client that then competes for the core.

mod client;
mod clients;
mod door;
mod table;

pub use clients::Clients;
pub use door::Door;
