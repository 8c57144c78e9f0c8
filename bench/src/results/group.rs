//! The repeats of a trial: the median, and how far the others lie from it. Repeats that other programs or the host disturbed
//! are left out, unless there are no others.

use super::sample::{Part, Sample};
use crate::numbers::counted;

/// All repeats of one trial.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// At least one. Either no repeat among them is doubtful, or all are.
    pub samples: Vec<&'a Sample>,
    /// How many doubtful repeats were left out.
    pub left_out: usize,
}

/// The lowest and the highest of a figure over the repeats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lowest.
    pub low: f64,
    /// Of the repeat with the median of requests per second.
    pub middle: f64,
    /// Highest.
    pub high: f64,
}

/// Groups in the order of their first samples.
pub fn of(rows: &[Sample]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|group| group.is_of(row)) {
            Some(group) => group.samples.push(row),
            None => groups.push(Group { samples: vec![row], left_out: 0 }),
        }
    }
    for group in &mut groups {
        let doubtful = group.samples.iter().filter(|sample| sample.doubtful).count();
        if doubtful < group.samples.len() {
            group.samples.retain(|sample| !sample.doubtful);
            group.left_out = doubtful;
        }
        group.samples.sort_by(|left, right| left.load.rps.total_cmp(&right.load.rps));
    }
    groups
}

/// What makes two samples repeats of each other.
fn key(row: &Sample) -> (Part, [&str; 4], [usize; 3], [Option<usize>; 2]) {
    let keep_alive = row.keep_alive.as_deref().unwrap_or_default();
    let names = [row.target.as_str(), &row.workload, &row.connection, keep_alive];
    (row.part, names, [row.connections, row.idle, row.slow], [row.threads, row.offered])
}

/// What other programs and the host have done to a run, in a sentence; `None`: nothing.
pub fn disturbed(rows: &[Sample]) -> Option<String> {
    let again = rows.iter().filter(|row| row.repeated > 0).count();
    let doubtful = rows.iter().filter(|row| row.doubtful).count();
    (again + doubtful > 0).then(|| {
        format!(
            "Other programs, or the host of this virtual machine, disturbed the level (a trial of every server, in one \
             repeat) of {again} of {}, which were measured again. {doubtful} stayed disturbed: left out, or marked doubtful \
             where there is no other repeat.",
            counted(rows.len(), "row")
        )
    })
}

impl<'a> Group<'a> {
    /// Whether `sample` is, or could be, one of its repeats: of this run or of another.
    pub fn is_of(&self, sample: &Sample) -> bool {
        key(self.samples[0]) == key(sample)
    }

    /// The repeat with the median of requests per second, the lower one of two: a real one, whose figures
    /// belong together.
    pub fn median(&self) -> &'a Sample {
        self.samples[(self.samples.len() - 1) / 2]
    }

    /// What a table says beside its figures; `None`: nothing disturbed them.
    pub fn disturbed(&self) -> Option<String> {
        match self.left_out {
            _ if self.median().doubtful => Some("doubtful".to_owned()),
            0 => None,
            count => Some(format!("{} left out", counted(count, "doubtful repeat"))),
        }
    }

    /// How far a figure goes; `None` when the median has none.
    pub fn range(&self, figure: impl Fn(&Sample) -> Option<f64>) -> Option<Range> {
        let middle = figure(self.median())?;
        let values = || self.samples.iter().filter_map(|sample| figure(sample));
        Some(Range {
            low: values().fold(middle, f64::min),
            middle,
            high: values().fold(middle, f64::max),
        })
    }

    /// The kernel's share of the server's CPU, pooled over the repeats. It was found by ticks of 10 ms, and of
    /// fewer than 200 of them it would be a guess: `None`.
    pub fn kernel(&self) -> Option<f64> {
        let known = |sample: &&Sample| {
            let figure = |place| sample.figure(&format!("evidence.server.kernel.{place}"));
            figure(0).zip(figure(1))
        };
        let known: Vec<_> = self.samples.iter().filter_map(known).collect();
        let ticks: f64 = known.iter().map(|(_, ticks)| ticks).sum();
        let kernel: f64 = known.iter().map(|(share, ticks)| share * ticks).sum();
        (ticks >= 200.0).then(|| kernel / ticks)
    }

    /// How far the lowest and the highest of requests per second lie from the median, as shares of it; `None` without
    /// repeats.
    pub fn spread(&self) -> Option<[f64; 2]> {
        let range = self.range(|sample| Some(sample.load.rps))?;
        (self.samples.len() > 1 && range.middle > 0.0)
            .then(|| [range.low, range.high].map(|end| end / range.middle - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Figures;

    fn row(target: &str, repeat: usize, rps: f64) -> Sample {
        let load = Figures { rps, ..Figures::default() };
        Sample { target: target.to_owned(), repeat, load, ..Sample::default() }
    }

    #[test]
    fn a_doubtful_repeat_is_left_out_unless_all_are() {
        let doubtful = |repeat, rps| Sample { doubtful: true, ..row("a", repeat, rps) };
        let rows = [row("a", 0, 90.0), doubtful(1, 5.0), doubtful(2, 6.0), row("a", 3, 100.0)];
        let group = &of(&rows)[0];
        assert_eq!((group.samples.len(), group.median().load.rps), (2, 90.0));
        assert_eq!(group.disturbed().unwrap(), "2 doubtful repeats left out");
        let group = &of(&rows[1..3])[0];
        assert_eq!((group.samples.len(), group.median().load.rps), (2, 5.0));
        assert_eq!(group.disturbed().unwrap(), "doubtful");
        assert_eq!(of(&rows[..1])[0].disturbed(), None);
    }

    #[test]
    fn what_was_measured_again_is_said() {
        let mut rows = [0, 1, 2].map(|repeat| row("a", repeat, 1.0));
        assert_eq!(disturbed(&rows), None);
        rows[0].repeated = 1;
        (rows[2].repeated, rows[2].doubtful) = (2, true);
        let text = disturbed(&rows).unwrap();
        assert!(text.contains("of 2 of 3 rows, ") && text.contains(" 1 stayed"), "{text}");
    }

    #[test]
    fn the_kernels_share_needs_enough_ticks() {
        let with = |share: f64, ticks: u64| {
            let mut row = row("a", 0, 1.0);
            let server = serde_json::json!({ "kernel": [share, ticks] });
            row.evidence.insert("server".to_owned(), server);
            row
        };
        let share = |rows: &[Sample]| of(rows)[0].kernel();
        assert_eq!(share(&[with(0.5, 100), with(1.0, 100)]), Some(0.75));
        assert_eq!(share(&[with(0.5, 100), with(1.0, 99)]), None);
    }
}
