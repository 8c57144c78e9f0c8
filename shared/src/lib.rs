//! Parsing, routing and everything else that the four servers share: all that has no opinion about
//! concurrency.
#![cfg(target_os = "linux")]
// They panic if nobody reads them: `stderr::line` does not.
#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod accept;
pub mod app;
pub mod args;
pub mod blocking;
pub mod clock;
pub mod drain;
pub mod files;
pub mod http;
pub mod limits;
pub mod log;
pub mod meter;
pub mod metrics;
pub mod pace;
pub mod reactor;
pub mod router;
pub mod service;
pub mod sink;
pub mod start;
pub mod stderr;
pub mod sys;
pub mod trace;
