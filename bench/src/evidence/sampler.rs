//! Looks twenty times a second at what each thread of a server is doing, and at its accept queue.

use super::machine::{self, Queue, Sockets};
use super::sleep::{KINDS, Sleep};
use super::tree;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Often enough for a share to mean something after a second, and a hundredth of a core at most.
const PERIOD: Duration = Duration::from_millis(50);
/// The list of threads is read anew after so many samples: pools grow.
const REFRESH: usize = 10;
/// The sample after which the whole list of sockets is read, once, as the list is long.
const SOCKETS: usize = 4;

/// A thread that samples until [`Sampler::finish`].
pub struct Sampler {
    stop: Sender<()>,
    thread: Option<JoinHandle<Samples>>,
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
    /// Begins. A sampler that cannot be started finds nothing.
    pub fn start(pid: Option<u32>, address: SocketAddr) -> Self {
        let (stop, stopped) = mpsc::channel();
        let sample = move || {
            let mut samplings = Samplings::default();
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                samplings.look(pid, address);
            }
            samplings.summary()
        };
        let thread = thread::Builder::new().name("sampler".to_owned()).spawn(sample).ok();
        Self { stop, thread }
    }

    /// Ends, and tells what was found.
    pub fn finish(mut self) -> Samples {
        let _ = self.stop.send(());
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

#[derive(Default)]
struct Samplings {
    count: usize,
    watched: Vec<Watched>,
    found: HashMap<u32, [u32; KINDS]>,
    queue: Vec<u64>,
    sockets: Option<Sockets>,
}

/// A thread whose file stays open: to read it again is a third of the price.
struct Watched {
    tid: u32,
    folder: PathBuf,
    syscall: Option<File>,
}

impl Samplings {
    fn look(&mut self, pid: Option<u32>, address: SocketAddr) {
        if let Some(pid) = pid.filter(|_| self.count.is_multiple_of(REFRESH)) {
            self.refresh(pid);
        }
        let mut buffer = String::new();
        for watched in &mut self.watched {
            if let Some(sleep) = watched.look(&mut buffer) {
                self.found.entry(watched.tid).or_default()[sleep as usize] += 1;
            }
        }
        self.queue.extend(machine::queue(address));
        if self.count == SOCKETS {
            self.sockets = machine::sockets(address);
        }
        self.count += 1;
    }

    fn refresh(&mut self, pid: u32) {
        let processes = tree::processes(pid).unwrap_or_default();
        for (tid, folder) in processes.into_iter().flat_map(tree::tasks) {
            if self.watched.iter().all(|watched| watched.tid != tid) {
                let syscall = File::open(folder.join("syscall")).ok();
                self.watched.push(Watched { tid, folder, syscall });
            }
        }
    }

    fn summary(self) -> Samples {
        let mut sums = [0; KINDS];
        let mut most_often = HashMap::new();
        for (tid, kinds) in &self.found {
            kinds.iter().zip(&mut sums).for_each(|(count, sum)| *sum += count);
            let most = Sleep::ALL.into_iter().max_by_key(|sleep| kinds[*sleep as usize]);
            if let Some(sleep) = most {
                let all: u32 = kinds.iter().sum();
                let share = f64::from(kinds[sleep as usize]) / f64::from(all.max(1));
                most_often.insert(*tid, (sleep, share));
            }
        }
        let mean = |sum: u32| f64::from(sum) / self.count.max(1) as f64;
        let occurred = |sleep: &Sleep| sums[*sleep as usize] > 0;
        let sleeps = Sleep::ALL.into_iter().filter(occurred);
        Samples {
            sleeps: sleeps.map(|sleep| (sleep, mean(sums[sleep as usize]))).collect(),
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
    fn look(&mut self, buffer: &mut String) -> Option<Sleep> {
        buffer.clear();
        if let Some(file) = &mut self.syscall {
            // A thread that ended cannot be read any more; that is no sample.
            file.rewind().ok()?;
            match file.read_to_string(buffer) {
                Ok(_) => return Sleep::of_syscall(buffer),
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

    #[test]
    fn depths_become_mean_and_most() {
        assert_eq!(queue(&[]), None);
        assert_eq!(queue(&[0, 4, 2]), Some(Queue { mean: 2.0, max: 4 }));
    }

    #[test]
    fn shares_are_means_over_the_samplings() {
        let mut samplings = Samplings { count: 4, ..Samplings::default() };
        let mut kinds = [0; KINDS];
        (kinds[Sleep::Poll as usize], kinds[Sleep::Running as usize]) = (3, 1);
        samplings.found.insert(7, kinds);
        samplings.found.insert(8, kinds);
        let samples = samplings.summary();
        assert_eq!(samples.sleeps, [(Sleep::Running, 0.5), (Sleep::Poll, 1.5)]);
        assert_eq!(samples.most_often[&7], (Sleep::Poll, 0.75));
    }

    #[test]
    fn a_thread_of_ours_is_seen_waiting() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sampler = Sampler::start(Some(std::process::id()), address);
        // Not a test of speed: it lasts until the sampler must have looked.
        thread::sleep(10 * PERIOD);
        let samples = sampler.finish();
        assert!(!samples.sleeps.is_empty() && samples.queue.is_some(), "{samples:?}");
    }
}
