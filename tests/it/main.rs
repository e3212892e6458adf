//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

mod cli;
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
mod support;
mod tidy;
