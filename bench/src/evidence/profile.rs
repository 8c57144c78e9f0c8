//! Where a server's CPU time goes: call stacks from `perf record`, each assigned to one [layer](LAYERS) and one [`Function`].

mod layer;

use anyhow::{Result, ensure};
use layer::{LAYERS, OTHER, USER};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What root types so that any user's perf may sample all CPUs and name the kernel's functions.
pub const ALLOW: &str = "sysctl kernel.perf_event_paranoid=0 kernel.kptr_restrict=0";

/// A function that samples found at work.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Whether it is the kernel's.
    pub kernel: bool,
    /// Its share of the server's CPU time, in per cent: what it calls is not counted.
    pub share: f64,
}

/// All samples of a server.
#[derive(Clone, Debug)]
pub struct Profile {
    stacks: Vec<Stack>,
    /// Whether perf followed each thread, and so made switches dearer.
    pub by_thread: bool,
}

impl Profile {
    /// What `perf script` printed of a server.
    ///
    /// # Errors
    /// When it is of no sample, or not of the kernel's part.
    pub(super) fn parse(script: &str, by_thread: bool) -> Result<Self> {
        let stacks = parse(script);
        ensure!(!stacks.is_empty(), "perf took no samples; in some virtual machines it cannot");
        let seen = stacks.iter().any(|stack| stack.in_kernel && stack.layer() != OTHER);
        ensure!(seen, "perf is not shown what the kernel does");
        Ok(Self { stacks, by_thread })
    }

    /// How many samples were taken.
    pub fn samples(&self) -> usize {
        self.stacks.len()
    }

    /// The share of each layer: their sum is 1.
    pub fn shares(&self) -> [(&'static str, f64); 9] {
        let layers: Vec<_> = self.stacks.iter().map(Stack::layer).collect();
        let count = |layer| layers.iter().filter(|other| **other == layer).count();
        LAYERS.map(|layer| (layer, count(layer) as f64 / layers.len() as f64))
    }

    /// The functions with the largest shares, the largest first.
    pub fn functions(&self) -> Vec<Function> {
        let mut counts = BTreeMap::new();
        for frame in self.stacks.iter().filter_map(|stack| stack.frames.first()) {
            *counts.entry(frame).or_insert(0) += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        let function = |((name, kernel), count): (&(String, bool), i32)| {
            let share = 100.0 * f64::from(count) / self.stacks.len() as f64;
            Function { name: name.clone(), kernel: *kernel, share }
        };
        counts.into_iter().map(function).collect()
    }

    /// Folded stacks, as flame graphs are made from: one line for each, `outermost;...;innermost count`.
    pub fn folded(&self) -> String {
        let mut counts = BTreeMap::new();
        for stack in &self.stacks {
            *counts.entry(stack.folded()).or_insert(0) += 1;
        }
        counts.into_iter().fold(String::new(), |mut text, (stack, count)| {
            let _ = writeln!(text, "{stack} {count}");
            text
        })
    }
}

/// One sample.
#[derive(Clone, Debug, PartialEq)]
struct Stack {
    /// The thread's name.
    thread: String,
    /// Functions, the innermost first; whether each is the kernel's.
    frames: Vec<(String, bool)>,
    /// Whether the kernel was at work.
    in_kernel: bool,
}

impl Stack {
    fn layer(&self) -> &'static str {
        match self.in_kernel {
            true => layer::of_kernel(self.frames.iter().map(|(name, _)| name.as_str())),
            false => USER,
        }
    }

    fn folded(&self) -> String {
        // The threads of a pool are alike: `worker-29`.
        let mut text = self.thread.trim_end_matches(|end: char| end.is_ascii_digit()).to_owned();
        text.truncate(text.trim_end_matches('-').len());
        for (name, is_kernel) in self.frames.iter().rev() {
            // A semicolon ends a frame; types such as `[u8; 4]` have one in their names.
            let mark = if *is_kernel { "_[k]" } else { "" };
            let _ = write!(text, ";{}{mark}", of_its_type(name).replace(';', ":"));
        }
        text
    }
}

/// `a::reading::<impl a::Set>::read` as `a::Set::read`: in which file an `impl` stands does not matter, and makes the
/// stacks half as long again.
fn of_its_type(name: &str) -> Cow<'_, str> {
    let parts = name.split_once("<impl ").and_then(|(_, rest)| rest.rsplit_once(">::"));
    match parts.filter(|(owner, _)| !owner.contains(" for ")) {
        Some((owner, method)) => format!("{owner}::{method}").into(),
        None => name.into(),
    }
}

/// What `perf script` prints: for each sample a line with the thread's name, a line `address function` for each frame,
/// and an empty line.
fn parse(script: &str) -> Vec<Stack> {
    script.split("\n\n").filter_map(stack).collect()
}

fn stack(text: &str) -> Option<Stack> {
    let mut lines = text.trim_start_matches('\n').lines();
    let thread = lines.next()?.trim().to_owned();
    let frame = |line: &str| {
        let (address, name) = line.trim().split_once(' ')?;
        // The kernel has the upper half of all addresses.
        let is_kernel = u64::from_str_radix(address, 16).ok()? >> 63 == 1;
        Some((name.to_owned(), is_kernel))
    };
    let mut frames: Vec<_> = lines.filter_map(frame).collect();
    let (_, in_kernel) = *frames.first()?;
    // Where the unwinding failed, the outermost frames are no functions.
    while frames.len() > 1 && frames.last().is_some_and(|(name, _)| name == "[unknown]") {
        frames.pop();
    }
    Some(Stack { thread, frames, in_kernel })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of the four stages, kept alive and closing, as `perf script` printed them; one for each rule, and some
    /// that only the C library's frame or the way back from the kernel tells.
    const STACKS: &str = include_str!("profile/stacks.txt");
    const EXPECTED: [&str; 13] = [
        "user code",
        "read",
        "write and TCP send",
        "waiting and switching",
        "waiting and switching",
        "accept",
        "close",
        "epoll_ctl",
        "futex",
        "other",
        "waiting and switching",
        "waiting and switching",
        "write and TCP send",
    ];

    #[test]
    fn each_sample_has_its_layer() {
        let stacks = parse(STACKS);
        let layers: Vec<_> = stacks.iter().map(Stack::layer).collect();
        assert_eq!(layers, EXPECTED);
        assert_eq!((stacks[0].thread.as_str(), stacks[0].frames.len()), ("stage3-epoll", 3));
    }

    #[test]
    fn shares_add_up_and_stacks_are_counted() {
        let once_more = format!("{STACKS}{STACKS}");
        let profile = Profile { stacks: parse(&once_more), by_thread: false };
        let shares = profile.shares();
        assert!((shares.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(shares[3], ("waiting and switching", 4.0 / 13.0));
        let functions = profile.functions();
        assert!(functions.is_sorted_by(|one, next| one.share >= next.share), "{functions:?}");
        let all = functions.iter().map(|function| function.share).sum::<f64>();
        assert!((all - 100.0).abs() < 1e-9 && functions.iter().any(|one| one.kernel), "{all}");
        let folded = profile.folded();
        assert_eq!(folded.lines().count(), EXPECTED.len());
        let line = folded.lines().find(|line| line.contains("accept_batch;accept4")).unwrap();
        assert!(line.starts_with("stage3-epoll;stage3_epoll::main;"), "{line}");
        assert!(line.ends_with(";do_accept_[k];sock_alloc_[k] 2"), "{line}");
    }

    #[test]
    fn a_method_is_named_by_its_type() {
        assert_eq!(of_its_type("a::reading::<impl a::Set>::read"), "a::Set::read");
        assert_eq!(of_its_type("a::<impl A for B>::c"), "a::<impl A for B>::c");
    }
}
