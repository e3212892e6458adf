#!/usr/bin/env python3
"""A whole night, ours against the plain way, on one server: `scripts/bench night` calls it.

    night.py ENGINE CLIENT.CNF SERVER-PID HOME --scale N --shapes a,b --rounds N [--json] [--dumper "mysqldump …"]

In: a running server, and the tools on PATH. Out: a line a shape and way (or JSON): the median of the rounds' seconds of
clock, seconds of CPU of the server and of the clients, the most memory of one of our tools, kept rows, size of the dump.

Plain is what a person writes from the same rules (`plain.py`): CREATE LIKE, INSERT … SELECT … WHERE key IN (SELECT …),
RENAME, then mysqldump | gzip. Nothing is masked or searched there, and dropping the old tables is not counted. Rounds are
interleaved: a busy moment of the machine hits both ways.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DAYS = 1825
# Rows per unit of scale.
APPS = 30000
CHILDREN = {"answers": 10, "ratings": 6, "documents": 5, "notes": 5, "policies": 2}
CLAIMS = 1
# name: share that is kept, kind of keys, index on the referring columns, several owners
SHAPES = {
    "window-20": dict(share=0.20),
    "window-4": dict(share=0.04),
    "owners": dict(share=0.20, owners=True),
    "random-keys": dict(share=0.20, random=True),
    "no-index": dict(share=0.20, index=False),
}


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("engine", "cnf", "pid", "home"):
        parser.add_argument(name)
    parser.add_argument("--scale", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--dumper", default="mariadb-dump")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


ARGS = arguments()
CLIENT = ["mariadb", f"--defaults-file={ARGS.cnf}", "--default-character-set=utf8mb4"]


def sql(text, database=None):
    done = subprocess.run(CLIENT + ["-N"] + ([database] if database else []), input=text.encode(), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


# --- what production holds -------------------------------------------------------------------------------------------
def seed(shape):
    """Children in the order of their parents, as time brings them; a pure function of scale and shape."""
    random, index = shape.get("random", False), shape.get("index", True)
    kind = "BINARY(16)" if random else "INT UNSIGNED"

    def key(text, salt):
        return f"UNHEX(LEFT(SHA2(CONCAT('{salt}', {text}), 256), 32))" if random else f"({text}) + 1"

    apps = APPS * ARGS.scale
    most = apps * max(CHILDREN.values())
    out = [
        "DROP DATABASE IF EXISTS night; CREATE DATABASE night CHARACTER SET utf8mb4; USE night;",
        "CREATE TABLE _n (n INT UNSIGNED PRIMARY KEY); INSERT INTO _n VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);",
    ]
    size = 10
    while size < most:
        out.append(f"INSERT INTO _n SELECT n + {size} * d FROM _n JOIN (SELECT n AS d FROM _n WHERE n BETWEEN 1 AND 9) AS x WHERE n + {size} * d < {most};")
        size *= 10
    out.append(
        f"CREATE TABLE insureds (id {kind} PRIMARY KEY, first_name VARCHAR(40), last_name VARCHAR(40), email VARCHAR(80), phone VARCHAR(20), city VARCHAR(40));"
        f"INSERT INTO insureds SELECT {key('n', 'i')}, ELT(1 + n % 5, 'Qzxana', 'Qzxben', 'Qzxcleo', 'Qzxdan', 'Qzxeva'), CONCAT('Qzx', CONV(n, 10, 36)),"
        f" CONCAT('qzx', n, '@customer.example'), CONCAT('555-', LPAD(n % 10000000, 7, '0')), ELT(1 + n % 3, 'Springfield', 'Riverside', 'Georgetown') FROM _n WHERE n < {apps};"
        f"CREATE TABLE applications (id {kind} PRIMARY KEY, insured_id {kind} NOT NULL, kind VARCHAR(12), premium DECIMAL(10,2), created_at DATETIME NOT NULL, KEY (insured_id), KEY (created_at));"
        f"INSERT INTO applications SELECT {key('n', 'a')}, {key(f'n * 7919 % {apps}', 'i')}, ELT(1 + n % 3, 'new', 'renewal', 'change'), n % 90000 / 7,"
        f" NOW() - INTERVAL FLOOR(({apps} - n) / {apps} * {DAYS * 1440}) MINUTE FROM _n WHERE n < {apps};"
    )
    columns = {
        "answers": ("question_id INT, value VARCHAR(60)", "n % 300, CONCAT('choice ', n % 17, ' of the form, part ', n % 9)"),
        "ratings": ("carrier VARCHAR(20), premium DECIMAL(10,2), rated_at DATETIME", "ELT(1 + n % 4, 'Harbor', 'Union', 'Pinnacle', 'Evergreen'), n % 100000 / 3, '2026-01-01' + INTERVAL n % 400000 SECOND"),
        "documents": ("title VARCHAR(60), path VARCHAR(120), sha BINARY(32)", "CONCAT('form ', n % 40), CONCAT('/vault/', n, '.pdf'), UNHEX(SHA2(n, 256))"),
        "notes": ("body VARCHAR(255)", "CONCAT('Called about the terms, mail qzx', n, '@customer.example, will call again after the renewal')"),
        "policies": ("policy_no VARCHAR(20), starts DATE", "CONCAT('P', LPAD(n, 9, '0')), '2026-01-01' - INTERVAL n % 900 DAY"),
    }
    for table, many in CHILDREN.items():
        fields, values = columns[table]
        keyed = ", KEY (app_id)" if index else ""
        second, filled = "", ""
        if shape.get("owners") and table in ("documents", "notes"):
            # A fifth belongs to a policy instead.
            second, filled = f", policy_id {kind}, KEY (policy_id)", f", IF(n % 5 = 0, {key(f'n DIV {many} * 2', 'policies')}, NULL)"
        app = key(f"n DIV {many}", "a")
        if second:
            app = f"IF(n % 5 = 0, NULL, {app})"
        out.append(
            f"CREATE TABLE {table} (id {kind} PRIMARY KEY, app_id {kind}, {fields}{second}{keyed});"
            f"INSERT INTO {table} SELECT {key('n', table)}, {app}, {values}{filled} FROM _n WHERE n < {apps * many};"
        )
    keyed = ", KEY (policy_id)" if index else ""
    out.append(
        f"CREATE TABLE claims (id {kind} PRIMARY KEY, policy_id {kind}, claimant VARCHAR(60), amount DECIMAL(10,2){keyed});"
        f"INSERT INTO claims SELECT {key('n', 'c')}, {key('n * 2', 'policies')}, CONCAT('Qzx Claimant ', CONV(n, 10, 36)), n % 10000 FROM _n WHERE n < {apps * CLAIMS};"
        f"CREATE TABLE audit_log (id INT UNSIGNED PRIMARY KEY, line VARCHAR(200)); INSERT INTO audit_log SELECT n, CONCAT('request ', n) FROM _n WHERE n < {apps * 2};"
        "DROP TABLE _n; ANALYZE TABLE applications, answers, ratings, documents, notes, policies, claims, insureds;"
    )
    sql("\n".join(out))


def configuration(name, shape):
    dumps = f"{ARGS.home}/dumps"
    os.makedirs(dumps, exist_ok=True)
    owners = ""
    if shape.get("owners"):
        owners = '"documents.policy_id" = "policies.id"\n"notes.policy_id" = "policies.id"\n'
    path = f"{ARGS.home}/{name}.toml"
    with open(path, "w") as file:
        file.write(
            f"""[source]
defaults_file = "{ARGS.cnf}"
databases = ["night"]
[dehydrate]
root = {{ table = "applications", date = "created_at", window = "{round(DAYS * shape['share'])}d" }}
empty = ["audit_log"]
[relations]
"applications.insured_id" = "insureds.id"
"answers.app_id" = "applications.id"
"ratings.app_id" = "applications.id"
"documents.app_id" = "applications.id"
"notes.app_id" = "applications.id"
"policies.app_id" = "applications.id"
"claims.policy_id" = "policies.id"
{owners}[mask]
"insureds.first_name" = {{ kind = "person", part = "first", of = "id" }}
"insureds.last_name" = {{ kind = "person", part = "last", of = "id" }}
"insureds.email" = "email"
"insureds.phone" = "phone"
"insureds.city" = "city"
"notes.body" = "text"
"claims.claimant" = "name"
"policies.policy_no" = "hash"
[dump]
dir = "{dumps}"
"""
        )
    return path


# --- measuring ---------------------------------------------------------------------------------------------------------
def server_cpu():
    stat = open(f"/proc/{ARGS.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def clients_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(work):
    begin, server, clients = time.time(), server_cpu(), clients_cpu()
    result = work()
    return result, dict(seconds=time.time() - begin, server=server_cpu() - server, clients=clients_cpu() - clients)


# Of the tool alone: what the system counts for a process takes the servers in that it starts and ends.
PEAK = """
import subprocess, sys, time
process, peak = subprocess.Popen(sys.argv[2:]), 0
while process.poll() is None:
    try:
        with open(f"/proc/{process.pid}/status") as status:
            peak = max([peak] + [int(line.split()[1]) for line in status if line.startswith("VmHWM")])
    except OSError:
        pass
    time.sleep(0.02)
open(sys.argv[1], "w").write(str(peak))
sys.exit(process.returncode)
"""


def tool(command, text, environment):
    """Its output and the most memory that it had, in MiB."""
    peak = f"{ARGS.home}/peak"
    done = subprocess.run([sys.executable, "-c", PEAK, peak] + command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    if done.returncode:
        sys.exit(f"bench: {' '.join(command)}: {done.stderr.decode(errors='replace')}")
    return done.stdout, int(open(peak).read()) // 1024


def option(name):
    for line in open(ARGS.cnf):
        key, _, value = line.partition("=")
        if key.strip() == name:
            return value.strip()
    return None


def ours(config, whole):
    """The two tools of the night, as they run behind rds-restore: on a copy that stands still."""
    environment = dict(os.environ, REFRESH_CONFIG=config, REFRESH_STATE_DIR=f"{ARGS.home}/state", REFRESH_PROGRESS="none")
    host, own = option("host"), ["--i-own-this-server", option("host"), "--defaults-extra-file", ARGS.cnf]
    document = dict(schema="refreshkit/1", run="bench", ok=True, source=dict(databases=["night"]), resources=[], steps=[],
                    cluster=dict(host=host, port=int(option("port")), login=dict(kind="option-file", path=ARGS.cnf), throw_away=True))
    extra = [] if whole else ["--config", config + ".bare"]
    planned, first = tool(["mydehydrate", *own, *extra], json.dumps(document).encode(), environment)
    dumped, second = tool(["mydump-rotate", *own, *extra], planned, environment)
    result = json.loads(dumped)
    return planned, result["dump"], max(first, second)


def bare(config):
    """The same without scan and canaries."""
    with open(config) as whole, open(config + ".bare", "w") as file:
        file.write(whole.read().replace("[mask]\n", '[mask]\nleaks = "off"\ncanaries = "off"\n'))


def plain(config, planned):
    by_hand = subprocess.run([sys.executable, f"{HERE}/plain.py", config], input=planned, stdout=subprocess.PIPE, check=True).stdout.decode()
    tables = [t for t in sql("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'night'").split() if t[0] != "_"]
    swap = lambda a, b: "RENAME TABLE " + ", ".join(f"`{t}` TO `{a}{t}`, `{b}{t}` TO `{t}`" for t in tables) + ";"
    path = f"{ARGS.home}/plain.sql.gz"

    def work():
        sql(by_hand + "\n" + swap("_old_", "_new_"), "night")
        ignored = " ".join(f"--ignore-table=night._old_{t}" for t in tables)
        subprocess.run(f"set -o pipefail; {ARGS.dumper} --single-transaction --quick {ignored} night | gzip >{path}", shell=True, executable="/bin/bash", check=True)

    _, cost = measured(work)
    sql(swap("_new_", "_old_") + "".join(f"DROP TABLE `_new_{t}`;" for t in tables), "night")
    return cost, os.path.getsize(path)


def median(rounds):
    return {key: round(statistics.median(one[key] for one in rounds), 2) for key in rounds[0]}


def run(name):
    shape = SHAPES[name]
    seed(shape)
    config = configuration(name, shape)
    bare(config)
    found = {"ours": [], "without-scan": [], "plain": []}
    memory = 0
    for _ in range(ARGS.rounds):
        (planned, dump, peak), cost = measured(lambda: ours(config, True))
        found["ours"].append(cost)
        memory = max(memory, peak)
        (_, _, peak), cost = measured(lambda: ours(config, False))
        found["without-scan"].append(cost)
        cost, size = plain(config, planned)
        found["plain"].append(cost)
    total = int(sql("SELECT SUM(c) FROM (" + " UNION ALL ".join(f"SELECT COUNT(*) c FROM `{t}`" for t in ["applications", "insureds", *CHILDREN, "claims"]) + ") x", "night"))
    result = dict(engine=ARGS.engine, scale=ARGS.scale, shape=name, rows=total, kept=dump["rows"], bytes=dump.get("bytes"), plain_bytes=size,
                  memory=memory, **{way: median(rounds) for way, rounds in found.items()},
                  read={t["table"]: t.get("read") for t in json.loads(planned)["dehydration"]["tables"]})
    if ARGS.json:
        print(json.dumps(result), flush=True)
        return
    base = result["plain"]
    for way in found:
        one = result[way]
        print(f"night     {ARGS.engine:<8} {name:<12} {way:<13} {one['seconds']:7.2f} s   CPU: server {one['server']:6.2f} clients {one['clients']:6.2f}"
              f"   {base['seconds'] / one['seconds']:5.2f}x of the clock, {(base['server'] + base['clients']) / (one['server'] + one['clients']):5.2f}x of the CPU", flush=True)
    print(f"night     {ARGS.engine:<8} {name:<12} {result['kept']} of {total} rows, {memory} MiB of memory", flush=True)


for wanted in ARGS.shapes.split(","):
    run(wanted)
sql("DROP DATABASE IF EXISTS night")
