//! The screen from saved samples: frames of a tour that was played, as `bench watch --tour --unattended --svg FOLDER` writes
//! them, and the text that stands on the screen.

use super::*;
use crate::setup::Setup;
use bench::experiments::workload::Kind;
use bench::targets::Target;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::fs;
use std::path::Path;

/// The frame of this step.
fn saved(number: usize) -> Frame {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/steps/step{number:02}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What stands on a screen of this size.
fn screen(frame: &Frame, view: View, (width, height): (u16, u16)) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|page| draw(frame, view, page.area(), page.buffer_mut())).unwrap();
    terminal.backend().clone()
}

fn rows(backend: &TestBackend) -> Vec<String> {
    let cells = backend.buffer().content.chunks(backend.buffer().area.width.into());
    let row = |cells: &[ratatui::buffer::Cell]| cells.iter().map(|cell| cell.symbol()).collect();
    cells.map(row).map(|row: String| row.trim_end().to_owned()).collect()
}

#[test]
fn saved_frames_are_drawn_as_ever() {
    for number in [2, 4, 10] {
        let view = View { colour: true, step: Some(number - 1), ..View::default() };
        let text = rows(&screen(&saved(number), view, SIZE)).join("\n") + "\n";
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/steps/step{number:02}.txt"));
        if std::env::var_os("WATCH_REFRESH").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            expected,
            "{}: if that is better, set WATCH_REFRESH=1 once",
            path.display()
        );
    }
}

#[test]
fn every_size_is_drawn_and_a_small_one_says_what_it_needs() {
    let frame = saved(4);
    for size in [(1, 1), (40, 10), (80, 23), (80, 24), (81, 25), (200, 60)] {
        let view = View { step: Some(10), ..View::default() };
        let rows = rows(&screen(&frame, view, size));
        let fits = size.0 >= SIZE.0 && size.1 >= SIZE.1;
        assert_eq!(rows.iter().any(|row| row.contains("q end")), fits, "{size:?}: {rows:#?}");
    }
    let rows = rows(&screen(&frame, View::default(), (60, 20)));
    assert_eq!(rows[0], "this needs 80 × 24, the terminal has 60 × 20");
}

#[test]
fn nothing_is_coloured_unless_colour_is_wanted() {
    for (colour, help) in [(true, false), (false, false), (false, true)] {
        let view = View { colour, help, step: Some(0), paused: true, ..View::default() };
        let backend = screen(&saved(4), view, SIZE);
        let coloured = backend.buffer().content.iter().any(|cell| cell.fg != Color::Reset);
        assert_eq!(coloured, colour);
    }
}

#[test]
fn the_footer_has_the_keys_that_change_something_and_no_other_and_the_help_has_all() {
    let url = Target::Url("x".to_owned(), "http://127.0.0.1:1/".to_owned());
    for (target, load) in [(Target::Stage(1), true), (url.clone(), true), (url, false)] {
        let setup = Setup { target, workload: Kind::Hello, busy: 50, idle: 16, load };
        let view = View { keys: setup.keys(), ..View::default() };
        let footer = &rows(&screen(&saved(4), view, SIZE))[23];
        let of_stage = [("134", "1-4 stage", "1 2 3 4"), ("w", "w load", "w")];
        let of_clients = [("+-", "+- busy", "+ -"), ("iI", "iI idle", "i I")];
        for (keys, short, long) in of_stage.into_iter().chain(of_clients) {
            let works = keys.chars().all(|key| setup.after(key).is_some());
            assert_eq!(footer.contains(short), works, "{short}: {footer}");
            assert!(HELP.lines().any(|line| line.starts_with(&format!("  {long}  "))), "{long}");
        }
    }
}

#[test]
fn what_does_not_fit_of_the_sentence_is_marked() {
    let mut frame = saved(4);
    frame.now.text = "63 % of the server's time is the kernel's and not its own; ".repeat(2);
    for (doubt, end) in [("short", "(not trusted: short)"), ("of other programs", "other …")] {
        frame.now.doubts = vec![doubt.to_owned()];
        let rows = rows(&screen(&frame, View::default(), SIZE));
        assert!(rows[3].ends_with(end), "{}", rows[2..4].join("\n"));
    }
}

#[test]
fn a_sparkline_goes_from_nothing_to_the_highest() {
    assert_eq!(sparkline(&[0.0, 5.0, 10.0]), "▁▅█");
    assert_eq!(sparkline(&[0.0, 0.0]), "▁▁");
}

#[test]
fn words_are_not_cut_and_every_core_is_seen() {
    assert_eq!(words("in the accept queue)", 20), "in the accept queue)");
    assert_eq!(words("in the accept queue)", 16), "in the accept …");
    assert_eq!(words("in the accept queue)", 15), "in the accept …");
    assert_eq!(words("in the accept queue)", 14), "in the …");
    let text = cores(&[[1.0; 32], [0.0; 32]].concat(), 80).to_string();
    let expected = format!("{}{} 50 % of 64", "█".repeat(16), "▁".repeat(16));
    assert!(text.ends_with(&expected), "{text}");
}
