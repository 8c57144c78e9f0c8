//! The suite tested on itself.
