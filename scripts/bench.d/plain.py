#!/usr/bin/env python3
"""Writes the plain SQL that keeps the same rows as mydehydrate, by the same refresh.toml, as a person would write it.

    plain.py refresh.toml < document > plain.sql        into tables `_new_X` beside `X`; their rows stay clear
    plain.py --compare refresh.toml < document          SQL that says 0 for each table whose rows are the plan's

Per table CREATE LIKE and INSERT … SELECT … WHERE fk IN (SELECT key FROM the small parent table), roots first, then
children, then parents until nothing is missing. For the demo's rules: one database, no globs, no cycle among owners.
"""
import json
import sys
import tomllib

COMPARE = sys.argv[1] == "--compare"
RULES = tomllib.load(open(sys.argv[-1], "rb"))
PLAN = json.load(sys.stdin)["dehydration"]
TABLES = {t["table"]: t for t in PLAN["tables"]}


def quoted(names, alias=""):
    return ", ".join(f"{alias}`{name}`" for name in names)


def columns(table, alias=""):
    return quoted([c["name"] for c in TABLES[table]["columns"]], alias)


def followed(table):
    return TABLES[table]["class"] in ("root", "follow")


def end(text):
    table, _, names = text.replace(")", "").replace("(", ".").partition(".")
    return table, [name.strip() for name in names.split(",")]


def edges():
    for key, found in RULES["relations"].items():
        for relation in found if isinstance(found, list) else [found]:
            relation = relation if isinstance(relation, dict) else {"to": relation}
            (child, refers), (parent, key_columns) = end(key), end(relation["to"])
            own = relation.get("down", "never" if child == parent else "own") == "own"
            yield {"child": child, "refers": refers, "parent": parent, "key": key_columns, "own": own, **relation}


def insert(table, rest):
    return f"INSERT INTO `_new_{table}` ({columns(table)}) SELECT {columns(table, 't.')} FROM {rest};"


def missing(table):
    same = " AND ".join(f"n.`{c}` = t.`{c}`" for c in TABLES[table]["key"])
    return f"NOT EXISTS (SELECT 1 FROM `_new_{table}` AS n WHERE {same})"


def ranked(table, by, order, limit, condition="TRUE"):
    key = quoted(TABLES[table]["key"])
    inner = (f"SELECT {key}, ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {order}) AS place FROM `{table}` WHERE {condition}")
    return f"({quoted(TABLES[table]['key'], 't.')}) IN (SELECT {key} FROM ({inner}) AS r WHERE place <= {limit})"


def roots():
    rules = RULES["dehydrate"]["root"]
    for rule in rules if isinstance(rules, list) else [rules]:
        table, date, days = rule["table"], rule["date"], int(rule["window"].rstrip("d"))
        moment = PLAN["as_of"].replace("T", " ").rstrip("Z")
        newest = f"`{date}` DESC, " + ", ".join(f"`{c}` DESC" for c in TABLES[table]["key"])
        yield insert(table, f"`{table}` AS t WHERE `{date}` >= '{moment}' - INTERVAL {days} DAY")
        least = rule.get("at_least", 0)
        wanted = f"SELECT {quoted(TABLES[table]['key'])} FROM (SELECT * FROM `{table}` ORDER BY {newest} LIMIT {least}) AS r"
        yield insert(table, f"`{table}` AS t WHERE ({quoted(TABLES[table]['key'], 't.')}) IN ({wanted}) AND {missing(table)}")
        for column, count in rule.get("per_value", {}).items():
            yield insert(table, f"`{table}` AS t WHERE {ranked(table, f'`{column}`', newest, count)} AND {missing(table)}")


def children():
    reached = {t for t in TABLES if TABLES[t]["class"] == "root"}
    waiting = [e for e in edges() if e["own"] and followed(e["child"])]
    ready = [e for e in waiting if e["parent"] in reached]
    while ready:
        edge = ready[0]
        waiting.remove(edge)
        child = edge["child"]
        rows = f"({quoted(edge['refers'], 't.')}) IN (SELECT {quoted(edge['key'])} FROM `_new_{edge['parent']}`)"
        if "where" in edge:
            rows += f" AND ({edge['where']})"
        if "cap" in edge:
            kept = f"({quoted(edge['refers'])}) IN (SELECT {quoted(edge['key'])} FROM `_new_{edge['parent']}`)"
            order = ", ".join([*([edge["order"]] if "order" in edge else []), quoted(TABLES[child]["key"])])
            rows = ranked(child, quoted(edge["refers"]), order, edge["cap"], kept)
        yield insert(child, f"`{child}` AS t WHERE {rows}" + (f" AND {missing(child)}" if child in reached else ""))
        reached.add(child)
        ready = [e for e in waiting if e["parent"] in reached]


def parents():
    for edge in edges():
        parent, child = edge["parent"], edge["child"]
        if followed(parent) and TABLES[child]["class"] in ("root", "follow", "full") and edge.get("up", "always") == "always":
            where = f" WHERE {edge['where']}" if "where" in edge else ""
            referred = f"SELECT {quoted(edge['refers'])} FROM `_new_{child}`{where}"
            yield insert(parent, f"`{parent}` AS t WHERE ({quoted(edge['key'], 't.')}) IN ({referred}) AND {missing(parent)}")


def write():
    print("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO', SESSION time_zone = '+00:00';")
    print("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;")
    for table in TABLES:
        print(f"CREATE TABLE `_new_{table}` LIKE `{table}`;")
        if TABLES[table]["class"] == "full":
            print(insert(table, f"`{table}` AS t"))
    for statement in [*roots(), *children()]:
        print(statement)
    steps = "\n".join(f"{statement} SET added = added + ROW_COUNT();" for statement in parents())
    print("DELIMITER //\nCREATE PROCEDURE _parents() BEGIN DECLARE added INT DEFAULT 1; WHILE added > 0 DO SET added = 0;")
    print(steps)
    print("END WHILE; END //\nDELIMITER ;\nCALL _parents();\nDROP PROCEDURE _parents;")


def compare():
    for statement in PLAN["session"]:
        print(statement + ";")
    for table, plan in TABLES.items():
        sums = f"COUNT(*) AS n, COALESCE(SUM(CRC32(CONCAT_WS('/', {quoted(plan['key'])}))), 0) AS s"
        print(f"SELECT '{table}', (a.n <> b.n) + (a.s <> b.s) FROM (SELECT {sums} FROM `_new_{table}`) AS a, "
              f"(SELECT {sums} FROM ({plan['select']}) AS x) AS b;")


compare() if COMPARE else write()
