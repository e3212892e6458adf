//! The kinds of masks, a row each: its name in files, what the scans must know of it, its settings and their check, how
//! many characters keep its results apart, and the function that makes its expression.
//!
//! In: one entry of `[mask]` and one column. Out: a [`Mask`]. A new kind is a function in the file of its family, a row
//! here and a row in the table of `lib/mask/README.md`; the loader, the JSON Schema and the tests read this table.

use super::target::{Made, MaskRequest, MaskTarget};
use super::{choice, cipher, dates, digits, json, network, numbers, people, plain, shapes, tokens};
use crate::config::{KindVocabulary, KindWords, MaskConfig, Wrong};
use crate::mask::masks::Mask;
use crate::mask::traits::{LeakTraits, ResultTrait, TraceTrait, ValueTrait};

/// One kind of masks, with all that others must know of it.
struct MaskKind {
    name: &'static str,
    /// What the scan and the search for copies must know of it.
    traits: LeakTraits,
    /// The settings that the kind reads. Any other is refused: it would promise something that is not done.
    settings: &'static [&'static str],
    /// Checks the settings without a column.
    check: fn(&MaskConfig) -> Result<(), Wrong>,
    /// How many first characters of a result keep values apart: an index on a prefix of the column must cover as many. 0
    /// if the length of the prefix does not matter.
    unique_prefix: fn(&MaskConfig) -> u64,
    make: fn(&MaskRequest<'_>) -> Result<Made, Wrong>,
}

const fn kind(
    name: &'static str,
    traits: LeakTraits,
    make: fn(&MaskRequest<'_>) -> Result<Made, Wrong>,
) -> MaskKind {
    MaskKind { name, traits, settings: &[], check: |_| Ok(()), unique_prefix: |_| 0, make }
}

impl MaskKind {
    const fn reads(self, settings: &'static [&'static str]) -> Self {
        Self { settings, ..self }
    }

    const fn checked(self, check: fn(&MaskConfig) -> Result<(), Wrong>) -> Self {
        Self { check, ..self }
    }

    const fn unique_prefix(self, unique_prefix: fn(&MaskConfig) -> u64) -> Self {
        Self { unique_prefix, ..self }
    }
}

/// Every kind that `[mask]` may name.
static KINDS: &[MaskKind] = {
    use ResultTrait::{Open, Ours};
    use TraceTrait::{Left, None as Nothing};
    use ValueTrait::{Telling, Untelling, Vague};
    &[
        kind("null", LeakTraits::of(Ours, Vague, Nothing), |w| plain::null(w.target)),
        kind("constant", LeakTraits::of(Ours, Vague, Nothing), |w| plain::constant(w.target, w.config))
            .reads(&["value"])
            .checked(|c| plain::value(c).map(drop)),
        kind("empty", LeakTraits::of(Ours, Vague, Nothing), |w| plain::empty(w.target)),
        // `keep` has a reason, so clear values are fine.
        kind("keep", LeakTraits::of(Ours, Untelling, Nothing), |w| plain::keep(w.target, w.config))
            .reads(&["reason"])
            .checked(plain::reason),
        kind("text", LeakTraits::of(Ours, Untelling, Nothing), |w| plain::text(w.target)),
        kind("redact", LeakTraits::of(Open, Untelling, Nothing), |w| plain::redact(w.target)),
        kind("partial", LeakTraits::of(Open, Telling, Left), |w| plain::partial(w.target, w.config))
            .reads(&["first", "last", "with"])
            .checked(|c| plain::ends(c).map(drop)),
        kind("shape", LeakTraits::of(Ours, Telling, Left), |w| plain::shape(w.target)),
        kind("hash", LeakTraits::of(Ours, Telling, Left), |w| tokens::hashed(w.target, w.config, w.domain))
            .reads(&["length", "prefix"])
            .unique_prefix(|c| tokens::unique_prefix(c, 0)),
        kind("email", LeakTraits::of(Ours, Telling, Left), |w| tokens::email(w.target, w.config, w.domain))
            .reads(&["host", "prefix", "length"])
            .unique_prefix(|c| tokens::unique_prefix(c, 5)),
        kind("username", LeakTraits::of(Ours, Telling, Left), |w| tokens::prefixed(w, "user"))
            .reads(&["length", "prefix"])
            .unique_prefix(|c| tokens::unique_prefix(c, 5)),
        kind("slug", LeakTraits::of(Ours, Telling, Left), |w| tokens::prefixed(w, "page-"))
            .reads(&["length", "prefix"])
            .unique_prefix(|c| tokens::unique_prefix(c, 5)),
        kind("name", LeakTraits::of(Ours, Telling, Left), |w| people::name(w.target, w.domain)),
        kind("person", LeakTraits::of(Ours, Telling, Left), |w| people::person(w.target, w.config, w.domain))
            .reads(&["part", "of"])
            .checked(|c| people::part(c).map(drop))
            .unique_prefix(|_| people::UNIQUE_PREFIX),
        kind("first_name", LeakTraits::of(Ours, Telling, Left), |w| people::first_name(w.target, w.domain)),
        kind("last_name", LeakTraits::of(Ours, Telling, Left), |w| people::last_name(w.target, w.domain)),
        kind("company", LeakTraits::of(Ours, Telling, Left), |w| people::company(w.target, w.domain)),
        kind("street", LeakTraits::of(Ours, Telling, Left), |w| people::street(w.target, w.domain)),
        kind("city", LeakTraits::of(Ours, Untelling, Left), |w| people::city(w.target, w.domain)),
        kind("phone", LeakTraits::of(Ours, Telling, Left), |w| shapes::phone(w.target, w.config, w.domain))
            .reads(&["format"]),
        kind("pattern", LeakTraits::of(Ours, Telling, Left), |w| {
            shapes::pattern(w.target, w.config, w.domain)
        })
        .reads(&["format", "check"])
        .checked(|c| shapes::pattern_settings(c).map(drop)),
        // An index on a prefix of the column would leave out digits that keep values apart.
        kind("cipher", LeakTraits::of(Ours, Telling, Left), |w| cipher::cipher(w.target, w.domain))
            .unique_prefix(|_| u64::MAX),
        kind("card", LeakTraits::of(Ours, Telling, Left), |w| digits::card(w.target, w.config, w.domain))
            .reads(&["prefix", "first", "length"])
            .checked(|c| digits::card_settings(c).map(drop)),
        kind("iban", LeakTraits::of(Ours, Telling, Left), |w| digits::iban(w.target, w.domain)),
        kind("permute", LeakTraits::of(Ours, Untelling, Left), |w| numbers::permute(w.target, w.domain)),
        kind("noise", LeakTraits::of(Ours, Untelling, Left), |w| {
            numbers::noise(w.target, w.config, w.domain)
        })
        .reads(&["percent", "of"])
        .checked(|c| numbers::percent(c).map(drop)),
        kind("bucket", LeakTraits::of(Ours, Untelling, Left), |w| numbers::bucket(w.target, w.config))
            .reads(&["step", "min", "max"])
            .checked(|c| numbers::step(c).map(drop)),
        kind("clamp", LeakTraits::of(Ours, Untelling, Left), |w| numbers::clamp(w.target, w.config))
            .reads(&["min", "max"])
            .checked(numbers::limits),
        kind("geo", LeakTraits::of(Ours, Untelling, Left), |w| numbers::geo(w.target, w.config))
            .reads(&["digits"]),
        kind("shift", LeakTraits::of(Ours, Untelling, Left), |w| dates::shift(w.target, w.config, w.domain))
            .reads(&["of", "days", "step"])
            .checked(|c| dates::moves(c).map(drop)),
        kind("generalise", LeakTraits::of(Ours, Untelling, Left), |w| dates::generalise(w.target, w.config))
            .reads(&["to"])
            .checked(|c| dates::part(c).map(drop)),
        kind("ip", LeakTraits::of(Ours, Telling, Left), |w| network::ip(w.target, w.config, w.domain))
            .reads(&["network"]),
        kind("mac", LeakTraits::of(Ours, Telling, Left), |w| network::mac(w.target, w.domain)),
        kind("uuid", LeakTraits::of(Ours, Telling, Left), |w| tokens::uuid(w.target, w.domain))
            .unique_prefix(|_| tokens::UUID_PREFIX),
        kind("choice", LeakTraits::of(Ours, Untelling, Nothing), choice::choice)
            .reads(&["values", "weights", "of", "map", "value"])
            .checked(|c| choice::settings(c).map(drop)),
        kind("json", LeakTraits::of(Open, Untelling, Nothing), |w| json::json(w.target, w.config, make))
            .reads(&["paths"])
            .checked(|c| json::paths(c).map(drop)),
        kind("password", LeakTraits::of(Ours, Telling, Nothing), |w| tokens::password(w.target, w.config))
            .reads(&["value"])
            .checked(|c| tokens::password_value(c).map(drop)),
        kind("sql", LeakTraits::of(Open, Vague, Nothing), |w| plain::written(w.config))
            .reads(&["sql"])
            .checked(|c| plain::sql(c).map(drop)),
    ]
};

/// The kinds and their settings, for the loader of `refresh.toml`.
pub fn vocabulary() -> KindVocabulary {
    let words = |kind: &MaskKind| KindWords { name: kind.name, settings: kind.settings, check: kind.check };
    KindVocabulary { kinds: KINDS.iter().map(words).collect() }
}

/// Compiles one entry for one column.
pub(crate) fn mask(target: &MaskTarget<'_>, rule: &str, config: &MaskConfig) -> Result<Mask, Wrong> {
    let kind = known(&config.kind)?;
    let made = make(target, config)?;
    // Without the column's name, columns that mask alike have equal recipes.
    let recipe = made.expression.replace(&target.value, "?");
    Ok(Mask {
        kind: config.kind.clone(),
        nature: kind.traits,
        domain: domain(config),
        expression: made.expression,
        recipe,
        lossy: made.lossy,
        telling: (kind.unique_prefix)(config),
        written: written(config),
        rule: rule.to_owned(),
    })
}

/// Makes the expression of one entry.
fn make(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    (known(&config.kind)?.make)(&MaskRequest { target, config, domain: &domain(config) })
}

fn known(name: &str) -> Result<&'static MaskKind, Wrong> {
    let found = KINDS.iter().find(|kind| kind.name == name);
    found.ok_or_else(|| vocabulary().kind(name).err().unwrap_or_default())
}

fn domain(config: &MaskConfig) -> String {
    let whole = config.kind == "person" && config.part.is_none();
    let own = if whole { "name" } else { config.kind.as_str() };
    config.domain.clone().unwrap_or_else(|| own.to_owned())
}

/// Whether an entry, or one of its `paths`, has SQL of `refresh.toml`.
fn written(config: &MaskConfig) -> bool {
    config.sql.is_some() || config.paths.values().any(written)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::{Column, Table};

    const README: &str = include_str!("../README.md");

    /// A row of the README's table: the kinds, their settings, and its cell about unique results.
    struct Told {
        names: Vec<&'static str>,
        settings: Vec<&'static str>,
        unique: &'static str,
    }

    fn told() -> Vec<Told> {
        let table = README.split("| kind | settings |").nth(1).unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let ["", names, settings, _, unique, ""] = cells[..] else { panic!("{row}") };
            Told { names: words(names), settings: words(settings), unique }
        })
        .collect()
    }

    /// The names in back-ticks, but for those in parentheses, which are values.
    fn words(cell: &'static str) -> Vec<&'static str> {
        let mut depth = 0;
        let mut words = Vec::new();
        for (n, part) in cell.split('`').enumerate() {
            if n % 2 == 0 {
                depth += part.matches('(').count();
                depth -= part.matches(')').count();
            } else if depth == 0 && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
                words.push(part);
            }
        }
        words
    }

    #[test]
    fn the_table_of_the_readme_says_the_same() {
        let told = told();
        let names: BTreeSet<&str> = told.iter().flat_map(|row| row.names.iter().copied()).collect();
        assert_eq!(names, KINDS.iter().map(|kind| kind.name).collect());
        for kind in KINDS {
            let row = told.iter().find(|row| row.names.contains(&kind.name)).unwrap();
            let (there, here): (BTreeSet<_>, BTreeSet<_>) =
                (row.settings.iter().collect(), kind.settings.iter().collect());
            assert_eq!(there, here, "{}", kind.name);
        }
    }

    /// Columns of every sort of value.
    fn columns() -> Vec<Column> {
        let column = |data_type: &str, column_type: &str, length: Option<u64>| Column {
            name: "c".to_owned(),
            data_type: data_type.to_owned(),
            column_type: column_type.to_owned(),
            length,
            nullable: true,
            ..Column::default()
        };
        vec![
            column("varchar", "varchar(100)", Some(100)),
            column("char", "char(11)", Some(11)),
            column("bigint", "bigint(20)", None),
            column("decimal", "decimal(12,2)", None),
            column("datetime", "datetime", None),
        ]
    }

    /// An entry of the kind with the settings that it needs, taken from the hints of its check.
    fn entry(kind: &MaskKind) -> MaskConfig {
        let of = |more: &str| -> MaskConfig {
            let text = format!("mask = {{ kind = {:?}{more} }}", kind.name);
            let mut table: std::collections::BTreeMap<String, MaskConfig> =
                toml::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
            table.remove("mask").unwrap()
        };
        let mut more = String::new();
        for _ in 0..4 {
            let config = of(&more);
            let Err((message, hint)) = (kind.check)(&config) else { return config };
            let hint = hint.unwrap_or_else(|| panic!("{}: {message}", kind.name));
            // Of several examples the first is taken; of a whole entry, what follows the kind.
            let example = hint.split(", or ").next().unwrap_or_default();
            let whole = example.strip_prefix(&format!("{{ kind = {:?}", kind.name));
            match whole.and_then(|rest| rest.strip_suffix(" }")) {
                Some(settings) => more += settings,
                None => more.extend([", ", example]),
            }
        }
        panic!("{}: the hints do not end: {more}", kind.name)
    }

    #[test]
    fn every_kind_is_made_on_a_fitting_column_with_what_its_hints_say() {
        let all = told();
        let others = ["id", "customer_id"].map(|name| Column {
            name: name.to_owned(),
            data_type: "int".to_owned(),
            column_type: "int(11)".to_owned(),
            ..Column::default()
        });
        let table = Table { name: "t".to_owned(), columns: others.to_vec(), ..Table::default() };
        for kind in KINDS {
            let config = entry(kind);
            let columns = columns();
            let masks = columns.iter().map(|column| mask(&MaskTarget::of(&table, column), "t.c", &config));
            let (made, refused): (Vec<_>, Vec<_>) = masks.partition(Result::is_ok);
            let refused: Vec<String> = refused.into_iter().filter_map(Result::err).map(|(m, _)| m).collect();
            let made: Vec<Mask> = made.into_iter().flatten().collect();
            assert!(!made.is_empty(), "{}: {refused:?}", kind.name);
            let row = all.iter().find(|row| row.names.contains(&kind.name)).unwrap();
            for mask in made {
                assert!(!mask.expression.is_empty() && mask.kind == kind.name);
                assert_eq!(mask.nature, kind.traits);
                // What the README calls unique is never lossy; where its cell is empty, the mask always is.
                assert!(row.unique != "yes" || !mask.lossy, "{}", kind.name);
                assert!(!row.unique.is_empty() || mask.lossy, "{}", kind.name);
            }
        }
    }

    #[test]
    fn sql_inside_a_document_is_sql_too() {
        let text = "paths = { '$.a' = { kind = 'sql', sql = 'UPPER(1)' } }\nkind = 'json'\n";
        let json: MaskConfig = toml::from_str(text).unwrap();
        assert!(written(&json));
        let plain: MaskConfig = toml::from_str("paths = { '$.a' = 'hash' }\nkind = 'json'\n").unwrap();
        assert!(!written(&plain));
    }
}
