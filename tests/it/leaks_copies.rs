//! Columns that hold copies of masked values must be masked as those are.

use crate::closure::document;
use crate::dump::zcat;
use crate::leaks::tool_with;
use crate::support::for_each_server;

const SCHEMA: &str = "
CREATE TABLE people (id INT PRIMARY KEY, first_name VARCHAR(60), last_name VARCHAR(60), email VARCHAR(120), phone VARCHAR(40));
CREATE TABLE orders (id INT PRIMARY KEY, person_id INT, contact VARCHAR(120), buyer VARCHAR(150), sent_to VARCHAR(120), gone VARCHAR(120), code VARCHAR(40));
INSERT INTO people SELECT n, CONCAT('Ana', n), CONCAT('Kowalczyk', n), CONCAT('ana', n, '@real.example'), CONCAT('+1 555 01', LPAD(n, 5, '0')) FROM
    (SELECT 1 + a.d + 10 * b.d AS n FROM (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) AS a
     JOIN (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) AS b) AS numbers;
INSERT INTO orders SELECT id, id, UPPER(email), CONCAT(last_name, ', ', first_name), email, email, CONCAT('order-', id) FROM people;
";

const RULES: &str = r#"
[dehydrate]
root = { table = "orders" , at_least = 1000 }
[relations]
"orders.person_id" = "people.id"
[mask]
policy = "warn"
"people.first_name" = "first_name"
"people.last_name" = "last_name"
"people.email" = { kind = "email", prefix = "p" }
"people.phone" = "phone"
"orders.sent_to" = { kind = "email", domain = "other" }
"orders.gone" = "null"
"#;

#[test]
fn copies_of_masked_values_refuse_the_run_until_they_are_masked_alike() {
    for_each_server(|server| {
        let scratch = server.scratch("copies");
        scratch.run(SCHEMA);
        let directory = scratch.directory();
        let night = |more: &str, tool: &str, input: &refreshkit::document::Document| {
            let text = format!(
                "[dump]\nprove = \"off\"\ndir = {:?}\n{RULES}{more}\n",
                directory.path().display().to_string()
            );
            // A column that was masked otherwise is pasted over.
            let mut text = text;
            if more.contains("orders.sent_to") {
                text = text.replacen(
                    "\"orders.sent_to\" = { kind = \"email\", domain = \"other\" }
",
                    "",
                    1,
                );
            }
            scratch.write_rules(directory.path(), &text);
            tool_with(tool, directory.path(), input, &[])
        };
        let input = document(server, std::slice::from_ref(&scratch.name));
        let error = night("", "mydehydrate", &input).exits(77).document().error.unwrap();
        assert_eq!(error.code, "copies", "{}", error.message);
        for column in ["contact", "buyer", "sent_to"] {
            assert!(error.message.contains(&format!("orders.{column} (25 of 25")), "{}", error.message);
        }
        assert!(!error.message.contains("orders.gone") && !error.message.contains("orders.code"));
        assert!(!error.message.contains("real.example"), "no value is told");
        let hint = error.hint.unwrap();
        let (_, toml) = hint.split_once("[mask]\n").unwrap();
        assert!(toml.contains("\"orders.contact\" = { kind = \"email\", prefix = \"p\" }  # as "), "{toml}");
        assert!(toml.contains("\"orders.buyer\" = \"name\""), "{toml}");

        let plan = night(toml, "mydehydrate", &input).exits(0).document();
        let dump = night(toml, "mydump-rotate", &plan).exits(0).document().dump.unwrap();
        let sql = String::from_utf8(zcat(dump.path.as_ref())).unwrap();
        let orders = sql.lines().filter(|line| line.starts_with('(') && line.contains("'order-"));
        for order in orders {
            let masked = order.split('\'').nth(1).unwrap();
            assert!(masked.starts_with('p') && order.matches(masked).count() == 2, "{order}");
            assert_eq!(sql.matches(&format!("'{masked}'")).count(), 3, "the same in people: {masked}");
        }

        let keep = toml.lines().map(|line| {
            let (column, _) = line.split_once(" = ").unwrap();
            format!("{column} = {{ keep = \"made up\" }}\n")
        });
        night(&keep.collect::<String>(), "mydehydrate", &input).exits(0);
    });
}
