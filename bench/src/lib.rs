//! The load generator, the black-box checks and the race of the four stages.
//!
//! [`load`] drives any server and measures; [`server`] holds one as a child process; [`target`] knows the
//! stages, the [`floor`] and [`nginx`]; [`run`] races them [`cell`] by cell. [`results`] is the folder that it leaves,
//! and [`report`] prints what came of it. [`verify`] asks any server several hundred questions about HTTP, and
//! measures nothing; [`resilience`] tries what a server must never lose.
#![forbid(unsafe_code)]
// They panic when nobody reads: what is printed goes through report::print and report::note.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod args;
pub mod build;
pub mod cell;
pub mod claims;
pub mod compare;
pub mod doctor;
pub mod evidence;
pub mod explain;
pub mod fit;
pub mod floor;
pub mod idle;
pub mod interrupt;
pub mod load;
pub mod matrix;
pub mod nginx;
pub mod peers;
mod plan;
pub mod progress;
pub mod rate;
pub mod report;
pub mod resilience;
pub mod results;
pub mod run;
pub mod server;
mod sheet;
pub mod target;
pub mod timeline;
pub mod verify;
pub mod workload;
pub mod wrk;
