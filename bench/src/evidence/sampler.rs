//! Looks again and again at what each thread of a server is doing, and at its accept queue.

use super::machine::{self, Queue, Sockets};
use super::sleep::Sleep;
use super::tree;
use crate::proc;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::mem;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// From one look to the next: often enough for a share to mean something after a second, and a hundredth of a core at most.
pub const PERIOD: Duration = Duration::from_millis(50);
/// The list of processes is read anew after so many samples, and before each while there are [`FEW`] threads: a process for
/// each request may live no longer than that. So may a thread: theirs is read each time.
const REFRESH: usize = 10;
/// The price of the list is a look into each thread.
const FEW: usize = 64;
/// The sample after which all sockets are looked at, once, as they may be many.
const SOCKETS: usize = 4;

/// A thread that samples until this is dropped.
pub struct Sampler {
    ask: Sender<()>,
    samples: Receiver<Samples>,
    latest: Arc<Mutex<Latest>>,
}

/// What the last look has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latest {
    /// What each thread is doing, by its number.
    pub threads: HashMap<u32, Sleep>,
    /// Connections that wait to be accepted.
    pub queue: Option<u64>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Samples {
    /// Mean number of threads in each state that occurred.
    pub sleeps: Vec<(Sleep, f64)>,
    /// For each thread, where most samples found it and their share.
    pub most_often: HashMap<u32, (Sleep, f64)>,
    /// The accept queue.
    pub queue: Option<Queue>,
    /// The sockets, as of one look.
    pub sockets: Option<Sockets>,
}

impl Sampler {
    /// Begins to look once in each `period`. A sampler that cannot be started finds nothing.
    pub fn start(pids: Vec<u32>, address: SocketAddr, period: Duration) -> Self {
        let ((ask, asked), (tell, samples)) = (mpsc::channel(), mpsc::channel());
        let latest = Arc::new(Mutex::new(Latest::default()));
        let found = Arc::clone(&latest);
        let sample = move || {
            let mut samplings = Samplings::default();
            loop {
                match asked.recv_timeout(period) {
                    Err(RecvTimeoutError::Timeout) => {
                        let look = samplings.look(&pids, address);
                        *found.lock().unwrap_or_else(PoisonError::into_inner) = look;
                    }
                    Ok(()) => drop(tell.send(samplings.summary())),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        // Without the thread the receiver is gone, and nothing is found.
        let _ = thread::Builder::new().name("sampler".to_owned()).spawn(sample);
        Self { ask, samples, latest }
    }

    /// What was found since the last call.
    pub fn samples(&self) -> Samples {
        let _ = self.ask.send(());
        self.samples.recv().unwrap_or_default()
    }

    /// What the last look has shown.
    pub fn latest(&self) -> Latest {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Default)]
struct Samplings {
    count: usize,
    processes: Vec<u32>,
    watched: HashMap<u32, Watched>,
    /// How often each thread was found in each state.
    found: HashMap<u32, BTreeMap<Sleep, u32>>,
    queue: Vec<u64>,
    sockets: Option<Sockets>,
}

/// A thread whose file stays open: to read it again is a third of the price.
struct Watched {
    folder: PathBuf,
    syscall: Option<File>,
}

impl Samplings {
    fn look(&mut self, pids: &[u32], address: SocketAddr) -> Latest {
        if self.count.is_multiple_of(REFRESH) || self.watched.len() <= FEW {
            self.processes = tree::all(pids);
        }
        let (mut latest, mut known) = (Latest::default(), mem::take(&mut self.watched));
        let tasks = self.processes.iter().filter_map(|pid| proc::tasks(*pid).ok()).flatten();
        for (tid, folder) in tasks {
            let mut watched = known.remove(&tid).unwrap_or_else(|| Watched::new(folder));
            if let Some(sleep) = watched.look() {
                let kinds = self.found.entry(tid).or_default();
                *kinds.entry(sleep).or_default() += 1;
                latest.threads.insert(tid, sleep);
            }
            self.watched.insert(tid, watched);
        }
        let queue = machine::accept_queue(address).ok().flatten();
        latest.queue = queue.map(|[waiting, _]| waiting);
        self.queue.extend(latest.queue);
        if self.count == SOCKETS {
            self.sockets = machine::sockets(address);
        }
        self.count += 1;
        latest
    }

    /// What was found so far; the next looks begin anew, at the threads that are known.
    fn summary(&mut self) -> Samples {
        let begun = Self { watched: mem::take(&mut self.watched), ..Self::default() };
        let found = mem::replace(self, begun);
        found.summed()
    }

    fn summed(self) -> Samples {
        let (mut sums, mut most_often) = (BTreeMap::new(), HashMap::new());
        for (tid, kinds) in &self.found {
            kinds.iter().for_each(|(sleep, count)| *sums.entry(*sleep).or_insert(0) += count);
            let all = kinds.values().sum::<u32>().max(1);
            let most = kinds.iter().max_by_key(|(_, count)| **count);
            most_often.extend(
                most.map(|(sleep, count)| (*tid, (*sleep, f64::from(*count) / f64::from(all)))),
            );
        }
        let mean = |sum: u32| f64::from(sum) / self.count.max(1) as f64;
        Samples {
            sleeps: sums.into_iter().map(|(sleep, sum)| (sleep, mean(sum))).collect(),
            most_often,
            queue: queue(&self.queue),
            sockets: self.sockets,
        }
    }
}

fn queue(depths: &[u64]) -> Option<Queue> {
    let max = *depths.iter().max()?;
    Some(Queue { mean: depths.iter().sum::<u64>() as f64 / depths.len() as f64, max })
}

impl Watched {
    fn new(folder: PathBuf) -> Self {
        Self { syscall: File::open(folder.join("syscall")).ok(), folder }
    }

    fn look(&mut self) -> Option<Sleep> {
        if let Some(file) = &self.syscall {
            // A line of nine numbers, in one call: a server may have a hundred threads.
            let mut line = [0; 256];
            match file.read_at(&mut line, 0) {
                Ok(count) => return Sleep::of_syscall(str::from_utf8(&line[..count]).ok()?),
                // A thread that ended cannot be read any more; that is no sample.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return None,
                // Not ours to trace: from now on the kernel's function has to do.
                Err(_) => self.syscall = None,
            }
        }
        Sleep::of_wchan(&fs::read_to_string(self.folder.join("wchan")).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    #[test]
    fn depths_become_mean_and_most() {
        assert_eq!(queue(&[]), None);
        assert_eq!(queue(&[0, 4, 2]), Some(Queue { mean: 2.0, max: 4 }));
    }

    #[test]
    fn shares_are_means_over_the_samplings() {
        let mut samplings = Samplings { count: 4, ..Samplings::default() };
        let kinds = BTreeMap::from([(Sleep::Poll, 3), (Sleep::Running, 1)]);
        samplings.found = HashMap::from([(7, kinds.clone()), (8, kinds)]);
        let samples = samplings.summary();
        assert_eq!(samplings.count, 0);
        assert_eq!(samples.sleeps, [(Sleep::Running, 0.5), (Sleep::Poll, 1.5)]);
        assert_eq!(samples.most_often[&7], (Sleep::Poll, 0.75));
    }

    #[test]
    fn a_process_that_was_forked_since_the_last_look_is_found() {
        let mut server = Command::new("sh");
        server.args(["-c", "read go; sleep 9 & echo $!; read end; kill $!"]);
        server.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = server.spawn().unwrap();
        let mut samplings = Samplings::default();
        let nowhere = "127.0.0.1:1".parse().unwrap();
        samplings.look(&[server.id()], nowhere);
        let mut stdin = server.stdin.take().unwrap();
        stdin.write_all(b"\n").unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        samplings.look(&[server.id()], nowhere);
        drop(stdin);
        server.wait().unwrap();
        let forked: u32 = line.trim().parse().unwrap();
        assert!(samplings.watched.contains_key(&forked), "{line}");
    }

    #[test]
    fn a_thread_that_has_begun_since_the_last_look_is_found() {
        let pids = [std::process::id()];
        let mut samplings = Samplings::default();
        let nowhere = "127.0.0.1:1".parse().unwrap();
        samplings.look(&pids, nowhere);
        let (tell, told) = mpsc::channel();
        let begun = thread::spawn(move || {
            tell.send(fs::read_link("/proc/thread-self").unwrap()).unwrap();
            thread::park();
        });
        let path: PathBuf = told.recv().unwrap();
        let tid = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
        assert!(samplings.look(&pids, nowhere).threads.contains_key(&tid));
        begun.thread().unpark();
        begun.join().unwrap();
        // A thread that was joined is listed for a moment longer.
        while samplings.look(&pids, nowhere).threads.contains_key(&tid) {
            thread::yield_now();
        }
    }
}
