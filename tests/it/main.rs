//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

mod cli;
mod closure;
mod dump;
mod dump_fidelity;
mod jenkins;
mod masks;
mod migrate;
mod plan_cli;
mod plan_model;
mod plan_property;
mod plan_questions;
#[cfg(feature = "aws")]
mod rds;
mod rds_cloud;
mod restore;
mod restore_crash;
mod restore_place;
mod support;
mod tidy;
