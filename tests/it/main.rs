//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

mod cli;
mod closure;
mod dump;
mod dump_fidelity;
mod dump_file;
mod dump_random;
mod dump_safety;
mod jenkins;
mod masks;
mod plan_cli;
mod plan_model;
mod plan_property;
mod plan_questions;
#[cfg(feature = "aws")]
mod rds;
#[cfg(feature = "aws")]
mod rds_cloud;
mod restore;
mod rotate;
mod support;
mod tidy;
