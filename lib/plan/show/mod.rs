//! The plan for people: questions, reports, pictures.

pub(super) mod ask;
pub(super) mod check;
pub(super) mod explain;
pub(super) mod picture;
pub(super) mod report;
pub(super) mod svg;
