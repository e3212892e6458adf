//! Rows in the binary protocol: written by us, they are the text that the server itself would have sent.

use mysql::prelude::Queryable;
use mysql::{Row, Value};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refreshkit::mysql::Session;

use crate::support::for_each_server;

type Rows = Vec<Vec<Option<String>>>;

/// Every type, and what is selected for it.
const COLUMNS: &[(&str, &str)] = &[
    ("TINYINT", "c"),
    ("TINYINT UNSIGNED", "c"),
    ("TINYINT(3) ZEROFILL", "c"),
    ("SMALLINT", "c"),
    ("SMALLINT UNSIGNED ZEROFILL", "c"),
    ("MEDIUMINT", "c"),
    ("MEDIUMINT UNSIGNED", "c"),
    ("INT", "c"),
    ("INT(200) ZEROFILL", "c"),
    ("BIGINT", "c"),
    ("BIGINT UNSIGNED", "c"),
    ("BIGINT ZEROFILL", "c"),
    ("BOOLEAN", "c"),
    ("DECIMAL(20,6)", "c"),
    ("DECIMAL(9,2) ZEROFILL", "c"),
    ("FLOAT", "(c)*1e0"),
    ("FLOAT ZEROFILL", "(c)*1e0"),
    ("FLOAT(9,3)", "(c)*1e0"),
    ("DOUBLE", "c"),
    ("DOUBLE ZEROFILL", "c"),
    ("DOUBLE(15,4)", "(c)*1e0"),
    ("BIT(1)", "(c)+0"),
    ("BIT(64)", "(c)+0"),
    ("YEAR", "c"),
    ("DATE", "c"),
    ("DATETIME", "c"),
    ("DATETIME(3)", "c"),
    ("DATETIME(6)", "c"),
    ("TIMESTAMP NULL", "c"),
    ("TIMESTAMP(2) NULL", "c"),
    ("TIME", "c"),
    ("TIME(1)", "c"),
    ("TIME(6)", "c"),
    ("CHAR(30)", "c"),
    ("VARCHAR(60) CHARACTER SET utf16", "c"),
    ("LONGTEXT", "c"),
    ("BINARY(30)", "c"),
    ("VARBINARY(60)", "c"),
    ("TINYBLOB", "c"),
    ("MEDIUMBLOB", "c"),
    ("ENUM('', '1', '0')", "(c)+0"),
    ("ENUM('0', '1')", "c"),
    ("SET('0', '1')", "c"),
    ("JSON", "c"),
    ("GEOMETRY", "c"),
    ("DATE", "CAST(c AS DATETIME(4))"),
    ("TIME(6)", "CAST(c AS TIME(2))"),
    ("INT", "CAST(c AS UNSIGNED)"),
    ("INT", "IF(c > 0, CONCAT('a', c), NULL)"),
    ("INT", "NULL"),
    ("INT", "COUNT(*) OVER ()"),
];

/// What is put into every column; what a type does not take is cut to what it does.
const VALUES: &[&str] = &[
    "NULL",
    "0",
    "1",
    "-1",
    "127",
    "-300",
    "4294967295",
    "18446744073709551615",
    "-9223372036854775808",
    "1.5",
    "-0e0",
    "0.1",
    "123456.654321",
    "1e300",
    "''",
    "'it''s \\\\ \\0 é'",
    "'2026-11-23 01:02:03.450600'",
    "'1999-12-31 23:59:59.999999'",
    "'2026-02-00'",
    "'0000-00-00 00:00:00'",
    "'2026-11-23'",
    "'-838:59:59'",
    "'00:00:00.000001'",
    "'-00:00:01.200000'",
    "'2026'",
    "'[1, {\"a\": null}]'",
    "ST_GeomFromText('POINT(1 2)')",
    "REPEAT('x', 300)",
];

fn off_the_socket(session: &mut Session, sql: &str) -> Rows {
    let mut rows = Rows::new();
    session
        .each_row("reading", sql, |mut fields| {
            let mut values = Vec::new();
            while let Some(value) = fields.next() {
                values.push(value.map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
            }
            rows.push(values);
            true
        })
        .unwrap();
    rows
}

/// The driver asks in text.
fn as_text(session: &mut Session, sql: &str) -> Rows {
    let rows: Vec<Row> = session.connection.query(sql).unwrap();
    let text = |value: Value| match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        other => panic!("{other:?} is no text"),
    };
    rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect()
}

#[test]
fn every_type_is_written_as_the_server_writes_it() {
    for_each_server(|server| {
        let scratch = server.scratch("wire");
        let mut session = server.server().connect_to(Some(&scratch.name)).unwrap();
        session.run("preparing", "SET SESSION sql_mode = ''").unwrap();
        for (kind, selected) in COLUMNS {
            session.run("creating", "DROP TABLE IF EXISTS t").unwrap();
            session
                .run("creating", &format!("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, c {kind})"))
                .unwrap();
            let taken =
                VALUES.iter().filter(|value| session.attempt(&format!("INSERT INTO t (c) VALUES ({value})")));
            assert!(taken.count() > 1, "{kind}");
            let sql = format!("SELECT {selected}, c IS NULL FROM t ORDER BY id");
            let (ours, theirs) = (off_the_socket(&mut session, &sql), as_text(&mut session, &sql));
            assert_eq!(ours, theirs, "{kind}");
        }
    });
}

/// Doubles of all sizes, those at which the next power begins, and FLOATs. `REFRESHKIT_TEST_DOUBLES` asks for more.
#[test]
fn floating_point_numbers_have_the_digits_that_the_server_gives_them() {
    let count: u64 = std::env::var_os("REFRESHKIT_TEST_DOUBLES")
        .map_or(3_000, |text| text.into_string().unwrap().parse().unwrap());
    for_each_server(|server| {
        let scratch = server.scratch("doubles");
        let mut session = server.server().connect_to(Some(&scratch.name)).unwrap();
        session
            .run("creating", "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, d DOUBLE, f FLOAT)")
            .unwrap();
        let seed = rand::random();
        let mut random = StdRng::seed_from_u64(seed);
        let edges = (-1074..1024).map(|n| 2f64.powi(n)).chain((-300..300).map(|n| 10f64.powi(n)));
        let doubles = edges.chain((0..count).map(|n| double(&mut random, n))).collect::<Vec<_>>();
        let mut random = StdRng::seed_from_u64(!seed);
        for some in doubles.chunks(1_000) {
            let tuple = |double: &f64| format!("({double:e},{:e})", float(&mut random));
            let tuples: Vec<String> = some.iter().map(tuple).collect();
            session.run("inserting", &format!("INSERT INTO t (d, f) VALUES {}", tuples.join(","))).unwrap();
        }
        let sql = "SELECT d, (f)*1e0 FROM t ORDER BY id";
        let (ours, theirs) = (off_the_socket(&mut session, sql), as_text(&mut session, sql));
        assert!(ours.len() == doubles.len() && ours.len() == theirs.len());
        for ((ours, theirs), double) in ours.iter().zip(&theirs).zip(&doubles) {
            assert_eq!(ours, theirs, "{double:e}, seed {seed}");
        }
    });
}

fn double(random: &mut StdRng, n: u64) -> f64 {
    let any = f64::from_bits(random.random());
    match n % 5 {
        0 if any.is_finite() => any,
        1 => f64::from(random.random::<i32>()) / 1000.0,
        2 => random.random_range(-1e18..1e18),
        3 => random.random_range(-1e16..1e16),
        _ => f64::from(random.random::<f32>()),
    }
}

fn float(random: &mut StdRng) -> f32 {
    let any = f32::from_bits(random.random());
    if any.is_finite() { any } else { 0.5 }
}

#[test]
fn no_statement_is_left_behind_and_the_connection_goes_on() {
    for_each_server(|server| {
        let mut session = server.session();
        let counted = |session: &mut Session, what: &str| -> u64 {
            let sql = format!("SHOW SESSION STATUS LIKE 'Com_stmt_{what}'");
            session.first::<(String, u64)>("asking", &sql).unwrap().unwrap().1
        };
        let before = counted(&mut session, "prepare");
        for sql in ["SELECT 1, NULL, 1.5e0, DATE'2026-11-23'", "SELECT 1 FROM DUAL WHERE 1 = 2"] {
            assert_eq!(off_the_socket(&mut session, sql), as_text(&mut session, sql));
        }
        let refused = session.each_row("reading", "SELECT * FROM nowhere.nothing WHERE a = ?", |_| true);
        assert!(refused.is_err());
        assert_eq!(as_text(&mut session, "SELECT 7"), [[Some("7".to_owned())]]);
        assert_eq!(counted(&mut session, "close"), counted(&mut session, "execute"));
        assert!(counted(&mut session, "execute") >= before + 2);
    });
}
