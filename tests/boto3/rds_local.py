"""boto3 against rds-local: every action that the tools use, through the client that most people's scripts use."""

import sys
import time

import boto3
from botocore.config import Config

rds = boto3.client(
    "rds", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="test",
    aws_secret_access_key="test", config=Config(retries={"max_attempts": 0}))


def until(holds):
    end = time.time() + 60
    while not holds():
        assert time.time() < end, "waited too long"
        time.sleep(0.05)


def code(call, **parameters):
    try:
        call(**parameters)
    except rds.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def snapshot(name, **more):
    return rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name, **more)["DBClusterSnapshots"][0]


def cluster(name):
    return rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]


def instance(name):
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


production = cluster("prod-replica")
assert production["DBClusterMembers"][0]["IsClusterWriter"] and production["DeletionProtection"]

tags = [{"Key": "refreshkit:run", "Value": "r 1"}]
made = rds.create_db_cluster_snapshot(
    DBClusterIdentifier="prod-replica", DBClusterSnapshotIdentifier="Night-1", Tags=tags)["DBClusterSnapshot"]
assert made["Status"] == "creating" and made["TagList"] == tags, made
until(lambda: snapshot("night-1")["Status"] == "available")
assert snapshot("night-1")["PercentProgress"] == 100

copy = rds.restore_db_cluster_from_snapshot(
    DBClusterIdentifier="copy-1", SnapshotIdentifier="night-1", Engine="aurora-mysql", Tags=tags,
    VpcSecurityGroupIds=["sg-1", "sg-2"], DBSubnetGroupName="dev", DeletionProtection=False,
    BackupRetentionPeriod=1, ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4})["DBCluster"]
assert copy["DbClusterResourceId"] != production["DbClusterResourceId"]
assert [group["VpcSecurityGroupId"] for group in copy["VpcSecurityGroups"]] == ["sg-1", "sg-2"]
assert code(rds.create_db_instance, DBInstanceIdentifier="copy-1-0", DBClusterIdentifier="copy-1",
            DBInstanceClass="db.serverless", Engine="aurora-mysql") == "InvalidDBClusterStateFault"
rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier="copy-1", WaiterConfig={"Delay": 1})
rds.create_db_instance(DBInstanceIdentifier="copy-1-0", DBClusterIdentifier="copy-1",
                       DBInstanceClass="db.serverless", Engine="aurora-mysql", PubliclyAccessible=False)
rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="copy-1-0", WaiterConfig={"Delay": 1})
assert instance("copy-1-0")["Endpoint"]["Port"] == cluster("copy-1")["Port"]

pending = rds.modify_db_cluster(DBClusterIdentifier="copy-1", MasterUserPassword="a-new-one")["DBCluster"]
assert pending["PendingModifiedValues"] == {"MasterUserPassword": "****"}
until(lambda: "PendingModifiedValues" not in cluster("copy-1") and cluster("copy-1")["Status"] == "available")

assert rds.list_tags_for_resource(ResourceName=copy["DBClusterArn"])["TagList"] == tags
rds.add_tags_to_resource(ResourceName=made["DBClusterSnapshotArn"], Tags=[{"Key": "b", "Value": "c"}])
assert len(snapshot("night-1")["TagList"]) == 2
rds.remove_tags_from_resource(ResourceName=made["DBClusterSnapshotArn"], TagKeys=["b"])
assert snapshot("night-1")["TagList"] == tags

for call, parameters, expected in [
    (rds.create_db_cluster_snapshot, {"DBClusterIdentifier": "prod-replica", "DBClusterSnapshotIdentifier": "night-1"},
     "DBClusterSnapshotAlreadyExistsFault"),
    (rds.restore_db_cluster_from_snapshot,
     {"DBClusterIdentifier": "copy-1", "SnapshotIdentifier": "night-1", "Engine": "aurora-mysql"},
     "DBClusterAlreadyExistsFault"),
    (rds.restore_db_cluster_from_snapshot,
     {"DBClusterIdentifier": "x", "SnapshotIdentifier": "nothing", "Engine": "aurora-mysql"},
     "DBClusterSnapshotNotFoundFault"),
    (rds.create_db_instance, {"DBInstanceIdentifier": "copy-1-0", "DBClusterIdentifier": "copy-1",
                              "DBInstanceClass": "db.r7g.large", "Engine": "aurora-mysql"}, "DBInstanceAlreadyExists"),
    (rds.describe_db_clusters, {"DBClusterIdentifier": "nobody"}, "DBClusterNotFoundFault"),
    (rds.describe_db_clusters, {"MaxRecords": 5}, "InvalidParameterValue"),
    (rds.describe_events, {"SourceIdentifier": "copy-1"}, "InvalidParameterCombination"),
    (rds.modify_db_cluster, {"DBClusterIdentifier": "copy-1", "MasterUserPassword": "short"}, "InvalidParameterValue"),
    (rds.delete_db_cluster, {"DBClusterIdentifier": "prod-replica", "SkipFinalSnapshot": True},
     "InvalidParameterCombination"),
    (rds.delete_db_cluster, {"DBClusterIdentifier": "copy-1", "SkipFinalSnapshot": True}, "InvalidDBClusterStateFault"),
]:
    found = code(call, **parameters)
    assert found == expected, (parameters, found, expected)

rds.delete_db_instance(DBInstanceIdentifier="copy-1-0", SkipFinalSnapshot=True)
rds.delete_db_cluster(DBClusterIdentifier="copy-1", SkipFinalSnapshot=True)
rds.get_waiter("db_cluster_deleted").wait(DBClusterIdentifier="copy-1", WaiterConfig={"Delay": 1})
rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="night-1")
assert rds.describe_db_cluster_snapshots()["DBClusterSnapshots"] == []
assert len(rds.describe_events()["Events"]) > 5
