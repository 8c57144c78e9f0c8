//! The time of day as files hold it, in UTC.

use std::time::SystemTime;

/// Now, as `2026-11-23T22:50:09Z`.
pub fn now() -> String {
    iso(&httpdate::fmt_http_date(SystemTime::now()))
}

/// `Mon, 23 Nov 2026 22:50:09 GMT` in the order of ISO 8601.
fn iso(date: &str) -> String {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let fields: Vec<_> = date.split(' ').collect();
    let &[_, day, month, year, time, _] = fields.as_slice() else { return date.to_owned() };
    let month = MONTHS.find(month).unwrap_or_default() / 3 + 1;
    format!("{year}-{month:02}-{day}T{time}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_in_order() {
        assert_eq!(iso("Mon, 23 Nov 2026 22:50:09 GMT"), "2026-11-23T22:50:09Z");
        assert_eq!(iso("Thu, 01 Jan 1970 00:00:00 GMT"), "1970-01-01T00:00:00Z");
        assert!(now().ends_with('Z') && now().len() == 20);
    }
}
