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

/// The figures in a text that stand before this word.
fn before(text: &str, word: &str) -> Vec<f64> {
    let words = text.split([' ', '(', ')', ',', ';']).filter(|word| !word.is_empty());
    let words: Vec<_> = words.collect();
    let pairs = words.windows(2).filter(|pair| pair[1] == word);
    pairs.filter_map(|pair| pair[0].parse().ok()).collect()
}

/// The rest of a sentence such as "one core is full (69 % busy)" contradicted its beginning.
#[test]
fn what_is_called_full_is_as_busy_as_that() {
    for Situation { name, seen, mut evidence, .. } in situations() {
        for percent in 60..=100 {
            // The busiest thread always wants a CPU, and has one so often.
            let (busy, all) = (f64::from(percent) / 100.0, evidence.seconds);
            if let (Some(thread), Some(server)) =
                (evidence.threads.first_mut(), &mut evidence.server)
            {
                (thread.cpu, thread.run_wait) = (busy * all, (1.0 - busy) * all);
                server.cpu = thread.cpu;
            }
            let sentence = verdict(&seen, &evidence, None).sentence;
            if !sentence.contains("full") {
                continue;
            }
            let busy = before(&sentence.replace('%', ""), "busy");
            assert!(busy.iter().all(|share| *share >= 90.0), "{name}: {sentence}");
            if sentence.contains(" client ") && evidence.server.is_some() {
                let used: f64 = ["and", "of"].iter().flat_map(|word| before(&sentence, word)).sum();
                let cores = evidence.cores as f64;
                // Each figure is rounded.
                assert!(used >= 0.9 * cores - 0.02, "{name}: {sentence}");
            }
        }
    }
}
