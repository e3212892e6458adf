//! What is asked before and after the keys are collected, so that nothing personal leaves.
//!
//! In: a blueprint; later the finished table plans. Out: a refusal, or warnings. Before: the server takes every mask and nothing
//! personal is unmasked (`guard`), masked values keep the rules of their tables (`constraint_check`). After: `leaks` hashes what
//! must not leave (`originals` says which columns, `originals_hash` reads them) and looks for `copied_columns`; made-up people go
//! through the masks (`canary`, `canary_row`). What is proposed is held against both before it is printed (`foresee`): `within_rules` against
//! constraints, `alike` gives columns with the same values one rule.

pub(super) mod alike;
pub(super) mod canary;
pub(super) mod canary_row;
pub(super) mod constraint_check;
pub(super) mod copied_columns;
pub(super) mod foresee;
pub(super) mod guard;
pub(super) mod leaks;
pub(super) mod originals;
pub(super) mod originals_hash;
pub(super) mod within_rules;
