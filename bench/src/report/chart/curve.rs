//! Curves between two axes: figures over something that grows, with a band from the lowest repeat to the highest, and names
//! at the curves' ends.

use super::picture::Chart;
use super::scale::Scale;
use super::svg::{Anchor, Svg, WIDTH};
use crate::numbers::grouped;
use crate::results::Range;

const HEIGHT: f64 = 420.0;
const LEFT: f64 = 76.0;
/// Behind it stand the names.
const RIGHT: f64 = WIDTH - 170.0;
const TOP: f64 = 66.0;
const BOTTOM: f64 = HEIGHT - 52.0;
/// The least distance of two names' base lines.
const LINE: f64 = 16.0;

/// One point of a curve.
#[derive(Clone, Debug)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: Range,
    /// `dot`; `hollow`, which the chart's texts explain; or nothing.
    pub mark: &'static str,
    /// What the mark says when the mouse rests on it.
    pub tip: String,
}

/// The points of one server, from left to right.
#[derive(Clone, Debug)]
pub struct Series {
    /// Gives the colour.
    pub class: &'static str,
    /// `line`, or `frame`: dashed.
    pub style: &'static str,
    /// Stands at the end; empty for a curve that needs none.
    pub name: String,
    /// Of one, only the mark is drawn.
    pub points: Vec<Point>,
}

/// The plane between two scales.
pub struct Axes {
    /// To the right.
    pub x: Scale,
    /// What is counted there.
    pub x_unit: &'static str,
    /// Upwards.
    pub y: Scale,
}

/// All points of these curves.
pub fn points(series: &[Series]) -> impl Iterator<Item = &Point> {
    series.iter().flat_map(|one| &one.points)
}

/// The highest that any repeat reached.
pub fn highest(series: &[Series]) -> f64 {
    points(series).map(|point| point.y.high).fold(0.0, f64::max)
}

/// The scale of these curves, which are of microseconds.
pub fn times(series: &[Series]) -> Scale {
    let low = points(series).map(|point| point.y.low).fold(f64::INFINITY, f64::min);
    Scale::times(low, highest(series))
}

/// The scale of these curves from zero upwards.
pub fn even(series: &[Series]) -> Scale {
    Scale::even(highest(series))
}

/// Draws all of them, as the drawing of `chart`: bands below, marks above.
pub fn chart(chart: Chart, axes: &Axes, series: &[Series]) -> Chart {
    let mut svg = Svg::new(HEIGHT, &chart.title, &chart.subtitle);
    axes.draw(&mut svg);
    for one in series {
        let upper = one.points.iter().map(|point| axes.place(point.x, point.y.high));
        let lower = one.points.iter().rev().map(|point| axes.place(point.x, point.y.low));
        let outline: Vec<_> = upper.chain(lower).collect();
        if one.points.iter().any(|point| point.y.high > point.y.low) {
            svg.path(&format!("band {}", one.class), &outline, true);
        }
    }
    let mut ends = Vec::new();
    for one in series {
        let places: Vec<_> =
            one.points.iter().map(|point| axes.place(point.x, point.y.middle)).collect();
        if places.len() > 1 {
            svg.path(&format!("{} {}", one.style, one.class), &places, false);
        }
        for (point, place) in one.points.iter().zip(&places).filter(|(it, _)| !it.mark.is_empty()) {
            svg.dot(&format!("{} {}", point.mark, one.class), *place, &point.tip);
        }
        let end = places.last().filter(|_| !one.name.is_empty());
        ends.extend(end.map(|end| (one.class, one.name.as_str(), *end)));
    }
    names(&mut svg, ends);
    Chart { drawing: svg.finish(), ..chart }
}

impl Axes {
    /// Where a pair of figures stands.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (LEFT + self.x.place(x) * (RIGHT - LEFT), BOTTOM - self.y.place(y) * (BOTTOM - TOP))
    }

    /// Grid, ticks and what they count.
    fn draw(&self, svg: &mut Svg) {
        for (number, &tick) in self.y.ticks.iter().enumerate() {
            let (_, y) = self.place(0.0, tick);
            svg.line("grid", (LEFT, y), (RIGHT, y));
            svg.text("muted", (LEFT - 8.0, y + 4.0), Anchor::End, &self.y.label(number, grouped));
        }
        // Right to left: of two labels that would collide, the one nearer to the end stays.
        let mut taken = f64::MAX;
        for (number, &tick) in self.x.ticks.iter().enumerate().rev() {
            let (x, _) = self.place(tick, 0.0);
            svg.line("axis", (x, BOTTOM), (x, BOTTOM + 5.0));
            let label = self.x.label(number, |tick| tick.to_string());
            let half = label.len() as f64 * 3.6;
            if x + half + 4.0 < taken {
                svg.text("muted", (x, BOTTOM + 20.0), Anchor::Middle, &label);
                taken = x - half;
            }
        }
        svg.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
        svg.text("muted", ((LEFT + RIGHT) / 2.0, BOTTOM + 40.0), Anchor::Middle, self.x_unit);
    }
}

/// Writes each `(class, name, end of its curve)` beside its end, moved where two would overlap.
fn names(svg: &mut Svg, mut names: Vec<(&str, &str, (f64, f64))>) {
    names.sort_by(|left, right| left.2.1.total_cmp(&right.2.1));
    let wanted: Vec<_> = names.iter().map(|(_, _, (_, y))| *y).collect();
    for ((class, name, (x, end)), y) in names.into_iter().zip(apart(&wanted, TOP, BOTTOM)) {
        svg.path(&format!("leader {class}"), &[(x + 6.0, end), (RIGHT + 12.0, y)], false);
        svg.text(&format!("name {class}"), (RIGHT + 16.0, y + 4.0), Anchor::Start, name);
    }
}

/// Places as near to the wanted ones (rising) as a line's height between them and the two bounds allow.
fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut places = wanted.to_vec();
    let mut least = top;
    for place in &mut places {
        *place = place.max(least);
        least = *place + LINE;
    }
    // What was pushed beyond the lower bound pushes back.
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - LINE;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_distance_and_their_order() {
        assert_eq!(apart(&[10.0, 100.0], 0.0, 200.0), [10.0, 100.0]);
        assert_eq!(apart(&[50.0, 51.0, 52.0], 0.0, 200.0), [50.0, 66.0, 82.0]);
        assert_eq!(apart(&[195.0, 200.0], 0.0, 200.0), [184.0, 200.0]);
    }
}
