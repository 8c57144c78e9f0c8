//! Files that are edited all the time while they are served. A file that is replaced by rename is always
//! served as one whole version; a file written in place settles on the last; and no version is served
//! any more a second after the next one came.

use anyhow::{Context, Result, anyhow, ensure};
use bench::numbers::Random;
use bench::resilience::client::Client;
use bench::resilience::{Stage, TIMEOUT};
use bench::tools::Folder;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long an old version may be served.
const FRESH: Duration = Duration::from_secs(1);

/// Clients that read.
const CLIENTS: u64 = 4;

/// How many files, and how they are edited.
#[derive(Clone, Copy, Debug)]
struct Size {
    files: usize,
    /// How long they are edited.
    time: Duration,
    /// The seed of all choices.
    seed: u64,
}

impl Size {
    /// A short form, or what the variables `TREE_FILES`, `TREE_SECONDS` and `TREE_SEED` say.
    fn from_environment() -> Self {
        let number = |name, default| {
            std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        Self {
            files: number("TREE_FILES", 1000) as usize,
            time: Duration::from_secs(number("TREE_SECONDS", 2)),
            seed: number("TREE_SEED", 1),
        }
    }
}

/// Serves files, edits them, and reads them.
pub fn are_served_whole_and_fresh(stage: &Stage) -> Result<()> {
    let tree = Tree::grow(Size::from_environment())?;
    let folder = tree.folder.path().to_str().context("a folder whose name is not UTF-8")?;
    // Shorter than it need be: what is left of the second is for a machine that has much else to do.
    let server = stage.start(&["--root", folder, "--cache-age", "250ms"])?;
    let (address, stop, responses) = (server.address(), AtomicBool::new(false), AtomicU64::new(0));
    let edits = thread::scope(|scope| -> Result<u64> {
        let (tree, stop, responses) = (&tree, &stop, &responses);
        let read = |number| scope.spawn(move || tree.read(address, number, stop, responses));
        let readers: Vec<_> = (0..CLIENTS).map(read).collect();
        let edits = tree.edit();
        stop.store(true, Relaxed);
        for reader in readers {
            reader.join().map_err(|_| anyhow!("a reader panicked"))??;
        }
        edits
    })?;
    thread::sleep(FRESH);
    tree.is_as_edited(address)?;
    let responses = responses.into_inner();
    ensure!(edits > 0 && responses > 0, "{edits} edits, {responses} responses");
    Ok(())
}

struct Tree {
    folder: Folder,
    size: Size,
    /// Of each file, when each of its versions was there.
    histories: Vec<Mutex<History>>,
}

#[derive(Clone, Default)]
struct History {
    since: Vec<Instant>,
    /// Whether another version is just being written.
    is_changing: bool,
}

impl Tree {
    fn grow(size: Size) -> Result<Self> {
        let folder = Folder::create()?;
        let tree =
            Self { folder, size, histories: (0..size.files).map(|_| Mutex::default()).collect() };
        for number in 0..size.files {
            fs::create_dir_all(tree.path(number).parent().context("a file in no folder")?)?;
            fs::write(tree.path(number), content(number, 0))?;
            tree.history(number).since.push(Instant::now());
        }
        Ok(tree)
    }

    fn name(number: usize) -> String {
        format!("{}/{number}.txt", number % 100)
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.path().join(Self::name(number))
    }

    fn history(&self, number: usize) -> MutexGuard<'_, History> {
        self.histories[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every other time one of a few, so that files are edited that lie in the server's memory.
    fn choose(&self, random: &mut Random) -> usize {
        let few = random.below(2) == 0;
        random.below(if few { 20.min(self.size.files) } else { self.size.files })
    }

    fn edit(&self) -> Result<u64> {
        let (mut random, end) = (Random::new(self.size.seed), Instant::now() + self.size.time);
        let mut edits = 0;
        while Instant::now() < end {
            let number = self.choose(&mut random);
            let version = {
                let mut history = self.history(number);
                history.is_changing = true;
                history.since.len()
            };
            self.write(number, &content(number, version)).context("editing")?;
            let mut history = self.history(number);
            history.since.push(Instant::now());
            history.is_changing = false;
            edits += 1;
            drop(history);
            thread::sleep(Duration::from_micros(500));
        }
        Ok(edits)
    }

    fn write(&self, number: usize, content: &[u8]) -> Result<()> {
        if is_written_in_place(number) {
            return Ok(File::options()
                .write(true)
                .open(self.path(number))?
                .write_all_at(content, 0)?);
        }
        let draft = self.folder.path().join("draft");
        fs::write(&draft, content)?;
        Ok(fs::rename(draft, self.path(number))?)
    }

    fn read(
        &self,
        address: SocketAddr,
        reader: u64,
        stop: &AtomicBool,
        responses: &AtomicU64,
    ) -> Result<()> {
        let mut random = Random::new(self.size.seed ^ (reader + 1) << 32);
        while !stop.load(Relaxed) {
            let mut client = Client::connect(address)?;
            for _ in 0..30 {
                self.check(&mut client, self.choose(&mut random))?;
                responses.fetch_add(1, Relaxed);
            }
        }
        Ok(())
    }

    /// Asks for a file. What comes must have been it less than a second ago.
    fn check(&self, client: &mut Client, number: usize) -> Result<()> {
        let (name, before, asked) =
            (Self::name(number), self.history(number).clone(), Instant::now());
        let body = client.fetch_ok(&format!("/{name}"))?;
        let after = self.history(number).clone();
        let newest = after.since.len() - 1 + usize::from(after.is_changing);
        // An old version: it was replaced, and how long ago?
        let is_fresh = |version: usize| {
            after.since.get(version + 1).is_none_or(|replaced| *replaced + FRESH > asked)
        };
        let mut possible = (0..=newest).rev().filter(|version| is_fresh(*version));
        let was_quiet = !after.is_changing
            && after.since.len() == before.since.len()
            && before.since.last().is_some_and(|last| *last + FRESH < asked);
        if is_written_in_place(number) && !was_quiet {
            ensure!(body.len() == content(number, 0).len(), "{name}: {} bytes", body.len());
            return Ok(());
        }
        ensure!(
            possible.any(|version| content(number, version) == body),
            "{name}, newest version {newest}: torn or old, {} bytes that begin with {:?}",
            body.len(),
            String::from_utf8_lossy(&body[..body.len().min(40)])
        );
        Ok(())
    }

    /// When the edits are over, each file is served in its last version.
    fn is_as_edited(&self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT * 10;
        for first in (0..self.size.files).step_by(30) {
            ensure!(Instant::now() < deadline, "the last look takes too long");
            let mut client = Client::connect(address)?;
            for number in first..self.size.files.min(first + 30) {
                let body = client.fetch_ok(&format!("/{}", Self::name(number)))?;
                let last = content(number, self.history(number).since.len() - 1);
                ensure!(body == last, "{number}: not its last version");
            }
        }
        Ok(())
    }
}

fn is_written_in_place(number: usize) -> bool {
    number % 4 == 3
}

/// One version of a file: a line, over and over. Most are small, and some larger than the server keeps in
/// memory. Those that are replaced have another length each time.
fn content(number: usize, version: usize) -> Vec<u8> {
    let version_matters = if is_written_in_place(number) { 0 } else { version };
    let length = 100 + (number * 7919 + version_matters * 104_729) % 8000;
    let length = if number.is_multiple_of(10) { length + (90 << 10) } else { length };
    let line = format!("file {number} version {version:09}\n");
    let mut content = line.repeat(length / line.len() + 1).into_bytes();
    content.truncate(length);
    content
}
