//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

mod cli;
mod closure;
mod dump;
mod jenkins;
mod migrate;
mod plan_cli;
mod restore;
mod restore_crash;
mod restore_place;
mod support;
mod tidy;
