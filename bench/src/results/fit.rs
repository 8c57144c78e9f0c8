//! `bench fit`: a scalability law through measured points, with its error. A model, and called one.
//!
//! Throughput of n loops = λn ÷ (1 + σ(n-1) + κn(n-1)). With κ = 0 it is Amdahl's law, with κ the universal
//! scalability law. Turned over, n ÷ throughput is linear in n-1 and n(n-1): least squares find the rest.

use anyhow::{Context, Result, ensure};

/// Fits scalability laws to measured points.
#[derive(clap::Args, Debug)]
pub struct FitArgs {
    /// Loops and what they served: `1=40000 2=76000`; a number may come again
    #[arg(required = true, value_name = "LOOPS=RPS", value_parser = point)]
    points: Vec<Point>,
}

/// So many loops served so many requests per second.
type Point = (f64, f64);

/// Each law, and how many parameters it has.
const LAWS: [(&str, usize); 2] = [("Amdahl's law", 2), ("universal scalability law", 3)];

/// A law that was fitted.
#[derive(Debug)]
struct Fit {
    /// 1/λ, σ/λ and κ/λ: as many as the law has.
    terms: Vec<f64>,
    /// σ, and κ where the law has it.
    costs: Vec<f64>,
    /// The standard error of each; unknown when there are no more points than parameters.
    errors: Option<Vec<f64>>,
}

impl FitArgs {
    /// What each law makes of the points, or why it cannot be fitted.
    pub fn text(&self) -> String {
        let fits = LAWS.map(|(_, count)| Fit::of(&self.points, count).ok());
        let mut text = laws(&self.points).join("\n");
        // What was measured beside what the laws say, and what they say of more loops.
        text += &format!("\n{:>6} {:>10}{:>10}{:>10}\n", "loops", "measured", "Amdahl", "USL");
        let most = self.points.iter().map(|point| point.0).fold(1.0, f64::max);
        let beyond = [2.0, 4.0].map(|times| (most * times, f64::NAN));
        // Where a negative cost has eaten up the time that a request takes, there is no figure.
        let whole = |rps: f64| {
            if rps > 0.0 && rps.is_finite() { format!("{rps:.0}") } else { "-".to_owned() }
        };
        for (loops, measured) in self.points.iter().copied().chain(beyond) {
            let model = |fit: &Option<Fit>| fit.as_ref().map_or(f64::NAN, |fit| fit.predict(loops));
            let [amdahl, usl] = fits.each_ref().map(|fit| whole(model(fit)));
            text += &format!("{loops:>6} {:>10}{amdahl:>10}{usl:>10}\n", whole(measured));
        }
        text
    }
}

/// What each law makes of the points, in a sentence.
pub fn laws(points: &[Point]) -> [String; 2] {
    LAWS.map(|(name, count)| match Fit::of(points, count) {
        Ok(fit) => format!("{name}: {}{}", fit.in_words(), fit.most()),
        Err(why) => format!("{name}: {why:#}"),
    })
}

/// The command that fits these points.
pub fn command(points: &[Point]) -> String {
    let points = points.iter().map(|(loops, rps)| format!(" {loops}={rps}"));
    format!("bench fit{}", points.collect::<String>())
}

fn point(text: &str) -> Result<Point> {
    let parts = text.split_once('=').with_context(|| format!("`{text}` is not LOOPS=RPS"))?;
    let loops: u32 = parts.0.parse().with_context(|| format!("`{}` is no number", parts.0))?;
    let rps: f64 = parts.1.parse().with_context(|| format!("`{}` is no number", parts.1))?;
    ensure!(loops > 0 && rps.is_finite() && rps > 0.0, "`{text}`: both must be more than 0");
    Ok((f64::from(loops), rps))
}

/// What the law multiplies its terms with.
fn row(loops: f64, count: usize) -> Vec<f64> {
    [1.0, loops - 1.0, loops * (loops - 1.0)][..count].to_vec()
}

impl Fit {
    /// The law with so many terms that misses the points least, each by its share of itself.
    fn of(points: &[Point], count: usize) -> Result<Self> {
        let mut loops: Vec<_> = points.iter().map(|point| point.0 as u32).collect();
        loops.sort_unstable();
        loops.dedup();
        let different = loops.len();
        ensure!(
            different >= count,
            "{count} parameters need {count} different numbers of loops, here are {different}: no fit"
        );
        // Each row divided by what it should give: all should give 1.
        let scaled = |(loops, rps): &Point| -> Vec<f64> {
            row(*loops, count).iter().map(|x| x * rps / loops).collect()
        };
        let rows: Vec<_> = points.iter().map(scaled).collect();
        let solved = least_squares(&rows, &vec![1.0; rows.len()]);
        let (terms, inverse) = solved.context("the points do not tell its parameters apart")?;
        let missed: f64 = rows.iter().map(|row| (1.0 - dot(row, &terms)).powi(2)).sum();
        let costs: Vec<f64> = terms[1..].iter().map(|term| term / terms[0]).collect();
        // The standard error of term ÷ first term, from those of both and from how they go together.
        let error = |(i, ratio): (usize, &f64), variance: f64| {
            let spread = inverse[i + 1][i + 1] - 2.0 * ratio * inverse[0][i + 1]
                + ratio * ratio * inverse[0][0];
            (variance * spread).max(0.0).sqrt() / terms[0].abs()
        };
        let spare = points.len() - count;
        let errors = (spare > 0).then(|| {
            let variance = missed / spare as f64;
            costs.iter().enumerate().map(|cost| error(cost, variance)).collect()
        });
        Ok(Self { terms, costs, errors })
    }

    /// Requests per second with so many loops, says the model.
    fn predict(&self, loops: f64) -> f64 {
        loops / dot(&row(loops, self.terms.len()), &self.terms)
    }

    fn in_words(&self) -> String {
        let mut text = format!("λ = {:.0}", 1.0 / self.terms[0]);
        for (index, (name, cost)) in ["σ", "κ"].iter().zip(&self.costs).enumerate() {
            let error = self.errors.as_ref().map(|errors| format!("± {:.4}", errors[index]));
            let error = error.unwrap_or_else(|| "error unknown".to_owned());
            text += &format!(", {name} = {cost:.4} ({error})");
        }
        text
    }

    /// Where a law that turns down has its most: with κ, more loops than √((1-σ) ÷ κ) serve less. No server has a cost below
    /// zero, and a law that has one tells nothing beyond its points. What is printed as zero is zero.
    fn most(&self) -> String {
        match self.costs[..] {
            _ if self.costs.iter().any(|cost| *cost < -0.00005) => {
                ", below zero as no cost is: too few or too noisy points".to_owned()
            }
            [sigma, kappa] if kappa > 0.00005 && sigma < 1.0 => {
                format!(", most with {:.0} loops", ((1.0 - sigma) / kappa).sqrt())
            }
            _ => String::new(),
        }
    }
}

/// The terms with which the sums of `rows` come nearest to `values`, and the inverse of the rows' squares, which their errors
/// come from; `None` where the rows do not tell the terms apart.
pub fn least_squares(rows: &[Vec<f64>], values: &[f64]) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    let column = |i: usize| rows.iter().map(|row| row[i]).collect::<Vec<_>>();
    let columns: Vec<_> = (0..rows.first()?.len()).map(column).collect();
    let squares = |one: &Vec<f64>| columns.iter().map(|other| dot(one, other)).collect();
    let inverse = inverse(columns.iter().map(squares).collect())?;
    let right: Vec<_> = columns.iter().map(|column| dot(column, values)).collect();
    Some((inverse.iter().map(|row| dot(row, &right)).collect(), inverse))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Gauss and Jordan: what turns the matrix into the identity turns the identity into its inverse. The
/// matrix is a sum of squares, so that its diagonal can always be divided by, unless there is no inverse.
fn inverse(mut matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let size = matrix.len();
    for (i, row) in matrix.iter_mut().enumerate() {
        row.extend((0..size).map(|j| if i == j { 1.0 } else { 0.0 }));
    }
    for i in 0..size {
        let pivot = matrix[i][i];
        // Zero, and what is no number.
        if !pivot.is_normal() {
            return None;
        }
        matrix[i].iter_mut().for_each(|value| *value /= pivot);
        let row = matrix[i].clone();
        for (_, other) in matrix.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = other[i];
            other.iter_mut().zip(&row).for_each(|(value, taken)| *value -= factor * taken);
        }
    }
    Some(matrix.into_iter().map(|row| row[size..].to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on the law with λ = 1000.
    fn law(loops: &[f64], sigma: f64, kappa: f64) -> Vec<Point> {
        let rps = |n: f64| 1000.0 * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0));
        loops.iter().map(|n| (*n, rps(*n))).collect()
    }

    const LOOPS: [f64; 4] = [1.0, 2.0, 4.0, 8.0];

    #[test]
    fn as_many_points_as_parameters_leave_the_error_unknown() {
        let fit = Fit::of(&law(&[1.0, 2.0], 0.1, 0.0), 2).unwrap();
        assert!((fit.costs[0] - 0.1).abs() < 1e-9 && fit.errors.is_none());
        assert!(fit.in_words().contains("error unknown"));
        // Two runs each tell how far a run is off.
        assert!(Fit::of(&[(1.0, 99.0), (1.0, 101.0), (2.0, 180.0)], 2).unwrap().errors.is_some());
    }

    #[test]
    fn a_cost_below_zero_is_doubted() {
        let most = |points: &[Point]| Fit::of(points, 3).unwrap().most();
        assert_eq!(most(&law(&LOOPS, 0.05, 0.01)), ", most with 10 loops");
        assert_eq!(most(&law(&LOOPS, 0.05, 0.0)), "");
        assert!(most(&law(&LOOPS, 0.1, -0.005)).starts_with(", below zero"));
        // Three points that two loops happened to do well in.
        let lucky = most(&[(1.0, 100.0), (2.0, 210.0), (4.0, 350.0)]);
        assert!(lucky.starts_with(", below zero"), "{lucky}");
    }

    #[test]
    fn too_few_points_are_no_fit() {
        let why = Fit::of(&law(&[1.0, 2.0, 2.0, 2.0], 0.1, 0.0), 3).unwrap_err();
        assert!(why.to_string().contains("here are 2"), "{why}");
        for text in ["", "1", "0=5", "1=0", "1=nan", "x=1", "-1=1", "1=inf"] {
            assert!(point(text).is_err(), "{text}");
        }
    }
}
