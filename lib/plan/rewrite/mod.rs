//! `--in-place`: the copy itself becomes the small database.

pub(super) mod definition;
pub(super) mod in_place;
