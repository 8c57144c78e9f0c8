//! What is being watched, and under which load; and how keys change that.

use bench::experiments::workload::Kind;
use bench::load::{Expect, Options, Url};
use bench::targets::Target;
use bench::tools;
use std::time::Duration;

/// A server and its load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) target: Target,
    pub(crate) workload: Kind,
    pub(crate) busy: usize,
    pub(crate) idle: usize,
    /// Whether there is a load at all; another program's, if not.
    pub(crate) load: bool,
}

/// The workloads of `w`, which come again after the last.
const WORKLOADS: [Kind; 4] = [Kind::Hello, Kind::Work, Kind::Sleep, Kind::Users];
/// The steps of `+` and `-`.
const BUSY: [usize; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
/// The steps of `i` and `I`: one, and just below and above the 64 threads of a pool.
const IDLE: [usize; 8] = [0, 1, 16, 63, 64, 65, 200, 1000];

impl Setup {
    /// The keys that change something: of a server that is no stage only the clients, as it may have no other route; and
    /// nothing of the load of others.
    pub(crate) fn keys(&self) -> &'static str {
        match (self.load, &self.target) {
            (true, Target::Stage(_)) => "1-4 stage,w load,+- busy,iI idle,",
            (true, _) => "+- busy,iI idle,",
            (false, _) => "",
        }
    }

    /// What a key makes of it; `None` for a key that changes nothing.
    pub(crate) fn after(&self, key: char) -> Option<Self> {
        let (mut next, is_stage) = (self.clone(), matches!(self.target, Target::Stage(_)));
        let mut workloads = WORKLOADS.into_iter().cycle();
        let above = |steps: &[usize], now| steps.iter().copied().find(|step| *step > now);
        let below = |steps: &[usize], now| steps.iter().rev().copied().find(|step| *step < now);
        match key {
            _ if !self.load => return None,
            '1'..='4' if is_stage => next.target = Target::Stage(key as usize - '1' as usize),
            'w' if is_stage => {
                workloads.find(|kind| *kind == self.workload)?;
                next.workload = workloads.next()?;
            }
            '+' | '=' => next.busy = above(&BUSY, self.busy)?,
            '-' => next.busy = below(&BUSY, self.busy)?,
            'i' => next.idle = above(&IDLE, self.idle)?,
            'I' => next.idle = below(&IDLE, self.idle)?,
            _ => return None,
        }
        (next != *self).then_some(next)
    }

    /// In words.
    pub(crate) fn title(&self) -> String {
        let (name, workload) = (self.target.label(), self.workload.name());
        match self.load {
            true => {
                format!("{name}   {workload}   {} busy and {} idle clients", self.busy, self.idle)
            }
            false => format!("{name}, load from elsewhere: no req/s, no latency"),
        }
    }

    /// The load on the server at `url`.
    pub(crate) fn options(&self, mut url: Url) -> Options {
        if let Some(path) = self.workload.path() {
            path.clone_into(&mut url.target);
        }
        let mut options = Options::get(url, self.busy, Duration::from_secs(86_400));
        options.threads = tools::cores();
        // A client that waits for a minute is what there is to be seen, and no error.
        (options.warm_up, options.timeout) = (Duration::from_millis(300), Duration::from_secs(60));
        (options.silent, options.expect) = (self.idle, Expect::Any);
        options.think = self.workload.think();
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_change_one_thing_each() {
        let target = Target::Stage(0);
        let setup = Setup { target, workload: Kind::Hello, busy: 50, idle: 63, load: true };
        let after = |keys: &str| {
            keys.chars().fold(setup.clone(), |setup, key| setup.after(key).unwrap_or(setup))
        };
        assert_eq!(after("3").target, Target::Stage(2));
        assert_eq!((after("+").busy, after("-").busy, after("----------").busy), (100, 20, 1));
        assert_eq!((after("i").idle, after("ii").idle, after("IIII").idle), (64, 65, 0));
        assert_eq!((after("ww").workload, after("wwww").workload), (Kind::Sleep, Kind::Hello));
        assert_eq!(setup.after('1'), None, "it is stage 1 already");
        let url = Target::Url("x".to_owned(), "http://127.0.0.1:1/".to_owned());
        let other = Setup { target: url, ..setup };
        assert_eq!((other.after('2'), other.after('w')), (None, None));
        let watched = Setup { load: false, ..other };
        assert!("+-iI".chars().all(|key| watched.after(key).is_none()));
    }
}
