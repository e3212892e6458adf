//! The kind `cipher`: the same on both servers as its definition, and what it costs.

use refreshkit::catalog::Catalog;
use refreshkit::mask::{cipher_of, compile};

use crate::support::on_all_servers_at_once;

/// Forms of every sort: short and long, with and without letters, digits and something between.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        "7",
        "x",
        "Q",
        "ab",
        "A1",
        "123-45-6789",
        "+49 30 901820",
        "P-12345678",
        "WBA3A5C57CF256651",
        "aB9/zZ0",
        "Müller 7",
        "ÀÉÎõü",
        "12345678901234567890123456",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "00049",
        "--",
        "a-1 b-2",
        "Z9Z9Z9Z9Z9Z9Z9Z9Z9Z9Z9Z9Z9",
    ]
    .map(str::to_owned)
    .to_vec();
    values.extend((0..100).map(|n| format!("{n:02}")));
    values.extend((0..200).map(|n| format!("K{}-{n}", char::from(b'A' + n % 26))));
    values
}

#[test]
fn both_servers_make_of_every_form_what_the_definition_says_and_no_two_alike() {
    on_all_servers_at_once(|server| {
        let scratch = server.scratch("cipher");
        scratch.run(
            "CREATE TABLE v (id INT PRIMARY KEY, c VARCHAR(26) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin UNIQUE, \
             i VARCHAR(26) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, l VARCHAR(26) CHARACTER SET latin1, s CHAR(5))",
        );
        let mut session = server.session();
        let mut catalog = Catalog::read(&mut session, std::slice::from_ref(&scratch.name)).unwrap();
        let text = "[mask]\n\"v.c\" = \"cipher\"\n\"v.i\" = \"cipher\"\n\"v.l\" = \"cipher\"\n\"v.s\" = \"cipher\"\n";
        let config = refreshkit::config::parse(
            std::path::Path::new("refresh.toml"),
            text.to_owned(),
            &refreshkit::mask::vocabulary(),
        )
        .unwrap();
        let masks = compile(&catalog, &config).unwrap();
        let rows: Vec<String> = values()
            .iter()
            .enumerate()
            .map(|(n, value)| {
                let short: String = value.chars().take(5).collect();
                format!("({n}, '{value}', '{value}', '{value}', '{short}')")
            })
            .collect();
        scratch.run(&format!("INSERT INTO v VALUES {}", rows.join(", ")));
        session.run("key", "SET @refreshkit_key = 'night'").unwrap();
        let table = catalog.tables.remove(0);
        let expression = |column: &str| masks.of(0, column).unwrap().expression.clone();
        let sql = format!(
            "SELECT c, {}, {}, {}, s, {} FROM {} AS t ORDER BY id",
            expression("c"),
            expression("i"),
            expression("l"),
            expression("s"),
            table.sql()
        );
        let rows: Vec<(String, String, String, String, String, String)> =
            session.rows("masking", &sql).unwrap();
        assert_eq!(rows.len(), values().len());
        let mut seen = std::collections::BTreeSet::new();
        for (clear, c, i, l, short, s) in rows {
            let meant = cipher_of("night", "cipher", &clear);
            assert_eq!([&c, &i, &l], [&meant; 3], "{clear:?} on {:?}", server.engine);
            assert_eq!(s, cipher_of("night", "cipher", &short), "{short:?} on {:?}", server.engine);
            assert!(c.is_ascii(), "{clear:?} became {c:?}");
            assert!(seen.insert(c), "{clear:?}");
        }
    });
}
