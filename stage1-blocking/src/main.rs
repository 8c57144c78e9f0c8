//! stage1-blocking
#![forbid(unsafe_code)]

fn main() {}
