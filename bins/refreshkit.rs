//! All tools in one binary, for packages. The name of the link that it is called by decides which tool runs.
//!
//! Nine binaries would hold the AWS SDK and the library nine times; this one holds them once.

#[path = "dev-restore.rs"]
mod dev_restore;
mod mydehydrate;
#[path = "mydump-rotate.rs"]
mod mydump_rotate;
#[path = "rds-drop.rs"]
mod rds_drop;
#[path = "rds-local.rs"]
mod rds_local;
#[path = "rds-restore.rs"]
mod rds_restore;
#[path = "rds-snap.rs"]
mod rds_snap;
#[path = "rds-wait.rs"]
mod rds_wait;
#[path = "refresh-report.rs"]
mod refresh_report;

fn main() -> std::process::ExitCode {
    refreshkit::cli::one_of(&[
        ("rds-snap", rds_snap::main),
        ("rds-wait", rds_wait::main),
        ("rds-restore", rds_restore::main),
        ("mydehydrate", mydehydrate::main),
        ("mydump-rotate", mydump_rotate::main),
        ("rds-drop", rds_drop::main),
        ("dev-restore", dev_restore::main),
        ("refresh-report", refresh_report::main),
        ("rds-local", rds_local::main),
    ])
}
