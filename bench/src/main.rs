//! The program `bench`: see [`bench::cli`].
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::cli::main()
}
