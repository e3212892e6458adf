//! Columns that look like personal data: by their name, and by what a sample of their values looks like.
//!
//! In: the catalog, the masks, the tables whose rows come along, a session. Out: [`Finding`]s with the TOML to paste.
//! Values are looked at by the server; only counts leave it.

use super::naming::column_words;
use super::sample;
use crate::catalog::{Catalog, Column, Family, Table};
use crate::mask::masks::Masks;
use crate::mysql::{self, Session};
use crate::sql;

/// A column that looks like personal data and has neither mask nor reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Position of the table in the catalog.
    pub table: usize,
    /// The column.
    pub column: String,
    /// Why: `its name`, `31 of 500 sampled values hold an e-mail address`.
    pub evidence: String,
    /// What to write on the right side, such as `"email"`.
    pub proposal: String,
}

impl Finding {
    /// `"customers.mobile" = "phone"  # its name`.
    pub fn toml(&self, catalog: &Catalog) -> String {
        let table = &catalog.tables[self.table];
        let alone = catalog.tables.iter().filter(|other| other.name == table.name).count() == 1;
        let quote = |name: &str| {
            if name.contains(['.', '`', '(', ' ']) { sql::name(name) } else { name.to_owned() }
        };
        let database = if alone { String::new() } else { format!("{}.", quote(&table.database)) };
        let key = format!("{database}{}.{}", quote(&table.name), quote(&self.column));
        format!("{key:?} = {}  # {}", self.proposal, self.evidence)
    }
}

/// Words of column names, the kind of mask for them, and whether the whole name must be these words.
const NAMES: &[(&[&str], &str)] = &[
    (&["email"], "\"email\""),
    (&["e", "mail"], "\"email\""),
    (&["mail"], "\"email\""),
    (&["phone"], "\"phone\""),
    (&["telephone"], "\"phone\""),
    (&["tel"], "\"phone\""),
    (&["mobile"], "\"phone\""),
    (&["cell"], "\"phone\""),
    (&["fax"], "\"phone\""),
    (&["ssn"], "{ kind = \"pattern\", format = \"###-##-####\" }"),
    (&["social", "security"], "{ kind = \"pattern\", format = \"###-##-####\" }"),
    (&["tax", "id"], "{ kind = \"pattern\", format = \"###-##-####\" }"),
    (&["national", "id"], "{ kind = \"pattern\", format = \"#########\" }"),
    (&["passport"], "{ kind = \"pattern\", format = \"#########\" }"),
    (&["licence", "number"], "\"hash\""),
    (&["license", "number"], "\"hash\""),
    (&["first", "name"], "\"first_name\""),
    (&["given", "name"], "\"first_name\""),
    (&["middle", "name"], "\"first_name\""),
    (&["fname"], "\"first_name\""),
    (&["last", "name"], "\"last_name\""),
    (&["family", "name"], "\"last_name\""),
    (&["maiden", "name"], "\"last_name\""),
    (&["surname"], "\"last_name\""),
    (&["lname"], "\"last_name\""),
    (&["full", "name"], "\"name\""),
    (&["contact", "name"], "\"name\""),
    (&["display", "name"], "\"name\""),
    (&["real", "name"], "\"name\""),
    (&["nickname"], "\"username\""),
    (&["customer", "name"], "\"name\""),
    (&["password"], "{ kind = \"password\", value = \"development\" }"),
    (&["user", "pass"], "{ kind = \"password\", value = \"development\" }"),
    (&["passwd"], "{ kind = \"password\", value = \"development\" }"),
    (&["pwd"], "{ kind = \"password\", value = \"development\" }"),
    (&["secret"], "\"hash\""),
    (&["token"], "\"hash\""),
    (&["api", "key"], "\"hash\""),
    (&["iban"], "\"iban\""),
    (&["account", "number"], "{ kind = \"pattern\", format = \"##########\" }"),
    (&["routing", "number"], "{ kind = \"pattern\", format = \"#########\" }"),
    (&["card", "number"], "\"card\""),
    (&["credit", "card"], "\"card\""),
    (&["cvv"], "{ kind = \"constant\", value = \"000\" }"),
    (&["birth"], "DATE"),
    (&["birthday"], "DATE"),
    (&["birthdate"], "DATE"),
    (&["dob"], "DATE"),
    (&["ip"], "\"ip\""),
    (&["remote", "addr"], "\"ip\""),
    (&["mac", "address"], "\"mac\""),
    (&["user", "agent"], "\"text\""),
    (&["user", "name"], "\"username\""),
    (&["login"], "\"username\""),
    (&["salary"], "\"text\""),
    (&["zip"], "{ kind = \"pattern\", format = \"#####\" }"),
    (&["postcode"], "\"text\""),
    (&["postal", "code"], "\"text\""),
    (&["city"], "\"city\""),
    (&["street"], "\"street\""),
    (&["address"], "\"text\""),
    (&["address", "1"], "\"text\""),
];

/// Last words that make a name speak of something else: `email_sent`, `phone_type`.
const HARMLESS_ENDINGS: &[&str] = &[
    "id",
    "at",
    "on",
    "count",
    "type",
    "kind",
    "status",
    "flag",
    "verified",
    "confirmed",
    "sent",
    "enabled",
    "template",
    "subject",
    "format",
    "expire",
    "expiry",
    "version",
    "opt",
    "allowed",
    "valid",
    "state",
    "country",
    "order",
];

/// Numbers that say much of a person.
const NUMBERS: &[&str] = &["salary", "ssn", "passport", "ip", "zip"];

/// What stands for a number that says much of a person.
const NOUGHT: &str = "{ kind = \"constant\", value = 0 }";

/// A bare `name` is a person's in tables about people; a JSON value so called describes one.
const PEOPLE: &[&str] = &[
    "user",
    "customer",
    "client",
    "person",
    "people",
    "contact",
    "applicant",
    "employee",
    "member",
    "driver",
    "patient",
    "insured",
    "claimant",
    "subscriber",
    "owner",
];

/// Looks at every column of `tables` that `[mask]` says nothing of. `strict` also names every other text column.
pub fn detect(
    session: &mut Session,
    catalog: &Catalog,
    masks: &Masks,
    tables: &[usize],
    strict: bool,
) -> Result<Vec<Finding>, mysql::Error> {
    let mut findings = Vec::new();
    for &at in tables {
        let table = &catalog.tables[at];
        let open: Vec<&Column> = table
            .columns
            .iter()
            .filter(|column| !column.generated && masks.declared(at, &column.name).is_none())
            .collect();
        let (named, unnamed): (Vec<&Column>, Vec<&Column>) =
            open.into_iter().partition(|column| by_name(table, column).is_some());
        let finding = |column: &Column, evidence: String, proposal: &str| Finding {
            table: at,
            column: column.name.clone(),
            evidence,
            proposal: proposal.to_owned(),
        };
        for column in named {
            let proposal = by_name(table, column).unwrap_or_default();
            findings.push(finding(column, "by its name".to_owned(), &proposal));
        }
        findings.extend(computed(masks, at, table));
        let seen = sample::values(session, table, &unnamed)?;
        for column in unnamed {
            match seen.iter().find(|seen| seen.column == column.name) {
                _ if findings.iter().any(|f| f.table == at && f.column == column.name) => {}
                Some(seen) => {
                    findings.push(finding(column, seen.evidence.clone(), &fitting(column, seen.proposal)));
                }
                None if strict && column.family() == Family::Text => {
                    let proposal = "{ kind = \"keep\", reason = \"…\" }";
                    findings.push(finding(column, "a text (policy = \"strict\")".to_owned(), proposal));
                }
                None => {}
            }
        }
    }
    Ok(findings)
}

/// Generated columns with a telling name, computed from columns that nothing is said of: `payload` of `email`.
fn computed(masks: &Masks, at: usize, table: &Table) -> Vec<Finding> {
    let telling = |column: &&Column| column.generated && by_name(table, column).is_some();
    let mut findings: Vec<Finding> = Vec::new();
    for column in table.columns.iter().filter(telling) {
        let mut sources = table.columns.iter().filter(|source| column.computed_from(source));
        if sources
            .clone()
            .any(|source| masks.declared(at, &source.name).is_some() || by_name(table, source).is_some())
        {
            continue;
        }
        let Some(source) =
            sources.find(|s| matches!(s.family(), Family::Text | Family::Json | Family::Binary))
        else {
            continue;
        };
        let json = source.family() == Family::Json;
        let proposal = if json { "{ kind = \"constant\", value = \"{}\" }" } else { "\"text\"" };
        findings.push(Finding {
            table: at,
            column: source.name.clone(),
            evidence: format!("{} is computed from it", column.name),
            proposal: proposal.to_owned(),
        });
    }
    findings
}

/// What the column's name speaks of, as the right side of a rule.
fn by_name(table: &Table, column: &Column) -> Option<String> {
    let words = column_words(&column.name);
    let last = words.last()?;
    let time = column.family() == Family::Time;
    let can_hold = matches!(column.family(), Family::Text | Family::Binary);
    let number = matches!(column.family(), Family::Exact | Family::Approximate);
    let people = |words: &[String]| words.iter().any(|word| PEOPLE.contains(&word.as_str()));
    // `tax_id` ends harmlessly and is not.
    let hit = NAMES.iter().find(|(name, _)| contains(&words, name));
    let harmless = HARMLESS_ENDINGS.contains(&last.as_str())
        && !hit.is_some_and(|(name, _)| name.contains(&last.as_str()));
    match hit {
        Some((_, "DATE")) if time && !harmless => Some("{ kind = \"generalise\", to = \"year\" }".to_owned()),
        Some((_, "DATE")) if can_hold && !harmless => Some("\"text\"".to_owned()),
        _ if column.family() == Family::Json && !harmless && (hit.is_some() || people(&words)) => {
            Some("{ kind = \"constant\", value = \"{}\" }".to_owned())
        }
        Some(_) if column.family() == Family::Choice && !harmless => Some(choice(column)),
        Some((_, "DATE")) if number && !harmless => Some(NOUGHT.to_owned()),
        Some((_, "DATE")) => None,
        Some((_, proposal)) if can_hold && !harmless => Some(fitting(column, proposal)),
        Some((_, "\"phone\"")) if column.integer() && !harmless => Some("\"phone\"".to_owned()),
        Some((name, _))
            if number && !harmless && (name.last() == Some(&"number") || NUMBERS.contains(&name[0])) =>
        {
            Some(NOUGHT.to_owned())
        }
        None if can_hold && words == ["name"] && people(&column_words(&table.name)) => {
            Some(fitting(column, "\"name\""))
        }
        _ => None,
    }
}

/// What can stand for every member of an ENUM or SET.
fn choice(column: &Column) -> String {
    let proposal = if column.nullable { "\"null\"" } else { "{ kind = \"keep\", reason = \"…\" }" };
    proposal.to_owned()
}

/// The proposal, or one that fits a short column.
fn fitting(column: &Column, proposal: &str) -> String {
    let room = column.length.unwrap_or(u64::MAX);
    let needed = match proposal {
        "\"email\"" | "\"iban\"" => 22,
        "\"street\"" => 20,
        "\"name\"" | "\"card\"" => 16,
        "\"ip\"" => 15,
        "\"username\"" | "\"city\"" | "\"mac\"" => 12,
        "\"phone\"" => 10,
        "\"first_name\"" | "\"last_name\"" | "\"hash\"" => 8,
        p if p.contains("password") => 60,
        p if p.contains("###-##-####") => 11,
        p => p.matches('#').count() as u64,
    };
    if room >= needed { proposal.to_owned() } else { "\"text\"".to_owned() }
}

fn contains(words: &[String], wanted: &[&str]) -> bool {
    words.windows(wanted.len()).any(|window| window.iter().map(String::as_str).eq(wanted.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(table: &str, column: &str, data_type: &str) -> Option<String> {
        let table = Table { name: table.to_owned(), ..Table::default() };
        let column = Column {
            name: column.to_owned(),
            data_type: data_type.to_owned(),
            length: Some(100),
            ..Column::default()
        };
        by_name(&table, &column)
    }

    #[test]
    fn tells_personal_names_from_harmless_ones() {
        for (column, proposal) in [
            ("customer_email", "\"email\""),
            ("customerEmail", "\"email\""),
            ("mobile", "\"phone\""),
            ("home_phone_2", "\"phone\""),
            ("LastName", "\"last_name\""),
            ("address1", "\"text\""),
            ("firstname", "\"first_name\""),
            ("lastname", "\"last_name\""),
            ("fullname", "\"name\""),
            ("phonenumber", "\"phone\""),
            ("emailaddress", "\"email\""),
            ("emails", "\"email\""),
            ("username", "\"username\""),
            ("birth_date", "\"text\""),
            ("ip_address", "\"ip\""),
            ("home_city", "\"city\""),
            ("display_name", "\"name\""),
            ("user_realname", "\"name\""),
            ("nickname", "\"username\""),
            ("lastip", "\"ip\""),
            ("REMOTE_ADDR", "\"ip\""),
            ("user_pass", "{ kind = \"password\", value = \"development\" }"),
        ] {
            assert_eq!(named("x", column, "varchar").as_deref(), Some(proposal), "{column}");
        }
        assert!(named("x", "tax_id", "varchar").unwrap().contains("###-##-####"));
        for (column, data_type) in [
            ("contact", "json"),
            ("emails", "json"),
            ("salary", "decimal"),
            ("zipcode", "char"),
            ("zip", "int"),
            ("dob", "int"),
            ("birth_year", "smallint"),
            ("birthYear", "int"),
            ("lastip", "int"),
        ] {
            assert!(named("x", column, data_type).is_some(), "{column}");
        }
        assert!(named("x", "dateofbirth", "date").unwrap().contains("generalise"));
        assert!(named("x", "date_of_birth", "date").unwrap().contains("generalise"));
        for harmless in [
            "email_sent",
            "phone_type",
            "mailing",
            "tokenizer",
            "name",
            "birth_country",
            "email_template",
            "last_login_at",
            "city_id",
        ] {
            assert_eq!(named("x", harmless, "varchar"), None, "{harmless}");
        }
        for harmless in ["email_sent", "birth_order", "zip_count", "ip_version"] {
            assert_eq!(named("x", harmless, "tinyint"), None, "{harmless}");
        }
        assert_eq!(named("x", "email_id", "int"), None);
        assert_eq!(named("app_users", "name", "varchar").as_deref(), Some("\"name\""));
    }
}
