//! The report for a monitor: a node exporter textfile (Prometheus text exposition format 0.0.4).
//!
//! Alert on `time() - refreshkit_last_success_timestamp_seconds > 26 * 3600 or refreshkit_ok == 0`. A failed night keeps the time
//! of the last success from the textfile before. So the alert is raised for a night that failed and for one that did not run at
//! all. The time of the newest dump's data is kept in the same way; with a fallback snapshot the data is older than the night.

use std::fmt::Write;

use crate::document::Document;

const LAST_SUCCESS: &str = "last_success_timestamp_seconds";
const DATA: &str = "data_timestamp_seconds";

/// The metrics of a run; `before` is the textfile of the run before it.
pub(super) fn prometheus(document: &Document, before: &str) -> String {
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
    let data = super::page::data_time(document).filter(|_| document.ok && document.dump.is_some());
    if let Some(time) = data.map(|time| time.as_second().to_string()).or_else(|| earlier(before, DATA)) {
        gauge(DATA, "When the data of the newest dump was in production.", time);
    }
    let success = if document.ok {
        Some(jiff::Timestamp::now().as_second().to_string())
    } else {
        earlier(before, LAST_SUCCESS)
    };
    if let Some(time) = success {
        gauge(LAST_SUCCESS, "When the last successful run ended.", time);
    }
    out
}

/// The value of a metric in the textfile of the run before; `None` if it has none.
fn earlier(before: &str, name: &str) -> Option<String> {
    let value = before.lines().find_map(|line| line.strip_prefix(&format!("refreshkit_{name} ")))?;
    value.parse::<f64>().is_ok().then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_night_keeps_the_time_of_the_last_good_one() {
        let good = prometheus(&Document::new("one"), "");
        let mut failed = Document::new("two");
        failed.ok = false;
        let after = prometheus(&failed, &good);
        assert!(after.contains("refreshkit_ok 0\n"));
        assert_eq!(earlier(&after, LAST_SUCCESS), earlier(&good, LAST_SUCCESS));
        assert!(earlier(&good, LAST_SUCCESS).is_some());
        assert!(!prometheus(&failed, "").contains(LAST_SUCCESS));
    }

    #[test]
    fn a_night_on_a_fallback_snapshot_does_not_look_fresh() {
        let mut night = Document::new("one");
        night.dump = Some(crate::document::Dump::default());
        let created_at = Some("2026-11-20T02:00:00Z".parse().unwrap());
        night.snapshot = Some(crate::document::Snapshot { created_at, fallback: true, ..Default::default() });
        let told = prometheus(&night, "");
        assert!(told.contains("refreshkit_data_timestamp_seconds 1795140000\n"), "{told}");
        let mut failed = Document::new("two");
        failed.ok = false;
        assert_eq!(earlier(&prometheus(&failed, &told), DATA), earlier(&told, DATA));
    }
}
