//! What the form of a build server hands to dev-restore: a branch, tag or commit as people paste it, a target that is taken, and what
//! the lists of the form hold.

use crate::restore_place::{Place, git, shop};
use crate::support::{on_all_servers_at_once, servers, until};

fn place_with_branches() -> Place {
    let server = servers().into_iter().next().unwrap();
    let place = Place::with_dump_of(&shop(&server));
    let files = [("db/V1__a.sql", "CREATE TABLE from_main (a INT);")];
    let repository = place.repository("main", &files);
    git(&repository, &["tag", "v1"]);
    git(&repository, &["checkout", "-q", "-b", "feature/a"]);
    std::fs::write(repository.join("db/V2__b.sql"), "CREATE TABLE from_a (a INT);").unwrap();
    git(&repository, &["add", "."]);
    git(&repository, &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "b"]);
    git(&repository, &["checkout", "-q", "main"]);
    place.configure(&format!(
        "[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\ndefault_ref = \"main\"\n",
        repository.display()
    ));
    place
}

fn commit_of(place: &Place, name: &str) -> String {
    let path = place.path("repository");
    let output = std::process::Command::new("git").arg("-C").arg(path).args(["rev-parse", name]).output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn a_ref_is_taken_as_people_paste_it_and_a_wrong_one_is_answered_with_the_right_one() {
    let place = place_with_branches();
    let wanted = commit_of(&place, "feature/a");
    for pasted in [&format!(" {} ", &wanted[..10]), &wanted.to_uppercase(), " feature/a\n"] {
        let run = place.tool(&["--target", "dev3", "--ref", pasted]).run().exits(0);
        let refresh = run.document().refresh.unwrap();
        assert_eq!(
            (refresh.commit.as_deref(), refresh.migrations.len()),
            (Some(wanted.as_str()), 2),
            "{pasted}"
        );
    }
    assert_eq!(place.target.run("SELECT COUNT(*) FROM from_a"), "0\n");
    for (wrong, told) in [
        ("master", "did you mean main?"),
        ("deadbeef00", "has no branch, tag or commit deadbeef00"),
        ("feature/b", "did you mean feature/a?"),
    ] {
        let said = place.tool(&["--target", "dev3", "--ref", wrong]).run().exits(65).stderr;
        assert!(said.contains(told), "{wrong}: {said}");
    }
    // Blanks are no branch.
    let run = place.tool(&["--target", "dev3", "--ref", " "]).run().exits(0);
    assert_eq!(run.document().refresh.unwrap().reference, None);
}

#[test]
fn the_lists_of_the_form_begin_with_what_is_meant_and_doctor_says_what_is_wrong() {
    let place = place_with_branches();
    assert_eq!(place.tool(&["refs", "--plain"]).run().exits(0).stdout, "main\n(none)\nfeature/a\nv1\n");
    let found = place.tool(&["doctor"]).run().exits(0).stdout;
    for line in ["ok    dumps: 1 in ", "ok    branches: 3 branches and tags\n", "ok    target dev3: "] {
        assert!(found.contains(line), "{found}");
    }
    place.configure("[migrations]\nrepository = \"/nowhere\"\n[targets.dev4]\ndatabase = \"app\"\nsocket = \"/nowhere.sock\"\n");
    std::fs::remove_file(place.path("app-20261122T020000Z.sql.gz")).unwrap();
    let run = place.tool(&["doctor"]).run().exits(69);
    for line in [
        "WRONG dumps: there is no dump latest",
        "WRONG branches: git ls-remote",
        "WRONG target dev4: ",
        "ok    target dev3: ",
    ] {
        assert!(run.stdout.contains(line), "{}", run.stdout);
    }
    assert!(run.stdout.contains(" mounted here, and has a night run?"), "{}", run.stdout);
    place.configure("");
    assert_eq!(
        place.tool(&["refs", "--plain"]).run().exits(0).stdout,
        "(none)\n",
        "no migrations, and a choice all the same"
    );
}

#[test]
fn whoever_finds_a_target_taken_waits_as_long_as_they_say() {
    on_all_servers_at_once(|server| {
        let place = Place::with_dump_of(&shop(server));
        let mut holder = place.session();
        let lock = format!("SELECT GET_LOCK('refreshkit.{}', 0)", place.database());
        let taken: Option<i64> = holder.first("taking the lock", &lock).unwrap();
        assert_eq!(taken, Some(1));
        let said = place.tool(&["--target", "dev3"]).run().exits(75).stderr;
        assert!(said.contains("is being refreshed by ") && said.contains("--wait"), "{said}");
        let mut waiting = place.tool(&["--target", "dev3", "--wait=3m"]).spawn();
        // It looks at the lock again and again on its own connection.
        let asks = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT GET_LOCK(%refreshkit.{}%'",
            place.database()
        );
        until("it waits", || {
            place.session().first::<i64>("looking", &asks).unwrap().is_some_and(|count| count > 0)
        });
        let _: Option<i64> = holder
            .first("letting go", &lock.replace("GET_LOCK", "RELEASE_LOCK").replace(", 0)", ")"))
            .unwrap();
        assert!(waiting.wait().unwrap().success());
    });
}
