//! Every page in a real browser, on a telephone and on a desk, light and dark, and with them the report of the recorded
//! run: the console stays empty, and no page is wider than its window.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::report::html;
use bench::results::folder;
use bench::tools;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const WIDTHS: [usize; 2] = [390, 1200];

/// A page that shows each of `names` in frames of all widths, and writes down how wide each is within.
fn harness(names: &[String]) -> String {
    let mut html = "<script>function look(frame) {
        const page = frame.contentDocument.documentElement, line = document.createElement('pre');
        const paper = frame.contentWindow.getComputedStyle(frame.contentDocument.body).backgroundColor;
        line.textContent = `SEEN ${frame.width} ${page.scrollWidth} ${paper.replaceAll(' ', '')} ${frame.name}`;
        document.body.append(line); }</script>\n"
        .to_owned();
    for (name, width) in names.iter().flat_map(|name| WIDTHS.map(|width| (name, width))) {
        html += &format!(
            "<iframe src=\"{name}\" name=\"{name}\" width=\"{width}\" height=\"800\" onload=\"look(this)\"></iframe>\n"
        );
    }
    html
}

/// What the harness wrote down, line by line as words, and what the console got to hear.
fn seen(browser: &Path, harness: &Path, scheme: u8) -> (Vec<Vec<String>>, Vec<String>) {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--disable-sync", "--no-first-run", "--enable-logging=stderr", "--v=0"])
        .args(["--allow-file-access-from-files", "--hide-scrollbars", "--dump-dom"])
        .arg(format!("--user-data-dir={}", harness.with_extension("profile").display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("file://{}", harness.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (dom, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines = dom.split("<pre>SEEN ").skip(1).map(|rest| rest.split("</pre>").next().unwrap());
    let lines = lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect();
    (lines, log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect())
}

#[test]
fn every_page_fits_a_telephone_and_a_desk_light_and_dark() {
    let Some(browser) = ["chromium", "google-chrome"].into_iter().find_map(tools::find) else {
        eprintln!("skipped: there is no chromium here");
        return;
    };
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let _ = fs::remove_dir_all(&out);
    let run = folder::recorded().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-book"));
    let made = command.arg(&run).arg("--out").arg(&out).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    fs::write(out.join("report.html"), html::of(&folder::read(&run).unwrap(), &run)).unwrap();
    let entries = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".html")).collect();
    // And these would be seen: a page that is too wide, and one with a mistake.
    fs::write(out.join("too-wide.htm"), "<body style=width:2000px>").unwrap();
    fs::write(out.join("mistake.htm"), "<script>console.error('a mistake')</script>").unwrap();
    names.extend(["too-wide.htm", "mistake.htm"].map(str::to_owned));
    let harness_file = out.join("harness.htm");
    fs::write(&harness_file, harness(&names)).unwrap();
    let papers = [0, 1].map(|scheme| {
        let (lines, console) = seen(&browser, &harness_file, scheme);
        assert_eq!(lines.len(), names.len() * WIDTHS.len(), "{lines:?}");
        assert!(
            !console.is_empty() && console.iter().all(|line| line.contains("a mistake")),
            "{console:?}"
        );
        let is_wide =
            |line: &&Vec<String>| line[1].parse::<usize>().unwrap() > line[0].parse().unwrap();
        let wide: Vec<_> = lines.iter().filter(is_wide).map(|line| line[3].as_str()).collect();
        assert_eq!(wide, ["too-wide.htm"; 2], "{lines:?}");
        ["index.html", "report.html"]
            .map(|name| lines.iter().find(|line| line[3] == name).unwrap()[2].clone())
    });
    for (dark, light) in papers[0].iter().zip(&papers[1]) {
        assert_ne!(dark, light, "a reader who prefers dark gets another page");
    }
}
