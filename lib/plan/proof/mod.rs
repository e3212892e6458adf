//! What is asked of finished key tables before anybody may use the plan.
//!
//! In: a blueprint and the closure. Out: evidence that every kept reference is whole, or was broken before (`examine`, which looks
//! at whole tables first: `integrity_scan`); what each relation added (`edge_reports`); values that a cast could not read
//! (`cast_failures`); parents that bring the most children (`largest_parents`);
//! what nobody may have meant (`silence`).

pub(super) mod cast_failures;
pub(super) mod edge_reports;
pub(super) mod examine;
pub(super) mod integrity_scan;
pub(super) mod largest_parents;
pub(super) mod silence;
