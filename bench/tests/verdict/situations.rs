//! What the rules say of situations that were staged, loaded, labelled by hand with their bottleneck, and saved.
//!
//! `situations.json` has a line for each: a name, how it was staged (the server; the load), the label, and what
//! `bench load --json` had under `seen` and `evidence`. Two busy cores: other programs were compiling.

use bench::evidence::Evidence;
use bench::evidence::verdict::{Seen, verdict};
use serde::Deserialize;

#[derive(Deserialize)]
struct Situation {
    name: String,
    from: String,
    /// The label: the kind of bottleneck, and words that its sentence has.
    cause: String,
    words: String,
    seen: Seen,
    evidence: Evidence,
}

fn situations() -> Vec<Situation> {
    serde_json::from_str(include_str!("situations.json")).unwrap()
}

#[test]
fn each_has_its_label() {
    let situations = situations();
    assert!(situations.len() >= 20);
    let wrong = situations.iter().filter_map(|situation| {
        let Situation { name, from, cause, words, seen, evidence } = situation;
        let found = verdict(seen, evidence, None);
        let is_right = found.cause.short() == cause && found.sentence.contains(words);
        (!is_right).then(|| format!("{name} ({from})\n  is {cause}, {words:?}: {found:#?}"))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn server_and_client_use_no_more_than_there_is() {
    for Situation { name, seen, evidence, .. } in situations() {
        let because = verdict(&seen, &evidence, None).because;
        let words: Vec<_> = because.split_whitespace().collect();
        let shares = words.windows(2).filter(|pair| pair[1].starts_with('%'));
        let mut shares = shares.map(|pair| pair[0].parse::<f64>().unwrap());
        assert!(shares.all(|share| share <= 100.0), "{name}: {because}");
    }
}
