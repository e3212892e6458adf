//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

mod cli;
mod closure;
mod dump;
mod jenkins;
mod plan_cli;
#[cfg(feature = "aws")]
mod rds;
#[cfg(feature = "aws")]
mod rds_cloud;
mod restore;
mod support;
mod tidy;
