//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod cli;
mod closure;
mod dump;
mod dump_fidelity;
mod jenkins;
mod masks;
mod plan_cli;
mod plan_in_place;
mod plan_model;
mod plan_property;
mod plan_questions;
#[cfg(feature = "aws")]
mod rds;
#[cfg(feature = "aws")]
mod rds_cli;
#[cfg(feature = "aws")]
mod rds_cloud;
#[cfg(feature = "aws")]
mod rds_drop;
mod rds_local;
#[cfg(feature = "aws")]
mod rds_moto;
#[cfg(feature = "aws")]
mod rds_wait;
mod restore;
mod support;
mod tidy;
