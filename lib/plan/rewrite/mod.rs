//! `--in-place`: turns the copy itself into the small database.
//!
//! In: a finished plan. Out: the plan's tables with only the kept rows in them, masked. `in_place` builds, commits and swaps;
//! `definition` puts back what `CREATE TABLE … LIKE` leaves out.

pub(super) mod definition;
pub(super) mod in_place;
