//! Shows the plan to people: `ask` answers the questions of `mydehydrate` (plan, check, explain, infer, init).
//!
//! In: a question and a server, or a finished plan. Out: text for a terminal (`report`), or a graph (`picture`) as DOT or `svg`.
//! `check` compares the rules with the database; `explain` says why a row is in the plan.

pub(super) mod ask;
pub(super) mod check;
pub(super) mod explain;
pub(super) mod picture;
pub(super) mod report;
pub(super) mod svg;
