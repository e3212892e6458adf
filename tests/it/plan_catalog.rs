//! The catalog of a large schema: a handful of queries, however many tables there are.

use std::fmt::Write as _;
use std::time::Instant;

use refreshkit::catalog::Catalog;
use refreshkit::mysql::Session;

use crate::support::for_each_server;

/// How many tables the large schema has; `REFRESHKIT_TEST_TABLES=5000` takes a while to create.
fn tables() -> usize {
    let set = std::env::var_os("REFRESHKIT_TEST_TABLES");
    set.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(250)
}

fn schema(tables: usize) -> String {
    let mut sql = String::new();
    for n in 0..tables {
        let parent = n / 2;
        writeln!(
            sql,
            "CREATE TABLE t{n} (id INT PRIMARY KEY, t{parent}_id INT, price DECIMAL(9,2), note VARCHAR(50), \
             at DATETIME, KEY p (t{parent}_id), KEY b (at, price));"
        )
        .unwrap();
    }
    sql
}

fn questions(session: &mut Session) -> u64 {
    let row: Option<(String, u64)> =
        session.first("counting queries", "SHOW SESSION STATUS LIKE 'Questions'").unwrap();
    row.unwrap().1
}

#[test]
fn a_catalog_takes_the_same_few_queries_for_three_tables_and_for_thousands() {
    for_each_server(|server| {
        let asked = [3, tables()].map(|tables| {
            let scratch = server.scratch("catalog");
            scratch.run(&schema(tables));
            let mut session = server.session();
            let (before, begin) = (questions(&mut session), Instant::now());
            let catalog = Catalog::read(&mut session, std::slice::from_ref(&scratch.name)).unwrap();
            let took = begin.elapsed();
            let asked = questions(&mut session) - before;
            eprintln!("{tables} tables: {asked} queries, {} ms", took.as_millis());
            assert_eq!(catalog.tables.len(), tables);
            assert!(catalog.tables.iter().all(|t| t.columns.len() == 5 && t.indexes.len() == 3));
            asked
        });
        assert_eq!(asked[0], asked[1], "queries for three tables and for many");
        assert!(asked[0] <= 10, "{} queries", asked[0]);
    });
}
