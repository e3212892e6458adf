//! Production's events on the copy: they must not change a row there, and the dump has them as production had them.

use std::fmt::Write;
use std::io::Read;
use std::time::Duration;

use refreshkit::document::{ResourceKind, ThrowAwayCopy};
use refreshkit::mysql::{Engine, Server, Session};

use crate::rds_cloud::stage;
use crate::support::servers;

/// A user of production's own, whose events these are.
const KEEPER: (&str, &str) = ("keeper", "kEeper-of-the-ticks-1");

/// What the master of production runs first.
const MADE: [&str; 3] = [
    "CREATE TABLE app.ticks (id INT AUTO_INCREMENT PRIMARY KEY, said VARCHAR(20))",
    "CREATE USER keeper@'%' IDENTIFIED BY 'kEeper-of-the-ticks-1'",
    "GRANT SELECT, INSERT, EVENT ON app.* TO keeper@'%'",
];

fn everything(file: &str) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(file).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn count(session: &mut Session) -> u64 {
    session.first("counting", "SELECT COUNT(*) FROM app.ticks").unwrap().unwrap()
}

#[test]
fn events_of_production_do_not_fire_on_the_copy_and_are_in_the_dump_as_they_were() {
    for engine in servers().iter().map(|server| server.engine) {
        let stage = stage(Some(engine));
        let mut source = stage.source();
        for sql in MADE {
            source.run("preparing", sql).unwrap();
        }
        let keeper = Server::at("127.0.0.1", stage.source_port(), KEEPER.0, KEEPER.1);
        let mut keeper = keeper.with_public_key(&stage.public_key()).connect().unwrap();
        for sql in [
            "SET character_set_client = latin1, collation_connection = latin1_german1_ci",
            // The two bytes of an é, which are two letters in latin1.
            "CREATE EVENT app.tick ON SCHEDULE EVERY 1 SECOND ON COMPLETION PRESERVE DO INSERT INTO app.ticks (said) VALUES ('é')",
            "CREATE EVENT app.rest ON SCHEDULE EVERY 1 SECOND ON COMPLETION PRESERVE DISABLE DO INSERT INTO app.ticks (said) VALUES ('z')",
        ] {
            keeper.run("making an event", sql).unwrap();
        }
        let dumps = stage.home.path().join("dumps");
        std::fs::create_dir(&dumps).unwrap();
        let config = stage.home.path().join("refresh.toml");
        let mut text = std::fs::read_to_string(&config).unwrap();
        let dir = dumps.display().to_string();
        writeln!(
            text,
            "\n[dehydrate]\nfull = [\"*\"]\n[dump]\nprove = \"off\"\ndefiner = \"keep\"\ndir = {dir:?}"
        )
        .unwrap();
        std::fs::write(&config, text).unwrap();

        let document = stage.restored("events");
        let cluster = document.cluster.as_ref().unwrap();
        let copy = Server::of_copy(&ThrowAwayCopy::described(ResourceKind::Cluster, cluster)).unwrap();
        let mut copy = copy.connect().unwrap();
        let listed = "SELECT EVENT_NAME, STATUS, CHARACTER_SET_CLIENT, COLLATION_CONNECTION \
                      FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'app' ORDER BY EVENT_NAME";
        let events: Vec<(String, String, String, String)> = copy.rows("listing", listed).unwrap();
        let asleep = |name: &str| [name, "DISABLED", "latin1", "latin1_german1_ci"].map(str::to_owned).into();
        assert_eq!(events, [asleep("rest"), asleep("tick")]);
        if engine == Engine::MySql {
            let before = count(&mut copy);
            std::thread::sleep(Duration::from_millis(2_500));
            assert_eq!(count(&mut copy), before);
        } else {
            eprintln!("no look at the copy's clock on MariaDB: its scheduler is off by default");
        }

        let planned = stage.tool("mydehydrate").document(&document).run().exits(0);
        let dumped = stage.tool("mydump-rotate").stdin(planned.stdout).run().exits(0).document();
        let text = everything(&dumped.dump.as_ref().unwrap().path);
        let event = |name: &str| {
            let from = text.find(&format!("EVENT `{name}`")).unwrap();
            let line = text[..from].rfind("CREATE").unwrap();
            text[line..].split("DO INSERT").next().unwrap().to_owned()
        };
        let tick = event("tick");
        assert!(
            tick.starts_with("CREATE DEFINER=`keeper`@`%` EVENT") && tick.contains("PRESERVE ENABLE"),
            "{tick}"
        );
        assert!(text.contains("VALUES ('Ã©')"), "the body is not what production runs");
        assert!(event("rest").contains("PRESERVE DISABLE"), "{}", event("rest"));

        stage.dropped(&dumped);
        for sql in
            ["DROP EVENT app.tick", "DROP EVENT app.rest", "DROP TABLE app.ticks", "DROP USER keeper@'%'"]
        {
            source.run("clearing", sql).unwrap();
        }
    }
}
