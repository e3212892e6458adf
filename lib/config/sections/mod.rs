//! The sections of `refresh.toml` as structs, one file for each (`[snapshot]` and `[restore]` share `copy`).

pub(super) mod config;
pub(super) mod copy;
pub(super) mod dehydrate;
pub(super) mod dump;
pub(super) mod host;
pub(super) mod mask;
pub(super) mod migrations;
pub(super) mod relations;
pub(super) mod server;
pub(super) mod source;
pub(super) mod targets;
