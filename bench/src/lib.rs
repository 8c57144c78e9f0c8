//! The load generator, the checks of any HTTP server, and the benchmark of the four stages.
//!
//! Imports point one way. [`load`] drives any server and measures; [`targets`] starts what can be measured;
//! [`evidence`] is what the kernel says meanwhile. [`experiments`] puts the three together, trial by trial, and
//! leaves [`results`]; [`report`] makes tables and pictures of them. [`verify`] asks any server several hundred
//! questions about HTTP, and [`resilience`] tries what a server must survive; both need only `load` and `targets`,
//! and share `wire`: one connection, byte by byte.
//!
//! The small modules at the top belong to all: [`args`] (values on the command line), [`interrupt`] (Ctrl-C),
//! [`numbers`] (statistics, random numbers, and how figures are written), [`proc`] (the kernel's formats), [`table`] (one
//! table for terminal, document and page), [`terminal`] (printing), [`tools`] (installed programs, temporary folders) and
//! [`workspace`] (the stages).
#![forbid(unsafe_code)]
// They panic when the reader has left: what is printed goes through terminal::print and terminal::note.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod args;
pub mod cli;
pub mod evidence;
pub mod experiments;
pub mod interrupt;
pub mod load;
pub mod numbers;
pub mod proc;
pub mod report;
pub mod resilience;
pub mod results;
pub mod table;
pub mod targets;
pub mod terminal;
pub mod tools;
pub mod verify;
mod wire;
pub mod workspace;
