//! `bench book`: BOOK.md as a folder of pages, with the reader's own figures beside the recorded ones.
//!
//! [`chapters`] cuts the text; [`markdown`] makes HTML of a chapter's [`events`], [`rust`] of a listing; [`own`] are the reader's runs,
//! and [`beside`] puts their figures beside the book's, cell by cell ([`cells`]); [`page`] is what stands around a chapter.
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod anchor;
mod beside;
mod cells;
mod chapters;
mod events;
mod markdown;
mod own;
mod page;
mod rust;
mod table;

use anyhow::{Context, Result};
use bench::cli::program::BookArgs;
use bench::results::folder;
use bench::{terminal, workspace};
use clap::Parser;
use markdown::Writer;
use own::Own;
use std::fs;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "bench book")]
struct Cli {
    #[command(flatten)]
    args: BookArgs,
}

fn main() -> ExitCode {
    let done = run(Cli::parse().args);
    done.map_or_else(
        |error| {
            terminal::note(&format!("bench: {error:#}"));
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn run(args: BookArgs) -> Result<()> {
    let root = workspace::root();
    let source = root.join("BOOK.md");
    let text =
        fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let own = Own::read(args.run.as_deref())?;
    let out = args.out.unwrap_or_else(|| folder::default_place().with_file_name("book"));
    let cannot = || format!("cannot write to {}; choose another folder: --out DIR", out.display());
    fs::create_dir_all(&out).with_context(cannot)?;
    let chapters = chapters::all(&text);
    let writer = Writer::new(&root, &out, &own, &chapters)?;
    let pages = page::all(&chapters, &writer, &own)?;
    for (name, html) in &pages {
        fs::write(out.join(name), html).with_context(cannot)?;
    }
    let index = out.join(page::INDEX);
    terminal::print(&format!("Book: {}\n{}\n", index.display(), own.sentence()))
}
