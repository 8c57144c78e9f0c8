//! Curves: a figure over connections, with a band from the lowest repeat to the highest.

use super::axes::{Axes, HEIGHT};
use super::picture::{Chart, Texts};
use super::scale::Scale;
use super::svg::Svg;
use crate::results::Range;

/// One point of a curve.
#[derive(Clone, Debug)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: Range,
    /// Drawn hollow: the figure is not what it seems, as not all clients were served.
    pub hollow: bool,
    /// What it says when the mouse rests on it.
    pub tip: String,
}

/// The points of one server, from left to right.
#[derive(Clone, Debug)]
pub struct Series {
    /// Gives the colour.
    pub class: &'static str,
    /// Stands at the end.
    pub name: String,
    /// At least one.
    pub points: Vec<Point>,
}

/// The scale of these curves, which are of microseconds.
pub fn times(series: &[Series]) -> Scale {
    let points = || series.iter().flat_map(|one| &one.points);
    let low = points().map(|point| point.y.low).fold(f64::INFINITY, f64::min);
    Scale::times(low, points().map(|point| point.y.high).fold(0.0, f64::max))
}

/// The scale of these curves from zero upwards.
pub fn even(series: &[Series]) -> Scale {
    let highs = series.iter().flat_map(|one| &one.points).map(|point| point.y.high);
    Scale::even(highs.fold(0.0, f64::max))
}

/// Draws all of them: bands below, marks above.
pub fn chart(texts: Texts, x_unit: &str, axes: &Axes, series: &[Series]) -> Chart {
    let mut svg = Svg::new(HEIGHT, &texts.title, &texts.subtitle);
    axes.draw(&mut svg, x_unit);
    for one in series {
        let upper = one.points.iter().map(|point| axes.place(point.x, point.y.high));
        let lower = one.points.iter().rev().map(|point| axes.place(point.x, point.y.low));
        let outline: Vec<_> = upper.chain(lower).collect();
        if one.points.iter().any(|point| point.y.high > point.y.low) {
            svg.path(&format!("band {}", one.class), &outline, true);
        }
    }
    let mut names = Vec::new();
    for one in series {
        let places: Vec<_> =
            one.points.iter().map(|point| axes.place(point.x, point.y.middle)).collect();
        svg.path(&format!("line {}", one.class), &places, false);
        for (point, place) in one.points.iter().zip(&places) {
            let kind = if point.hollow { "hollow" } else { "dot" };
            svg.dot(&format!("{kind} {}", one.class), *place, &point.tip);
        }
        names.extend(places.last().map(|end| (one.class, one.name.as_str(), *end)));
    }
    Axes::names(&mut svg, &names);
    texts.chart(svg.finish())
}
