//! `mydehydrate init`: a whole refresh.toml for a schema that nobody knows.
//!
//! In: a server, databases. Out: its text. `plan` passes with it as it is, or it says which lines a person has to decide.

use std::fmt::Write as _;
use std::path::Path;

use super::begin::{self, InitInputs};
use super::masks::{self, Rules};
use super::roots::{self, AT_LEAST, Ranked, WINDOW_DAYS};
use super::settle::{Settled, settle};
use super::shares::{Shares, share};
use super::texts::{DECIDE, list};
use super::{file, links};
use crate::config::{self, Config, ServerConfig, Tls, toml_comment, toml_text};
use crate::document::{TableClass, chain};
use crate::house::House;
use crate::mask::{self, Masks};
use crate::plan::error::Error;
use crate::plan::infer::proposals::{self, Proposal};
use crate::plan::infer::statements::Evidence;
use crate::plan::options::Options;
use crate::plan::rules::edge::Edge;
use crate::plan::rules::relations;
use crate::plan::safety::foresee;

/// What the file is called in messages where it goes to stdout.
const UNNAMED: &str = "refresh.toml";

/// So many other tables are named that may be the root instead.
const OTHER_ROOTS: usize = 2;

/// Writes the file, or hands its text over for stdout.
pub(crate) fn init(
    house: &House,
    options: &Options,
    about: (&[String], &Evidence),
    out: Option<&Path>,
) -> Result<String, Error> {
    let exists = |path: &Path| Error::FileExists { path: path.display().to_string() };
    if let Some(path) = out.filter(|path| path.symlink_metadata().is_ok()) {
        return Err(exists(path));
    }
    let text = text(house, options, about, out.unwrap_or(Path::new(UNNAMED)))?;
    let Some(path) = out else { return Ok(text) };
    file::create(path, &text).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => Error::NotWritten { path: path.display().to_string(), source },
    })?;
    Ok(format!(
        "{} is written. What would come along: mydehydrate --config {0} --source plan\n",
        path.display()
    ))
}

fn text(
    house: &House,
    options: &Options,
    about: (&[String], &Evidence),
    path: &Path,
) -> Result<String, Error> {
    let mut ground = begin::look(house, &house.config, options, about.0)?;
    // What a configuration that there is says of tables is not asked: this is a new one.
    let known = relations::all(&ground.catalog, &Config::default())?;
    let proposals = proposals::proposals(house, &mut ground.session, &ground.catalog, &known, about.1)?;
    let lines = links::lines(&ground.catalog, &known, &proposals);
    // Relations are settled first, since all else follows from them.
    let relations = section("relations", &lines);
    let loose = format!("[dehydrate]\nunclassified = \"empty\"\n{relations}");
    let settled = settle(loose, path, &ground.catalog, &ground.databases);
    let edges = settled.blueprint.map(|blueprint| blueprint.edges)?;
    let relations = settled
        .text
        .split_once('\n')
        .map_or(String::new(), |(_, rest)| rest.replacen("unclassified = \"empty\"\n", "", 1));
    let ranked = roots::ranked(&ground.catalog, &edges);
    let mut classes = vec![None; ground.catalog.tables.len()];
    if let Some(root) = ranked.first() {
        classes[root.table] = Some(TableClass::Root);
    }
    let shares = share(&ground.catalog, &edges, classes, true, &proposals);
    let with_rows: Vec<usize> =
        (0..ground.catalog.tables.len()).filter(|at| !shares.without_rows.contains(at)).collect();
    let found = (with_rows.as_slice(), &Masks::default());
    let mut rules = masks::rules(house, &mut ground.session, &ground.catalog, &edges, found)?;
    for warning in &rules.unread {
        house.progress.warn(warning);
    }
    let login = login(house, options);
    let chosen = [source(&ground, &login), dehydrate(&mut ground, &ranked, &shares)?, relations].join("\n");
    let settled = |ground: &InitInputs, rules: &Rules| {
        let body = [chosen.clone(), mask_section(ground, rules), EXAMPLES.to_owned()].join("\n");
        settle(body, path, &ground.catalog, &ground.databases)
    };
    let Settled { mut text, mut blueprint } = settled(&ground, &rules);
    if let Ok(drawn) = &blueprint {
        let config = config::parse(path, text.clone(), &mask::vocabulary())?;
        let changes = foresee::changes(house, &mut ground.session, &config, drawn)?;
        if !changes.is_empty() {
            rules.change(changes);
            Settled { text, blueprint } = settled(&ground, &rules);
        }
    }
    summary(house, &ground, (&edges, &proposals), &shares, &rules);
    Ok(format!("{}{text}", head(&ground, &text, blueprint.err().as_ref())))
}

fn head(ground: &InitInputs, text: &str, problem: Option<&Error>) -> String {
    let open = text.matches(DECIDE).count();
    let mut head = format!(
        "# Written by mydehydrate init for {} ({} tables on {}). It is yours now: each line has its evidence behind it.\n",
        toml_comment(&ground.databases.join(", ")),
        ground.catalog.tables.len(),
        toml_comment(&ground.label)
    );
    let _ = match open {
        0 => writeln!(head, "# Nothing in it waits for a decision."),
        _ => writeln!(head, "# {open} line(s) wait for a decision: look for \"{DECIDE}\"."),
    };
    if let Some(problem) = problem {
        let _ = writeln!(head, "{DECIDE} a night is refused with it: {}", toml_comment(&chain(problem)));
    }
    head.push('\n');
    head
}

fn summary(
    house: &House,
    ground: &InitInputs,
    relations: (&[Edge], &[Proposal]),
    shares: &Shares,
    rules: &Rules,
) {
    let (edges, proposals) = relations;
    house.progress.say(&format!(
        "{} tables: {} relations ({} proposed, {} doubtful), {} whole, {} without rows; {} columns look personal, {} texts are masked to \
         be safe, {} stay clear",
        ground.catalog.tables.len(),
        edges.len(),
        proposals.iter().filter(|proposal| proposal.stands).count(),
        proposals.iter().filter(|proposal| !proposal.stands).count(),
        shares.full.len(),
        shares.without_rows.len(),
        rules.personal.len(),
        rules.unknown.len(),
        rules.clear.len()
    ));
}

/// The login that worked, as the file has to name it.
fn login(house: &House, options: &Options) -> ServerConfig {
    let mut server = house.config.source.server.clone();
    if let Some(file) = &options.login.defaults_extra_file {
        let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        server = ServerConfig { defaults_file: Some(path.display().to_string()), ..server };
    }
    server.tls_ca = options.login.tls_ca.clone().or(server.tls_ca);
    server
}

fn source(ground: &InitInputs, server: &ServerConfig) -> String {
    let names: Vec<String> = ground.databases.iter().map(|name| toml_text(name)).collect();
    let mut text = String::from(
        "[source]\n# cluster = \"…\"  # the Aurora cluster (or instance = \"…\") that rds-snap takes a snapshot of\n",
    );
    if !ground.named {
        let _ = writeln!(text, "{DECIDE} these are all databases that this login sees");
    }
    let _ = writeln!(text, "databases = [{}]", names.join(", "));
    let ServerConfig { host, port, socket, user, defaults_file, password_env, secret, .. } = server;
    let texts = [
        ("host", host),
        ("socket", socket),
        ("user", user),
        ("defaults_file", defaults_file),
        ("password_env", password_env),
        ("secret", secret),
        ("tls_ca", &server.tls_ca),
        ("server_public_key", &server.server_public_key),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            let _ = writeln!(text, "{key} = {}", toml_text(value));
        }
    }
    if let Some(port) = port {
        let _ = writeln!(text, "port = {port}");
    }
    if server.iam_login {
        text.push_str("iam_login = true\n");
    }
    match server.tls {
        Tls::Verify => {}
        Tls::VerifyCa => text.push_str("tls = \"verify-ca\"\n"),
        Tls::Off => text.push_str("tls = \"off\"\n"),
    }
    text
}

fn dehydrate(ground: &mut InitInputs, ranked: &[Ranked], shares: &Shares) -> Result<String, Error> {
    let mut text = String::from(
        "[dehydrate]\n# Where the choice of rows begins: the rest is what hangs from it and what that refers to.\n",
    );
    if ranked.is_empty() {
        let _ = writeln!(text, "{DECIDE} no table has a key: nothing can be the root");
    }
    for (n, root) in ranked.iter().take(1 + OTHER_ROOTS).enumerate() {
        let (evidence, line) = self::root(ground, root)?;
        let _ = match n {
            0 => writeln!(text, "# {evidence}\n{line}"),
            _ => writeln!(text, "# or: {line}  # {evidence}"),
        };
    }
    let lists = [
        ("empty", "Structure only.", &shares.empty),
        ("full", "Every row.", &shares.full),
        ("follow", "With what refers to them.", &shares.follow),
    ];
    for (key, what, entries) in lists.iter().filter(|(.., entries)| !entries.is_empty()) {
        let _ = write!(text, "# {what}\n{}", list(key, entries));
    }
    Ok(text)
}

/// The rule of a root, and what speaks for it.
fn root(ground: &mut InitInputs, root: &Ranked) -> Result<(String, String), Error> {
    let table = &ground.catalog.tables[root.table];
    let name = toml_text(&ground.catalog.written(table));
    let size = format!("about {} rows, {} table(s) hang from it", table.rows_estimate, root.below);
    let Some(date) = &root.date else {
        let line = format!("root = {{ table = {name}, at_least = {AT_LEAST} }}");
        return Ok((format!("{}: {size}, and it has no date: the last by key come", table.name), line));
    };
    let (newest, window) = match roots::newest(&mut ground.session, table, date)? {
        Some((day, true)) => (format!("the newest of {day}"), format!(", window = \"{WINDOW_DAYS}d\"")),
        Some((day, false)) => (format!("the newest of {day}, so a window would be empty"), String::new()),
        None => ("no row has a date".to_owned(), String::new()),
    };
    let line =
        format!("root = {{ table = {name}, date = {}{window}, at_least = {AT_LEAST} }}", toml_text(date));
    Ok((toml_comment(&format!("{}: {size}, {newest}", table.name)), line))
}

fn section(name: &str, lines: &[String]) -> String {
    let mut text = format!("[{name}]\n");
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn mask_section(ground: &InitInputs, rules: &Rules) -> String {
    let catalog = &ground.catalog;
    let mut text = String::from(
        "[mask]\n# Every text needs a mask or a reason: what is new in the schema refuses the night until somebody looks.\npolicy = \"strict\"\n",
    );
    let parts = [
        ("What looks personal.", &rules.personal),
        ("What nobody knows: masked, to be safe. { keep = \"reason\" } leaves it clear.", &rules.unknown),
        ("What stays clear, and why.", &rules.clear),
    ];
    for (what, findings) in parts.iter().filter(|(_, findings)| !findings.is_empty()) {
        let mut lines = Rules::lines(catalog, findings);
        lines = config::toml_once(lines);
        // What waits for a person comes first.
        lines.sort_by_key(|line| !line.starts_with(DECIDE));
        let _ = writeln!(text, "\n# {what}\n{}", lines.join("\n"));
    }
    text
}

const EXAMPLES: &str = "\
# [dump]                                   # where mydump-rotate publishes (or its --dir)
# dir = \"/mnt/efs/dumps\"
# keep_days = 7

# [restore]                                # how rds-restore makes the throw-away copy; rds-restore --check says what is missing
# subnet_group = \"dev-private\"
# security_groups = [\"sg-0a1b2c3d4e5f60718\"]
# instance_class = \"db.r7g.large\"

# [targets.dev1]                           # what dev-restore may replace: dev-restore --target dev1 --dump latest
# host = \"dev1.internal\"
# database = \"app\"
# defaults_file = \"/etc/refreshkit/dev1.cnf\"

# [targets.mine]                           # or a server of your own on this host, a copy of a dump
# instance = \"/srv/refresh\"
# port = 3317
";
