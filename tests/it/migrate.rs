//! The branch's migrations, run by `dev-restore` before the swap.

use crate::restore_place::{MINE, Place, assert_same, git, picture, shop};
use crate::support::for_each_server;

#[test]
fn migrations_run_before_the_swap_and_a_failing_one_leaves_the_database_alone() {
    for_each_server(|server| {
        let source = shop(server);
        source.run("CREATE TABLE schema_migrations (name VARCHAR(99) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('V1__old.sql');");
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        let repository = place.repository(
            "main",
            &[
                ("db/V1__old.sql", "CREATE TABLE orders (id INT);"),
                ("db/V10__view.sql", "DELIMITER //\nCREATE PROCEDURE fresh() BEGIN SELECT 1; END//\nDELIMITER ;\nCREATE OR REPLACE VIEW a_rich AS SELECT id, rating FROM customers;"),
                ("db/V2__rating.sql", "\u{feff}ALTER TABLE customers ADD rating INT;\r\nUPDATE customers SET rating = id * 10;\r\n"),
            ],
        );
        place.configure(&format!(
            "[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\n",
            repository.display()
        ));
        let document = place.tool(&["--target", "dev3", "--ref", "main"]).run().exits(0).document();
        assert_eq!(place.target.run("SELECT id, rating FROM a_rich ORDER BY 1"), "1\t10\n2\t20\n");
        assert_eq!(
            place.target.run("SELECT name FROM schema_migrations ORDER BY HEX(name)"),
            "V10__view.sql\nV1__old.sql\nV2__rating.sql\n"
        );
        let refresh = document.refresh.unwrap();
        let seen: Vec<_> = refresh.migrations.iter().map(|m| (m.name.as_str(), m.status.as_str())).collect();
        assert_eq!(
            seen,
            [("V1__old.sql", "already-applied"), ("V2__rating.sql", "applied"), ("V10__view.sql", "applied")]
        );
        assert_eq!(document.steps[0].note, "dev3 <- app-20261122T020000Z @ main, 2 migrations");
        assert_eq!(refresh.commit.unwrap().len(), 40);
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &old);

        git(&repository, &["checkout", "-q", "-b", "feature/broken"]);
        std::fs::write(
            repository.join("db/V3__broken.sql"),
            "-- one\nCREATE TABLE fine (a INT);\n\nALTER TABLE customers\n  ADD COLUMN COLUMN x INT;\n",
        )
        .unwrap();
        git(&repository, &["add", "."]);
        git(&repository, &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "broken"]);
        let output = place.tool(&["--target", "dev3", "--ref", "feature/broken"]).run().exits(65);
        assert!(
            output.stderr.contains(
                "db/V3__broken.sql:4: ALTER TABLE customers ADD COLUMN COLUMN x INT: 1064 (42000): "
            ),
            "{}",
            output.stderr
        );
        assert_eq!(output.document().refresh.unwrap().migrations.last().unwrap().status, "failed");
        assert_same(&picture(server, place.database()), &old);
        assert!(!place.databases().iter().any(|name| name.ends_with("__refresh")));
        let output = place.tool(&["--target", "dev3", "--ref", "feature/brokn"]).run().exits(65);
        assert!(output.stderr.contains("did you mean feature/broken?"), "{}", output.stderr);
    });
}
