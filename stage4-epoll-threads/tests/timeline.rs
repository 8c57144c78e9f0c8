//! What this stage's timeline shows: which threads work, and what each of them does.
#![forbid(unsafe_code)]

use anyhow::Result;
use bench::experiments::timeline::record;
use bench::interrupt::Interrupt;
use bench::report::chart::timeline;
use bench::results::timeline as view;
use bench::results::trace::Trace;
use shared::trace::{Moment, Slice};
use std::path::Path;

const NAME: &str = "stage4-epoll-threads";

#[test]
fn loops_go_on_while_the_pool_sleeps() -> Result<()> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("timeline.json");
    let program = Path::new(env!("CARGO_BIN_EXE_stage4-epoll-threads"));
    let args = ["--threads".to_owned(), "2".to_owned()];
    record::record(program, &args, &file, &Interrupt::default())?;
    let text = std::fs::read_to_string(file)?;
    let trace = Trace::parse(&text)?;
    // Nothing is missing, not even the last piece: who came has gone.
    let count = |moment: Moment| text.matches(&format!("\"{}\"", moment.name())).count();
    assert!(count(Moment::Accepted) >= 10 && count(Moment::Accepted) == count(Moment::Closed));

    // The kernel may have given all connections to one loop.
    let (mut loops, mut pool) = (0, 0);
    for thread in view::busy(&trace, &view::window(&trace)) {
        let blocks = thread.slices.iter().any(|(slice, _)| *slice == Slice::Blocking);
        let reads = thread.slices.iter().any(|(slice, _)| *slice == Slice::Request);
        assert_eq!(
            (blocks, reads),
            (!thread.name.starts_with("loop-"), !blocks),
            "{}",
            thread.name
        );
        loops += usize::from(reads);
        pool += usize::from(blocks);
    }
    assert!((1..=2).contains(&loops) && pool >= 2, "{loops} loops, {pool} threads of the pool");

    let picture = timeline::of(&[(NAME, trace.clone())]).expect("there is a trace").file();
    assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
    assert_eq!(picture.matches(">loop-").count(), loops);
    assert_eq!(picture.matches(">blocking-").count(), pool);
    Ok(())
}
