//! Masks through the tools themselves: a column that production gets overnight, and values that nobody expects.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::support::{Output, Scratch, TestServer, Tool, for_each_server};

/// In every value that must not leave.
const MARKER: &str = "qzx";

fn dehydrate(directory: &Path) -> Output {
    Tool::new("mydehydrate")
        .args(["--source", "--i-own-this-server", "127.0.0.1", "--config"])
        .arg(directory.join("refresh.toml"))
        .arg("--state-dir")
        .arg(directory)
        .run()
}

/// `mydehydrate --source | mydump-rotate`: the text of the dump.
fn dump(directory: &Path) -> Vec<u8> {
    let planned = dehydrate(directory).exits(0);
    let dumped = Tool::new("mydump-rotate")
        .arg("--config")
        .arg(directory.join("refresh.toml"))
        .arg("--state-dir")
        .arg(directory)
        .stdin(planned.stdout)
        .run()
        .exits(0)
        .document();
    let file = fs::File::open(dumped.dump.unwrap().path).unwrap();
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text).unwrap();
    text
}

fn leaks(dump: &[u8], marker: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(dump).to_lowercase();
    text.lines().filter(|line| line.contains(marker)).map(|line| line.chars().take(300).collect()).collect()
}

/// The demo's production and configuration, in a scratch database.
fn demo(server: &TestServer) -> (Scratch, tempfile::TempDir) {
    let scratch = server.scratch("demo");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/demo.d");
    let sql = fs::read_to_string(root.join("production.sql")).unwrap();
    let sql = sql
        .replace("CREATE DATABASE IF NOT EXISTS app;\n", "")
        .replace("ALTER DATABASE app ", &format!("ALTER DATABASE `{}` ", scratch.name))
        .replace("USE app;\n", "");
    scratch.run(&sql);
    let directory = scratch.directory();
    let toml = fs::read_to_string(root.join("refresh.toml")).unwrap();
    let toml = toml
        .replace(
            "cluster   = \"prod-replica\"",
            &format!("defaults_file = \"{}\"", server.client_cnf.display()),
        )
        .replace("[\"app\"]", &format!("[\"{}\"]", scratch.name))
        .replace("[dehydrate]\n", &format!("[dehydrate]\nwork_schema = \"{}__work\"\n", scratch.name))
        .replace("@DIR@/dumps", directory.path().to_str().unwrap());
    let toml = toml.split("[targets.dev1]").next().unwrap().to_owned();
    fs::write(directory.path().join("refresh.toml"), toml).unwrap();
    (scratch, directory)
}

#[test]
fn a_new_column_of_production_refuses_the_night_until_its_toml_is_pasted() {
    for_each_server(|server| {
        let (scratch, directory) = demo(server);
        let directory = directory.path();
        // Nothing of the demo as it is raises an alarm.
        dehydrate(directory).exits(0);
        scratch.run(
            "ALTER TABLE insureds ADD COLUMN mobile VARCHAR(40) NULL;
             UPDATE insureds SET mobile = CONCAT('+1 555 qzx ', insured_id);",
        );
        let refused = dehydrate(directory).exits(77).document();
        let hint = refused.error.unwrap().hint.unwrap();
        let (_, toml) = hint.split_once('\n').unwrap();
        assert!(toml.starts_with("\"insureds.mobile\" = \"phone\""), "{toml}");
        let file = directory.join("refresh.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("[mask]\n", &format!("[mask]\n{toml}\n"))).unwrap();
        let text = dump(directory);
        assert_eq!(leaks(&text, MARKER), Vec::<String>::new());
        let masked = String::from_utf8_lossy(&text).matches("'555-").count();
        assert!(masked > 100, "{masked} masked numbers");
    });
}

/// Texts that have broken something somewhere.
fn nasty() -> Vec<String> {
    let mut all: Vec<String> = [
        "",
        " ",
        "qzx",
        "Qzx Jane Roe",
        "qzx Zoë Müller ÿ",
        "qzx 👩‍👩‍👧‍👦 👍🏽",
        "qzx שלום مرحبا \u{202e}abc",
        "qzx Z\u{301}\u{323}a\u{308}\u{20dd}",
        "\u{200b}qzx\u{feff}\u{200d}",
        "qzx 山田太郎 ﷺ",
        "qzx'\"`\\';--\\",
        "qzx\0\u{1}\u{1a}\u{7f}",
        "qzx\r\n\t\u{2028}",
        "%qzx_%",
        "qzx@real.example",
        "JANE.QZX@REAL.EXAMPLE ",
        "@qzx",
        "qzx@",
        "+49 qzx 30/1234567",
        "4111 1111 1111 1111 qzx",
        "DE89 3704 0044 0532 0130 00 qzx",
        "192.0.2.1qzx",
        "fe80::qzx",
        "2026-11-23qzx",
        "a:1:{s:5:\"email\";s:16:\"qzx@real.example\";}",
        "{\"email\":\"qzx@real.example\"",
        "{\"email\":\"qzx@real.example\",\"email\":\"qzx2@real.example\"}",
        "[\"qzx\"]",
        "\"qzx\"",
        "null",
        "{\"email\":{\"x\":\"qzx\"},\"list\":[\"qzx\",[\"qzx\"],{\"a\":\"qzx\"},null,1.5,true]}",
        "cXp4QHJlYWwuZXhhbXBsZQ==",
    ]
    .iter()
    .map(|text| (*text).to_owned())
    .collect();
    all.push("qzx".repeat(63));
    all.push(format!("qzx{}", "é".repeat(187)));
    all.push(format!("{{\"email\":\"qzx\",\"deep\":{}\"qzx\"{}}}", "[".repeat(50), "]".repeat(50)));
    all
}

/// Texts that are too deep, too long or too much of one thing.
fn long() -> Vec<String> {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{{\"email\":\"qzx\",\"deep\":{}\"qzx\"{}}}", open.repeat(depth), close.repeat(depth))
    };
    let list: Vec<String> = (0..5000).map(|n| format!("{{\"n\":[{n}]}}")).collect();
    vec![
        nested("[", "]", 29),
        nested("[", "]", 50),
        nested("[", "]", 101),
        nested("{\"a\":[{}],\"deep\":", "}", 150),
        // Longer than what a regular expression of the server gets through, with brackets that hide how deep it is.
        format!("[\"{}]]\\\"]\",{}]", "qzx ]".repeat(15_000), nested("[", "]", 150)),
        format!("{{\"email\":\"qzx\",\"n\":[{}]}}", list.join(",")),
        "qzx".repeat(40_000),
        "qzx@".repeat(10_000),
        format!("{}qzx@real.example", "[".repeat(30_000)),
        format!("{}qzx", "\u{1f44d}".repeat(30_000)),
    ]
}

/// What a JSON column can hold.
fn documents() -> Vec<String> {
    let mut all: Vec<String> = [
        "{}",
        "[]",
        "null",
        "\"qzx\"",
        "{\"email\": null}",
        "{\"email\": \"qzx@real.example\", \"n\": 1.50, \"z\": [true, null]}",
        "{\"email\": {\"x\": \"qzx\"}, \"list\": [\"qzx\", [\"qzx\"], {\"a\": \"qzx\"}, null, 1.5]}",
        "{\"list\": \"qzx\"}",
        "{\"list\": []}",
        "[\"qzx\", {\"email\": \"qzx\"}]",
    ]
    .iter()
    .map(|text| (*text).to_owned())
    .collect();
    all.push(format!("{{\"email\": \"qzx\", \"deep\": {}\"qzx\"{}}}", "[".repeat(28), "]".repeat(28)));
    all
}

/// Every kind that takes a text, by the name of its column.
const KINDS: &[(&str, &str)] = &[
    ("hashed", "\"hash\""),
    ("email", "\"email\""),
    ("own_host", "{ kind = \"email\", host = \"same\" }"),
    ("body", "\"text\""),
    ("partly", "{ kind = \"partial\", first = 1, last = 1 }"),
    ("shaped", "\"shape\""),
    ("login", "\"username\""),
    ("named", "\"name\""),
    ("person", "{ kind = \"person\", part = \"email\", of = \"id\" }"),
    ("street", "\"street\""),
    ("phone", "\"phone\""),
    ("phone2", "{ kind = \"phone\", format = \"same\" }"),
    ("plate", "{ kind = \"pattern\", format = \"??-####\" }"),
    ("card", "{ kind = \"card\", first = 6 }"),
    ("iban", "\"iban\""),
    ("ip", "{ kind = \"ip\", network = true }"),
    ("mac", "\"mac\""),
    ("uid", "\"uuid\""),
    ("picked", "{ kind = \"choice\", values = [\"a\", \"b\"] }"),
    ("mapped", "{ kind = \"choice\", map = { \"null\" = \"b\" }, value = \"c\" }"),
    (
        "doc",
        "{ kind = \"json\", paths = { \"$.email\" = \"email\", \"$.deep\" = \"text\", \"$.list[*]\" = \"hash\", \"$[*]\" = \"text\" } }",
    ),
    ("cleared", "\"redact\""),
    ("keyed", "[{ kind = \"email\", when = \"t.id % 2\" }, \"text\"]"),
];

/// Kinds that take bytes too.
const OF_BYTES: &[&str] =
    &["hashed", "email", "body", "login", "named", "person", "phone", "plate", "mac", "uid", "picked"];

/// What a column must be able to hold: the longest of the texts.
const WIDTH: usize = 190;

fn table(name: &str, kinds: &[&str], column: &str, values: &[Vec<u8>], sql: &mut String, toml: &mut String) {
    let columns: Vec<String> = kinds.iter().map(|kind| format!("`{kind}` {column}")).collect();
    writeln!(sql, "CREATE TABLE {name} (id INT PRIMARY KEY, {});", columns.join(", ")).unwrap();
    let rows: Vec<String> =
        values.iter().enumerate().map(|(id, value)| row(id, value, column, kinds.len())).collect();
    writeln!(sql, "INSERT INTO {name} VALUES {};", rows.join(", ")).unwrap();
    writeln!(sql, "INSERT INTO {name} (id) VALUES (1000);").unwrap();
    for kind in kinds {
        let (_, mask) = KINDS.iter().find(|(name, _)| name == kind).unwrap();
        writeln!(toml, "\"{name}.{kind}\" = {mask}").unwrap();
    }
}

/// The same value in every column, byte for byte.
fn row(id: usize, value: &[u8], column: &str, columns: usize) -> String {
    let hex: String = value.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let cell =
        if column == "JSON" { format!("CONVERT(x'{hex}' USING utf8mb4)") } else { format!("x'{hex}'") };
    format!("({id}, {})", vec![cell; columns].join(", "))
}

#[test]
fn nasty_values_neither_crash_nor_leak() {
    // Names stay in what is redacted: it has a table of its own.
    let all: Vec<&str> = KINDS.iter().map(|(name, _)| *name).filter(|name| *name != "cleared").collect();
    let (mut sql, mut toml) = (String::new(), String::new());
    let fits = |text: &String| text.chars().count() <= WIDTH;
    let texts: Vec<Vec<u8>> = nasty().into_iter().filter(fits).map(String::into_bytes).collect();
    assert!(texts.len() >= 34, "{} texts", texts.len());
    let latin: Vec<Vec<u8>> = nasty()
        .iter()
        .filter(|text| {
            fits(text) && text.chars().all(|c| u32::from(c) < 0x80 || (0xa0..0x100).contains(&u32::from(c)))
        })
        .map(|text| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect())
        .collect();
    let mut bytes = texts.clone();
    bytes.push((0..=150).chain(MARKER.bytes()).collect());
    let column = format!("VARCHAR({WIDTH}) CHARACTER SET");
    table("wide", &all, &format!("{column} utf8mb4"), &texts, &mut sql, &mut toml);
    table(
        "fixed",
        &["hashed", "body", "partly", "doc"],
        &format!("CHAR({WIDTH})"),
        &texts,
        &mut sql,
        &mut toml,
    );
    table("latin", &all, &format!("{column} latin1"), &latin, &mut sql, &mut toml);
    table("bytes", OF_BYTES, "VARBINARY(1000)", &bytes, &mut sql, &mut toml);
    table("blobs", &["body", "hashed"], "MEDIUMBLOB", &bytes, &mut sql, &mut toml);
    let long: Vec<Vec<u8>> = long().into_iter().map(String::into_bytes).collect();
    table("endless", &["doc", "body", "hashed", "shaped", "partly"], "LONGTEXT", &long, &mut sql, &mut toml);
    let nameless = |text: &Vec<u8>| {
        String::from_utf8_lossy(text).replace("qzx", "abc").replace("Qzx", "Abc").into_bytes()
    };
    let nameless: Vec<Vec<u8>> = texts.iter().chain(&long).map(nameless).collect();
    let (mut redacted_sql, mut redacted) = (String::new(), String::new());
    table("redacted", &["cleared"], "LONGTEXT", &nameless, &mut redacted_sql, &mut redacted);
    let documents: Vec<Vec<u8>> = documents().into_iter().map(String::into_bytes).collect();
    table("documents", &["doc"], "JSON", &documents, &mut sql, &mut toml);
    for_each_server(|server| {
        let text = night(server, &sql, &toml);
        // Also as digits, and as the beginning of the address in base64.
        for marker in [MARKER, "717a78", "cxp4qhjl"] {
            assert_eq!(leaks(&text, marker), Vec::<String>::new(), "{marker}");
        }
        // The search itself works.
        assert!(!leaks(sql.as_bytes(), "717a78").is_empty());
        let said = String::from_utf8_lossy(&text);
        assert!(said.contains("@example.test") && said.contains("lorem ipsum"), "the rows are not there");
        let text = night(server, &redacted_sql, &redacted);
        let said = String::from_utf8_lossy(&text).to_lowercase();
        assert!(
            said.contains("abc jane roe") && !said.contains("@real.example"),
            "names stay, addresses do not"
        );
    });
}

/// The dump of a database made by `sql`. The same values are in columns of every kind here, which would be copies.
fn night(server: &TestServer, sql: &str, masks: &str) -> Vec<u8> {
    let scratch = server.scratch("nasty");
    scratch.run(sql);
    let directory = scratch.directory();
    let text = format!(
        "[dehydrate]\nfull = [\"*\"]\n[dump]\nprove = \"off\"\ndir = \"{}\"\n[mask]\nleaks = \"warn\"\n{masks}",
        directory.path().display(),
    );
    scratch.write_rules(directory.path(), &text);
    dump(directory.path())
}
