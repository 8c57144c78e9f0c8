//! The frame of a chart of curves: two axes with ticks and units, and names at the curves' ends.

use super::scale::Scale;
use super::svg::{Anchor, Svg, WIDTH};
use crate::numbers::grouped;

/// Height of a chart of curves.
pub const HEIGHT: f64 = 420.0;
const LEFT: f64 = 76.0;
/// Behind it stand the names.
const RIGHT: f64 = WIDTH - 170.0;
const TOP: f64 = 66.0;
const BOTTOM: f64 = HEIGHT - 52.0;
/// The least distance of two names' base lines.
const LINE: f64 = 16.0;

/// The plane between two scales.
pub struct Axes {
    /// To the right.
    pub x: Scale,
    /// Upwards.
    pub y: Scale,
}

impl Axes {
    /// Where a pair of figures stands.
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (LEFT + self.x.place(x) * (RIGHT - LEFT), BOTTOM - self.y.place(y) * (BOTTOM - TOP))
    }

    /// Grid, ticks and what they count.
    pub fn draw(&self, svg: &mut Svg, x_unit: &str) {
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
        svg.text("muted", ((LEFT + RIGHT) / 2.0, BOTTOM + 40.0), Anchor::Middle, x_unit);
    }

    /// Writes each `(class, name, end of its curve)` beside its end, moved where two would overlap.
    pub fn names(svg: &mut Svg, names: &[(&str, &str, (f64, f64))]) {
        let mut order: Vec<_> = (0..names.len()).collect();
        order.sort_by(|left, right| names[*left].2.1.total_cmp(&names[*right].2.1));
        let wanted: Vec<_> = order.iter().map(|index| names[*index].2.1).collect();
        for (index, y) in order.into_iter().zip(apart(&wanted, TOP, BOTTOM)) {
            let (class, name, (x, end)) = names[index];
            svg.path(&format!("leader {class}"), &[(x + 6.0, end), (RIGHT + 12.0, y)], false);
            svg.text(&format!("name {class}"), (RIGHT + 16.0, y + 4.0), Anchor::Start, name);
        }
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
