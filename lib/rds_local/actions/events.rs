//! `DescribeEvents`: what happened to the resources. The tools show these events when a wait fails.

use jiff::{SignedDuration, Timestamp};

use super::render::ActionOutcome;
use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::list::page;
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::http::xml::Xml;
use crate::rds_local::state::model::{ARN_PREFIX, LocalEvent};

/// Two weeks in minutes: RDS keeps events that long.
const MINUTES_MAX: u32 = 20_160;
const MINUTES: u32 = 60;

pub(crate) fn describe(cloud: &LocalCloud, query: &Query) -> ActionOutcome {
    let source = query.name("SourceIdentifier")?;
    let kind = query.get("SourceType");
    if source.is_some() && kind.is_none() {
        return Err(ServiceError::combination("SourceType is required when SourceIdentifier is given."));
    }
    let minutes = query.number("Duration", 1, MINUTES_MAX)?.unwrap_or(MINUTES);
    let ago = Timestamp::now() - SignedDuration::from_mins(i64::from(minutes));
    let start = query.parsed::<Timestamp>("StartTime")?.unwrap_or(ago);
    let end = query.parsed::<Timestamp>("EndTime")?.unwrap_or(Timestamp::MAX);
    cloud.look(|state| {
        let wanted = |(_, e): &(usize, &LocalEvent)| {
            (start..=end).contains(&e.at)
                && kind.is_none_or(|kind| kind == e.kind)
                && source.as_ref().is_none_or(|source| *source == e.id)
        };
        let found: Vec<(usize, &LocalEvent)> = state.events.iter().enumerate().filter(wanted).collect();
        let (found, marker) = page(query, found, |(number, _)| format!("{number:08}"))?;
        let mut x = Xml::default();
        x.maybe("Marker", marker);
        x.list("Events", "Event", found, |x, (_, event)| {
            let arn_kind = match event.kind.as_str() {
                "db-cluster" => "cluster",
                "db-instance" => "db",
                "db-cluster-snapshot" => "cluster-snapshot",
                _ => "snapshot",
            };
            x.text("SourceIdentifier", &event.id)
                .text("SourceType", &event.kind)
                .text("SourceArn", format!("{ARN_PREFIX}:{arn_kind}:{}", event.id))
                .text("Message", &event.message)
                .time("Date", event.at)
                .list("EventCategories", "EventCategory", [category(&event.message)], Xml::raw);
        });
        Ok(x)
    })
}

fn category(message: &str) -> &'static str {
    match message {
        m if m.contains("failed") => "failure",
        m if m.contains("napshot") => "backup",
        m if m.contains("deleted") => "deletion",
        m if m.contains("created") => "creation",
        _ => "configuration change",
    }
}
