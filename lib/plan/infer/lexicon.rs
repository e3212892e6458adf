//! The words of a catalog's names, once for all columns: which tables end with a word, which keys are called so.
//!
//! In: the catalog. Out: a [`Lexicon`], by which each column looks at a few tables and not at all of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::roles::COPIES;
use super::spelling::{glued_prefix, is_short_for, repeats, table_prefix};
use crate::catalog::{Catalog, Index, Table, singulars, words};

/// A column by which another table may refer to a row.
#[derive(Debug)]
pub(crate) struct ReferableKey {
    /// Position of its table.
    pub(crate) table: usize,
    /// Name of the column, unquoted.
    pub(crate) column: String,
    /// The words of its name.
    pub(crate) words: Vec<String>,
    /// What the column is to its table.
    pub(crate) sort: KeySort,
}

/// What a column is to its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeySort {
    /// The whole primary key of its table.
    Whole,
    /// Unique beside the key.
    Unique,
    /// The first column of a key of several.
    First,
}

/// A word that is short for more tables than this is short for none.
const SHORT_FOR_MAX: usize = 3;

/// Shorter words are the end of others by chance (letters).
const COMPOUND_MIN: usize = 6;

/// So many tables that begin with a word are a family, if none is called by that word alone.
const FAMILY_MIN: usize = 4;

/// The words of a catalog's names, looked up from both sides.
pub(crate) struct Lexicon<'a> {
    /// The catalog that the words are of.
    pub(crate) catalog: &'a Catalog,
    tables: Vec<Vec<String>>,
    /// The same without the words of a family: `core country` is a country where many tables are called `core …`.
    bare: Vec<Vec<String>>,
    keys: Vec<ReferableKey>,
    by_table: HashMap<String, Vec<usize>>,
    by_key: HashMap<String, Vec<usize>>,
    /// Tables by all letters of their names, with and without the words of a family.
    by_letters: HashMap<String, Vec<usize>>,
    sharing: BTreeMap<Vec<String>, usize>,
    /// The key of each table that has one of one column, by its table.
    whole: HashMap<usize, usize>,
    /// All letters of the names of all tables.
    names: HashSet<String>,
    people: Vec<usize>,
    /// What all names begin with, glued to what they say.
    glued: Option<String>,
}

impl<'a> Lexicon<'a> {
    /// Takes all names apart. `people`: what tables of people are called.
    pub(crate) fn of(catalog: &'a Catalog, people: &[&str]) -> Self {
        let prefix = common_prefix(catalog);
        let columns = catalog.tables.iter().flat_map(|table| &table.columns);
        let glued = glued_prefix(
            catalog.tables.iter().map(|table| table.name.as_str()),
            columns.map(|column| column.name.as_str()),
        );
        let tables = table_names(catalog, glued.as_deref(), prefix.as_deref());
        let keys: Vec<ReferableKey> =
            (0..catalog.tables.len()).flat_map(|at| keys(catalog, at, glued.as_deref())).collect();
        let (mut by_table, mut by_key) =
            (HashMap::<String, Vec<usize>>::new(), HashMap::<String, Vec<usize>>::new());
        let mut sharing: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for (at, key) in keys.iter().enumerate() {
            if let Some(last) = key.words.last() {
                by_key.entry(last.clone()).or_default().push(at);
            }
            if key.sort == KeySort::Whole {
                // Where rows are laid aside they keep their keys.
                if !lays_aside(&tables[key.table]) {
                    *sharing.entry(key.words.clone()).or_default() += 1;
                }
                if let Some(last) = tables[key.table].last() {
                    by_table.entry(last.clone()).or_default().push(key.table);
                }
            }
        }
        let shortened = shortened(catalog, &tables);
        let bare: Vec<Vec<String>> = without_family(&shortened);
        let mut by_letters = HashMap::<String, Vec<usize>>::new();
        for key in keys.iter().filter(|key| key.sort == KeySort::Whole) {
            let letters = [&tables, &bare].map(|names| names[key.table].concat());
            by_letters.entry(letters[0].clone()).or_default().push(key.table);
            if letters[0] != letters[1] {
                by_letters.entry(letters[1].clone()).or_default().push(key.table);
            }
        }
        let whole_keys = keys.iter().enumerate().filter(|(_, key)| key.sort == KeySort::Whole);
        let whole: HashMap<usize, usize> = whole_keys.map(|(at, key)| (key.table, at)).collect();
        let names: HashSet<String> = tables.iter().map(|name| name.concat()).collect();
        let of_one: Vec<usize> =
            keys.iter().filter(|key| key.sort == KeySort::Whole).map(|key| key.table).collect();
        let people = people_among(catalog, &of_one, &shortened, people);
        Self {
            catalog,
            tables,
            bare,
            keys,
            by_table,
            by_key,
            by_letters,
            sharing,
            whole,
            names,
            people,
            glued,
        }
    }

    /// The words of a key's name, `id` last.
    pub(crate) fn key_words(&self, column: &str) -> Vec<String> {
        id_last(self.words(column))
    }

    /// The words of a column's name.
    pub(crate) fn words(&self, column: &str) -> Vec<String> {
        words(bare(column, self.glued.as_deref()))
    }

    /// Whether all names begin with the same letters, glued to what they say.
    pub(crate) fn is_glued(&self) -> bool {
        self.glued.is_some()
    }

    /// The table that a word is short for. Of several none, unless values tell them apart: then a few.
    pub(crate) fn short_of(&self, word: &str, values_tell: bool) -> Vec<usize> {
        let meant = |at: &usize| match self.tables[*at].as_slice() {
            [name] => is_short_for(word, name),
            _ => false,
        };
        let whole = self.keys.iter().filter(|key| key.sort == KeySort::Whole).map(|key| key.table);
        let found: Vec<usize> = whole.filter(meant).collect();
        let begins = |at: &&usize| self.tables[**at][0].starts_with(word);
        let beginning: Vec<usize> = found.iter().filter(begins).copied().collect();
        match (found.len(), beginning.len()) {
            (_, 1) => beginning,
            (1, _) => found,
            (_, 2..=SHORT_FOR_MAX) if values_tell => beginning,
            (2..=SHORT_FOR_MAX, _) if values_tell => found,
            _ => Vec::new(),
        }
    }

    /// The one column that is the whole key of a table, or that the server numbers.
    pub(crate) fn whole_key(&self, at: usize) -> Option<&str> {
        self.whole.get(&at).map(|key| self.keys[*key].column.as_str())
    }

    /// Whether rows are laid aside in a table, by its name: `deleted_items`.
    pub(crate) fn is_copy(&self, at: usize) -> bool {
        lays_aside(&self.tables[at])
    }

    /// Whether a table is called so, whatever stands between the words, and whatever its key is.
    pub(crate) fn is_table(&self, words: &[String]) -> bool {
        self.names.contains(&words.concat())
    }

    /// The words of a table's name, in the singular.
    pub(crate) fn table(&self, at: usize) -> &[String] {
        &self.tables[at]
    }

    /// The words of a table's name without those that it shares with its family.
    pub(crate) fn bare(&self, at: usize) -> &[String] {
        &self.bare[at]
    }

    /// The tables with a key of one column that are called so, whatever stands between the words: `customergroup` is `customer_groups`.
    pub(crate) fn lettered(&self, words: &[String]) -> &[usize] {
        self.by_letters.get(&words.concat()).map_or(&[], Vec::as_slice)
    }

    /// The one table of one word that ends with this one: `hersteller` is the end of `fahrzeughersteller`.
    pub(crate) fn compound(&self, word: &str) -> Option<usize> {
        let ends = |at: &usize| matches!(&self.bare[*at][..], [name] if name.len() > word.len() + 2 && name.ends_with(word));
        if word.len() < COMPOUND_MIN {
            return None;
        }
        let whole = self.keys.iter().filter(|key| key.sort == KeySort::Whole).map(|key| key.table);
        let mut found = whole.filter(ends);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The tables with a key of one column whose name ends with a word.
    pub(crate) fn tables_ending(&self, word: &str) -> &[usize] {
        self.by_table.get(word).map_or(&[], Vec::as_slice)
    }

    /// The keys whose name ends with a word.
    pub(crate) fn keys_ending(&self, word: &str) -> impl Iterator<Item = &ReferableKey> {
        self.by_key.get(word).into_iter().flatten().map(|at| &self.keys[*at])
    }

    /// How many tables call their key so.
    pub(crate) fn sharing(&self, key: &[String]) -> usize {
        self.sharing.get(key).copied().unwrap_or_default()
    }

    /// Positions of the tables that hold people.
    pub(crate) fn people(&self) -> &[usize] {
        &self.people
    }
}

/// The words of all tables' names, in the singular, without what they only begin with.
fn table_names(catalog: &Catalog, glued: Option<&str>, prefix: Option<&str>) -> Vec<Vec<String>> {
    let names: Vec<String> = catalog.tables.iter().map(|table| table.name.to_lowercase()).collect();
    let columns = catalog.tables.iter().flat_map(|table| &table.columns);
    let said: Vec<Vec<String>> = columns.map(|column| words(&column.name)).collect();
    let alone = if glued.is_none() && prefix.is_none() { table_prefix(&names, &said) } else { None };
    let front = glued.or(alone.as_deref());
    let prefix = prefix.filter(|_| glued.is_none());
    catalog.tables.iter().map(|table| table_words(bare(&table.name, front), prefix)).collect()
}

/// The same without a short form behind the name: `person_per`, whose key is `per_id`, is a person.
fn shortened(catalog: &Catalog, tables: &[Vec<String>]) -> Vec<Vec<String>> {
    let one = |(name, table): (&Vec<String>, &Table)| {
        let key = table.key();
        let behind = key.first().is_some_and(|key| words(&key.name).first() == name.last());
        if behind && repeats(name) { name[..1].to_vec() } else { name.clone() }
    };
    tables.iter().zip(&catalog.tables).map(one).collect()
}

/// The tables of people: those that are called so (`called`), or the one whose rows have a name and log in.
fn people_among(catalog: &Catalog, tables: &[usize], names: &[Vec<String>], called: &[&str]) -> Vec<usize> {
    let is_called = |at: &usize| matches!(&names[*at][..], [one] if called.contains(&one.as_str()));
    let people: Vec<usize> = tables.iter().copied().filter(is_called).collect();
    if !people.is_empty() {
        return people;
    }
    // Of several that log in, none is meant.
    let others: Vec<usize> = tables.iter().copied().filter(|at| logs_in(&catalog.tables[*at])).collect();
    if others.len() == 1 { others } else { Vec::new() }
}

/// Whether a table of this name holds rows that were laid aside.
fn lays_aside(name: &[String]) -> bool {
    COPIES.iter().any(|copy| name.concat().starts_with(copy))
}

/// Whether the rows of a table are people who log in, by its columns.
fn logs_in(table: &Table) -> bool {
    let any = |wanted: &[&str]| {
        table.columns.iter().any(|column| {
            let letters = words(&column.name).concat();
            wanted.iter().any(|wanted| letters.ends_with(wanted))
        })
    };
    any(&["firstname", "lastname", "surname"])
        && any(&["password", "passwd", "pwd", "login", "username", "userid"])
}

/// The columns of one table by which its rows can be referred to.
fn keys(catalog: &Catalog, at: usize, glued: Option<&str>) -> Vec<ReferableKey> {
    let table = &catalog.tables[at];
    let key = |column: &str, sort| ReferableKey {
        table: at,
        column: column.to_owned(),
        words: id_last(words(bare(column, glued))),
        sort,
    };
    // What the server numbers is one row's own, whatever the index says, unless it is numbered within something else.
    let numbered = table.columns.iter().find(|column| column.auto_increment);
    let own = table.key();
    let mut found = match own[..] {
        [one] => vec![key(&one.name, KeySort::Whole)],
        [first, _, ..] => vec![key(&first.name, KeySort::First)],
        [] => numbered.map(|column| key(&column.name, KeySort::Whole)).into_iter().collect(),
    };
    let known = |found: &[ReferableKey], column: &str| {
        found.iter().any(|known| known.column.eq_ignore_ascii_case(column) && known.sort != KeySort::First)
    };
    let within = |column: &str| {
        let parts = |index: &Index| {
            index.unique
                && index.parts.len() > 1
                && index.parts.iter().any(|part| part.column.as_deref() == Some(column))
        };
        table.indexes.iter().any(parts)
    };
    if let Some(column) = numbered.filter(|column| !known(&found, &column.name) && !within(&column.name)) {
        found.push(key(&column.name, KeySort::Unique));
    }
    for index in table.indexes.iter().filter(|index| index.unique) {
        if let [part] = index.parts.as_slice()
            && let Some(column) = part.column.as_deref().filter(|_| part.prefix.is_none())
            && !known(&found, column)
        {
            found.push(key(column, KeySort::Unique));
        }
    }
    found
}

/// `id_film` is the key that `film_id` refers to.
fn id_last(mut words: Vec<String>) -> Vec<String> {
    if words.len() > 1 && words[0] == "id" {
        words.rotate_left(1);
    }
    words
}

/// Names without the word that many begin with and none is called by: `core country` beside `core shop`, `core tax`, `core auth`.
fn without_family(tables: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut counts = HashMap::<&str, usize>::new();
    for name in tables.iter().filter(|name| name.len() > 1) {
        *counts.entry(name[0].as_str()).or_default() += 1;
    }
    let alone = |word: &str| tables.iter().any(|name| matches!(&name[..], [one] if one == word));
    counts.retain(|word, count| *count >= FAMILY_MIN && !alone(word));
    let skip = |name: &[String]| usize::from(name.len() > 1 && counts.contains_key(name[0].as_str()));
    tables.iter().map(|name| name[skip(name)..].to_vec()).collect()
}

/// The word that most tables begin with, such as `tbl` or `wp`.
pub(crate) fn common_prefix(catalog: &Catalog) -> Option<String> {
    let first = words(&catalog.tables.first()?.name);
    let first = first.first().filter(|_| catalog.tables.len() > 2)?;
    let all = catalog.tables.iter().all(|table| {
        let words = words(&table.name);
        words.len() > 1 && words.first() == Some(first)
    });
    all.then(|| first.clone())
}

/// A name without what all names begin with.
fn bare<'a>(name: &'a str, glued: Option<&str>) -> &'a str {
    let front =
        glued.and_then(|glued| name.get(..glued.len()).filter(|front| front.eq_ignore_ascii_case(glued)));
    front.map_or(name, |front| &name[front.len()..])
}

/// The words of a table's name without the prefix, in the singular.
pub(crate) fn table_words(name: &str, prefix: Option<&str>) -> Vec<String> {
    let words = words(name);
    let skip = usize::from(words.len() > 1 && prefix == words.first().map(String::as_str));
    singulars(&words[skip..])
}
