//! Checks finished key tables before the plan may be used.
//!
//! In: a blueprint and the closure. Out: evidence that every reference of a kept row is intact, or was broken in the source
//! (`examine`, with `integrity_scan` as its quick first step); what each relation added (`edge_reports`); values that a cast
//! could not read (`cast_failures`); parents that bring the most children (`largest_parents`); rules and relations without effect
//! (`silence`).

pub(super) mod cast_failures;
pub(super) mod edge_reports;
pub(super) mod examine;
pub(super) mod integrity_scan;
pub(super) mod largest_parents;
pub(super) mod silence;
