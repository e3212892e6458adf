//! What a dump says beside its rows: their order, the next number of a counter, who defined a view. None of it may come from what
//! the masks hide.
//!
//! The property: the same rows as they leave, whatever stood behind their masks, in whatever order and under whatever indexes, give
//! the same file. The seed is printed when it fails; `REFRESHKIT_TEST_SEED` repeats it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use refreshkit::mysql::Engine;

use crate::closure::document;
use crate::dump::{whole, zcat};
use crate::leaks::tool_with;
use crate::support::{Scratch, TestServer, for_each_server};

/// The same key every night: what differs then does not come from the key.
const KEY: &str = "a-stable-secret-of-forty-characters-or-so";

const ROWS: usize = 60;

const TABLES: usize = 10;

/// `mydehydrate | mydump-rotate` with these rules: the text of the dump.
fn night(scratch: &Scratch, directory: &Path, masks: &str) -> String {
    let rules = format!(
        "[dump]\nprove = \"off\"\ndir = {:?}\ndefiner = \"drop\"\n[dehydrate]\nfull = [\"*\"]\n[mask]\nkey = {{ env = \"MASK_KEY\" }}\n{masks}",
        directory.display().to_string()
    );
    scratch.write_rules(directory, &rules);
    let input = document(&scratch.server, std::slice::from_ref(&scratch.name));
    let run = |name, input| tool_with(name, directory, input, &[("MASK_KEY", KEY)]).exits(0).document();
    let plan = run("mydehydrate", &input);
    let dump = run("mydump-rotate", &plan);
    String::from_utf8(zcat(Path::new(&dump.dump.unwrap().path))).unwrap()
}

/// The rows of each table, in their order in the file.
pub(crate) fn rows(sql: &str) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    let mut table = String::new();
    for line in sql.lines() {
        if let Some(rest) = line.strip_prefix("INSERT INTO `") {
            rest.split('`').next().unwrap().clone_into(&mut table);
        } else if line.starts_with('(') {
            let row = line.trim_end_matches([',', ';']).to_owned();
            tables.entry(table.clone()).or_default().push(row);
        }
    }
    tables
}

#[test]
fn e_mails_without_a_key_do_not_leave_in_the_order_of_the_originals() {
    for_each_server(|server| {
        let scratch = server.scratch("order");
        let mut random = StdRng::seed_from_u64(7);
        let mut mails: Vec<usize> = (0..500).collect();
        mails.shuffle(&mut random);
        // The host stays, and says which one it was.
        let values: Vec<String> = mails.iter().map(|n| format!("('a{n:03}@h{n:03}.example')")).collect();
        scratch.run(&format!(
            "CREATE TABLE newsletter (email VARCHAR(90), KEY (email)); INSERT INTO newsletter VALUES {};\
             CREATE TABLE members (email VARCHAR(90) NOT NULL PRIMARY KEY); INSERT INTO members SELECT * FROM newsletter;",
            values.join(", ")
        ));
        let directory = scratch.directory();
        let sql = night(&scratch, directory.path(), "\"*.email\" = { kind = \"email\", host = \"same\" }\n");
        for (table, rows) in rows(&sql) {
            let number = |row: &String| -> usize { row.split("@h").nth(1).unwrap()[..3].parse().unwrap() };
            let order: Vec<usize> = rows.iter().map(number).collect();
            assert_eq!(order.len(), 500, "{table}");
            // Of 499 neighbours in a random order, half go up; the tenth of the deviation that would tell anything is 22.
            let up = order.windows(2).filter(|two| two[0] < two[1]).count();
            assert!((200..300).contains(&up), "{table} leaves in the order of the originals: {order:?}");
            let as_inserted = order.iter().zip(&mails).filter(|(one, other)| one == other).count();
            assert!(as_inserted < 20, "{table} leaves as it was written: {order:?}");
            // Nor in the order of what the masks made of them: that is cut where it is long.
            assert!(!rows.is_sorted(), "{table}");
        }
    });
}

/// How a column is made, masked, and what it holds.
struct Kind {
    sql: &'static str,
    /// Nothing: it leaves as it is.
    mask: Option<&'static str>,
    /// Whether what leaves is the same whatever was there: the originals may change places.
    hides_all: bool,
    value: fn(&mut StdRng) -> String,
}

fn word(random: &mut StdRng) -> String {
    // All of one length, since some masks keep that.
    (0..9).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect()
}

fn quoted(random: &mut StdRng) -> String {
    format!("'{}'", word(random))
}

fn mail(random: &mut StdRng) -> String {
    format!("'{}@{}.example'", word(random), word(random))
}

fn number(random: &mut StdRng) -> String {
    random.random_range(0..5).to_string()
}

fn day(random: &mut StdRng) -> String {
    format!("'2026-{:02}-{:02}'", random.random_range(1..=12), random.random_range(1..=28))
}

fn bytes(random: &mut StdRng) -> String {
    format!("x'{:016x}'", random.random::<u64>())
}

/// Of few values, so that rows are often alike.
fn small(random: &mut StdRng) -> String {
    (*["NULL", "''", "'x'", "'X'", "'ä '"].choose(random).unwrap()).to_owned()
}

const fn kind(
    sql: &'static str,
    mask: Option<&'static str>,
    hides_all: bool,
    value: fn(&mut StdRng) -> String,
) -> Kind {
    Kind { sql, mask, hides_all, value }
}

const KINDS: &[Kind] = &[
    kind("INT", None, false, number),
    kind("DECIMAL(9,2)", None, false, number),
    kind("FLOAT", None, false, number),
    kind("VARCHAR(20)", None, false, small),
    kind("VARCHAR(20) CHARACTER SET latin1", None, false, small),
    kind("TEXT CHARACTER SET utf16", None, false, small),
    kind("DATETIME(3)", None, false, day),
    kind("VARCHAR(90)", Some("\"null\""), true, mail),
    kind("VARCHAR(90)", Some("{ kind = \"constant\", value = \"gone\" }"), true, quoted),
    kind("LONGTEXT", Some("\"text\""), true, quoted),
    kind("VARCHAR(90) CHARACTER SET latin1 COLLATE latin1_bin", Some("\"shape\""), true, quoted),
    kind("DATE", Some("{ kind = \"generalise\", to = \"year\" }"), true, day),
    kind("VARCHAR(90)", Some("\"email\""), false, mail),
    kind("VARCHAR(90) COLLATE utf8mb4_bin", Some("\"last_name\""), false, quoted),
    kind("VARBINARY(20)", Some("\"hash\""), false, bytes),
    kind("JSON", Some("{ kind = \"json\", paths = { \"$.a\" = \"hash\" } }"), false, |random| {
        format!("'{{\"a\": \"{}\", \"b\": 1.50}}'", word(random))
    }),
    kind("BIGINT", Some("\"permute\""), false, |random| random.random_range(0..1_000_000_000).to_string()),
];

/// What may be a key, whole; masks must keep its values apart.
fn may_be_key(kind: &Kind) -> bool {
    matches!(kind.mask, Some("\"email\"" | "\"permute\"" | "\"hash\""))
}

struct Made {
    columns: Vec<&'static Kind>,
    /// Position of a column that is unique and not null, and the word for its key.
    key: Option<(usize, &'static str)>,
    rows: Vec<Vec<String>>,
}

fn made(random: &mut StdRng) -> Made {
    let mut columns: Vec<&Kind> =
        (0..random.random_range(1..7)).map(|_| KINDS.choose(random).unwrap()).collect();
    // At least one is masked, or there is nothing to hide.
    columns.push(KINDS.iter().filter(|kind| kind.mask.is_some()).collect::<Vec<_>>().choose(random).unwrap());
    columns.shuffle(random);
    let keys: Vec<usize> = (0..columns.len()).filter(|at| may_be_key(columns[*at])).collect();
    let word = ["PRIMARY KEY", "UNIQUE KEY"].choose(random).unwrap();
    let key = keys.choose(random).filter(|_| random.random_ratio(2, 3)).map(|at| (*at, *word));
    let row = |random: &mut StdRng| columns.iter().map(|kind| (kind.value)(random)).collect();
    let mut rows: Vec<Vec<String>> = (0..ROWS).map(|_| row(random)).collect();
    if let Some((at, _)) = key {
        rows.sort_by(|one, other| one[at].cmp(&other[at]));
        rows.dedup_by(|one, other| one[at] == other[at]);
    }
    Made { columns, key, rows }
}

impl Made {
    /// The table with its rows in another order, its hidden values at other rows, and other indexes.
    fn sql(&self, number: usize, random: &mut StdRng) -> String {
        let null = |at| if self.key.is_some_and(|(key, _)| key == at) { " NOT NULL" } else { "" };
        let mut items: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, kind)| format!("c{at} {}{}", kind.sql, null(at)))
            .collect();
        items.extend(self.key.map(|(at, word)| format!("{word} (c{at})")));
        for (at, kind) in self.columns.iter().enumerate() {
            let whole = !["TEXT", "JSON"].iter().any(|word| kind.sql.contains(word));
            if whole && random.random_ratio(1, 2) {
                items.push(format!("KEY (c{at})"));
            }
        }
        let mut rows = self.rows.clone();
        for at in (0..self.columns.len()).filter(|at| self.columns[*at].hides_all) {
            let mut hidden: Vec<String> = rows.iter().map(|row| row[at].clone()).collect();
            hidden.shuffle(random);
            for (row, value) in rows.iter_mut().zip(hidden) {
                row[at] = value;
            }
        }
        rows.shuffle(random);
        let values: Vec<String> = rows.iter().map(|row| format!("({})", row.join(", "))).collect();
        format!(
            "DROP TABLE IF EXISTS t{number}; CREATE TABLE t{number} ({});\nINSERT INTO t{number} VALUES {};\n",
            items.join(", "),
            values.join(", ")
        )
    }
}

fn same_file(server: &TestServer, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let scratch = server.scratch("order");
    let tables: Vec<Made> = (0..TABLES).map(|_| made(&mut random)).collect();
    let mut masks = "policy = \"warn\"\nleaks = \"off\"\n".to_owned();
    for (number, table) in tables.iter().enumerate() {
        for (at, kind) in table.columns.iter().enumerate() {
            if let Some(mask) = kind.mask {
                writeln!(masks, "\"t{number}.c{at}\" = {mask}").unwrap();
            }
        }
    }
    let directory = scratch.directory();
    let mut once = || {
        let sql: String = tables.iter().enumerate().map(|(n, table)| table.sql(n, &mut random)).collect();
        scratch.run(&sql);
        rows(&night(&scratch, directory.path(), &masks))
    };
    let (first, second) = (once(), once());
    assert_eq!(first.len(), TABLES, "seed {seed}: every table has rows");
    for (table, rows) in first {
        assert_eq!(rows, second[&table], "seed {seed}: the order of {table} tells what was there");
    }
}

#[test]
fn the_same_rows_leave_in_the_same_order_whatever_the_masks_hide() {
    let seed = std::env::var_os("REFRESHKIT_TEST_SEED").map(|seed| seed.to_str().unwrap().parse().unwrap());
    let seed = seed.unwrap_or_else(|| rand::rng().random());
    for_each_server(|server| same_file(server, seed));
}

#[test]
fn a_key_that_is_computed_from_a_masked_column_does_not_order_the_rows() {
    for_each_server(|server| {
        let scratch = server.scratch("order");
        // MariaDB takes no NOT NULL here, so that such a key is none there.
        let not_null = if server.engine == Engine::MySql { " NOT NULL" } else { "" };
        let values: Vec<String> = (0..200).map(|n| format!("('a{n:03}@h{n:03}.example')")).collect();
        scratch.run(&format!(
            "CREATE TABLE t (email VARCHAR(90) NOT NULL, l VARCHAR(90) GENERATED ALWAYS AS (LOWER(email)) STORED{not_null}, \
             UNIQUE KEY (l)); INSERT INTO t (email) VALUES {};",
            values.join(", ")
        ));
        let directory = scratch.directory();
        let sql = night(&scratch, directory.path(), "\"t.email\" = { kind = \"email\", host = \"same\" }\n");
        let hosts: Vec<String> =
            rows(&sql)["t"].iter().map(|row| row.split("@h").nth(1).unwrap()[..3].to_owned()).collect();
        let up = hosts.windows(2).filter(|two| two[0] < two[1]).count();
        assert!((60..140).contains(&up), "{hosts:?}");
    });
}

#[test]
fn counters_go_on_behind_what_was_kept_and_nobody_of_production_is_named() {
    for_each_server(|server| {
        let scratch = server.scratch("order");
        scratch.run(
            "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(90)) AUTO_INCREMENT = 987654;\
             INSERT INTO users VALUES (12, 'ana@real.example');\
             CREATE TABLE fresh (id INT AUTO_INCREMENT PRIMARY KEY, n INT) AUTO_INCREMENT = 987654;\
             CREATE DEFINER = `alice.at.prod`@`10.1.2.3` VIEW v AS SELECT id FROM users;\
             CREATE DEFINER = `alice.at.prod`@`10.1.2.3` TRIGGER tr BEFORE INSERT ON users FOR EACH ROW SET NEW.email = NEW.email;",
        );
        let directory = scratch.directory();
        let sql = night(&scratch, directory.path(), "\"users.email\" = \"email\"\n");
        let file = manifest_too(&sql, directory.path());
        for told in ["987654", "alice.at.prod", "10.1.2.3"] {
            assert!(!file.contains(told), "{told} is in the dump");
        }
        server.client(None, sql.as_bytes());
        scratch.run("INSERT INTO users (email) VALUES ('dev'); INSERT INTO fresh (n) VALUES (1)");
        assert_eq!(scratch.run("SELECT MAX(id) FROM users; SELECT id FROM fresh"), "13\n1\n");

        scratch.run("ALTER TABLE users AUTO_INCREMENT = 987654");
        let whole = whole(server, directory.path(), &[&scratch.name], "");
        let sql = String::from_utf8(zcat(&whole)).unwrap();
        assert!(sql.contains("AUTO_INCREMENT=987654"), "a whole dump has the server's");
        assert!(!manifest_too(&sql, directory.path()).contains("alice.at.prod"));
    });
}

/// The SQL and what every dump in the directory says about itself.
fn manifest_too(sql: &str, directory: &Path) -> String {
    let files = refreshkit::archive::list(directory, None, refreshkit::archive::Trust::anybody()).unwrap();
    let manifests = files.iter().map(|listed| {
        let file = refreshkit::archive::DumpFile::open(&directory.join(&listed.file)).unwrap();
        serde_json::to_string(file.manifest()).unwrap()
    });
    format!("{sql}{}", manifests.collect::<String>())
}
