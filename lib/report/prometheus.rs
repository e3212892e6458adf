//! The report for a monitor: a node exporter textfile (Prometheus text exposition format 0.0.4).
//!
//! Alert on `time() - refreshkit_last_success_timestamp_seconds > 26 * 3600`: a night that did not run at all raises
//! no other alarm.

use std::fmt::Write;

use crate::document::Document;

/// The metrics of a run. The success timestamp is there only if the run succeeded: the collector keeps no old value,
/// so a failed night must not overwrite the file of a good one with a time; `refreshkit_ok 0` says what happened.
pub fn prometheus(document: &Document) -> String {
    let mut out = String::new();
    let mut gauge = |name: &str, help: &str, value: String| {
        let _ = writeln!(
            out,
            "# HELP refreshkit_{name} {help}\n# TYPE refreshkit_{name} gauge\nrefreshkit_{name} {value}"
        );
    };
    gauge("ok", "1 if the last run succeeded.", u8::from(document.ok).to_string());
    let code = document.error.as_ref().map_or(0, |error| error.exit);
    gauge("exit_code", "Exit code of the tool that failed, 0 if none did.", code.to_string());
    gauge(
        "resources_left",
        "AWS resources that the run created and did not delete.",
        document.resources.len().to_string(),
    );
    let seconds: f64 = document.steps.iter().map(|step| step.seconds).sum();
    gauge("duration_seconds", "Working time of all steps.", format!("{seconds:.3}"));
    if let Some(dump) = &document.dump {
        gauge("dump_bytes", "Size of the newest dump.", dump.bytes.to_string());
        gauge("dump_rows", "Rows in the newest dump.", dump.rows.to_string());
    }
    let fallback = document.snapshot.as_ref().is_some_and(|snapshot| snapshot.fallback);
    gauge("fallback", "1 if a fallback snapshot was restored.", u8::from(fallback).to_string());
    if document.ok {
        let now = jiff::Timestamp::now().as_second();
        gauge("last_success_timestamp_seconds", "When the last successful run ended.", now.to_string());
    }
    out
}
