//! The closure on the server against one in memory that is written straight from its definition, on random schemas
//! without foreign keys: cycles, self references, conditions, caps, orphans, every policy.

use std::collections::BTreeSet;

use refreshkit::config::Up;
use refreshkit::document::Failure;
use refreshkit::plan;

use crate::closure::{config, dehydrate, house, rows};
use crate::plan_model::Model;
use crate::support::for_each_server;

const SCHEMAS: u64 = 24;

#[test]
fn the_closure_on_the_server_equals_its_definition_on_random_schemas() {
    for_each_server(|server| {
        std::thread::scope(|scope| {
            for part in 0..3 {
                scope.spawn(move || (part..SCHEMAS).step_by(3).for_each(|seed| agrees(server, seed)));
            }
        });
    });
}

fn agrees(server: &crate::support::TestServer, seed: u64) {
    let model = Model::random(seed);
    let scratch = server.scratch("property");
    scratch.run(&model.sql());
    let kept = model.closure();
    let outcome = dehydrate(&scratch, &model.toml());
    let context = || format!("seed {seed} on {:?}\n{}\n{}", server.engine, model.toml(), model.sql());
    if model.dangling(&kept) {
        let said = outcome.err().unwrap_or_else(|| panic!("not refused: {}", context()));
        assert!(said.contains("exit 77"), "{said}");
        return;
    }
    let dehydration = outcome.unwrap_or_else(|e| panic!("{e}\n{}", context()));
    let mut session = server.session();
    for plan in &dehydration.tables {
        let at: usize = plan.table[1..].parse().unwrap();
        let columns: Vec<String> =
            std::iter::once("id".to_owned()).chain((0..model.columns[at]).map(|n| format!("r{n}"))).collect();
        let found: BTreeSet<String> = rows(&mut session, plan, &columns).into_iter().collect();
        assert_eq!(found, model.leaving(&kept, at), "t{at}: {}", context());
    }
}

#[test]
fn the_proof_refuses_a_closure_that_forgets_a_relation() {
    for_each_server(|server| {
        let scratch = server.scratch("broken");
        scratch.run(
            "CREATE TABLE a (id INT PRIMARY KEY, b_id INT); CREATE TABLE b (id INT PRIMARY KEY);
             INSERT INTO b VALUES (1), (2); INSERT INTO a VALUES (1, 1), (2, 2), (3, 99);",
        );
        let toml =
            "[dehydrate]\nroot = { table = \"a\", at_least = 5 }\n[relations]\n\"a.b_id\" = \"b.id\"\n";
        let house = house(config(&scratch, toml).unwrap());
        let mut session = server.session();
        let blueprint =
            plan::Blueprint::draw(&mut session, &house.config, std::slice::from_ref(&scratch.name)).unwrap();
        let mut broken = blueprint.clone();
        broken.edges[0].up = Up::Never;
        plan::prepare(std::slice::from_mut(&mut session), &broken).unwrap();
        let closure = plan::collect(
            &house,
            std::slice::from_mut(&mut session),
            &broken,
            &plan::When::at("2026-11-23T00:00:00Z".parse().unwrap()),
        )
        .unwrap();
        let evidence =
            plan::examine(&house, std::slice::from_mut(&mut session), &blueprint, closure.last_down).unwrap();
        assert_eq!((evidence[0].dangling, evidence[0].orphans), (2, 1));
        let refused = plan::judge(&blueprint, &evidence).unwrap_err();
        assert_eq!(refused.exit() as u8, 77);
        assert!(refused.to_string().starts_with("2 kept row(s) of"), "{refused}");
    });
}
