//! What this stage's timeline shows: which threads work, and what each of them does.
#![forbid(unsafe_code)]

use anyhow::Result;
use bench::experiments::timeline::record;
use bench::interrupt::Interrupt;
use bench::report::chart::timeline;
use bench::results::timeline as view;
use bench::results::trace::Trace;
use shared::telemetry::trace::{InstantEvent, Span};
use std::path::Path;

const NAME: &str = "stage4-epoll-threads";

#[test]
fn loops_go_on_while_the_pool_sleeps() -> Result<()> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("timeline.json");
    let program = Path::new(env!("CARGO_BIN_EXE_stage4-epoll-threads"));
    let args = ["--threads".to_owned(), "2".to_owned()];
    record(program, &args, &file, &Interrupt::default())?;
    let text = std::fs::read_to_string(file)?;
    let trace = Trace::parse(&text)?;
    // Nothing is missing, not even the last piece: who came has gone.
    let count = |event: InstantEvent| text.matches(&format!("\"{}\"", event.name())).count();
    assert!(
        count(InstantEvent::Accepted) >= 10
            && count(InstantEvent::Accepted) == count(InstantEvent::Closed)
    );

    // The kernel may have given all connections to one loop.
    let (mut loops, mut pool) = (0, 0);
    for thread in view::busy(&trace, &view::window(&trace)) {
        let blocks = thread.spans.iter().any(|(span, _)| *span == Span::Blocking);
        let reads = thread.spans.iter().any(|(span, _)| *span == Span::Request);
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
