//! The page of a run in a real browser, light and dark: it is drawn, and the console stays empty.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::tools;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// A picture of `page` as a reader sees it who prefers `scheme`: 0 is dark, 1 is light.
fn shoot(browser: &Path, page: &Path, scheme: u8, shot: &Path) -> Output {
    let profile = shot.with_extension("profile");
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--disable-sync", "--no-first-run", "--enable-logging=stderr", "--v=0"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--screenshot={}", shot.display()))
        .arg(format!("file://{}", page.display()));
    command.output().unwrap()
}

/// What a browser's console got to hear, as its log tells it.
fn console(output: &Output) -> Vec<String> {
    let log = String::from_utf8_lossy(&output.stderr);
    log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect()
}

#[test]
fn a_browser_draws_it_light_and_dark_and_has_nothing_to_complain_of() {
    let Some(browser) = ["chromium", "google-chrome"].into_iter().find_map(tools::find) else {
        eprintln!("skipped: there is no chromium here");
        return;
    };
    let folder = fresh("browser");
    let args = ["run", "floor", "-c", "2,3", "-d", "100ms", "--out"];
    let run = Command::new(env!("CARGO_BIN_EXE_bench")).args(args).arg(&folder).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    let page = folder.join("report.html");
    let [dark, light] = [0, 1].map(|scheme| {
        let shot = folder.join(format!("{scheme}.png"));
        let output = shoot(&browser, &page, scheme, &shot);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(console(&output), Vec::<String>::new());
        fs::read(shot).unwrap()
    });
    assert_ne!(dark, light, "a reader who prefers dark gets another page");

    // And this would have been seen: the same page with a mistake in it.
    let broken = folder.join("broken.html");
    fs::write(&broken, "<script>console.error('a mistake')</script>").unwrap();
    let output = shoot(&browser, &broken, 1, &folder.join("broken.png"));
    assert!(console(&output).iter().any(|line| line.contains("a mistake")), "{output:?}");
}
