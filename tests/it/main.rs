//! The integration tests: one binary, so that the AWS SDK is linked once. `tests/README.md` says how to run them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on panics, and says where it is, in its helpers too"
)]

mod archive;
mod archive_files;
mod archive_fuzz;
mod archive_signed;
#[cfg(feature = "aws")]
mod claim;
mod cli;
mod closure;
mod config;
mod dump;
mod dump_across;
mod dump_bodies;
mod dump_bodies_made;
mod dump_deep;
mod dump_fidelity;
mod dump_file;
mod dump_guards;
mod dump_proof;
mod dump_random;
mod dump_readers;
mod dump_safety;
mod dump_settings;
mod dump_stale;
mod dump_trouble;
mod dump_ways;
mod first_hour;
mod first_night;
mod hostile;
mod hostile_documents;
mod instance;
mod instance_crash;
mod instance_place;
mod instance_systemd;
mod instance_trouble;
mod jenkins;
#[cfg(feature = "aws")]
mod jenkins_jobs;
mod jenkins_pipeline;
#[cfg(feature = "aws")]
mod jenkins_real;
mod keys;
mod leaks;
mod leaks_canaries;
mod leaks_copies;
mod leaks_key;
mod leaks_runs;
mod local_copy;
mod login;
mod masks;
mod masks_cipher;
mod masks_night;
mod masks_properties;
mod migrate;
mod migrate_cage;
mod nightly;
mod order;
mod outlet;
#[cfg(feature = "aws")]
mod package;
#[cfg(feature = "aws")]
mod pipe;
#[cfg(feature = "aws")]
mod pipe_abort;
#[cfg(feature = "aws")]
mod pipe_night;
#[cfg(feature = "aws")]
mod pipe_readers;
mod plan_catalog;
mod plan_cli;
mod plan_fit;
mod plan_in_place;
mod plan_infer;
mod plan_kill;
mod plan_model;
mod plan_property;
mod plan_questions;
mod plan_read;
#[cfg(feature = "aws")]
mod rds;
#[cfg(feature = "aws")]
mod rds_check;
#[cfg(feature = "aws")]
mod rds_cli;
#[cfg(feature = "aws")]
mod rds_cloud;
#[cfg(feature = "aws")]
mod rds_credentials;
#[cfg(feature = "aws")]
mod rds_drop;
#[cfg(feature = "aws")]
mod rds_endpoint;
#[cfg(feature = "aws")]
mod rds_events;
#[cfg(feature = "aws")]
mod rds_fallback;
#[cfg(feature = "aws")]
mod rds_kill;
mod rds_local;
#[cfg(feature = "aws")]
mod rds_login;
#[cfg(feature = "aws")]
mod rds_moto;
#[cfg(feature = "aws")]
mod rds_orders;
#[cfg(feature = "aws")]
mod rds_owner;
#[cfg(feature = "aws")]
mod rds_plain;
#[cfg(feature = "aws")]
mod rds_policy;
#[cfg(feature = "aws")]
mod rds_stage;
#[cfg(feature = "aws")]
mod rds_token;
#[cfg(feature = "aws")]
mod rds_wait;
mod report;
mod restore;
mod restore_button;
mod restore_crash;
mod restore_fence;
mod restore_globs;
mod restore_guards;
mod restore_made_up;
mod restore_newcomer;
mod restore_only;
mod restore_options;
mod restore_place;
mod restore_plain;
mod restore_private;
#[cfg(feature = "aws")]
mod restore_production;
mod restore_ready;
mod restore_tls;
mod rotate;
mod schemas;
mod security;
mod support;
mod terminal;
mod tidy;
mod wire;
