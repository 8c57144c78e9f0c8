//! The load generator, the black-box checks and the race of the four stages.
#![forbid(unsafe_code)]

pub mod verify;
