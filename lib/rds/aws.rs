//! [`RdsApi`] over a connection to the real service, through the SDK.

use std::collections::BTreeMap;

use aws_sdk_rds::types::SourceType;

use super::api::{CopyOrder, InstanceOrder, Listing, RdsApi, RdsEvent, Thing};
use super::orders;
use super::things::{self, time};
use crate::aws::{CallFailure, Connection, FaultClass};
use crate::document::ResourceKind;

/// How far back [`RdsApi::events`] looks, in minutes.
const EVENTS_MINUTES: i32 = 6 * 60;

/// How long the service keeps events, in minutes: fourteen days.
const HISTORY_MINUTES: i32 = 14 * 24 * 60;

impl RdsApi for Connection {
    fn look(&self, kind: ResourceKind, id: &str) -> Result<Option<Thing>, CallFailure> {
        match one(self, kind, id) {
            Err(fault) if fault.class == FaultClass::NotFound => Ok(None),
            other => other,
        }
    }

    fn list(&self, kind: ResourceKind, which: Listing<'_>) -> Result<Vec<Thing>, CallFailure> {
        match pages(self, kind, which) {
            Err(fault) if fault.class == FaultClass::NotFound => Ok(Vec::new()),
            other => other,
        }
    }

    fn tags(&self, arn: &str) -> Result<BTreeMap<String, String>, CallFailure> {
        let ask = self.client.list_tags_for_resource().resource_name(arn);
        let answer = self.run("ListTagsForResource", ask.send())?;
        Ok(things::tags(answer.tag_list()))
    }

    fn snapshot(
        &self,
        kind: ResourceKind,
        id: &str,
        source: &str,
        tags: &[(String, String)],
    ) -> Result<Thing, CallFailure> {
        let tags = Some(orders::tags(tags));
        if kind == ResourceKind::InstanceSnapshot {
            let ask =
                self.client.create_db_snapshot().db_snapshot_identifier(id).db_instance_identifier(source);
            let answer = self.run("CreateDBSnapshot", ask.set_tags(tags).send())?;
            return things::made(kind, id, answer.db_snapshot().map(things::instance_snapshot));
        }
        let ask = self.client.create_db_cluster_snapshot().db_cluster_snapshot_identifier(id);
        let ask = ask.db_cluster_identifier(source).set_tags(tags);
        let answer = self.run("CreateDBClusterSnapshot", ask.send())?;
        things::made(kind, id, answer.db_cluster_snapshot().map(things::cluster_snapshot))
    }

    fn copy_snapshot(
        &self,
        id: &str,
        source: &str,
        key: &str,
        tags: &[(String, String)],
    ) -> Result<Thing, CallFailure> {
        let ask = self.client.copy_db_snapshot().source_db_snapshot_identifier(source);
        let ask = ask.target_db_snapshot_identifier(id).kms_key_id(key).copy_tags(false);
        let answer = self.run("CopyDBSnapshot", ask.set_tags(Some(orders::tags(tags))).send())?;
        things::made(ResourceKind::InstanceSnapshot, id, answer.db_snapshot().map(things::instance_snapshot))
    }

    fn copy(&self, order: &CopyOrder) -> Result<Thing, CallFailure> {
        orders::copy(self, order)
    }

    fn add_instance(&self, order: &InstanceOrder) -> Result<Thing, CallFailure> {
        let ask = orders::instance(&self.client, order);
        let answer = self.run("CreateDBInstance", ask.send())?;
        things::made(ResourceKind::Instance, &order.id, answer.db_instance().map(things::instance))
    }

    fn set_password(&self, kind: ResourceKind, id: &str, password: &str) -> Result<(), CallFailure> {
        if kind == ResourceKind::Instance {
            let ask = self.client.modify_db_instance().db_instance_identifier(id);
            let ask = ask.master_user_password(password).apply_immediately(true);
            return self.run("ModifyDBInstance", ask.send()).map(|_| ());
        }
        let ask = self.client.modify_db_cluster().db_cluster_identifier(id);
        let ask = ask.master_user_password(password).apply_immediately(true);
        self.run("ModifyDBCluster", ask.send()).map(|_| ())
    }

    fn keep_password(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure> {
        if kind == ResourceKind::Instance {
            let ask = self.client.modify_db_instance().db_instance_identifier(id);
            let ask = ask.manage_master_user_password(true).apply_immediately(true);
            return self.run("ModifyDBInstance", ask.send()).map(|_| ());
        }
        let ask = self.client.modify_db_cluster().db_cluster_identifier(id);
        let ask = ask.manage_master_user_password(true).apply_immediately(true);
        self.run("ModifyDBCluster", ask.send()).map(|_| ())
    }

    fn start(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure> {
        if kind == ResourceKind::Instance {
            let ask = self.client.start_db_instance().db_instance_identifier(id);
            return self.run("StartDBInstance", ask.send()).map(|_| ());
        }
        self.run("StartDBCluster", self.client.start_db_cluster().db_cluster_identifier(id).send())
            .map(|_| ())
    }

    fn delete(&self, kind: ResourceKind, id: &str) -> Result<(), CallFailure> {
        let client = &self.client;
        match kind {
            ResourceKind::Instance => {
                let ask = client.delete_db_instance().db_instance_identifier(id);
                let ask = ask.skip_final_snapshot(true).delete_automated_backups(true);
                self.run("DeleteDBInstance", ask.send()).map(|_| ())
            }
            ResourceKind::Cluster => {
                let ask = client.delete_db_cluster().db_cluster_identifier(id);
                let ask = ask.skip_final_snapshot(true).delete_automated_backups(true);
                self.run("DeleteDBCluster", ask.send()).map(|_| ())
            }
            ResourceKind::ClusterSnapshot => {
                let ask = client.delete_db_cluster_snapshot().db_cluster_snapshot_identifier(id);
                self.run("DeleteDBClusterSnapshot", ask.send()).map(|_| ())
            }
            ResourceKind::InstanceSnapshot => {
                let ask = client.delete_db_snapshot().db_snapshot_identifier(id);
                self.run("DeleteDBSnapshot", ask.send()).map(|_| ())
            }
        }
    }

    fn events(&self, kind: ResourceKind, id: &str) -> Result<Vec<RdsEvent>, CallFailure> {
        let ask = self.client.describe_events().source_type(source_type(kind)).source_identifier(id);
        // All pages: the last events matter, and they are on the last page.
        let pages = ask.duration(EVENTS_MINUTES).into_paginator().items().send();
        Ok(self.run("DescribeEvents", pages.try_collect())?.iter().map(event).collect())
    }

    fn history(&self, kind: ResourceKind) -> Result<Vec<RdsEvent>, CallFailure> {
        let ask = self.client.describe_events().source_type(source_type(kind)).duration(HISTORY_MINUTES);
        let pages = ask.into_paginator().items().send();
        Ok(self.run("DescribeEvents", pages.try_collect())?.iter().map(event).collect())
    }
}

/// Lists resources of a kind, all pages; of snapshots the manual ones, or the automated ones of one source.
fn pages(aws: &Connection, kind: ResourceKind, which: Listing<'_>) -> Result<Vec<Thing>, CallFailure> {
    let (of, automated) = match which {
        Listing::All => (None, None),
        Listing::AutomatedOf(source) => (Some(source), Some("automated")),
    };
    match kind {
        ResourceKind::Cluster => {
            let pages = aws.client.describe_db_clusters().into_paginator().items().send();
            Ok(aws.run("DescribeDBClusters", pages.try_collect())?.iter().map(things::cluster).collect())
        }
        ResourceKind::Instance => {
            let pages = aws.client.describe_db_instances().into_paginator().items().send();
            Ok(aws.run("DescribeDBInstances", pages.try_collect())?.iter().map(things::instance).collect())
        }
        ResourceKind::ClusterSnapshot => {
            let ask = aws.client.describe_db_cluster_snapshots();
            let ask = ask.set_db_cluster_identifier(of.map(str::to_owned));
            let pages = ask.set_snapshot_type(Some(automated.unwrap_or("manual").to_owned()));
            let pages = pages.into_paginator().items().send();
            let found = aws.run("DescribeDBClusterSnapshots", pages.try_collect())?;
            Ok(found.iter().map(things::cluster_snapshot).collect())
        }
        ResourceKind::InstanceSnapshot => {
            let ask = aws.client.describe_db_snapshots();
            let ask = ask.set_db_instance_identifier(of.map(str::to_owned));
            let pages = ask.set_snapshot_type(Some(automated.unwrap_or("manual").to_owned()));
            let pages = pages.into_paginator().items().send();
            let found = aws.run("DescribeDBSnapshots", pages.try_collect())?;
            Ok(found.iter().map(things::instance_snapshot).collect())
        }
    }
}

/// Describes one resource of a kind, if it is there.
fn one(aws: &Connection, kind: ResourceKind, id: &str) -> Result<Option<Thing>, CallFailure> {
    let found = match kind {
        ResourceKind::Cluster => {
            let ask = aws.client.describe_db_clusters().db_cluster_identifier(id);
            let answer = aws.run("DescribeDBClusters", ask.send())?;
            answer.db_clusters().first().map(things::cluster)
        }
        ResourceKind::Instance => {
            let ask = aws.client.describe_db_instances().db_instance_identifier(id);
            let answer = aws.run("DescribeDBInstances", ask.send())?;
            answer.db_instances().first().map(things::instance)
        }
        ResourceKind::ClusterSnapshot => {
            let ask = aws.client.describe_db_cluster_snapshots().db_cluster_snapshot_identifier(id);
            let ask = ask.set_snapshot_type(things::snapshot_type(id));
            let ask = ask.set_include_shared(things::may_be_shared(id));
            let answer = aws.run("DescribeDBClusterSnapshots", ask.send())?;
            answer.db_cluster_snapshots().first().map(things::cluster_snapshot)
        }
        ResourceKind::InstanceSnapshot => {
            let ask = aws.client.describe_db_snapshots().db_snapshot_identifier(id);
            let ask = ask.set_snapshot_type(things::snapshot_type(id));
            let ask = ask.set_include_shared(things::may_be_shared(id));
            let answer = aws.run("DescribeDBSnapshots", ask.send())?;
            answer.db_snapshots().first().map(things::instance_snapshot)
        }
    };
    // Now and then a server of the service that lags behind describes another resource than the one that was named.
    Ok(found.filter(|thing| thing.id.eq_ignore_ascii_case(id) || thing.arn.eq_ignore_ascii_case(id)))
}

fn source_type(kind: ResourceKind) -> SourceType {
    match kind {
        ResourceKind::Instance => SourceType::DbInstance,
        ResourceKind::Cluster => SourceType::DbCluster,
        ResourceKind::ClusterSnapshot => SourceType::DbClusterSnapshot,
        ResourceKind::InstanceSnapshot => SourceType::DbSnapshot,
    }
}

fn event(event: &aws_sdk_rds::types::Event) -> RdsEvent {
    RdsEvent {
        of: event.source_identifier().unwrap_or_default().to_owned(),
        at: time(event.date()),
        message: event.message().unwrap_or_default().to_owned(),
    }
}
