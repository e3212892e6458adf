#!/usr/bin/env python3
"""Makes lib/rds_local/http/model.json: what the published model of RDS says about the requests that rds-local takes.

Usage: scripts/model.d/rds.py SITE-PACKAGES >lib/rds_local/http/model.json

In: botocore's data/rds/2014-10-31/service-2.json (Apache License 2.0), of any installed botocore. Out: an extract, one line an
action: each parameter with its type, whether it is required, its closed list of values, and for whom it does not count: `cluster` (an
Aurora cluster), `instance` (an instance of one), `mariadb`.
"""
import gzip, json, pathlib, re, sys

site = pathlib.Path(sys.argv[1])
folder = site / "botocore/data/rds/2014-10-31"
packed = folder / "service-2.json.gz"
text = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / "service-2.json").read_bytes()
version = re.search(r"__version__ = '([^']+)'", (site / "botocore/__init__.py").read_text()).group(1)
model = json.loads(text)
shapes = model["shapes"]

ACTIONS = """
AddTagsToResource CopyDBSnapshot CreateDBCluster CreateDBClusterSnapshot CreateDBInstance CreateDBSnapshot DeleteDBCluster
DeleteDBClusterSnapshot DeleteDBInstance DeleteDBSnapshot DescribeAccountAttributes DescribeDBClusterParameterGroups
DescribeDBClusterParameters DescribeDBClusterSnapshots DescribeDBClusters DescribeDBEngineVersions DescribeDBInstances
DescribeDBParameterGroups DescribeDBParameters DescribeDBSnapshots DescribeDBSubnetGroups DescribeEvents
DescribeOrderableDBInstanceOptions ListTagsForResource ModifyDBCluster ModifyDBInstance RemoveTagsFromResource
RestoreDBClusterFromSnapshot RestoreDBClusterToPointInTime RestoreDBInstanceFromDBSnapshot RestoreDBInstanceToPointInTime
StartDBCluster StartDBInstance StopDBCluster StopDBInstance
""".split()

# The notes that say for whom a parameter does not count.
NOTES = [
    ("cluster", r"Valid for( Cluster Type)? ?: Multi-AZ DB clusters only"),
    ("instance", r"(setting|parameter) doesn't apply to (Amazon )?Aurora DB instances"),
    ("mariadb", r"applies only to RDS for MySQL and RDS for PostgreSQL"),
]


def plain(html):
    text = re.sub(r"<[^>]+>", " ", html or "").replace("’", "'").replace("&#39;", "'")
    return re.sub(r"\s+", " ", text)


def described(name, note=""):
    shape = shapes[name]
    out = {"type": shape["type"]}
    if shape["type"] == "list":
        member = shape["member"]
        out["each"] = member.get("locationName", "member")
        out["item"] = described(member["shape"])
    if shape["type"] == "structure":
        out["members"] = members(shape)
    if "enum" in shape:
        out["values"] = shape["enum"]
    without = [who for who, words in NOTES if re.search(words, plain(note))]
    if without:
        out["without"] = without
    return out


def members(shape):
    found = {}
    for name, member in shape.get("members", {}).items():
        one = described(member["shape"], member.get("documentation"))
        if name in shape.get("required", []):
            one["required"] = True
        found[name] = one
    return found


print("{")
print(f'"source": "botocore {version}, data/rds/2014-10-31/service-2.json, Apache-2.0; made by scripts/model.d/rds.py",')
print('"actions": {')
lines = []
for action in ACTIONS:
    of = model["operations"][action]["input"]["shape"]
    lines.append(f'"{action}": ' + json.dumps(members(shapes[of]), separators=(",", ":")))
print(",\n".join(lines))
print("}}")
