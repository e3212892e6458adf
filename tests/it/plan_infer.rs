//! How good `infer` is: schemas that everybody knows, without their foreign keys, against the relations that their
//! authors published. `tests/cases/infer/README.md` says how they are written down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refreshkit::config;

use crate::closure::cases;
use crate::support::{TestServer, Tool, servers};

/// `child(columns)=parent(columns)`, in lower case.
type Relations = BTreeSet<String>;

struct Column {
    name: String,
    kind: String,
    key: bool,
    nullable: bool,
    parent: Option<String>,
    published: bool,
}

struct Pair {
    name: String,
    types: Vec<(String, String)>,
}

struct Table {
    name: String,
    rows: usize,
    columns: Vec<Column>,
    composite: Option<(Vec<String>, String)>,
    pair: Option<Pair>,
}

struct Schema(Vec<Table>);

fn parts(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().to_owned()).collect()
}

fn column(text: &str) -> Column {
    let (text, parent) = text.split_once('>').map_or((text, None), |(t, p)| (t, Some(p.to_owned())));
    let marked = |mark: char| text.contains(mark);
    let plain = text.replace(['*', '~', '?'], "");
    let (name, kind) = plain.split_once(' ').unwrap_or((&plain, "int"));
    let (key, nullable) = (marked('*'), marked('~'));
    Column { name: name.to_owned(), kind: kind.to_owned(), key, nullable, parent, published: !marked('?') }
}

fn table(line: &str) -> Table {
    let (head, rest) = line.split_once(": ").unwrap();
    let (name, rows) = head.split_once(' ').unwrap();
    let (columns, extra) = rest.split_once("; ").unwrap_or((rest, ""));
    let mut table = Table {
        name: name.to_owned(),
        rows: rows.parse().unwrap(),
        columns: parts(columns).iter().map(|text| column(text)).collect(),
        composite: None,
        pair: None,
    };
    if let Some((list, parent)) = extra.strip_prefix('(').and_then(|text| text.split_once(")>")) {
        table.composite = Some((parts(list), parent.to_owned()));
    } else if let Some((name, types)) = extra.split_once(": ") {
        let types = parts(types);
        let types = types.iter().map(|t| t.split_once('=').unwrap()).map(|(a, b)| (a.into(), b.into()));
        table.pair = Some(Pair { name: name.to_owned(), types: types.collect() });
    }
    table
}

impl Schema {
    fn table(&self, name: &str) -> &Table {
        self.0.iter().find(|table| table.name == name).unwrap()
    }

    fn key(&self, name: &str) -> Vec<&Column> {
        self.table(name).columns.iter().filter(|column| column.key).collect()
    }

    fn sql_type(&self, column: &Column) -> String {
        if let Some(parent) = &column.parent {
            return self.sql_type(self.key(parent)[0]);
        }
        match column.kind.as_str() {
            "int" => "INT UNSIGNED".to_owned(),
            "tiny" => "SMALLINT UNSIGNED".to_owned(),
            "num" => "DECIMAL(8,2)".to_owned(),
            "date" => "DATE".to_owned(),
            "text" => "VARCHAR(60)".to_owned(),
            _ => "CHAR(4)".to_owned(),
        }
    }

    /// The key value of a row: dense from 1, for composite keys by mixed radix over what they refer to.
    fn key_value(&self, table: &Table, name: &str, row: usize) -> String {
        let (mut rest, mut spread) = (row, 0);
        for column in table.columns.iter().filter(|column| column.key) {
            let alone = self.key(&table.name).len() == 1;
            let number = match &column.parent {
                Some(parent) if !alone => {
                    let rows = self.table(parent).rows;
                    let number = (rest + spread) % rows;
                    (spread, rest) = (rest * 7 / rows, rest / rows);
                    number
                }
                _ => rest,
            };
            if column.name == name {
                return match self.sql_type(column).as_str() {
                    "CHAR(4)" => format!("{}{number:03}", &name[..1]),
                    "VARCHAR(60)" => format!("word {number}"),
                    "DATE" => format!("2001-{:02}-{:02}", 1 + number % 12, 1 + number % 28),
                    _ => (number + 1).to_string(),
                };
            }
        }
        unreachable!("{name} is in the key")
    }

    fn sql(&self) -> String {
        let mut rng = StdRng::seed_from_u64(7);
        let mut sql = String::new();
        for table in &self.0 {
            let columns = table.columns.iter().map(|c| {
                format!("`{}` {}{}", c.name, self.sql_type(c), if c.nullable { "" } else { " NOT NULL" })
            });
            let columns: Vec<String> = columns.collect();
            let key: Vec<String> =
                self.key(&table.name).iter().map(|column| format!("`{}`", column.name)).collect();
            writeln!(
                sql,
                "CREATE TABLE `{}` ({}, PRIMARY KEY ({}));",
                table.name,
                columns.join(", "),
                key.join(", ")
            )
            .unwrap();
            let rows: Vec<String> = (0..table.rows).map(|row| self.row(table, row, &mut rng)).collect();
            writeln!(sql, "INSERT IGNORE INTO `{}` VALUES {};", table.name, rows.join(", ")).unwrap();
        }
        sql
    }

    fn row(&self, table: &Table, row: usize, rng: &mut StdRng) -> String {
        let mut values: BTreeMap<&str, String> = BTreeMap::new();
        if let Some((columns, parent)) = &table.composite {
            let other = rng.random_range(0..self.table(parent).rows);
            for (column, to) in columns.iter().zip(self.key(parent)) {
                values.insert(column, self.key_value(self.table(parent), &to.name, other));
            }
        }
        let (kind, id) = table.pair.as_ref().map_or_else(Default::default, |pair| {
            let (kind, parent) = &pair.types[rng.random_range(0..pair.types.len())];
            let id = rng.random_range(0..self.table(parent).rows) + 1;
            values.insert("", kind.clone());
            (format!("{}_type", pair.name), (format!("{}_id", pair.name), id))
        });
        let mut list = Vec::new();
        for column in &table.columns {
            let name = column.name.as_str();
            let value = if let Some(value) = values.get(name) {
                value.clone()
            } else if name == kind {
                values[""].replace('\\', "\\\\")
            } else if name == id.0 {
                id.1.to_string()
            } else if column.key {
                self.key_value(table, name, row)
            } else if let Some(parent) = &column.parent {
                let parent = self.table(parent);
                let other = rng.random_range(0..parent.rows);
                // One row in 200 refers to nothing that is there any more.
                let orphan = parent.rows > 500 && rng.random_bool(0.005);
                let other = if orphan { parent.rows + 90_000 + row } else { other };
                if column.nullable && rng.random_bool(0.4) {
                    "\u{1}".to_owned()
                } else {
                    self.key_value(parent, &self.key(&parent.name)[0].name, other)
                }
            } else {
                match column.kind.as_str() {
                    "int" => rng.random_range(1..500).to_string(),
                    "tiny" => rng.random_range(1..6).to_string(),
                    "num" => format!("{}.99", rng.random_range(0..10)),
                    "date" => format!("2005-{:02}-{:02}", rng.random_range(1..13), rng.random_range(1..29)),
                    _ => format!("word {}", rng.random_range(0..90)),
                }
            };
            list.push(if value == "\u{1}" { "NULL".to_owned() } else { format!("'{value}'") });
        }
        format!("({})", list.join(", "))
    }

    /// What their authors say, and what is as true but was not said.
    fn truth(&self) -> (Relations, Relations) {
        let (mut said, mut unsaid) = (Relations::new(), Relations::new());
        for table in &self.0 {
            for column in &table.columns {
                let Some(parent) = &column.parent else { continue };
                let to = &self.key(parent)[0].name;
                let relation = format!("{}({})={parent}({to})", table.name, column.name).to_lowercase();
                if column.published {
                    said.insert(relation)
                } else {
                    unsaid.insert(relation)
                };
            }
            if let Some((columns, parent)) = &table.composite {
                let to: Vec<&str> = self.key(parent).iter().map(|c| c.name.as_str()).collect();
                let from = columns.join(",");
                said.insert(format!("{}({from})={parent}({})", table.name, to.join(",")).to_lowercase());
            }
            for (_, parent) in table.pair.iter().flat_map(|pair| &pair.types) {
                let name = &table.pair.as_ref().unwrap().name;
                let to = &self.key(parent)[0].name;
                said.insert(format!("{}({name}_id)={parent}({to})", table.name).to_lowercase());
            }
        }
        (said, unsaid)
    }
}

fn found(toml: &str) -> Relations {
    let config = config::parse(Path::new("found.toml"), toml.to_owned(), &refreshkit::mask::vocabulary())
        .unwrap_or_else(|e| panic!("{e}\n{toml}"));
    let normal = |text: &str| {
        let text = text.replace([' ', '`'], "").to_lowercase();
        let dotted = text.split_once('.').map(|(table, column)| format!("{table}({column})"));
        dotted.unwrap_or(text)
    };
    let relations = config.relations.iter().flat_map(|(key, relations)| {
        relations.as_slice().iter().map(move |relation| format!("{}={}", normal(key), normal(&relation.to)))
    });
    relations.collect()
}

/// Right, proposed, true.
fn measure(server: &TestServer, case: &Path) -> (usize, usize, usize) {
    let text = fs::read_to_string(case).unwrap();
    let schema = Schema(text.lines().map(table).collect());
    let scratch = server.scratch("infer");
    scratch.run(&schema.sql());
    let directory = scratch.directory();
    let rules = format!(
        "[source]\ndatabases = [\"{}\"]\ndefaults_file = \"{}\"\n",
        scratch.name,
        server.client_cnf.display()
    );
    fs::write(directory.path().join("refresh.toml"), rules).unwrap();
    let command = Tool::new("mydehydrate").arg("--config").arg(directory.path().join("refresh.toml"));
    let toml = command.arg("infer").run().exits(0).stdout;
    let (said, unsaid) = schema.truth();
    let found: Relations = found(&toml).difference(&unsaid).cloned().collect();
    let right = found.intersection(&said).count();
    let name = case.file_stem().unwrap().to_str().unwrap();
    eprintln!(
        "infer {name} on {:?}: {right} of {} relations found, {} wrong; precision {:.3}, recall {:.3}\n  missed: {:?}\n  wrong: {:?}",
        server.engine,
        said.len(),
        found.len() - right,
        share(right, found.len()),
        share(right, said.len()),
        said.difference(&found).collect::<Vec<_>>(),
        found.difference(&said).collect::<Vec<_>>(),
    );
    (right, found.len(), said.len())
}

#[expect(clippy::cast_precision_loss, reason = "some dozens")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[test]
fn infer_finds_the_published_relations_of_well_known_schemas() {
    std::thread::scope(|scope| {
        for server in servers() {
            scope.spawn(move || {
                let cases =
                    cases("infer").into_iter().filter(|case| case.extension().is_some_and(|e| e == "txt"));
                let (mut right, mut proposed, mut true_ones) = (0, 0, 0);
                for case in cases {
                    let (r, p, t) = measure(&server, &case);
                    assert!(share(r, p) >= 0.9 && share(r, t) >= 0.9, "{case:?} on {:?}", server.engine);
                    (right, proposed, true_ones) = (right + r, proposed + p, true_ones + t);
                }
                let (precision, recall) = (share(right, proposed), share(right, true_ones));
                eprintln!("infer on {:?}: precision {precision:.3}, recall {recall:.3}", server.engine);
                assert!(precision >= 0.95 && recall >= 0.9, "precision {precision}, recall {recall}");
            });
        }
    });
}

#[test]
fn statements_that_somebody_saved_and_the_bodies_of_views_say_what_names_do_not() {
    for server in servers() {
        let scratch = server.scratch("said");
        scratch.run(
            "CREATE TABLE deals (id INT PRIMARY KEY, desk INT, place INT, seat INT); CREATE TABLE offices (id INT PRIMARY KEY); \
             CREATE TABLE rooms (id INT PRIMARY KEY); CREATE TABLE chairs (id INT PRIMARY KEY); \
             INSERT INTO offices VALUES (11), (12), (13), (14); INSERT INTO rooms SELECT id FROM offices; \
             INSERT INTO chairs SELECT id FROM offices; INSERT INTO deals SELECT id, id, id, id FROM offices; \
             CREATE VIEW placed AS SELECT d.id FROM deals AS d JOIN rooms AS r ON r.id = d.place;",
        );
        let directory = tempfile::tempdir().unwrap();
        scratch.write_rules(directory.path(), "[dehydrate]\n");
        let write = |name: &str, text: String| {
            fs::write(directory.path().join(name), text).unwrap();
            directory.path().join(name)
        };
        let log = write(
            "slow.log",
            "# Time: 1\nuse elsewhere;\nselect 1;\n# Time: 2\nselect * from deals d join offices o on o.id = d.desk;\n"
                .replace("elsewhere", &scratch.name),
        );
        let digests = write(
            "digests.tsv",
            format!(
                "{}\tSELECT * FROM `deals` JOIN `chairs` AS `c` ON `c` . `id` = `deals` . `seat`\n",
                scratch.name
            ),
        );
        let tool = Tool::new("mydehydrate").arg("--config").arg(directory.path().join("refresh.toml"));
        let tool = tool.arg("--state-dir").arg(directory.path()).arg("infer");
        let said = tool.arg("--queries").arg(log).arg("--digests").arg(digests).run().exits(0).stdout;
        for line in [
            "\"deals.desk\" = \"offices.id\"",
            "\"deals.place\" = \"rooms.id\"",
            "\"deals.seat\" = \"chairs.id\"",
        ] {
            assert!(said.lines().any(|said| said.starts_with(line)), "{line} is not in {said}");
        }
    }
}
