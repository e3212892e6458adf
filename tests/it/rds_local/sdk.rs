//! The same endpoint through the AWS SDK for Rust.

use aws_config::{BehaviorVersion, Region};
use aws_sdk_rds::Client;
use aws_sdk_rds::config::Credentials;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::types::{Filter, Tag};

use super::service::{Service, engines};

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn client(service: &Service, attempts: u32) -> Client {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = aws_sdk_rds::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(&service.url)
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

fn code<T, E: ProvideErrorMetadata>(outcome: Result<T, E>) -> String {
    outcome.err().and_then(|e| e.code().map(str::to_owned)).unwrap_or_default()
}

#[test]
fn the_sdk_reads_every_description() {
    let service = Service::start(engines()[0], "0");
    let rds = client(&service, 1);
    run(async {
        let tags = Tag::builder().key("refreshkit:run").value("r 1").build();
        let snapshot = rds.create_db_cluster_snapshot().db_cluster_identifier("prod-replica");
        let made =
            snapshot.db_cluster_snapshot_identifier("night-1").tags(tags.clone()).send().await.unwrap();
        let made = made.db_cluster_snapshot.unwrap();
        assert_eq!(made.tag_list(), std::slice::from_ref(&tags));
        assert!(made.snapshot_create_time.is_some() && made.db_cluster_resource_id.is_some());
        service.await_snapshot("night-1", "available");
        let filter = Filter::builder().name("db-cluster-id").values("prod-replica").build();
        let clusters = rds.describe_db_clusters().filters(filter).send().await.unwrap();
        let production = &clusters.db_clusters()[0];
        assert_eq!(production.engine(), Some("aurora-mysql"));
        assert_eq!(production.db_cluster_members()[0].is_cluster_writer(), Some(true));
        let copy = rds
            .restore_db_cluster_from_snapshot()
            .db_cluster_identifier("copy-1")
            .snapshot_identifier(made.db_cluster_snapshot_arn().unwrap())
            .engine("aurora-mysql")
            .vpc_security_group_ids("sg-1")
            .tags(tags.clone());
        let copy = copy.send().await.unwrap().db_cluster.unwrap();
        assert_eq!(copy.status(), Some("creating"));
        service.await_cluster("copy-1");
        let instance =
            rds.create_db_instance().db_instance_identifier("copy-1-0").db_instance_class("db.r7g.large");
        let instance = instance.db_cluster_identifier("copy-1").engine("aurora-mysql").send().await.unwrap();
        assert_eq!(instance.db_instance.unwrap().db_cluster_identifier(), Some("copy-1"));
        service.await_instance("copy-1-0");
        let arn = copy.db_cluster_arn().unwrap();
        rds.add_tags_to_resource()
            .resource_name(arn)
            .tags(Tag::builder().key("b").value("c").build())
            .send()
            .await
            .unwrap();
        rds.remove_tags_from_resource().resource_name(arn).tag_keys("refreshkit:run").send().await.unwrap();
        let left = rds.list_tags_for_resource().resource_name(arn).send().await.unwrap();
        assert_eq!(left.tag_list().iter().map(|tag| tag.key().unwrap()).collect::<Vec<_>>(), ["b"]);
        let events =
            rds.describe_events().source_identifier("night-1").source_type("db-cluster-snapshot".into());
        assert!(events.send().await.unwrap().events().len() >= 2);
    });
}

#[test]
fn the_sdk_gets_the_codes_of_the_wire() {
    let service = Service::start(engines()[0], "0");
    let rds = client(&service, 1);
    run(async {
        let snapshot = |id: &str, source: &str| {
            rds.create_db_cluster_snapshot()
                .db_cluster_identifier(source)
                .db_cluster_snapshot_identifier(id)
                .send()
        };
        snapshot("one", "prod-replica").await.unwrap();
        let duplicate = snapshot("One", "prod-replica").await.unwrap_err().into_service_error();
        assert!(duplicate.is_db_cluster_snapshot_already_exists_fault());
        assert_eq!(code(snapshot("two", "nobody").await), "DBClusterNotFoundFault");
        assert_eq!(code(snapshot("a--b", "prod-replica").await), "InvalidParameterValue");
        let missing =
            rds.describe_db_cluster_snapshots().db_cluster_snapshot_identifier("nothing").send().await;
        assert!(missing.unwrap_err().into_service_error().is_db_cluster_snapshot_not_found_fault());
        assert_eq!(
            code(rds.describe_db_instances().db_instance_identifier("x").send().await),
            "DBInstanceNotFound"
        );
        let delete = rds.delete_db_cluster().db_cluster_identifier("prod-replica");
        let refused = delete.skip_final_snapshot(true).send().await.unwrap_err();
        assert!(refused.message().unwrap().contains("disable deletion pro"));
        let modify = rds.modify_db_cluster().db_cluster_identifier("prod-replica").deletion_protection(false);
        modify.send().await.unwrap();
        let delete = || rds.delete_db_cluster().db_cluster_identifier("prod-replica");
        assert_eq!(code(delete().send().await), "InvalidParameterCombination");
        let members = delete().skip_final_snapshot(true).send().await;
        assert!(members.unwrap_err().into_service_error().is_invalid_db_cluster_state_fault());
        assert_eq!(code(rds.reboot_db_cluster().db_cluster_identifier("x").send().await), "InvalidAction");
    });
}

#[test]
fn the_sdk_pages_through_250_snapshots_and_rides_out_throttling() {
    let service = Service::start(engines()[0], "0");
    service.fault(&["cluster prod-replica: snapshots 250", "DescribeDBClusterSnapshots: throttle 2"]);
    let rds = client(&service, 4);
    run(async {
        let mut pages = rds.describe_db_cluster_snapshots().into_paginator().page_size(100).send();
        let mut ids = std::collections::BTreeSet::new();
        while let Some(page) = pages.next().await {
            ids.extend(
                page.unwrap().db_cluster_snapshots().iter().map(|s| s.db_cluster_snapshot_identifier.clone()),
            );
        }
        assert_eq!(ids.len(), 250);
    });
}
