//! The scan of what leaves, on real servers: what it finds, what it leaves alone, what it says.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use refreshkit::document::Document;
use refreshkit::scan::{self, Fold};
use refreshkit::sql::literal;

use crate::closure::document;
use crate::dump::zcat;
use crate::support::{Output, Scratch, TestServer, Tool, for_each_server};

/// People, and orders that speak of them in columns that nobody masks.
const SCHEMA: &str = "
CREATE TABLE people (id INT PRIMARY KEY, first_name VARCHAR(60), last_name VARCHAR(60), email VARCHAR(120), phone VARCHAR(40), tax_id BIGINT);
CREATE TABLE orders (id INT PRIMARY KEY, person_id INT, plain TEXT, upper_case VARCHAR(200), doc JSON, sentence TEXT, url VARCHAR(300), copy VARCHAR(120),
    packed TEXT, bytes VARBINARY(200), number BIGINT);
";

const RULES: &str = r#"
[dehydrate]
root = { table = "orders" , at_least = 100000 }
[relations]
"orders.person_id" = "people.id"
[mask]
policy = "warn"
"people.first_name" = "first_name"
"people.last_name" = "last_name"
"people.email" = "email"
"people.phone" = "phone"
"people.tax_id" = "hash"
"#;

/// Parts of last names, in several scripts.
const NAMES: &[&str] = &[
    "Kowalczyk",
    "Núñez",
    "Øverland",
    "Müller",
    "Ивановна",
    "Παπαδόπουλος",
    "O'Sullivan",
    "van Dyke",
    "Großmann",
];

struct Person {
    first: String,
    last: String,
    email: String,
    phone: String,
    tax_id: u64,
}

fn person(n: usize) -> Person {
    let syllable = |n: usize| ["ba", "ke", "lo", "mi", "nu", "ra", "se", "ti", "vo", "zu"][n % 10];
    let name = NAMES[n % NAMES.len()];
    let last = format!("{name}{}{}{}son", syllable(n), syllable(n / 10), syllable(n / 100));
    let first = format!("{}{}", ["Ana", "Zoë", "Li", "Jürgen"][n % 4], syllable(n / 4));
    Person {
        email: format!("{}.{n}+x@mail{}.real.example", first.to_lowercase(), n % 7),
        phone: format!("+1 (555) {:03}-{:04}", n % 900 + 100, n * 7 % 10_000),
        tax_id: 7_000_000_000 + n as u64 * 37,
        first,
        last,
    }
}

/// One value of a person as somebody would write it.
fn value(n: usize) -> String {
    let person = person(n);
    match n % 5 {
        0 => person.email,
        1 => person.phone.replace(['(', ')', '+'], ""),
        2 => format!("{} {}", person.first, person.last),
        3 => format!("{}, {}", person.last, person.first),
        _ => person.last,
    }
}

fn url(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Where the n-th value is planted: the column, and the SQL of what stands there.
fn planted(n: usize) -> (&'static str, String) {
    let value = value(n);
    let json = |text: &str| serde_json::to_string(text).unwrap();
    match n % 9 {
        0 => ("plain", literal(&value)),
        1 => ("upper_case", literal(&value.to_uppercase())),
        2 => ("doc", literal(&format!("{{\"a\":[1,{{\"b\":{}}}]}}", json(&value)))),
        3 => (
            "sentence",
            literal(&format!("Caller ({value}) asked twice; 100% sure it's fine, 2026-11-23 02:00:00.")),
        ),
        4 => ("url", literal(&format!("https://app.example/find?q={}&page=2", url(&value)))),
        5 => ("copy", literal(&person(n).email)),
        6 => (
            "packed",
            literal(&format!(
                "a:1:{{s:4:\"data\";s:9:\"{}\";}}",
                json(&json(&value)).replace('é', "\\u00e9")
            )),
        ),
        7 => ("bytes", format!("CAST({} AS BINARY)", literal(&format!("\u{1}{value}\u{2}")))),
        _ => ("number", person(n).tax_id.to_string()),
    }
}

/// `people` and as many orders, the first `leaks` of them with a value of somebody else.
fn seed(scratch: &Scratch, people: usize, leaks: usize) {
    scratch.run(SCHEMA);
    let mut sql = String::new();
    for n in 0..people {
        let p = person(n);
        let texts = [&p.first, &p.last, &p.email, &p.phone].map(|text| literal(text)).join(", ");
        let _ = writeln!(sql, "INSERT INTO people VALUES ({n}, {texts}, {});", p.tax_id);
        let _ = writeln!(
            sql,
            "INSERT INTO orders VALUES ({n}, {}, 'paid in full', 'URGENT', '{{\"x\": [\"y\", {n}]}}', 'It took 15 minutes.', \
             'https://app.example/orders/{n}?tab=2', 'none@example.com', 'YWJjZGVmZ2hpamtsbW5vcA==', x'00ff27', {n}00000);",
            (n + 1) % people
        );
        if n < leaks {
            let (column, value) = planted(n);
            let _ = writeln!(sql, "UPDATE orders SET {column} = {value} WHERE id = {n};");
        }
    }
    scratch.run(&format!("START TRANSACTION; {sql} COMMIT;"));
}

fn rules(scratch: &Scratch, directory: &Path, more: &str) {
    let text = format!(
        "[dump]\nprove = \"off\"\ndir = {:?}\nname = \"t\"\n{RULES}{more}\n",
        directory.display().to_string()
    );
    scratch.write_rules(directory, &text);
}

fn tool(name: &str, directory: &Path, input: &Document) -> Output {
    tool_with(name, directory, input, &[])
}

pub(crate) fn tool_with(
    name: &str,
    directory: &Path,
    input: &Document,
    variables: &[(&str, &str)],
) -> Output {
    let tool = Tool::new(name)
        .arg("--config")
        .arg(directory.join("refresh.toml"))
        .arg("--state-dir")
        .arg(directory)
        .document(input);
    variables.iter().fold(tool, |tool, (name, value)| tool.env(name, value)).run()
}

/// mydehydrate | mydump-rotate.
fn night(server: &TestServer, scratch: &Scratch, directory: &Path) -> Output {
    let input = document(server, std::slice::from_ref(&scratch.name));
    let plan = tool("mydehydrate", directory, &input).exits(0).document();
    tool("mydump-rotate", directory, &plan)
}

fn dumps(directory: &Path) -> Vec<String> {
    let names =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".sql.gz") && !name.contains("latest")).collect()
}

/// How many rows the messages speak of.
fn rows(said: &str) -> usize {
    let counts = said.match_indices(" row(s)").map(|(at, _)| {
        let digits = said[..at].rsplit('(').next().unwrap();
        digits.parse::<usize>().unwrap()
    });
    counts.sum()
}

#[test]
fn a_thousand_planted_values_are_all_found_and_never_told() {
    for_each_server(|server| {
        let scratch = server.scratch("leaks");
        let directory = scratch.directory();
        // The last 500 rows are what the look for copies samples: there is nothing in them.
        seed(&scratch, 1_600, 1_000);
        rules(&scratch, directory.path(), "leaks = \"warn\"");
        let output = night(server, &scratch, directory.path()).exits(0);
        assert_eq!(rows(&output.stderr), 1_000, "{}", output.stderr);
        assert_eq!(dumps(directory.path()).len(), 1);
        fs::remove_file(&output.document().dump.unwrap().path).unwrap();

        rules(&scratch, directory.path(), "");
        let refused = night(server, &scratch, directory.path()).exits(77);
        assert_eq!(dumps(directory.path()), Vec::<String>::new(), "nothing is published, nothing is left");
        let error = refused.document().error.unwrap();
        assert_eq!(error.code, "leaks");
        assert_eq!(rows(&error.message), 1_000, "{}", error.message);
        assert!(
            error.message.contains(&format!("{}.orders.copy (111 row(s), first id=", scratch.name)),
            "{}",
            error.message
        );
        assert!(error.message.contains(&format!("of {}.people.email)", scratch.name)), "{}", error.message);
        let hint = error.hint.unwrap();
        assert!(hint.contains("\"orders.copy\" = \"email\""), "{hint}");
        for n in 0..1_000 {
            let person = person(n);
            for told in [&refused.stderr, &refused.stdout] {
                assert!(!told.contains(&person.email) && !told.contains(&person.last), "{told}");
            }
        }

        rules(&scratch, directory.path(), "leaks = \"off\"");
        let output = night(server, &scratch, directory.path()).exits(0);
        assert_eq!(rows(&output.stderr), 0, "{}", output.stderr);
    });
}

#[test]
fn a_clean_dump_raises_no_alarm_and_pasting_the_hint_cleans_it() {
    for_each_server(|server| {
        let scratch = server.scratch("leaks");
        let directory = scratch.directory();
        seed(&scratch, 300, 0);
        rules(&scratch, directory.path(), "");
        let output = night(server, &scratch, directory.path()).exits(0);
        assert_eq!(rows(&output.stderr), 0, "{}", output.stderr);
        scratch
            .run("UPDATE orders o JOIN people p ON p.id = o.person_id SET o.plain = p.email WHERE o.id = 7");
        let hint =
            night(server, &scratch, directory.path()).exits(77).document().error.unwrap().hint.unwrap();
        let (_, toml) = hint.split_once("[mask]\n").unwrap();
        rules(&scratch, directory.path(), toml);
        let output = night(server, &scratch, directory.path()).exits(0);
        let sql = zcat(Path::new(&output.document().dump.unwrap().path));
        assert!(!String::from_utf8_lossy(&sql).contains(&person(8).email));
        // What was declared to be fine is not looked at.
        let kept = "\"orders.plain\" = { keep = \"a list of our offices\" }";
        rules(&scratch, directory.path(), kept);
        night(server, &scratch, directory.path()).exits(0);
    });
}

#[test]
fn a_key_that_is_an_original_itself_is_not_told() {
    for_each_server(|server| {
        let scratch = server.scratch("leaks");
        let directory = scratch.directory();
        seed(&scratch, 10, 0);
        scratch.run(
            "CREATE TABLE boxes (email_of VARCHAR(120) PRIMARY KEY, note TEXT); \
             INSERT INTO boxes SELECT email, CONCAT('for ', email) FROM people WHERE id = 3;",
        );
        rules(&scratch, directory.path(), "");
        let path = directory.path().join("refresh.toml");
        let text =
            fs::read_to_string(&path).unwrap().replace("[relations]", "full = [\"boxes\"]\n[relations]");
        fs::write(&path, text).unwrap();
        let refused = night(server, &scratch, directory.path()).exits(77);
        let message = refused.document().error.unwrap().message;
        assert_eq!(rows(&message), 2, "{message}");
        assert!(!message.contains("first ") && !message.contains('@'), "{message}");
    });
}

#[test]
fn the_server_and_we_fold_every_character_alike() {
    for_each_server(|server| {
        let scratch = server.scratch("fold");
        let mut session = server.server().connect_to(Some(&scratch.name)).unwrap();
        let create = "CREATE TABLE c (n INT UNSIGNED PRIMARY KEY, c VARCHAR(9) COLLATE utf8mb4_general_ci)";
        session.run("creating", create).unwrap();
        let characters: Vec<char> = (1..0x3_0000_u32).filter_map(char::from_u32).collect();
        for some in characters.chunks(8_000) {
            let rows: Vec<String> =
                some.iter().map(|c| format!("({}, _utf8mb4 x'41{}42')", *c as u32, hex(*c))).collect();
            session.run("inserting", &format!("INSERT INTO c VALUES {}", rows.join(","))).unwrap();
        }
        let lower = scan::lower(&literal(&Fold::question()));
        let answer: String = session.first("asking", &format!("SELECT {lower}")).unwrap().unwrap();
        let fold = Fold::learn(&answer);
        let canonical = scan::canonical(&scan::folded("c"));
        let rows: Vec<(u32, String)> =
            session.rows("folding", &format!("SELECT n, {canonical} FROM c ORDER BY n")).unwrap();
        assert_eq!(rows.len(), characters.len());
        for (n, theirs) in rows {
            let text = format!("A{}B", char::from_u32(n).unwrap());
            assert_eq!(theirs, fold.canonical(&text), "U+{n:04X} on {:?}", server.engine);
        }
        for (upper, lower) in [('É', 'é'), ('Ø', 'ø'), ('Ω', 'ω'), ('Ж', 'ж'), ('Ł', 'ł'), ('Ş', 'ş')]
        {
            assert_eq!(fold.canonical(&upper.to_string()), lower.to_string());
        }
    });
}

fn hex(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
