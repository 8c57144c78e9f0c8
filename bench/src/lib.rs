//! The load generator, the black-box checks and the race of the four stages.
#![forbid(unsafe_code)]

pub mod args;
pub mod floor;
pub mod interrupt;
pub mod load;
pub mod report;
pub mod server;
