#!/usr/bin/env python3
"""What `mydehydrate init` and its first night make of a schema that nobody wrote rules for.

    strangers.py --schema FILE.sql --personal FILE --relations FILE --server CLIENT.cnf --bins DIR
                 [--rows N] [--keep DIR] [--database NAME] [--charset NAME] [--json]

In
  --schema     DDL of MySQL or MariaDB; rows that it inserts are removed again.
  --personal   a line each: `table.column kind` (KINDS below), and `few` behind it where six values come again and again, as names
               of staff and diagnoses do; `#` begins a comment.
  --relations  a line each: `child.column = parent.column`, or `child(a, b) = parent(c, d)`; for what no foreign key says. A column that
               refers to many tables has a line for each, with ` where type_column = value` behind it; these are counted apart.
  --server     option file of a test server on this host. A database is made there, and replaced if it is there.
  --bins       directory of mydehydrate and mydump-rotate.
  --rows       rows a table; lookup tables get 5 to 12, the busiest four tables ten times as many.
  --keep       where refresh.toml, the dump, what the tools said and the slow log stay.

Out: figures on stdout (or as JSON), what happens meanwhile on stderr. Exit code 0 unless something could not be measured.

The schema is loaded, its foreign keys (with --relations the truth of what refers to what) and its triggers, views and routines are
dropped, its tables are filled. Every value of a personal column holds a marker: `qzx` and three letters that name the column, a run
of digits (8675309) and the column's number, a date out of forty, an address of 37.211.0.0/16. Copies of such values go into notes, JSON
and serialised PHP of other tables. Then come `init`, the night as it was written (what a refusal says is pasted, at most five times),
a search for the markers in every value of the dump, and `infer --queries` with one join of each relation in a slow log.

The same arguments give the same rows. All values of one column share a marker, so that a leak names the column that it
came from. Figures count a relation once however many columns it has; `implied` are proposals that are true of the values because the truth
says so of both ends (a parent's parent, a sibling), `not_in_truth` the others: a person judges those.
"""

import argparse
import collections
import datetime
import functools
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import tomllib
import uuid
import zlib
from pathlib import Path

KINDS = {
    'email', 'phone', 'name', 'first_name', 'last_name', 'street', 'city', 'company', 'iban', 'account', 'card', 'ssn', 'ip', 'dob',
    'token', 'password', 'username', 'word', 'text', 'url', 'number',
}
LETTERS, DIGITS, NET = 'qzx', '8675309', '37.211.'
PASTES = 5
TODAY = datetime.datetime(2026, 11, 1)
WORDS = """
account action active address adjust agenda amount annual answer archive area article asset attach audit average badge balance bank batch
board border branch bridge budget bundle button cable camera canvas capacity carbon cargo carton center chain change chapter charge circle
client cloud column compact concept consult content contract copper corner cotton counter course credit current cycle daily debit delivery
deposit design detail device digital direct discount display distance district dollar double draft drawer driver duty edition effect element
engine entry equal estate event exact example express factor feature field figure filter final finish fixed flat folder force format forward
frame freight garden gauge general glass global grade grain group guide handle harbor hardware heating height holiday import income index
indoor input interest item journal kettle label ladder large layer leather ledger length level limit linear liquid local logistic machine
magnet main major manual margin market master material matter measure medium member metal meter method middle mineral minor mirror mobile
model module monthly motor narrow network neutral normal notice number object offer office online option orange order outdoor output packet
paint panel paper parcel partial pattern payment percent period phase picture pilot plain planet plastic plate platform pocket point policy
portable position powder premium print process product profile project public pump purple quality quarter quick quota radio range rate raw
record region regular rental repair report reserve result return review ribbon round route rubber salary sample scale schedule season section
sector series service session shelf signal silver simple single small solid source special spring square stable standard station steel stock
stone storage street string studio subject summer supply support surface switch symbol system table tank target tender terminal texture ticket
timber title token tool total traffic transfer travel tunnel update upper urban valid value variant vendor vertical volume voucher wagon
warehouse water weekly weight white width window winter wire wood yellow yield zone
""".split()
SYLLABLES = 'ba be bo da de do fa fi ga ge ka ke ki la le li lo ma me mi mo na ne no pa pe ra re ri ro sa se so ta te ti to va ve vi'.split()
DATES = [datetime.date(1931, 2, 17) + datetime.timedelta(days=541 * n + n % 7) for n in range(40)]
INTEGERS = {'tinyint': 1, 'smallint': 2, 'mediumint': 3, 'int': 4, 'bigint': 8}
TEXTS = {'char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'}
BYTES = {'binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'}


def say(text):
    """A line of what happens, on stderr."""
    print(f'strangers: {text}', file=sys.stderr, flush=True)


# --- The server -------------------------------------------------------------------------------------------------------
class Server:
    """A client of one database, through the stock program."""

    def __init__(self, options, database):
        self.options, self.database = options, database
        self.program = shutil.which('mariadb') or shutil.which('mysql')
        self.is_mariadb = 'MariaDB' in self.run('SELECT VERSION()', database=False, fields=True)[0][0]

    def run(self, sql, database=True, fields=False):
        """Runs statements; with `fields` gives what they answer as lists of texts, NULL as None."""
        command = [self.program, f'--defaults-file={self.options}', '--default-character-set=utf8mb4', '--batch',
                   '--skip-column-names', '--binary-mode', '--max-allowed-packet=256M']
        done = subprocess.run(command + ([self.database] if database else []), input=sql.encode(), capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f'strangers: {done.stderr.decode(errors="replace").strip()}\nin: {sql[:300]}')
        if not fields:
            return None
        rows = [line.split('\t') for line in done.stdout.decode(errors='replace').splitlines()]
        return [[None if field == 'NULL' else unescape(field) for field in row] for row in rows]

    def ask(self, sql):
        return self.run(sql, fields=True)


def unescape(field):
    """A field of the client's batch output."""
    return re.sub(r'\\([ntr0\\])', lambda m: {'n': '\n', 't': '\t', 'r': '\r', '0': '\0', '\\': '\\'}[m[1]], field)


def quoted(name):
    return '`' + name.replace('`', '``') + '`'


def statements(sql):
    """A script without what would lead out of its database, and without rows."""
    out = []
    for part in split_statements(sql):
        head = re.sub(r'^(\s|--[^\n]*\n|#[^\n]*\n|/\*(?!!).*?\*/)+', '', part, flags=re.S).lstrip()
        if re.match(r'(USE|INSERT|REPLACE|LOCK|UNLOCK|COMMIT|START|BEGIN|CREATE\s+(DATABASE|SCHEMA)|DROP\s+(DATABASE|SCHEMA)|GRANT|'
                    r'UPDATE|DELETE|CREATE\s+USER|SET\s+GLOBAL|SET\s+@@GLOBAL|SET\s+SESSION)\b', head, re.I):
            continue
        if re.match(r'(CREATE\b.{0,200}?\b(TRIGGER|PROCEDURE|FUNCTION|EVENT|VIEW))\b', head, re.I | re.S) and not re.match(
                r'CREATE\s+(TEMPORARY\s+)?TABLE', head, re.I):
            continue
        if head:
            out.append(part)
    return ';\n'.join(out) + ';\n'


def split_statements(sql):
    """Cuts at semicolons outside of texts and comments."""
    token = re.compile(r"""'(?:\\.|''|[^'\\])*'|"(?:\\.|""|[^"\\])*"|`[^`]*`|/\*.*?\*/|--[ \t\r\n][^\n]*|--$|\#[^\n]*|;|[^'"`/\-#;]+|.""", re.S)
    part = []
    for found in token.finditer(sql):
        if found[0] == ';':
            yield ''.join(part)
            part = []
        else:
            part.append(found[0])
    yield ''.join(part)


# --- What is there ----------------------------------------------------------------------------------------------------
class Column:
    """One column, as information_schema has it."""

    def __init__(self, row):
        (self.table, self.name, self.type, self.full, length, precision, scale, null, self.extra, default, charset) = row
        self.length = int(length) if length else 0
        self.precision, self.scale = int(precision or 0), int(scale or 0)
        self.nullable, self.default = null == 'YES', default
        self.unsigned = 'unsigned' in self.full
        self.charset = charset
        self.auto = 'auto_increment' in self.extra
        self.generated = 'GENERATED' in self.extra
        self.json = self.type == 'json'
        self.kind = None          # what a person calls it, if it is personal
        self.number = 0           # of the personal columns
        self.few = False          # whether six values come again and again

    @property
    def path(self):
        return f'{self.table}.{self.name}'

    def choices(self):
        """The values of an ENUM or SET."""
        return [text.replace("''", "'") for text in re.findall(r"'((?:[^']|'')*)'", self.full)]

    def largest(self):
        bits = 8 * INTEGERS[self.type]
        return 2 ** bits - 1 if self.unsigned else 2 ** (bits - 1) - 1


class Relation:
    """Columns of a child that refer to columns of a parent."""

    def __init__(self, child, columns, parent, keys, declared, where=None):
        self.child, self.columns, self.parent, self.keys, self.declared = child, tuple(columns), parent, tuple(keys), declared
        self.where = where        # (type column, value), if rows of many tables are meant

    @property
    def path(self):
        return name_of(self.child, self.columns) + ' = ' + name_of(self.parent, self.keys)

    def __eq__(self, other):
        return self.path == other.path

    def __hash__(self):
        return hash(self.path)


def name_of(table, columns):
    return f'{table}.{columns[0]}' if len(columns) == 1 else f'{table}({", ".join(columns)})'


def side_of(text):
    """`t.c` or `t(a, b)`, and whether a database stands before it."""
    found = re.fullmatch(r'\s*([^.()]+?)\s*\(([^)]*)\)\s*|\s*(?:.*\.)?([^.()]+)\.([^.()]+?)\s*', text)
    if not found:
        raise SystemExit(f'strangers: {text!r} names no column')
    if found[1]:
        return found[1].split('.')[-1], tuple(part.strip() for part in found[2].split(','))
    return found[3], (found[4],)


class Schema:
    """The tables of the database, what is unique there and what refers to what."""

    def __init__(self, server, personal, relations):
        self.server = server
        self.columns = collections.defaultdict(dict)
        for row in server.ask("""
                SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE,
                       IS_NULLABLE, EXTRA, COLUMN_DEFAULT, CHARACTER_SET_NAME
                FROM information_schema.COLUMNS JOIN information_schema.TABLES USING (TABLE_SCHEMA, TABLE_NAME)
                WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME, ORDINAL_POSITION"""):
            self.columns[row[0]][row[1]] = Column(row)
        # What is JSON to MariaDB is a text with a check.
        for table, clause in server.ask("""
                SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"""
                ) if server.is_mariadb else ():
            for name in re.findall(r'json_valid\(`([^`]+)`\)', clause or ''):
                self.columns[table][name].json = True
        self.unique = collections.defaultdict(dict)
        for table, key, column in server.ask("""
                SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS
                WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"""):
            self.unique[table].setdefault(key, []).append(column)
        self.relations = self.truth(relations)
        self.personal = self.label(personal)

    def truth(self, file):
        keys = collections.OrderedDict()
        for name, child, column, parent, key in self.server.ask("""
                SELECT CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
                FROM information_schema.KEY_COLUMN_USAGE
                WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()
                ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"""):
            keys.setdefault((child, name, parent), []).append((column, key))
        found = [Relation(child, [c for c, _ in pairs], parent, [k for _, k in pairs], True)
                 for (child, _, parent), pairs in keys.items()]
        for line in lines_of(file):
            line, _, where = line.partition(' where ')
            where = tuple(part.strip() for part in where.split('=')) if where else None
            left, right = line.split('=')
            (child, columns), (parent, parents) = side_of(left), side_of(right)
            found.append(Relation(child, columns, parent, parents, False, where))
        kept = []
        for relation in dict.fromkeys(found):
            wrong = [f'{table}.{column}' for table, names in ((relation.child, relation.columns), (relation.parent, relation.keys))
                     for column in names if column not in self.columns.get(table, {})]
            if wrong:
                say(f'no such column: {", ".join(wrong)} ({relation.path})')
            elif relation.child == relation.parent and relation.columns == relation.keys:
                continue
            else:
                kept.append(relation)
        return kept

    def label(self, file):
        found = []
        for line in lines_of(file):
            path, kind, *few = line.split()
            table, (name,) = side_of(path)
            column = self.columns.get(table, {}).get(name)
            if not column or kind not in KINDS:
                say(f'no such column or kind: {line}')
                continue
            column.kind, column.number, column.few = kind, len(found), bool(few)
            found.append(column)
        return found

    def order(self):
        """Tables, parents first where that is possible."""
        # What refers to many tables is filled at the end.
        plain = [relation for relation in self.relations if not relation.where]
        waiting = {table: {r.parent for r in plain if r.child == table and r.parent != table} for table in self.columns}
        done = []
        while waiting:
            free = sorted(table for table, parents in waiting.items() if not parents & waiting.keys())
            # In a circle the one that waits for the least begins.
            for table in free or [min(waiting, key=lambda table: (len(waiting[table] & waiting.keys()), table))]:
                done.append(table)
                del waiting[table]
        return done


def lines_of(file):
    for line in Path(file).read_text().splitlines():
        line = line.split('#')[0].strip()
        if line:
            yield line


# --- Values -----------------------------------------------------------------------------------------------------------
def letters(number):
    """Three letters that name a column."""
    return ''.join(chr(ord('a') + number // 26 ** place % 26) for place in (2, 1, 0))


def syllables(chance, count):
    return ''.join(chance.choice(SYLLABLES) for _ in range(count))


def luhn(digits):
    total = sum(sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def iban(account):
    account = account[:18].ljust(18, '0')
    return f'DE{98 - int(account + "131400") % 97:02d}{account}'


def instant(chance, skew=1.0):
    return TODAY - datetime.timedelta(seconds=int(chance.random() ** skew * 3 * 365 * 86400))


class Person:
    """Values of a personal column, each with a marker."""

    def __init__(self, column):
        self.column = column
        self.mark = LETTERS + letters(column.number)
        self.run = DIGITS + f'{column.number % 1000:03d}'

    def value(self, chance, row):
        value = self.made(chance, row)
        column = self.column
        if isinstance(value, str) and column.length and column.type in TEXTS | BYTES and len(value) > column.length:
            value = value[:column.length].strip()
        return value

    def made(self, chance, row):
        column, kind = self.column, self.column.kind
        number = f'{self.run}{row:05d}'
        if column.type in TEXTS and column.length and column.length < len(number) + 1:
            # A short one has no room for the column's number.
            number = DIGITS + str(row)[-max(column.length - len(DIGITS), 0):].rjust(max(min(column.length, 12) - len(DIGITS), 0), '0') \
                if column.length > len(DIGITS) else DIGITS[:column.length]
        if column.type in INTEGERS:
            if kind == 'ip':
                return min(37 * 2 ** 24 + 211 * 2 ** 16 + chance.randrange(65536), column.largest())
            if kind == 'dob':
                return int((datetime.datetime.combine(DATES[chance.randrange(40)], datetime.time()) - datetime.datetime(1970, 1, 1)).total_seconds())
            return int(DIGITS + f'{row % 100:02d}') if column.type in ('int', 'mediumint') else int(number)
        if column.type in ('decimal', 'double', 'float'):
            return int(DIGITS)
        if column.type in ('date', 'datetime', 'timestamp', 'year'):
            return DATES[chance.randrange(40)].isoformat()
        if column.type in BYTES and kind == 'ip':
            return bytes((37, 211, chance.randrange(256), chance.randrange(1, 255)))
        if column.json:
            return json.dumps({'value': self.text(chance)})
        return self.words(kind, chance, number)

    def words(self, kind, chance, number):
        mark, short = self.mark, self.column.length and self.column.length < 12 and self.column.type in TEXTS
        family = mark.capitalize() + syllables(chance, 2)
        given = mark.capitalize() + syllables(chance, 1)
        match kind:
            case 'email':
                return f'{mark}.{syllables(chance, 3)}@{chance.choice(("example.com", "example.org", "mail.example.net"))}'
            case 'phone':
                return number if short else chance.choice((f'+49 {number[:7]}{number[7:]}', f'0{number}', f'(0{chance.randrange(20, 90)}) {number}'))
            case 'name':
                return f'{given} {family}'
            case 'first_name':
                return given
            case 'last_name' | 'company' | 'city':
                return family + {'company': ' Ltd', 'city': 'ton'}.get(kind, '')
            case 'street':
                return f'{family} Street {chance.randrange(1, 200)}'
            case 'iban':
                return iban(number)
            case 'card':
                return luhn('4' + number[:14])
            case 'account' | 'ssn' | 'number':
                return number[:self.column.length or 15]
            case 'ip':
                return f'{NET}{chance.randrange(256)}.{chance.randrange(1, 255)}'
            case 'dob':
                return DATES[chance.randrange(40)].isoformat()
            case 'token' | 'password':
                return mark + f'{chance.getrandbits(192):048x}'[:(self.column.length or 54) - len(mark)]
            case 'username':
                return mark + syllables(chance, 3) + str(chance.randrange(10, 99))
            case 'word':              # as a diagnosis or a religion is
                return mark + syllables(chance, 2)
            case 'url':
                return f'https://example.org/{mark}{syllables(chance, 3)}'
        return self.text(chance)

    def text(self, chance):
        title, who = chance.choice(WORDS).capitalize(), mark_word(self.mark, chance)
        what, whose = chance.choice(WORDS), mark_word(self.mark, chance)
        return f'{title} {who} said that the {what} of {whose} hurts'


def mark_word(mark, chance):
    return mark.capitalize() + syllables(chance, 2)


class Plain:
    """Values of a column that says nothing of a person."""

    def __init__(self, column, codes, numeric=False):
        self.column, self.numeric = column, numeric
        chance = random.Random(zlib.crc32(column.path.encode()))
        few = codes or chance.random() < 0.4
        self.few = [self.fresh(chance, n) for n in range(chance.randint(3, 9))] if few and column.type in TEXTS else None
        self.large = chance.choice((5, 20, 100, 1000, 5000))

    def value(self, chance, row, unique):
        column = self.column
        if column.nullable and not unique and chance.random() < 0.15:
            return None
        if self.few and not unique:
            return chance.choice(self.few)
        return self.fresh(chance, row, unique)

    def fresh(self, chance, row, unique=False):
        column, kind = self.column, self.column.type
        if kind == 'enum':
            return chance.choice(column.choices())
        if kind == 'set':
            return ','.join(one for one in column.choices() if chance.random() < 0.4)
        if kind in INTEGERS:
            if unique:
                return min(row + 1, column.largest())
            if re.search(r'time|date|stamp|created|updated|expire|last', column.name, re.I) and INTEGERS[kind] >= 4:
                return int((instant(chance) - datetime.datetime(1970, 1, 1)).total_seconds())
            return chance.randrange(2) if kind == 'tinyint' else min(chance.randrange(self.large), column.largest())
        if kind == 'bit':
            return chance.randrange(2)
        if kind == 'decimal':
            return round(chance.random() * min(10 ** (column.precision - column.scale) - 1, 900), min(column.scale, 2))
        if kind in ('float', 'double'):
            return round(chance.random() * 900, 2)
        if kind == 'date':
            return instant(chance, 1.5).date().isoformat()
        if kind in ('datetime', 'timestamp'):
            return instant(chance, 1.5).isoformat(' ')
        if kind == 'time':
            return f'{chance.randrange(24):02d}:{chance.randrange(60):02d}:00'
        if kind == 'year':
            return chance.randrange(2023, 2027)
        if column.json:
            return json.dumps({chance.choice(WORDS): chance.choice(WORDS), 'n': chance.randrange(100)})
        if kind in TEXTS or kind in BYTES or kind == 'uuid':
            return self.text(chance, row, unique)
        if kind in ('point', 'geometry'):
            return None
        return chance.choice(WORDS)

    def text(self, chance, row, unique):
        column, room = self.column, self.column.length or 65535
        if column.type == 'uuid' or room == 36 or re.search(r'uuid|guid', column.name, re.I) and room >= 36:
            return str(uuid.UUID(int=chance.getrandbits(128), version=4))
        if column.type in BYTES:
            size = min(room, 24) if column.type != 'binary' else room
            return chance.randbytes(size) if room <= 16 else chance.choice(WORDS).encode() + b' ' + str(row).encode()
        if room in (32, 40, 64) and column.type == 'char':
            return f'{chance.getrandbits(4 * room):0{room}x}'
        if self.numeric:
            return str(100 + row)[:room]
        if unique:
            base, tail = chance.choice(WORDS), _base36(row)
            return (base[:max(room - len(tail), 0)] + tail)[:room]
        if room <= 3:
            return ''.join(chance.choice('abcdefghk') for _ in range(room)).upper()
        if room <= 12:
            return chance.choice(WORDS)[:room]
        count = 2 if room < 60 else 3 if room <= 255 else chance.randint(5, 25)
        return ' '.join(chance.choice(WORDS) for _ in range(count))[:room]


def _base36(number):
    out = ''
    while True:
        number, digit = divmod(number, 36)
        out = '0123456789abcdefghijklmnopqrstuvwxyz'[digit] + out
        if not number:
            return out


# --- Rows -------------------------------------------------------------------------------------------------------------
class Filler:
    """Rows for every table: keys first, what refers to them after."""

    def __init__(self, schema, rows):
        self.schema, self.rows = schema, rows
        self.data = {}                          # table -> {column: [values]}
        self.relations = collections.defaultdict(list)
        for relation in schema.relations:
            if not relation.where:
                self.relations[relation.child].append(relation)
        # A text that numbers refer to holds numbers.
        self.numeric = {f'{r.parent}.{key}' for r in schema.relations for name, key in zip(r.columns, r.keys)
                        if schema.columns[r.child][name].type in INTEGERS and schema.columns[r.parent][key].type in TEXTS}
        self.sizes = self.choose_sizes()
        self.copied = {}                        # table.column -> in what shape copies of personal values are in it

    def choose_sizes(self):
        sizes, busy = {}, []
        parents = {relation.parent for relation in self.schema.relations}
        for table, columns in self.schema.columns.items():
            dated = any(c.type in ('date', 'datetime', 'timestamp') for c in columns.values())
            personal = any(c.kind for c in columns.values())
            out = self.relations[table]
            if not out and not personal and len(columns) <= 7 and (not dated or len(columns) <= 4) and table in parents:
                sizes[table] = 5 + zlib.crc32(table.encode()) % 8
                continue
            sizes[table] = self.rows
            if len(out) >= 2 and re.search(r'log|order|line|item|detail|history|transaction|message|entry|session|visit|event|'
                                           r'booking|reservation|activity|loan|stream|invoice|recibo|poliza', table, re.I):
                busy.append((table not in parents, len(out), table))
        for _, _, table in sorted(busy, reverse=True)[:4]:
            sizes[table] = self.rows * 10
        return sizes

    def fill(self):
        late = []
        order = self.schema.order()
        for table in order:
            self.table(table, late)
        for relation in late:
            self.refer(relation, random.Random(zlib.crc32(relation.path.encode())))
        self.refer_to_many()
        self.copies()
        return order

    def refer_to_many(self):
        """Rows of one of several tables, as a type beside the key says."""
        groups = collections.defaultdict(list)
        for relation in self.schema.relations:
            if relation.where and len(relation.columns) == 1:
                groups[relation.child, relation.columns[0]].append(relation)
        for (child, name), relations in groups.items():
            here, chance = self.data[child], random.Random(zlib.crc32(f'{child}.{name}'.encode()))
            column = self.schema.columns[child][name]
            for row in range(len(here[name])):
                relation = chance.choice(relations)
                keys = [key for key in self.data[relation.parent].get(relation.keys[0], []) if key is not None]
                if keys and self.fits([column], (keys[0],)):
                    here[name][row] = keys[int(len(keys) * chance.random() ** 1.7)]
                    here[relation.where[0]][row] = relation.where[1]
            self.distinct(child)

    def table(self, table, late):
        columns, count = self.schema.columns[table], self.sizes[table]
        chance = random.Random(zlib.crc32(table.encode()))
        single = {key[0] for key in self.schema.unique[table].values() if len(key) == 1}
        relations = [r for r in self.relations[table] if r.parent in self.data]
        waiting = [r for r in self.relations[table] if r.parent not in self.data]
        referring = {column for relation in relations for column in relation.columns}
        # A unique reference cannot have more rows than its parent.
        for relation in relations:
            if len(relation.columns) == 1 and relation.columns[0] in single:
                count = min(count, len(set(self.data[relation.parent][relation.keys[0]]) - {None}))
        for key in single:
            if columns[key].type in INTEGERS and key not in referring:
                count = min(count, columns[key].largest() - 1)
            elif columns[key].type == 'enum':
                count = min(count, len(columns[key].choices()))
            elif columns[key].type in TEXTS and columns[key].length and columns[key].length <= 2:
                count = min(count, 30)
        here = self.data[table] = {}
        for name, column in columns.items():
            if column.generated:
                continue
            numbers = random.Random(zlib.crc32(column.path.encode()))
            unique = name in single
            if column.auto or unique and column.type in INTEGERS and not column.kind:
                key, values = 0, []
                for _ in range(count):
                    key += 1 if numbers.random() < 0.95 else 2
                    values.append(key if key <= column.largest() else None)
                here[name] = values
            elif column.kind and name not in referring:
                person = Person(column)
                if column.few and not unique:
                    some = [person.value(numbers, row) for row in range(6)]
                    here[name] = [numbers.choice(some) for _ in range(count)]
                    continue
                empty = 0.1 if column.nullable and not unique else 0
                here[name] = [None if numbers.random() < empty else person.value(numbers, row) for row in range(count)]
            else:
                plain = Plain(column, codes=count < 20, numeric=column.path in self.numeric)
                here[name] = [plain.value(numbers, row, unique) for row in range(count)]
        groups = collections.defaultdict(list)
        for relation in relations:
            groups[relation.columns].append(relation)
        set_already = set()
        for names in sorted(groups, key=len, reverse=True):
            if not set(names) & set_already:
                if groups[names][0].parent == table:
                    for relation in groups[names]:
                        self.refer(relation, chance)
                else:
                    self.refer_all(groups[names], chance)
                set_already |= set(names)
        late += waiting
        self.distinct(table)

    def refer_all(self, relations, chance):
        """A column with several parents gets what is in all of them, where there is such a thing."""
        if len(relations) > 1 and len(relations[0].columns) == 1:
            common = set.intersection(*(set(self.data[r.parent][r.keys[0]]) for r in relations)) - {None}
            if common:
                first = self.data[relations[0].parent][relations[0].keys[0]]
                return self.refer(relations[0], chance, keys=[(key,) for key in first if key in common])
        return self.refer(relations[0], chance)

    def refer(self, relation, chance, keys=None):
        here, parent = self.data[relation.child], self.data[relation.parent]
        if any(name not in here for name in relation.columns) or any(key not in parent for key in relation.keys):
            return
        columns = [self.schema.columns[relation.child][name] for name in relation.columns]
        if keys is None:
            keys = list(zip(*(parent[key] for key in relation.keys)))
        keys = [key for key in dict.fromkeys(keys) if None not in key and self.fits(columns, key)]
        if not keys:
            return
        count = len(here[relation.columns[0]])
        unique = any(set(key) <= set(relation.columns) for key in self.schema.unique[relation.child].values())
        nullable = all(column.nullable for column in columns) and not unique
        zero = not unique and not relation.declared and len(columns) == 1 and not columns[0].nullable and columns[0].default in ('0', "'0'")
        if unique:
            if len(keys) < count:
                return
            picked = chance.sample(keys, count)
        else:
            chance.shuffle(keys)
            picked = [keys[int(len(keys) * chance.random() ** 1.7)] for _ in range(count)]
            # Most keys of a small parent are used.
            for place, key in enumerate(keys[:count // 2]):
                picked[place] = key
            chance.shuffle(picked)
        for row, key in enumerate(picked):
            if nullable and chance.random() < 0.2:
                key = (None,) * len(key)
            elif zero and chance.random() < 0.1:
                key = (0,)
            for name, value in zip(relation.columns, key):
                here[name][row] = value

    def fits(self, columns, key):
        for column, value in zip(columns, key):
            if column.type in INTEGERS and (not str(value).isdigit() or int(value) > column.largest()):
                return False
            if column.type in TEXTS and column.length and len(str(value)) > column.length:
                return False
            if column.type == 'enum' and value not in column.choices():
                return False
        return True

    def distinct(self, table):
        """Leaves rows out that would be twice under a unique key."""
        here = self.data[table]
        if not here:
            return
        count = len(next(iter(here.values())))
        keep = list(range(count))
        for key in self.schema.unique[table].values():
            if any(name not in here for name in key):
                continue
            seen, left = set(), []
            for row in keep:
                values = tuple(here[name][row] for name in key)
                folded = tuple(str(value).lower().rstrip() for value in values)
                if None in values and any(self.schema.columns[table][name].nullable for name in key) or folded not in seen:
                    seen.add(folded)
                    left.append(row)
            keep = left
        if len(keep) < count:
            for name in here:
                here[name] = [here[name][row] for row in keep]

    def copies(self):
        """Copies of personal values in notes, JSON and serialised PHP of other tables."""
        people = [c for c in self.schema.personal if c.kind in ('name', 'last_name', 'email', 'phone') and c.type in TEXTS]
        people = [c for c in people if c.name in self.data[c.table]]
        chance = random.Random(42)
        referring = {(r.child, name) for r in self.schema.relations for name in r.columns}
        keyed = {(table, name) for table, keys in self.schema.unique.items() for key in keys.values() for name in key}
        notes, documents, php = [], [], []
        for column in sorted((c for table in self.schema.columns.values() for c in table.values()), key=lambda c: zlib.crc32(c.path.encode())):
            wide = column.type in ('text', 'mediumtext', 'longtext') or column.type == 'varchar' and column.length >= 500
            if column.kind or not wide or column.generated or (column.table, column.name) in referring | keyed or self.sizes[column.table] < 20:
                continue
            if column.json or re.search(r'json|payload|meta$|attributes|context', column.name, re.I):
                documents.append(column)
            elif re.search(r'data$|params|settings?$|options?$|config|serial|extra|value$|content', column.name, re.I):
                php.append(column)
            elif re.search(r'note|comment|desc|message|body|text|detail|memo|remark|reason|observ|bemerk|info|history|log', column.name, re.I):
                notes.append(column)
        for chosen, shape in ((notes[:5], self.sentence), (documents[:3], self.document), (php[:2], self.serialised)):
            for column in chosen:
                if not people:
                    return
                values = self.data[column.table][column.name]
                self.copied[column.path] = shape.__name__
                for row in range(len(values)):
                    if chance.random() < 0.25:
                        values[row] = shape([self.some(people, kinds, chance) for kinds in (('name', 'last_name'), ('email',), ('phone',))])

    def some(self, people, kinds, chance):
        fitting = [column for column in people if column.kind in kinds] or people
        column = chance.choice(fitting)
        values = [value for value in self.data[column.table][column.name] if value] or ['nobody']
        return str(chance.choice(values))

    @staticmethod
    def sentence(values):
        return f'Spoke with {values[0]} on the phone ({values[2]}); wants the papers by mail to {values[1]}, next week.'

    @staticmethod
    def document(values):
        return json.dumps({'source': 'form', 'contact': {'name': values[0], 'email': values[1]}, 'phones': [values[2]], 'n': 3})

    @staticmethod
    def serialised(values):
        pairs = zip(('name', 'email', 'phone'), values)
        return 'a:3:{' + ''.join(f's:{len(k)}:"{k}";s:{len(v.encode())}:"{v}";' for k, v in pairs) + '}'

    def write(self, order):
        sql = ["SET FOREIGN_KEY_CHECKS=0, UNIQUE_CHECKS=0, SQL_MODE='NO_AUTO_VALUE_ON_ZERO';\n"]
        if self.schema.server.is_mariadb:
            sql.append('SET SESSION check_constraint_checks=0;\n')
        for table in order:
            here = self.data[table]
            if not here:
                continue
            rows = list(zip(*here.values()))
            head = f'INSERT IGNORE INTO {quoted(table)} ({", ".join(map(quoted, here))}) VALUES\n'
            for begin in range(0, len(rows), 500):
                sql.append(head + ',\n'.join('(' + ','.join(map(literal, row)) + ')' for row in rows[begin:begin + 500]) + ';\n')
        self.schema.server.run(''.join(sql))


def literal(value):
    if value is None:
        return 'NULL'
    if isinstance(value, bytes):
        return f"x'{value.hex()}'" if value else "''"
    if isinstance(value, (int, float)):
        return str(value)
    return "'" + value.replace('\\', '\\\\').replace("'", "\\'") + "'"


# --- What the tools make of it ----------------------------------------------------------------------------------------
class Tools:
    """The night of one configuration."""

    def __init__(self, bins, server, options, keep):
        self.bins, self.server, self.options, self.keep = Path(bins).resolve(), server, Path(options).resolve(), keep
        host = next((line.split('=')[1].strip() for line in self.options.read_text().splitlines() if line.startswith('host')), '127.0.0.1')
        self.own = ['--i-own-this-server', host]
        self.file = keep / 'refresh.toml'

    def run(self, name, *arguments, stdin=b''):
        command = ['nice', '-n', '5', str(self.bins / name), *arguments, '--state-dir', str(self.keep / 'state'),
                   '--defaults-extra-file', str(self.options)]
        began = time.monotonic()
        done = subprocess.run(command, input=stdin, capture_output=True, cwd=self.keep, check=False)
        took = time.monotonic() - began
        with open(self.keep / 'said.txt', 'a') as said:
            said.write(f'\n$ {name} {" ".join(map(str, arguments))}\n{done.stderr.decode(errors="replace")}[exit {done.returncode}, {took:.1f} s]\n')
        return done, took

    def init(self):
        done, took = self.run('mydehydrate', 'init', '--databases', self.server.database, '--out', str(self.file))
        if done.returncode or not self.file.exists():
            raise SystemExit(f'strangers: init: {done.stderr.decode(errors="replace")}')
        return took

    def night(self):
        """The dump, how often something was pasted, and what the refusals said."""
        said, pastes = [], 0
        while True:
            done, _ = self.run('mydehydrate', '--config', str(self.file), '--source', *self.own)
            if not done.returncode:
                done, _ = self.run('mydump-rotate', '--config', str(self.file), '--dir', str(self.keep / 'dumps'), *self.own, stdin=done.stdout)
                if not done.returncode:
                    return Path(json.loads(done.stdout)['dump']['path']), pastes, said
            said.append(done.stderr.decode(errors='replace'))
            if pastes == PASTES or not self.paste(said[-1]):
                return None, pastes, said
            pastes += 1

    def paste(self, said):
        """The lines of a refusal where they belong, in place of those with the same left side; whether there were any."""
        section, pasted = '[mask]', False
        for line in (line.strip().removeprefix('hint: ') for line in said.splitlines()):
            if re.fullmatch(r'\[[a-z]+\]', line):
                section = line
            elif re.match(r'"[^"]+" = ', line) or section == '[dehydrate]' and re.match(r'[a-z]+ += ', line):
                self.put(section, line.replace('reason = "…"', 'reason = "no person"'))
                pasted = True
        return pasted

    def put(self, section, line):
        """A line of a section, in place of the one of this key there; what a list holds already stays in it."""
        text = self.file.read_text()
        key, value = line.split(' =', 1)
        old = tomllib.loads(text).get(section.strip('[]'), {}).get(key)
        if isinstance(old, list) and value.lstrip().startswith('['):
            more = tomllib.loads(line)[key]
            line = f'{key} = {json.dumps(old + [one for one in more if one not in old])}'
        kept, here, inside = [], '', False
        for one in text.splitlines():
            here = one.strip() if re.fullmatch(r'\[[a-z]+\]', one.strip()) else here
            begins = here == section and re.match(re.escape(key) + r' *=', one)
            if begins or inside:
                # A list may go on over several lines, each with a comment.
                code = one.split('#')[0].rstrip()
                inside = (inside or code.endswith('[')) and not code.endswith(']')
                continue
            kept.append(one)
        text = '\n'.join(kept) + '\n'
        known = f'\n{section}\n' in f'\n{text}'
        self.file.write_text(text.replace(f'{section}\n', f'{section}\n{line}\n', 1) if known else f'{text}{section}\n{line}\n')

    def infer(self, log):
        done, took = self.run('mydehydrate', 'infer', '--config', str(self.keep / 'bare.toml'), '--source', '--queries', str(log))
        return done.stdout.decode(errors='replace') if not done.returncode else done.stderr.decode(errors='replace'), took


def relations_in(text):
    """Relations of TOML: what is a line, and what stands in a comment only."""
    live = set()
    try:
        for child, parents in tomllib.loads(text).get('relations', {}).items():
            for parent in parents if isinstance(parents, list) else [parents]:
                live.add(as_pair(child, parent['to'] if isinstance(parent, dict) else parent))
    except tomllib.TOMLDecodeError as error:
        say(f'no TOML: {error}')
        for line in text.splitlines():
            live |= pairs_of(line) if not line.startswith('#') else set()
    noted = set()
    for line in text.splitlines():
        if line.lstrip().startswith('#'):
            noted |= pairs_of(line)
    return live, noted - live


def pairs_of(line):
    """`"a.b" = "c.d"`, `{ to = "c.d" … }`, or a list of these."""
    found = re.match(r'[#\s]*(?:[a-z ]+: *)*"([^"]+)"\s*=\s*(.*)', line)
    if not found or not re.search(r'[.(]', found[1]):
        return set()
    pairs = set()
    for parent in re.findall(r'to *= *"([^"]+)"', found[2]) or re.findall(r'^"([^"]+)"', found[2]):
        if re.fullmatch(r'[^\s.]+\.[^\s.]+|[^()]+\([^()]+\)', parent):
            pairs.add(as_pair(found[1], parent))
    return pairs


def as_pair(child, parent):
    (table, columns), (other, keys) = side_of(child), side_of(parent)
    pairs = sorted(zip(columns, keys))
    return name_of(table, [c for c, _ in pairs]) + ' = ' + name_of(other, [k for _, k in pairs])


def holds(schema):
    """The relations that the rows hold, one question each, all in one run; 0 and the empty text refer to nothing."""
    sql = []
    for relation in schema.relations:
        on = ' AND '.join(f'p.{quoted(k)} = c.{quoted(n)}' for n, k in zip(relation.columns, relation.keys))
        some = ' AND '.join(f"c.{quoted(n)} IS NOT NULL AND CAST(c.{quoted(n)} AS CHAR) NOT IN ('', '0')" for n in relation.columns)
        if relation.where:
            some += f" AND c.{quoted(relation.where[0])} = {literal(relation.where[1])}"
        sql.append(f'SELECT COUNT(*), IFNULL(SUM(NOT EXISTS (SELECT 1 FROM {quoted(relation.parent)} p WHERE {on})), 0) '
                   f'FROM {quoted(relation.child)} c WHERE {some};')
    rows = schema.server.ask('\n'.join(sql)) if sql else []
    return [relation for relation, (count, lost) in zip(schema.relations, rows) if int(count) and not int(lost)]


def closure(relations):
    """Pairs of columns that hold the same values because of what the truth says: through a parent's own reference, or a sibling's."""
    up = collections.defaultdict(set)
    for relation in relations:
        for column, key in zip(relation.columns, relation.keys):
            up[f'{relation.child}.{column}'].add(f'{relation.parent}.{key}')

    @functools.cache
    def all_up(path):
        seen, todo = set(), [path]
        while todo:
            for parent in up[todo.pop()] - seen:
                seen.add(parent)
                todo.append(parent)
        return seen

    return all_up


def canonical(relation):
    pairs = sorted(zip(relation.columns, relation.keys))
    return name_of(relation.child, [c for c, _ in pairs]) + ' = ' + name_of(relation.parent, [k for _, k in pairs])


def slow_log(file, database, relations):
    lines = ['/usr/sbin/mariadbd, Version: 10.11.6-MariaDB (Debian). started with:', 'Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock',
             'Time\t\t    Id Command\tArgument']
    for number, relation in enumerate(relations):
        on = ' AND '.join(f'a.{quoted(c)} = b.{quoted(k)}' for c, k in zip(relation.columns, relation.keys))
        lines += [f'# Time: 261101 10:{number // 60 % 60:02d}:{number % 60:02d}', '# User@Host: app[app] @ localhost []',
                  f'# Thread_id: 12  Schema: {database}  QC_hit: No', '# Query_time: 0.120000  Lock_time: 0.000010  Rows_sent: 1  Rows_examined: 300',
                  f'use {database};', f'SET timestamp={1793527200 + number};',
                  f'SELECT a.*, b.* FROM {quoted(relation.child)} a JOIN {quoted(relation.parent)} b ON {on} LIMIT 20;']
    file.write_text('\n'.join(lines) + '\n')


# --- The dump ---------------------------------------------------------------------------------------------------------
TOKEN = re.compile(rb"""\s*(?:(?:_[a-z0-9]+\s*)?'((?:[^'\\]|\\.|'')*)'|0x([0-9A-Fa-f]+)|x'([0-9A-Fa-f]*)'|([^\s,()']+))\s*([,)])""", re.S)


def cells(dump, schema):
    """Every value of the dump: table, column, bytes."""
    text = gzip.open(dump).read()
    head = re.compile(rb'INSERT (?:IGNORE )?INTO (?:`[^`]+`\.)?`([^`]+)`\s*(\(([^)]*)\))?\s*VALUES\s*', re.I)
    place = 0
    while found := head.search(text, place):
        table = found[1].decode()
        names = [part.strip(' `') for part in found[3].decode().split(',')] if found[3] else list(schema.columns[table])
        place = found.end()
        while text[place:place + 1] == b'(':
            place += 1
            for column in range(len(names) + 1):
                token = TOKEN.match(text, place)
                if not token:
                    raise SystemExit(f'strangers: cannot read a value of {table}: {text[place:place + 80]!r}')
                place = token.end()
                value = bytes.fromhex((token[2] or token[3]).decode()) if token[2] or token[3] else token[1] if token[1] is not None else token[4]
                yield table, names[min(column, len(names) - 1)], value
                if token[5] == b')':
                    break
            while text[place:place + 1] in (b',', b'\n', b' ', b'\r'):
                place += 1


def search(dump, schema):
    """Markers in the dump: (table.column, whose) -> how many values; and rows of each table."""
    found, rows = collections.Counter(), collections.Counter()
    own = {column.number: column.path for column in schema.personal}
    by_mark = {letters(number): path for number, path in own.items()}
    dates = {date.isoformat().encode() for date in DATES}
    special = {column.path: column for column in schema.personal}
    for table, name, value in cells(dump, schema):
        path = f'{table}.{name}'
        if name == next(iter(schema.columns[table])):
            rows[table] += 1
        lower = value.lower()
        for mark in set(re.findall(rb'qzx([a-z]{3})', lower)) if b'qzx' in lower else ():
            found[path, by_mark.get(mark.decode(), 'a truncated marker')] += 1
        if b'qzx' in lower and not re.search(rb'qzx[a-z]{3}', lower):
            found[path, 'a truncated marker'] += 1
        if DIGITS.encode() in re.sub(rb'\D', b'', value):
            whose = re.search(DIGITS.encode() + rb'(\d{3})', re.sub(rb'\D', b'', value))
            found[path, own.get(int(whose[1]), path) if whose else path] += 1
        if NET.encode() in value:
            found[path, 'an IP address'] += 1
        column = special.get(path)
        if column and column.kind == 'ip':
            as_number = value.isdigit() and int(value) // 2 ** 16 == 37 * 2 ** 8 + 211
            if as_number or value[:2] == bytes((37, 211)) and column.type in BYTES:
                found[path, path] += 1
        if column and column.kind == 'dob' and (value[:10] in dates or column.type in INTEGERS and day_of(value) in dates):
            found[path, path] += 1
    # A mask that moves dates hits one of the forty now and then.
    for (path, whose), count in list(found.items()):
        column = special.get(path)
        if column and column.kind == 'dob' and count < 0.05 * rows[column.table]:
            del found[path, whose]
    return found, rows


def day_of(value):
    """The day of a number of seconds since 1970."""
    if not re.fullmatch(rb'-?\d{1,11}', value):
        return None
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=int(value) // 86400)).isoformat().encode()


def covered(schema, text, rows):
    """Personal columns that refresh.toml does not speak of, neither in a line nor in a comment."""
    config = tomllib.loads(text)
    keys = list(config.get('mask', {}))
    comments = '\n'.join(line for line in text.splitlines() if line.lstrip().startswith('#'))
    emptied = set(config.get('dehydrate', {}).get('empty', []))
    # The table is emptied, or has nothing that comes along.
    emptied |= {table for table in schema.columns if rows is not None and not rows[table]}
    silent = []
    for column in schema.personal:
        patterns = [re.escape(key).replace(r'\*', '.*') for key in keys if isinstance(key, str)]
        line = any(re.fullmatch(pattern, column.path) or re.fullmatch(pattern, f'{schema.server.database}.{column.path}') for pattern in patterns)
        spoken = re.search(rf'(?<![\w.]){re.escape(column.path)}(?!\w)|"\*\.{re.escape(column.name)}"', comments)
        if not line and not spoken and column.table not in emptied:
            silent.append(f'{column.path} ({column.full})')
    return silent


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    for name in ('--schema', '--personal', '--relations', '--server', '--bins'):
        parser.add_argument(name, required=True)
    parser.add_argument('--rows', type=int, default=300)
    parser.add_argument('--keep')
    parser.add_argument('--database')
    parser.add_argument('--charset', default='utf8mb4', help='of the database, where the schema names none')
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--fill-only', action='store_true', help='load and fill, and measure nothing')
    said = parser.parse_args()
    name = Path(said.schema).stem
    database = said.database or f'stranger_{name}'
    keep = Path(said.keep or f'/tmp/strangers-{name}').resolve()
    shutil.rmtree(keep, ignore_errors=True)
    (keep / 'dumps').mkdir(parents=True)
    server = Server(said.server, database)

    server.run(f'DROP DATABASE IF EXISTS {quoted(database)}; CREATE DATABASE {quoted(database)} CHARACTER SET {said.charset}', database=False)
    ddl = statements(Path(said.schema).read_text(errors='replace'))
    server.run("SET FOREIGN_KEY_CHECKS=0; SET SQL_MODE='NO_ENGINE_SUBSTITUTION', innodb_strict_mode=0;\n" + ddl)
    schema = Schema(server, said.personal, said.relations)
    drop = server.ask("""SELECT DISTINCT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS
                         WHERE CONSTRAINT_SCHEMA = DATABASE()""")
    server.run('SET FOREIGN_KEY_CHECKS=0;' + ''.join(f'ALTER TABLE {quoted(t)} DROP FOREIGN KEY {quoted(c)};\n' for t, c in drop))
    filler = Filler(schema, said.rows)
    order = filler.fill()
    filler.write(order)
    true = holds(schema)
    say(f'{database}: {len(schema.columns)} tables, {len(schema.relations)} relations, {len(true)} of them held, '
        f'{len(schema.personal)} personal columns')
    if said.fill_only:
        return

    tools = Tools(said.bins, server, said.server, keep)
    seconds = tools.init()
    written = tools.file.read_text()
    shutil.copy(tools.file, keep / 'refresh.toml.init')
    began = time.monotonic()
    dump, pastes, refusals = tools.night()
    night = time.monotonic() - began
    found, rows = search(dump, schema) if dump else ({}, {})

    live, noted = relations_in(written)
    truth = {canonical(relation): relation for relation in true if not relation.where}
    many = {canonical(relation) for relation in true if relation.where}
    everything = {canonical(relation) for relation in schema.relations}
    above = closure(schema.relations)
    parts = {f'{r.child}.{c} = {r.parent}.{k}' for r in schema.relations for c, k in zip(r.columns, r.keys)}
    unknown, implied = [], []
    for pair in sorted(live - everything):
        left, right = pair.split(' = ')
        reaches = above(left) if '(' not in pair else set()
        (implied if right in reaches or pair in parts or reaches and reaches & above(right) else unknown).append(pair)

    log = keep / 'slow.log'
    slow_log(log, database, [relation for relation in true if not relation.where])
    (keep / 'bare.toml').write_text(bare(written))
    proposed, infer_seconds = tools.infer(log)
    (keep / 'infer.txt').write_text(proposed)
    stated, stated_noted = relations_in(proposed)
    figures = {
        'schema': name, 'tables': len(schema.columns), 'columns': sum(map(len, schema.columns.values())), 'personal': len(schema.personal),
        'rows': sum(len(next(iter(table.values()), [])) for table in filler.data.values()),
        'init_seconds': round(seconds, 1), 'night_seconds': round(night, 1), 'infer_seconds': round(infer_seconds, 1),
        'relations': len(everything), 'relations_held': len(truth),
        'found': len(truth.keys() & live), 'found_as_comment': len(truth.keys() & noted), 'comments': sorted(truth.keys() & noted),
        'missing': sorted(truth.keys() - live - noted),
        'of_many_held': len(many), 'of_many_found': len(many & live), 'of_many_missing': sorted(many - live),
        'proposed': len(live), 'implied_by_truth': implied, 'not_in_truth': unknown,
        'with_statements': len(truth.keys() & stated), 'with_statements_comment': sorted(truth.keys() & stated_noted),
        'with_statements_missing': sorted(truth.keys() - stated - stated_noted),
        'published': dump is not None, 'pastes': pastes, 'refusals': [text[-3000:] for text in refusals],
        'tables_with_rows_in_dump': sum(1 for count in rows.values() if count), 'rows_in_dump': sum(rows.values()),
        'leaks': [f'{path} <- {whose}: {count}' for (path, whose), count in sorted(found.items())],
        'personal_not_spoken_of': covered(schema, written, rows if dump else None), 'copies_in': filler.copied,
    }
    (keep / 'figures.json').write_text(json.dumps(figures, indent=1, ensure_ascii=False))
    print(json.dumps(figures, ensure_ascii=False) if said.json else line_of(figures))


def bare(text):
    """A refresh.toml that has the source of another one, and no relation."""
    out, section = [], None
    for line in text.splitlines():
        head = re.fullmatch(r'\[([a-z.]+)\].*', line)
        section = head[1] if head else section
        if section in (None, 'source') and not line.startswith('#'):
            out.append(line)
    return '\n'.join(out) + '\n'


def line_of(f):
    """One line of figures, and the lists behind it."""
    lines = [f"{f['schema']}: {f['tables']} tables, {f['columns']} columns, {f['personal']} personal; "
             f"init {f['init_seconds']} s, night {f['night_seconds']} s; "
             f"relations: {f['relations_held']} held, {f['found']} found, {f['found_as_comment']} as comments, {len(f['missing'])} not; "
             f"of many tables: {f['of_many_found']} of {f['of_many_held']}; "
             f"{len(f['not_in_truth'])} of {f['proposed']} proposals not in the truth, {len(f['implied_by_truth'])} implied by it; "
             f"with statements {f['with_statements']} (+{len(f['with_statements_comment'])} comments); "
             f"{'published' if f['published'] else 'NOT published'} after {f['pastes']} pastes; {len(f['leaks'])} leaks; "
             f"{len(f['personal_not_spoken_of'])} personal columns not spoken of"]
    for key in ('missing', 'comments', 'not_in_truth', 'implied_by_truth', 'with_statements_missing', 'leaks', 'personal_not_spoken_of'):
        lines += [f'  {key}:'] + [f'    {item}' for item in f[key]] if f[key] else []
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
