//! The closure on the server against one in memory that is written straight from its definition, on random schemas
//! without foreign keys: cycles, self references, conditions, caps, orphans, every policy.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use refreshkit::config::Up;
use refreshkit::document::Failure;
use refreshkit::mysql::Session;
use refreshkit::plan::{self, Options};

use crate::closure::{config, dehydrate_as, house, rows};
use crate::plan_model::{Kept, Model};
use crate::support::for_each_server;

/// How many random schemas; `REFRESHKIT_TEST_SCHEMAS=1000` takes a while.
fn schemas() -> u64 {
    let set = std::env::var_os("REFRESHKIT_TEST_SCHEMAS");
    set.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(24)
}

/// How many tables were read as a range of their key, and how many along a relation.
static WHOLE: AtomicU64 = AtomicU64::new(0);
static ALONG: AtomicU64 = AtomicU64::new(0);

#[test]
fn the_closure_on_the_server_equals_its_definition_on_random_schemas() {
    for_each_server(|server| {
        std::thread::scope(|scope| {
            for part in 0..3 {
                scope.spawn(move || (part..schemas()).step_by(3).for_each(|seed| agrees(server, seed)));
            }
        });
    });
    let (whole, along) = (WHOLE.load(Ordering::Relaxed), ALONG.load(Ordering::Relaxed));
    eprintln!("{whole} tables have a range that comes whole, {along} are read along a relation");
    assert!(whole >= schemas() / 8 && along >= schemas() / 8, "{whole} whole, {along} along");
}

fn agrees(server: &crate::support::TestServer, seed: u64) {
    let model = Model::random(seed);
    let scratch = server.scratch("property");
    scratch.run(&model.sql());
    let kept = model.closure();
    // Two of three runs read whatever can be read without keys of its own so.
    let reading = (!seed.is_multiple_of(3)).then_some((0, seed % 2 * 50));
    let options = Options { workers: u8::try_from(1 + seed % 4).unwrap(), reading, ..Options::default() };
    let outcome = dehydrate_as(&scratch, &model.toml(), &options, None);
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
        assert_eq!(plan.rows, found.len() as u64, "t{at}: {}", context());
        for range in &plan.whole_ranges {
            let ids = kept[at].iter().filter(|id| (range.first..=range.last).contains(&id.unsigned_abs()));
            assert_eq!(range.rows, ids.count() as u64, "t{at}, {range:?}: {}", context());
            let all = format!(
                "SELECT COUNT(*) FROM `{}`.t{at} WHERE id BETWEEN {} AND {}",
                scratch.name, range.first, range.last
            );
            let all: Option<u64> = session.first("counting", &all).unwrap();
            assert_eq!(all, Some(range.rows), "t{at}, {range:?}: {}", context());
            WHOLE.fetch_add(1, Ordering::Relaxed);
        }
        if plan.from.starts_with(&format!("`{}`", dehydration.work_schema)) {
            ALONG.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Relations in another order, on several connections: the same keys.
#[test]
fn neither_the_order_of_relations_nor_the_number_of_workers_changes_a_key() {
    for_each_server(|server| {
        std::thread::scope(|scope| {
            for part in 0..3 {
                let seeds = (1000 + part..1000 + schemas() / 2).step_by(3);
                scope.spawn(move || seeds.for_each(|seed| order_is_nothing(server, seed)));
            }
        });
    });
}

fn order_is_nothing(server: &crate::support::TestServer, seed: u64) {
    let model = Model::random(seed);
    let scratch = server.scratch("order");
    scratch.run(&model.sql());
    let house = house(config(&scratch, &model.toml()).unwrap());
    let mut sessions: Vec<Session> = (0..=seed % 4).map(|_| server.session()).collect();
    for session in &mut sessions {
        session.run("choosing", &format!("USE `{}`", scratch.name)).unwrap();
    }
    let mut blueprint =
        plan::Blueprint::draw(&mut sessions[0], &house.config, std::slice::from_ref(&scratch.name)).unwrap();
    blueprint.edges.shuffle(&mut StdRng::seed_from_u64(seed));
    for (at, edge) in blueprint.edges.iter_mut().enumerate() {
        edge.number = at + 1;
    }
    plan::prepare(&mut sessions, &blueprint, "test").unwrap();
    let when = plan::When::at("2026-11-23T00:00:00Z".parse().unwrap());
    (blueprint.read.still, blueprint.read.rows_min, blueprint.read.share_percent) =
        (seed.is_multiple_of(2), 0, 0);
    let closure = plan::collect(&house, &mut sessions, &mut blueprint, &when).unwrap();
    let kept = model.closure();
    let found = keys(&mut sessions[0], &blueprint, closure.last_down, &model);
    assert_eq!(found, kept, "seed {seed} on {:?}\n{}", server.engine, model.toml());
}

/// What is in the key tables; of tables that are read along a relation, the children of kept parents; of those without a key, what
/// the definition says.
fn keys(session: &mut Session, blueprint: &plan::Blueprint, last_down: u64, model: &Model) -> Kept {
    let mut kept = model.closure();
    for (table, along) in &blueprint.read.along {
        let (edge, own) = (&blueprint.edges[along.edge - 1], &blueprint.catalog.tables[*table]);
        let sql = format!(
            "SELECT CAST(c.id AS CHAR) FROM `{}`.`{}` AS c JOIN `{}`.k_{} AS k ON k.p1 = c.`{}` AND k.gen <= {last_down} WHERE {}",
            own.database,
            own.name,
            blueprint.work_schema,
            edge.parent,
            edge.child_columns[0],
            edge.filter.as_deref().unwrap_or("TRUE")
        );
        let found: Vec<String> = session.rows("reading along a relation", &sql).unwrap();
        let at: usize = own.name[1..].parse().unwrap();
        kept[at] = found.iter().map(|key| key.parse().unwrap()).collect();
    }
    for table in blueprint.keyed() {
        let sql = format!("SELECT CAST(p1 AS CHAR) FROM `{}`.k_{table}", blueprint.work_schema);
        let keys: Vec<String> = session.rows("reading keys", &sql).unwrap();
        let at: usize = blueprint.catalog.tables[table].name[1..].parse().unwrap();
        kept[at] = keys.iter().map(|key| key.parse().unwrap()).collect();
    }
    kept
}

/// An engine that forgets one relation, each in turn: the proof refuses its plan where the definition says that a
/// parent is lost, and nowhere else.
#[test]
fn the_proof_refuses_exactly_the_plans_that_lost_a_parent() {
    for_each_server(|server| {
        let counts: Vec<(u64, u64)> = std::thread::scope(|scope| {
            let parts: Vec<_> = (0..3)
                .map(|part| {
                    let seeds = (2000 + part..2000 + schemas() / 2).step_by(3);
                    scope.spawn(move || seeds.map(|seed| mutants(server, seed)).collect::<Vec<_>>())
                })
                .collect();
            parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
        });
        let refused: u64 = counts.iter().map(|(refused, _)| refused).sum();
        let passed: u64 = counts.iter().map(|(_, passed)| passed).sum();
        eprintln!("{refused} broken plans refused, {passed} harmless ones passed");
        assert!(refused >= schemas() / 8 && passed > 0, "{refused} refused, {passed} passed");
    });
}

fn mutants(server: &crate::support::TestServer, seed: u64) -> (u64, u64) {
    let model = Model::random(seed);
    let scratch = server.scratch("mutants");
    scratch.run(&model.sql());
    let house = house(config(&scratch, &model.toml()).unwrap());
    let mut session = server.session();
    session.run("choosing", &format!("USE `{}`", scratch.name)).unwrap();
    let blueprint =
        plan::Blueprint::draw(&mut session, &house.config, std::slice::from_ref(&scratch.name)).unwrap();
    let forgettable: Vec<usize> = blueprint.up().map(|edge| edge.number).collect();
    let (mut refused, mut passed) = (0, 0);
    for number in forgettable {
        let mut broken = blueprint.clone();
        (broken.read.still, broken.read.rows_min, broken.read.share_percent) = (seed.is_multiple_of(2), 0, 0);
        broken.edges[number - 1].up = Up::Never;
        let one = std::slice::from_mut(&mut session);
        plan::prepare(one, &broken, "test").unwrap();
        let when = plan::When::at("2026-11-23T00:00:00Z".parse().unwrap());
        let closure = plan::collect(&house, one, &mut broken, &when).unwrap();
        // The proof reads what the plan reads, along relations that nobody forgot.
        let proved = plan::Blueprint { read: broken.read.clone(), ..blueprint.clone() };
        let evidence = plan::examine(&house, one, &proved, closure.last_down).unwrap();
        let lost = model.dangling(&keys(&mut session, &proved, closure.last_down, &model));
        let context =
            format!("without relation {number}, seed {seed} on {:?}\n{}", server.engine, model.toml());
        assert_eq!(plan::judge(&blueprint, &evidence).is_err(), lost, "{context}");
        *(if lost { &mut refused } else { &mut passed }) += 1;
    }
    (refused, passed)
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
        plan::prepare(std::slice::from_mut(&mut session), &broken, "test").unwrap();
        let closure = plan::collect(
            &house,
            std::slice::from_mut(&mut session),
            &mut broken,
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
