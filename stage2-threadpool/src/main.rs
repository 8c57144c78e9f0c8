//! stage2-threadpool
#![forbid(unsafe_code)]

fn main() {}
