//! Round trips of random tables: random columns of all types, random keys, random rows, on both servers.
//!
//! The seed is printed when a round trip fails; `REFRESHKIT_TEST_SEED` repeats it.

use std::fmt::Write;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use refreshkit::dump::{DumpFile, digest_table};
use refreshkit::mysql::{Engine, literal};

use crate::dump::{whole, zcat};
use crate::dump_fidelity::{client, differences, fingerprint};
use crate::support::for_each_server;

const TABLES: usize = 25;

const COMMON: &[&str] = &[
    "TINYINT",
    "SMALLINT UNSIGNED",
    "MEDIUMINT",
    "INT",
    "INT UNSIGNED",
    "BIGINT",
    "BIGINT UNSIGNED",
    "DECIMAL(20,6)",
    "DECIMAL(65,30)",
    "FLOAT",
    "DOUBLE",
    "BIT(1)",
    "BIT(33)",
    "CHAR(12)",
    "VARCHAR(60)",
    "VARCHAR(60) CHARACTER SET latin1",
    "VARCHAR(60) CHARACTER SET utf16",
    "TEXT",
    "MEDIUMTEXT CHARACTER SET latin1",
    "BINARY(9)",
    "VARBINARY(60)",
    "BLOB",
    "LONGBLOB",
    "ENUM('a','b','it''s','')",
    "ENUM('x','y')",
    "SET('p','q','r s')",
    "DATE",
    "DATETIME",
    "DATETIME(6)",
    "TIMESTAMP(3) NULL",
    "TIME(4)",
    "YEAR",
    "JSON",
    "POINT",
    "GEOMETRY",
];
const MARIADB: &[&str] = &["UUID", "INET6", "INET4"];

/// Which types an index may begin with, whole.
fn indexable(kind: &str) -> bool {
    !["TEXT", "BLOB", "JSON", "POINT", "GEOMETRY", "MEDIUMTEXT", "LONGBLOB"]
        .iter()
        .any(|word| kind.starts_with(word))
}

fn text(random: &mut StdRng, latin: bool) -> String {
    let alphabet: Vec<char> = if latin {
        "ab' \\\"\n\r\t\0\u{1a}%_é€;-/*".chars().collect()
    } else {
        "ab' \\\"\n\r\t\0\u{1a}%_é€Ω中🦀;-/*".chars().collect()
    };
    let length = random.random_range(0..12);
    (0..length).map(|_| *alphabet.choose(random).unwrap()).collect()
}

fn bytes(random: &mut StdRng, most: usize) -> String {
    let length = random.random_range(0..=most);
    (0..length).fold("x'".to_owned(), |mut hex, _| {
        write!(hex, "{:02x}", random.random::<u8>()).unwrap();
        hex
    }) + "'"
}

/// A literal for a column of the type.
fn value(random: &mut StdRng, kind: &str) -> String {
    if random.random_ratio(1, 8) {
        return "NULL".to_owned();
    }
    let day = format!(
        "{:04}-{:02}-{:02}",
        random.random_range(1000..9999),
        random.random_range(0..13),
        random.random_range(0..29)
    );
    let clock = format!(
        "{:02}:{:02}:{:02}.{:06}",
        random.random_range(0..24),
        random.random_range(0..60),
        random.random_range(0..60),
        random.random_range(0..1_000_000)
    );
    match kind.split(['(', ' ']).next().unwrap() {
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => random.random::<i64>().to_string(),
        "DECIMAL" => format!("{}.{}", random.random::<i64>(), random.random::<u64>()),
        "FLOAT" => format!("'{:e}'", f32::from_bits(random.random::<u32>() & 0x7f7f_ffff)),
        "DOUBLE" => format!("'-{:e}'", f64::from_bits(random.random::<u64>() & 0x7fef_ffff_ffff_ffff)),
        "BIT" => (random.random::<u64>() >> 31).to_string(),
        "BINARY" => bytes(random, 9),
        "VARBINARY" | "BLOB" | "LONGBLOB" => bytes(random, 60),
        "ENUM" | "SET" => {
            format!("'{}'", ["a", "b", "it''s", "", "x", "y", "p,q", "r s", "wrong"].choose(random).unwrap())
        }
        "DATE" => format!("'{day}'"),
        "DATETIME" => format!("'{day} {clock}'"),
        "TIMESTAMP" => {
            format!("'20{}-01-0{} {clock}'", random.random_range(10..37), random.random_range(1..9))
        }
        "TIME" => format!("'-{}:{}'", random.random_range(0..800), &clock[3..]),
        "YEAR" => random.random_range(1901..2155).to_string(),
        "JSON" => {
            format!("JSON_OBJECT('k', {}, 'n', {})", literal(&text(random, false)), random.random::<i32>())
        }
        "POINT" | "GEOMETRY" => {
            format!("ST_GeomFromText('POINT({} {})')", random.random::<f64>(), random.random::<i16>())
        }
        "UUID" => {
            format!("'{:08x}-0000-{:04x}-8000-000000000000'", random.random::<u32>(), random.random::<u16>())
        }
        "INET6" => format!("'2001:db8::{:x}'", random.random::<u16>()),
        "INET4" => format!("'10.0.{}.{}'", random.random::<u8>(), random.random::<u8>()),
        _ => literal(&text(random, kind.contains("latin1"))),
    }
}

/// One random table and its rows.
fn table(random: &mut StdRng, number: usize, kinds: &[&str]) -> String {
    let columns: Vec<&str> =
        (0..random.random_range(1..12)).map(|_| *kinds.choose(random).unwrap()).collect();
    let mut items = vec!["`i d` INT NOT NULL".to_owned()];
    for (i, kind) in columns.iter().enumerate() {
        items.push(format!("`c{i}` {kind}"));
    }
    let keyed: Vec<usize> = (0..columns.len()).filter(|i| indexable(columns[*i])).collect();
    match random.random_range(0..4) {
        0 => {}
        1 => items.push("UNIQUE KEY u (`i d`)".to_owned()),
        _ => items.push("PRIMARY KEY (`i d`)".to_owned()),
    }
    for (n, i) in keyed.iter().enumerate() {
        if random.random_ratio(2, 3) {
            continue;
        }
        let unique = if random.random_ratio(1, 3) { "UNIQUE " } else { "" };
        let id = if unique.is_empty() { "" } else { ", `i d`" };
        items.push(format!("{unique}KEY k{n} (`c{i}`{id})"));
    }
    let mut sql = format!("CREATE TABLE `t,{number}` ({});\n", items.join(", "));
    for id in 0..random.random_range(0..30) {
        let values: Vec<String> = columns.iter().map(|kind| value(random, kind)).collect();
        writeln!(sql, "INSERT IGNORE INTO `t,{number}` VALUES ({id}, {});", values.join(", ")).unwrap();
    }
    sql
}

#[test]
fn random_tables_come_back_as_they_were() {
    let wish = std::env::var_os("REFRESHKIT_TEST_SEED").map(|seed| seed.to_str().unwrap().parse().unwrap());
    let seed: u64 = wish.unwrap_or_else(rand::random);
    for_each_server(|server| {
        let mut random = StdRng::seed_from_u64(seed);
        let more = if server.engine == Engine::MariaDb { MARIADB } else { &[] };
        let kinds: Vec<&str> = COMMON.iter().chain(more).copied().collect();
        let scratch = server.scratch("dumprandom");
        let sql: String = (0..TABLES).map(|number| table(&mut random, number, &kinds)).collect();
        let said = client(server, Some(&scratch.name), format!("SET sql_mode = '';\n{sql}").as_bytes());
        assert!(!said.contains("ERROR"), "seed {seed}: {said}\n{sql}");
        let mut session = server.session();
        let before = fingerprint(&mut session, &scratch.name);
        let directory = scratch.directory();
        let path = whole(server, directory.path(), &[&scratch.name], "");
        let tables: Vec<String> = (0..TABLES).map(|number| format!("`t,{number}`")).collect();
        scratch.run(&format!("DROP TABLE {}", tables.join(", ")));
        let said = client(server, None, &zcat(&path));
        assert!(said.is_empty(), "seed {seed}: {said}");
        let found = differences(&scratch.name, &before, &fingerprint(&mut session, &scratch.name));
        assert!(found.is_empty(), "seed {seed}:\n{}", found.join("\n"));
        for entry in &DumpFile::open(&path).unwrap().manifest().tables {
            let digest = digest_table(&mut session, &entry.database, &entry.table, &entry.columns).unwrap();
            assert_eq!(
                (digest.rows, &digest.digest),
                (entry.rows, &entry.digest),
                "seed {seed}, {}",
                entry.table
            );
        }
    });
}
