//! What looks like personal data: by name, by a sample of values, by what triggers copy.

pub(super) mod by_name;
pub(super) mod by_value;
pub(super) mod names;
pub(super) mod naming;
pub(super) mod sample;
pub(super) mod trigger_copies;
