//! Names of tables in `include`, `exclude` and `preserve`: the globs of all other settings, in which `*` and `?` alone are special.
//!
//! In: tables with odd names. Out: whose rows come.

use crate::restore_place;
use crate::support::for_each_server;

#[test]
fn brackets_and_braces_in_the_name_of_a_table_are_nothing_but_that() {
    for_each_server(|server| {
        let source = server.scratch("odd_names");
        source.run("CREATE TABLE `a[1]` (id INT PRIMARY KEY); CREATE TABLE `{x}` (id INT PRIMARY KEY); CREATE TABLE a1 (id INT PRIMARY KEY);");
        source.run("INSERT INTO `a[1]` VALUES (1); INSERT INTO `{x}` VALUES (1); INSERT INTO a1 VALUES (1);");
        let place = restore_place::Place::with_dump_of(&source);
        let filled = || {
            let rows = |table: &str| -> Option<u64> {
                place
                    .session()
                    .first("counting", &format!("SELECT COUNT(*) FROM `{}`.`{table}`", place.database()))
                    .unwrap()
            };
            ["a[1]", "{x}", "a1"].map(|table| rows(table) == Some(1))
        };
        place.configure_target("include = [\"a[1]\", \"{x}\"]");
        place.tool(&["--target", "dev3"]).run().exits(0);
        assert_eq!(filled(), [true, true, false]);
        // Whoever chooses on the command line is told what that means for the others.
        let said = place.tool(&["--target", "dev3", "--exclude", "{x}"]).run().exits(0).stderr;
        let told = format!(
            "warning: empty in {} after this: a1, {{x}}; preserve in [targets.dev3]",
            place.database()
        );
        assert!(said.contains(&told), "{said}");
        place.configure_target("exclude = [\"a[*\", \"{?}\"]");
        place.tool(&["--target", "dev3"]).run().exits(0);
        assert_eq!(filled(), [false, false, true]);
        // What a developer keeps under such a name survives.
        place
            .session()
            .run("writing", &format!("INSERT INTO `{}`.`a[1]` VALUES (7)", place.database()))
            .unwrap();
        place.configure_target("preserve = [\"a[1]\"]\nexclude = [\"{x}\"]");
        place.tool(&["--target", "dev3"]).run().exits(0);
        assert_eq!(filled(), [true, false, true]);
        let kept: Option<u64> = place
            .session()
            .first("asking", &format!("SELECT id FROM `{}`.`a[1]`", place.database()))
            .unwrap();
        assert_eq!(kept, Some(7));
    });
}
