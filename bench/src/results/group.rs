//! The repeats of a trial: the median, and how far the others lie from it.

use super::sample::{Part, Sample};

/// All repeats of one trial.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// At least one.
    pub samples: Vec<&'a Sample>,
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
            None => groups.push(Group { samples: vec![row] }),
        }
    }
    for group in &mut groups {
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

    /// Highest less lowest of requests per second, as a share of the median; `None` without repeats.
    pub fn spread(&self) -> Option<f64> {
        let range = self.range(|sample| Some(sample.load.rps))?;
        (self.samples.len() > 1 && range.middle > 0.0)
            .then(|| (range.high - range.low) / range.middle)
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
    fn repeats_become_one_with_a_range() {
        let rows = [row("a", 0, 90.0), row("b", 0, 5.0), row("a", 1, 130.0), row("a", 2, 100.0)];
        let groups = of(&rows);
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].median().repeat, 2);
        let range = groups[0].range(|sample| Some(sample.load.rps)).unwrap();
        assert_eq!(range, Range { low: 90.0, middle: 100.0, high: 130.0 });
        assert_eq!((groups[0].spread(), groups[1].spread()), (Some(0.4), None));
        assert_eq!(groups[0].range(|sample| sample.server_cpu_us), None);
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
