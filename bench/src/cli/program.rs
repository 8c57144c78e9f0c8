//! Commands with a package of their own: what it needs would make the first build of `bench` longer.

use crate::interrupt::Interrupt;
use crate::targets::build;
use anyhow::{Context, Result};
use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Builds the program of `package`, and becomes it: the terminal, its signals and the exit status are the program's.
pub(super) fn start(package: &str) -> Result<u8> {
    let programs = build::release(&[package], &Interrupt::default())?;
    let program = programs.get(package).with_context(|| format!("cargo built no {package}"))?;
    // It reads the same flags again: what stands behind the command.
    let error = Command::new(program).args(env::args_os().skip(2)).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}
