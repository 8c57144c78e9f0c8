//! The command line of `bench`.
#![forbid(unsafe_code)]

fn main() {}
