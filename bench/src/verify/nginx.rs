//! Why nginx fails the cases that it fails: the check of the suite itself.
//!
//! A case that a trusted server fails is either a rule that the server breaks or a mistake of the suite. Each of
//! them is explained here, and `--peer nginx` (and the test that starts nginx) fails where a case is red without a
//! note or green with one.

/// The note for a case, where nginx fails it.
pub(crate) fn note(id: &str) -> Option<&'static str> {
    NOTES
        .iter()
        .find(|(noted, _)| *noted == id)
        .map(|(_, note)| *note)
}

pub(crate) const NOTES: &[(&str, &str)] = &[];
