//! Numbers as people read them.

use std::time::Duration;

/// `1234567.8` as `1,234,568`.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration with three digits, in the unit that keeps them short: `87.3us`, `4.21ms`, `1.50s`.
pub fn time(duration: Duration) -> String {
    let micros = duration.as_nanos() as f64 / 1e3;
    match micros {
        0.0 => "0".to_owned(),
        ..999.5 => format!("{}us", three(micros)),
        ..999_500.0 => format!("{}ms", three(micros / 1e3)),
        _ => format!("{}s", three(micros / 1e6)),
    }
}

fn three(number: f64) -> String {
    match number {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// The widest line that is printed.
pub const WIDTH: usize = 120;

/// A label, and behind it a text whose further lines begin below its first.
pub fn wrapped(label: &str, text: &str) -> String {
    let indent = label.chars().count();
    let (mut lines, mut column) = (label.to_owned(), indent);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            lines += &format!("\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += length;
    }
    lines + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_wrapped_below_their_beginning() {
        assert_eq!(wrapped("a: ", "b c"), "a: b c\n");
        let long = wrapped("  label: ", &"word ".repeat(50));
        assert!(long.lines().all(|line| line.chars().count() <= WIDTH), "{long}");
        assert!(long.lines().skip(1).all(|line| line.starts_with("         word")), "{long}");
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in
            [(0.0, "0"), (999.4, "999"), (1000.0, "1,000"), (1_234_567.8, "1,234,568")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn three_digits_and_a_unit() {
        for (nanos, text) in [
            (0, "0"),
            (870, "0.87us"),
            (87_340, "87.3us"),
            (999_600, "1.00ms"),
            (4_213_000, "4.21ms"),
            (1_500_000_000, "1.50s"),
            (120_000_000_000, "120s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanos)), text);
        }
    }
}
