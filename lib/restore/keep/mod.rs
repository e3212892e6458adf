//! What a target keeps over a refresh (`preserve`), and what it sets after the load (`set`, `after`).

pub(super) mod carry;
pub(super) mod preserve;
pub(super) mod set;
