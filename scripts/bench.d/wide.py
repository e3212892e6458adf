#!/usr/bin/env python3
"""A schema as wide as the widest that people run: `scripts/bench init` asks for it.

    wide.py TABLES COLUMNS

Out: SQL. So many tables of 6 to 30 columns without one foreign key, each with rows, tied to each other by columns that are called like
the parent in one of four ways, a tenth of them with personal columns; and one table of so many columns. The same each time.
"""
import random
import sys

TABLES, COLUMNS = int(sys.argv[1]), int(sys.argv[2])
DRAW = random.Random(7)
AREAS = "crm sales stock hr fleet claim policy agent ledger mail campaign portal audit task rating".split()
THINGS = "contact account order item note invoice payment document event group role team rule step file plan price region branch queue".split()
PARTS = "line detail history status type setting link map member stage total entry".split()
PERSONAL = [
    ("first_name", "VARCHAR(40)", "ELT(1 + n % 5, 'Ana', 'Ben', 'Cleo', 'Dan', 'Eva')"),
    ("last_name", "VARCHAR(40)", "CONCAT('Qzx', CONV(n * 7919, 10, 36))"),
    ("email", "VARCHAR(120)", "CONCAT('qzx', n, '@customer.example')"),
    ("phone", "VARCHAR(20)", "CONCAT('+1 555 ', LPAD(n * 7919 % 10000000, 7, '0'))"),
    ("street", "VARCHAR(80)", "CONCAT(n, ' Elm Street')"),
    ("birth_date", "DATE", "'1980-01-01' + INTERVAL n * 13 % 9000 DAY"),
]
ORDINARY = [
    ("amount", "DECIMAL(10,2)", "n * 37 % 90000 / 7"),
    ("position", "INT", "n"),
    ("is_active", "TINYINT(1)", "n % 2"),
    ("created_at", "DATETIME", "NOW() - INTERVAL n * 9 HOUR"),
    ("updated_at", "DATETIME", "NOW() - INTERVAL n HOUR"),
    ("title", "VARCHAR(80)", "CONCAT('form ', n % 40)"),
    ("code", "CHAR(6)", "LPAD(CONV(n * 7919, 10, 36), 6, '0')"),
    ("description", "TEXT", "CONCAT('The terms of part ', n % 17, ' hold until the renewal')"),
    ("options", "TEXT", "CONCAT('{\"size\": ', n % 9, ', \"colour\": \"red\"}')"),
]


def names(count):
    """`crm_contact`, `crm_contact_line`, …: no two alike."""
    made = [f"{area}_{thing}" for area in AREAS for thing in THINGS]
    made += [f"{name}_{part}" for name in made for part in PARTS]
    return made[:count]


def table(name, columns, rows, behind=""):
    fields = "".join(f", `{column}` {kind}" for column, kind, _ in columns)
    listed, values = "".join(f", `{c[0]}`" for c in columns), "".join(f", {c[2]}" for c in columns)
    print(f"CREATE TABLE `{name}` (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY{fields}){behind};")
    print(f"INSERT INTO `{name}` (id{listed}) SELECT n + 1{values} FROM _n WHERE n < {rows};")


print("CREATE TABLE _n (n INT UNSIGNED PRIMARY KEY); INSERT INTO _n VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);")
print("INSERT INTO _n SELECT n + 10 * d FROM _n JOIN (SELECT n AS d FROM _n WHERE n > 0) AS x;")
print("INSERT INTO _n SELECT n + 100 * d FROM _n JOIN (SELECT n AS d FROM _n WHERE n BETWEEN 1 AND 9) AS x;")
ALL = names(TABLES)
for place, name in enumerate(ALL):
    columns = []
    for parent in DRAW.sample(ALL[: max(place, 1)], min(DRAW.choice([0, 1, 1, 2, 3]), max(place, 1))):
        if parent == name:
            continue
        short = parent.split("_", 1)[1]
        column = DRAW.choice([f"{parent}_id", f"{short}_id", f"{short}id", f"fk_{short}"])
        if column not in [c[0] for c in columns]:
            columns.append((column, "INT UNSIGNED", "1 + n * 7 % 50"))
    columns += DRAW.sample(ORDINARY, DRAW.randint(4, len(ORDINARY)))
    if place % 10 == 0:
        columns += DRAW.sample(PERSONAL, DRAW.randint(2, len(PERSONAL)))
    table(name, columns, DRAW.choice([20, 50, 50, 200]))
wide = [(f"{kind[0]}_{n}", *kind[1:]) for n, kind in zip(range(COLUMNS - 1), (PERSONAL[:5] + ORDINARY) * COLUMNS)]
# A row of InnoDB holds no more text than that beside its pages.
wide = [(name, "VARCHAR(20)" if kind.startswith("VARCHAR") else kind, f"LEFT({value}, 20)" if kind.startswith("VARCHAR") else value) for name, kind, value in wide]
table("very_wide", wide, 1000, " CHARACTER SET latin1")
print("DROP TABLE _n;")
