//! Elements of SVG, written with one digit behind the point.

use crate::table::escape;
use std::fmt::Write as _;

/// Colours for light and dark, and how each class of element looks. A page holds it once for all its charts.
pub const STYLE: &str = include_str!("style.css");

/// Breadth of a chart, in the units that it is drawn in: about pixels.
pub const WIDTH: f64 = 760.0;

/// A drawing under way.
#[derive(Debug)]
pub struct Svg {
    text: String,
}

/// Which end of a text its place is.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// The text goes on to the right of it.
    Start,
    /// It stands above or below it.
    Middle,
    /// The text ends there.
    End,
}

impl Svg {
    /// An empty chart with its title, and what its figures mean in a smaller line below.
    pub fn new(height: f64, title: &str, subtitle: &str) -> Self {
        Self::sized((WIDTH, height), title, subtitle)
    }

    /// The same in another breadth than [`WIDTH`].
    pub fn sized((width, height): (f64, f64), title: &str, subtitle: &str) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" aria-label=\"{}\" \
             viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n",
            escape(title)
        );
        let mut svg = Self { text };
        svg.rect("paper", (0.0, 0.0), (width, height));
        svg.text("title", (16.0, 26.0), Anchor::Start, title);
        svg.text("muted", (16.0, 44.0), Anchor::Start, subtitle);
        svg
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.path(class, &[from, to], false);
    }

    /// Straight lines from point to point, and back to the first if it is `closed`.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)], closed: bool) {
        let _ = write!(self.text, "<path class=\"{class}\" d=\"");
        for (index, (x, y)) in points.iter().enumerate() {
            let _ = write!(self.text, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
        }
        self.text += if closed { "Z\"/>\n" } else { "\"/>\n" };
    }

    /// A rectangle from its upper left corner.
    pub fn rect(&mut self, class: &str, place: (f64, f64), size: (f64, f64)) {
        self.tipped_rect(class, place, size, "");
    }

    /// The same, telling what it stands for when the mouse rests on it; nothing if `tip` is empty.
    pub fn tipped_rect(
        &mut self,
        class: &str,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        tip: &str,
    ) {
        let _ = write!(
            self.text,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\""
        );
        let _ = match tip {
            "" => writeln!(self.text, "/>"),
            tip => writeln!(self.text, "><title>{}</title></rect>", escape(tip)),
        };
    }

    /// A point that tells what it stands for when the mouse rests on it.
    pub fn dot(&mut self, class: &str, (x, y): (f64, f64), tip: &str) {
        let _ = writeln!(
            self.text,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{}</title></circle>",
            escape(tip)
        );
    }

    /// One line of text on the base line `y`.
    pub fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        let _ = writeln!(
            self.text,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    /// The whole element.
    pub fn finish(self) -> String {
        self.text + "</svg>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_is_called_cannot_become_an_element() {
        let mut svg = Svg::new(50.0, "a < b", "");
        svg.dot("dot", (1.0, 2.04), "\"<script>\"");
        let text = svg.finish();
        assert!(!text.contains("<script>") && text.contains("a &lt; b"));
        assert!(text.contains("cy=\"2.0\""), "{text}");
        assert!(text.ends_with("</svg>"));
    }
}
