//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

mod cli;
mod rds_local;
mod support;
mod tidy;
