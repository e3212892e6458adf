//! The plan for people: `ask` answers the questions of `mydehydrate` (plan, check, explain, infer).
//!
//! In: a question and a server, or a finished plan. Out: text for a terminal (`report`), or a graph (`picture`) as DOT or `svg`.
//! `check` is the drift gate: rules against the database; `explain` says why a row is in the plan.

pub(super) mod ask;
pub(super) mod check;
pub(super) mod explain;
pub(super) mod picture;
pub(super) mod report;
pub(super) mod svg;
