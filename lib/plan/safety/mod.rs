//! What is asked before and after the keys are collected, so that nothing personal leaves.

pub(super) mod canary;
pub(super) mod canary_row;
pub(super) mod constraint_check;
pub(super) mod copied_columns;
pub(super) mod gather;
pub(super) mod guard;
pub(super) mod originals_hash;
