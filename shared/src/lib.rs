//! The tour is written below.
#![cfg(target_os = "linux")]
// They panic when nobody reads them: `telemetry::stderr::line` does not.
#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod app;
pub mod http;
pub mod server;
pub mod sys;
pub mod telemetry;
