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

const NAME: &str = "stage1-blocking";

#[test]
fn one_thread_does_one_thing_after_the_other() -> Result<()> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("timeline.json");
    let program = Path::new(env!("CARGO_BIN_EXE_stage1-blocking"));
    record(program, &[], &file, &Interrupt::default())?;
    let text = std::fs::read_to_string(file)?;
    let trace = Trace::parse(&text)?;
    // Nothing is missing, not even the last piece: who came has gone.
    let count = |event: InstantEvent| text.matches(&format!("\"{}\"", event.name())).count();
    assert!(
        count(InstantEvent::Accepted) >= 10
            && count(InstantEvent::Accepted) == count(InstantEvent::Closed)
    );

    let busy = view::busy(&trace, &view::window(&trace));
    let names: Vec<_> = busy.iter().map(|thread| thread.name.as_str()).collect();
    assert_eq!(names, ["main"]);
    assert!(busy[0].spans.iter().any(|(span, _)| *span == Span::Blocking));
    let overlap = trace.requests.windows(2).filter(|pair| pair[0].end > pair[1].start);
    assert_eq!(overlap.count(), 0, "two requests were open at once");

    let picture = timeline::of(&[(NAME, trace.clone())]).expect("there is a trace").file();
    assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
    assert_eq!(picture.matches("<text").count(), picture.matches("</text>").count());
    assert_eq!(picture.matches(">main</text>").count(), 1);
    Ok(())
}
