//! The 99th percentile over offered load: each server's curve with its knee, and the queue that it would be in theory.

use super::axes::{Axes, HEIGHT};
use super::picture::{Chart, Texts, class};
use super::scale::Scale;
use super::svg::Svg;
use crate::numbers::micros;
use crate::results::Results;
use crate::results::sweep::{Curve, Point, curves};
use crate::workspace::label;

/// The curves of all servers; `None` without any.
pub fn of(results: &Results) -> Option<Chart> {
    let curves = curves(results);
    let most = curves.iter().flat_map(|curve| &curve.points).map(Point::offered).max()?;
    let texts = Texts {
        name: "sweep".to_owned(),
        title: "The slowest request in a hundred, over offered load".to_owned(),
        subtitle: "p99; hollow: the knee; dashed: M/M/c with the measured CPU time of a request"
            .to_owned(),
        caption: "Latency is flat until the queue begins to grow, and without bound where more comes than is served. The knee \
                  is where throughput ÷ mean latency is highest.",
    };
    let highest = curves.iter().flat_map(|curve| &curve.points).filter_map(p99).fold(0.0, f64::max);
    let axes = Axes { x: Scale::even(most as f64), y: Scale::times(0.0, highest) };
    let mut svg = Svg::new(HEIGHT, &texts.title, &texts.subtitle);
    axes.draw(&mut svg, "offered load, % of what the closed loop reached");
    curves.iter().for_each(|curve| theory(&mut svg, &axes, curve));
    let name = |curve: &Curve<'_>| {
        Some((class(curve.target), curve.target.to_owned(), draw(&mut svg, &axes, curve)?))
    };
    let ends: Vec<_> = curves.iter().filter_map(name).collect();
    // On top of all curves, as those are close to each other.
    let knees = curves.iter().filter_map(|curve| Some((curve, curve.knee()?)));
    knees.for_each(|(curve, knee)| dot(&mut svg, &axes, curve, (knee, "hollow")));
    let names: Vec<_> = ends.iter().map(|(class, name, end)| (*class, label(name), *end)).collect();
    Axes::names(&mut svg, &names);
    Some(texts.chart(svg.finish()))
}

/// As far as theory has an answer, and the picture has a place for it.
fn theory(svg: &mut Svg, axes: &Axes, curve: &Curve<'_>) {
    let place =
        |point: &Point<'_>| Some(axes.place(point.offered() as f64, curve.predicted(point, 0.99)?));
    let places: Vec<_> = curve.points.iter().map_while(place).collect();
    svg.path(&format!("frame {}", class(curve.target)), &places, false);
}

/// The curve and its points; says where it ends.
fn draw(svg: &mut Svg, axes: &Axes, curve: &Curve<'_>) -> Option<(f64, f64)> {
    let places: Vec<_> = curve.points.iter().filter_map(|point| place(axes, point)).collect();
    svg.path(&format!("line {}", class(curve.target)), &places, false);
    curve.points.iter().for_each(|point| dot(svg, axes, curve, (point, "dot")));
    places.last().copied()
}

/// A mark at a point, where its p99 is known.
fn dot(svg: &mut Svg, axes: &Axes, curve: &Curve<'_>, (point, kind): (&Point<'_>, &str)) {
    let Some(place) = place(axes, point) else { return };
    let (name, load, us) = (label(curve.target), point.offered(), micros(p99(point)));
    let tip = format!("{name} at {load} %: p99 {us}, {}", point.cause());
    svg.dot(&format!("{kind} {}", class(curve.target)), place, &tip);
}

fn place(axes: &Axes, point: &Point<'_>) -> Option<(f64, f64)> {
    Some(axes.place(point.offered() as f64, p99(point)?))
}

fn p99(point: &Point<'_>) -> Option<f64> {
    point.figure("p99")
}
