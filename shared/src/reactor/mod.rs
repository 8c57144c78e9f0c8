//! Connections that wait for nobody: what the event loops of stages 3 and 4 have in common.
//!
//! A loop asks epoll who is ready and then goes round in four steps, each for all that are ready:
//!
//! ```text
//!   epoll_wait ──► read ──────► understand ──► write ──────► expire ──► epoll_wait
//!                  (one read    (requests to   (one write    (who is
//!                   each)        answers)       each)         late?)
//! ```
//!
//! Reading from everybody before looking at anything keeps what the processor has learnt of the parser and the handlers
//! at hand: a system call in between would push it out. Looking at everything before writing to anybody
//! matters where clients share the machine: each write may wake up a client that then competes for the core.

mod client;
mod clients;
mod door;
mod table;

pub use clients::Clients;
pub use door::Door;
