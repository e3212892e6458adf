//! What a target keeps or sets of its own over a refresh.

pub(super) mod carry;
pub(super) mod preserve;
pub(super) mod set;
