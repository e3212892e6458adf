//! The rules of the house, each a pure function over the ground plan.
//!
//! In: a [`Plan`]. Out: a sentence for each violation; none means that the rule holds.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{File, Plan};

/// The rooms, the porch and the doors in the order in which data walks through them: each may use those before it.
pub(super) const ORDER: &[&str] = &[
    "outlet",
    "document",
    "progress",
    "config",
    "house",
    "sql",
    "mysql",
    "aws",
    "engine",
    "claim",
    "rds",
    "rds_local",
    "catalog",
    "mask",
    "scan",
    "work_schema",
    "plan",
    "archive",
    "rows",
    "dump",
    "junit",
    "migrate",
    "report",
    "restore",
    "instance",
    "rotate",
    "cli",
    "bins",
];

/// Files aim for 150 lines of code and stop here; tests, comments and blank lines are not counted.
const LINES_MAX: usize = 400;

/// The same for a door, which only opens a room.
const DOOR_LINES_MAX: usize = 40;

/// So many files are seen at one glance.
const FILES_MAX: usize = 12;

/// One file a family of masks, and the table that lists them.
const KIND_FILES_MAX: usize = 16;

/// A circle of files can only be read as a whole, and only be moved as a whole.
pub(super) fn circles(plan: &Plan) -> Vec<String> {
    let arrows = plan.arrows();
    let reach: Vec<BTreeSet<usize>> = (0..arrows.len()).map(|from| reached(&arrows, from)).collect();
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for from in 0..arrows.len() {
        let circle: BTreeSet<usize> =
            reach[from].iter().copied().filter(|to| reach[*to].contains(&from)).collect();
        if !circle.is_empty() && told.insert(circle.clone()) {
            let ties = circle.iter().flat_map(|a| arrows[*a].intersection(&circle).map(move |b| (*a, *b)));
            let name = |index: usize| plan.files[index].path.as_str();
            let ties: Vec<String> = ties.map(|(a, b)| format!("{} -> {}", name(a), name(b))).collect();
            circles.push(format!("a circle of {} files:\n  {}", circle.len(), ties.join("\n  ")));
        }
    }
    circles
}

fn reached(arrows: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut next: Vec<usize> = arrows[from].iter().copied().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(&arrows[file]);
        }
    }
    found
}

/// A room uses only rooms before it. The porch is for the doors alone.
pub(super) fn streets(plan: &Plan) -> Vec<String> {
    let rank = |room: &str| ORDER.iter().position(|known| *known == room);
    let mut wrong = Vec::new();
    for file in plan.files.iter().filter(|file| file.room() != "lib") {
        let Some(here) = rank(file.room()) else {
            wrong.push(format!("{}: the room {} is not in the order", file.path, file.room()));
            continue;
        };
        for name in &file.names {
            let Some(room) = name.segments.first() else { continue };
            match rank(room) {
                Some(there) if there <= here => {}
                Some(_) => wrong.push(format!("{} uses {room}, which comes later", file.path)),
                None => wrong.push(format!("{} uses {room}, which is not in the order", file.path)),
            }
        }
    }
    wrong
}

/// From outside a room only its face is named: `room::Item`, never `room::file::Item`.
pub(super) fn faces(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in &plan.files {
        for name in &file.names {
            let elsewhere = name.segments.first().is_some_and(|room| room != file.room());
            if elsewhere && name.segments.len() > 1 && plan.is_module(&name.segments[..2]) {
                wrong.push(format!("{} names {}: behind the face", file.path, name.segments.join("::")));
            }
        }
    }
    wrong
}

/// Few files a folder, short files, and each says what it is for.
pub(super) fn sizes(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &plan.files {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        *folders.entry(folder).or_default() += 1;
        if !file.text.starts_with("//!") && !file.text.starts_with("#![doc") {
            wrong.push(format!("{} does not open with //!", file.path));
        }
        let said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let lines = file.code().lines().filter(said).count();
        let most = if file.path.starts_with("bins/") { DOOR_LINES_MAX } else { LINES_MAX };
        if lines > most {
            wrong.push(format!("{} has {lines} lines of code, {most} are the most", file.path));
        }
    }
    for (folder, files) in folders.into_iter().filter(|(folder, _)| folder.starts_with("lib")) {
        let most = if folder == "lib/mask/kinds" { KIND_FILES_MAX } else { FILES_MAX };
        if files > most {
            wrong.push(format!("{folder} has {files} files, {most} are the most"));
        }
    }
    wrong
}

/// What the server's own tables say is read by few files, and by no more of them every month.
pub(super) fn server_tables(plan: &Plan, known: &[&str]) -> Vec<String> {
    let asks = |file: &&File| {
        let text = |words: &str| file.literals.iter().any(|literal| literal.contains(words));
        file.module.is_some() && (text("information_schema") || text("SHOW CREATE"))
    };
    let found: BTreeSet<&str> = plan.files.iter().filter(asks).map(|file| file.path.as_str()).collect();
    let listed: BTreeSet<&str> = known.iter().copied().collect();
    let more = found
        .difference(&listed)
        .map(|path| format!("{path} asks the server's own tables: catalog/ does that"));
    let less =
        listed.difference(&found).map(|path| format!("{path} does not ask any more: take it off the list"));
    more.chain(less).collect()
}

/// Fields of a newer version are carried, never read or written: what this version knows has a typed field.
pub(super) fn carried_fields(plan: &Plan) -> Vec<String> {
    let outside = plan.files.iter().filter(|file| file.room() != "document");
    let wrong = |file: &File| {
        let calls = file.field_calls.iter().filter(|call| call.starts_with("other."));
        calls.map(|call| format!("{} calls {call}", file.path)).collect::<Vec<_>>()
    };
    outside.flat_map(wrong).collect()
}

/// What only the room of SQL has a function for.
const SQL_READERS: &[&str] = &["tokens", "tokenise", "unescape", "unescaped", "without_definer", "requalify"];

/// The same words for other languages: option files, JSON and HTML in cells, tokens of IAM.
const OTHER_LANGUAGES: &[(&str, &str)] = &[
    ("lib/mysql/option_file.rs", "unescape"),
    ("lib/scan/views.rs", "unescape"),
    ("lib/rds/policy/logins.rs", "tokens"),
];

/// SQL as text is read in one room: elsewhere nobody cuts it into tokens, takes escapes back or definers away.
pub(super) fn readers_of_sql(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in plan.files.iter().filter(|file| file.module.is_some() && file.room() != "sql") {
        let own = |name: &str| {
            file.functions.contains(name) && !OTHER_LANGUAGES.contains(&(file.path.as_str(), name))
        };
        for function in SQL_READERS.iter().copied().filter(|name| own(name)) {
            wrong.push(format!("{} has a {function} of its own: lib/sql has it", file.path));
        }
        for mark in file.literals.iter().filter(|text| ["/*", "*/", "/*!", "/*M!"].contains(&text.as_str())) {
            wrong.push(format!("{} looks for {mark:?} by hand: lib/sql/lexer.rs does that", file.path));
        }
    }
    wrong
}

/// The library neither reads the environment nor names the AWS SDK but in the rooms that are for it.
pub(super) fn outside_world(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in plan.files.iter().filter(|file| file.module.is_some()) {
        if file.code().contains("env::var") && !["cli", "config"].contains(&file.room()) {
            wrong.push(format!("{} reads the environment", file.path));
        }
        let sdk = ["aws_sdk", "aws_config", "aws_smithy"].iter().any(|name| file.code().contains(name));
        if sdk && !["aws", "rds"].contains(&file.room()) {
            wrong.push(format!("{} names the AWS SDK", file.path));
        }
    }
    wrong
}

/// The one file that writes to stderr.
const OUTLET: &str = "lib/outlet/place.rs";

/// Words that write to stderr, or that show a driver's error as it is.
const WAYS_OUT: &[&str] = &[
    "io::stderr",
    "eprintln!(",
    "eprint!(",
    "ProgressDrawTarget::stderr",
    "use std::io::stderr",
    "dbg!",
    "panic::set_hook",
];

/// Foreign words leave through one outlet.
pub(super) fn one_outlet(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in plan.files.iter().filter(|file| file.path != OUTLET) {
        let code: String = file.code().lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        wrong.extend(
            WAYS_OUT
                .iter()
                .filter(|way| code.contains(**way))
                .map(|way| format!("{}: {way} goes around the outlet", file.path)),
        );
        // An error that holds one is shown with the values of rows that the server quotes.
        let held = ["#[from] ::mysql::Error", "#[source] ::mysql::Error", "source: ::mysql::Error,"];
        if file.room() != "mysql" && held.iter().any(|way| code.contains(way)) {
            wrong.push(format!("{}: an error of the driver is kept, not crate::mysql::Error", file.path));
        }
    }
    wrong
}
