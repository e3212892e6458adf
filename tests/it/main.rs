//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

mod cli;
mod dump;
mod dump_fidelity;
mod dump_file;
mod dump_random;
mod dump_safety;
mod rotate;
mod support;
mod tidy;
