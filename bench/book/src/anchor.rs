//! Where a heading is found in a page.

use std::collections::HashMap;

/// The anchor that GitHub gives to a heading: lower case, blanks as hyphens, other marks dropped; and a number where the
/// same was `seen` before.
pub(crate) fn anchor(heading: &str, seen: &mut HashMap<String, usize>) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
    let slug = heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-");
    let count = seen.entry(slug.clone()).or_default();
    *count += 1;
    if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
}
