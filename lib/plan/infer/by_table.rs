//! Which tables a column may refer to by what they are called.
//!
//! In: the words of a column's name, the lexicon. Out: candidates: `producer_id` names `producers`, `country_id` the one `core_countries`,
//! `type_id` of `products` means `product_types`; and what says so little that it is asked last.

use super::lexicon::Lexicon;
use super::roles::{GENERIC, KIN, TAILS, is_amount, is_doer};
use crate::catalog::{Column, Family, singular, singulars};

/// Shorter names of tables end other words by chance (letters).
const BEHIND_MIN: usize = 5;

/// A parent that a column's name speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Position in the catalog.
    pub(crate) parent: usize,
    /// The parent's column that is referred to.
    pub(crate) column: String,
    /// What in the name speaks for it, for people.
    pub(crate) evidence: String,
    /// Whether the name alone is enough where there are no values.
    pub(crate) strong: bool,
    /// Whether the name says so little that values prove nothing.
    pub(crate) vague: bool,
    /// How the name speaks of it.
    pub(crate) named: NameMatch,
}

/// How the name of a column speaks of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameMatch {
    /// It is the table's name, or its key's.
    Whole,
    /// It is like it in some way.
    Part,
    /// It does not: something else says so.
    None,
}

/// What is found so far for one column, each parent once.
pub(super) struct Found<'a> {
    pub(super) lexicon: &'a Lexicon<'a>,
    pub(super) child: usize,
    pub(super) is_key: bool,
    /// The most that this reading of the name is worth.
    pub(super) most: u8,
    pub(super) list: Vec<(u8, Candidate)>,
}

impl Found<'_> {
    /// A reference to the whole key of a table.
    pub(super) fn add(&mut self, score: u8, parent: usize, evidence: String) {
        if let Some(column) = self.lexicon.whole_key(parent) {
            self.add_column(score, parent, column.to_owned(), evidence);
        }
    }

    pub(super) fn add_column(&mut self, score: u8, parent: usize, column: String, evidence: String) {
        let score = score.min(self.most);
        let itself = parent == self.child && self.is_key;
        if !itself && self.list.iter().all(|(_, c)| c.parent != parent || c.column != column) {
            let named = if score >= 4 { NameMatch::Whole } else { NameMatch::Part };
            let candidate =
                Candidate { parent, column, evidence, strong: score >= 3, vague: score == 0, named };
            self.list.push((score, candidate));
        }
    }

    pub(super) fn name(&self, table: usize) -> &str {
        &self.lexicon.catalog.tables[table].name
    }
}

/// Whether a key is called after another table, or like the keys of others, and not after its own.
pub(super) fn is_borrowed(lexicon: &Lexicon<'_>, at: usize, own: &[String]) -> bool {
    let stem = singular_stem(own);
    let Some(last) = stem.last() else { return false };
    let called = |table: usize| lexicon.table(table).ends_with(&stem);
    let ending = lexicon.tables_ending(last).iter().filter(|other| called(**other));
    let another = || ending.chain(lexicon.lettered(&stem)).any(|other| *other != at);
    !called(at) && (lexicon.sharing(own) > 1 || another())
}

/// What is before `_id` (or after `id_`), or all of it before `_by`.
fn stem(words: &[String]) -> Option<&[String]> {
    const ENDINGS: &[&str] =
        &["id", "uuid", "guid", "no", "nr", "number", "code", "key", "fk", "ref", "by", "to"];
    match words {
        [stem @ .., last] if !stem.is_empty() && ENDINGS.contains(&last.as_str()) => Some(stem),
        [first, stem @ ..] if !stem.is_empty() && (first == "id" || first == "fk") => Some(stem),
        _ => None,
    }
}

/// The same in the singular; nothing where there is no such ending.
pub(super) fn singular_stem(words: &[String]) -> Vec<String> {
    singulars(stem(words).unwrap_or_default())
}

/// A name that is a table's as it stands: `contract` of `contracts`.
pub(super) fn by_whole(found: &mut Found<'_>, column: &Column, words: &[String], indexed: bool) {
    let lexicon = found.lexicon;
    let whole = singulars(words);
    let Some(last) = whole.last().map(String::as_str) else { return };
    let score = match column.family() {
        // `state` may hold the code of `states`.
        Family::Text => 1,
        // `producers` with a number in it counts them.
        Family::Exact if last != words.last().map_or("", String::as_str) => return,
        // `contract` may hold the number of a contract; a `status` with a number in it often holds none.
        Family::Exact if column.data_type != "tinyint" && column.integer() => {
            u8::from(indexed || ["category", "group"].contains(&last) || !GENERIC.contains(&last))
        }
        _ => return,
    };
    for &at in lexicon.lettered(&whole) {
        if lexicon.table(at).concat() == whole.concat() {
            found.add(score, at, format!("`{}` names {}", column.name, found.name(at)));
        }
    }
}

/// Candidates that a table's name gives: `producer_id` names `producers`.
pub(super) fn by_table(found: &mut Found<'_>, column: &Column, words: &[String], stem: &[String]) {
    let lexicon = found.lexicon;
    let Some(last) = stem.last() else { return };
    let of_another = |at: usize| {
        let key = lexicon.catalog.tables[at].key();
        key.iter().any(|key| is_borrowed(lexicon, at, &lexicon.key_words(&key.name)))
    };
    // `emotion_shops`, which has a `shop_id`, ties shops to something, and is none.
    let refers = |at: usize| {
        let mut columns = lexicon.catalog.tables[at].columns.iter();
        columns.any(|other| {
            lexicon.words(&other.name).strip_suffix(&["id".to_owned()]).is_some_and(|own| own == stem)
        })
    };
    let longer = |at: &&usize| {
        let names = lexicon.table(**at);
        names.ends_with(stem) && names != stem && !of_another(**at) && !refers(**at)
    };
    let lengths: Vec<usize> =
        lexicon.tables_ending(last).iter().filter(longer).map(|at| lexicon.table(*at).len()).collect();
    let shortest = lengths.iter().min().copied().unwrap_or_default();
    // `folder_id` where there are `fs_folders` and `em_folders`.
    let rivals = lengths.iter().filter(|length| **length == shortest).count();
    // `model_id` beside `model_type_id` means rows of many tables.
    let siblings = &lexicon.catalog.tables[found.child].columns;
    let of_many = siblings.iter().any(|other| {
        let words = lexicon.words(&other.name);
        words.strip_prefix(stem).is_some_and(|rest| rest.first().is_some_and(|word| word == "type"))
    });
    let own = lexicon.table(found.child);
    let is_generic = matches!(stem, [one] if GENERIC.contains(&one.as_str()));
    let ending = lexicon.tables_ending(last);
    let lettered = lexicon.lettered(stem);
    let further = lettered.iter().filter(|at| !ending.contains(at));
    for &at in ending.iter().chain(further) {
        let names = lexicon.table(at);
        let is_whole = stem == names || stem.concat() == names.concat();
        if !is_whole && of_another(at) {
            // What counts its rows by `user_id` is referred to by that, not by its own name.
            found.add(0, at, format!("{} ends like `{}`", found.name(at), column.name));
        } else if is_whole && at == found.child {
            // `giftcard_number` of `giftcards` is its own.
        } else if is_whole {
            // `invoice_number` is a number on an invoice, unless invoices call their key so.
            let score = if is_counted(lexicon, at, words) { 0 } else { 4 };
            found.add(score, at, format!("`{}` names {}", column.name, found.name(at)));
        } else if stem.len() > names.len() && stem.ends_with(names) {
            found.add(2, at, format!("`{}` ends like {}", column.name, found.name(at)));
        } else if stem.len() > lexicon.bare(at).len() && stem.ends_with(lexicon.bare(at)) {
            // `sub_shop_id` where one table of all families is `core_shops`.
            let score = u8::from(lexicon.lettered(lexicon.bare(at)) == [at]);
            found.add(score, at, format!("`{}` ends like {}", column.name, found.name(at)));
        } else if names.len() > stem.len() && names.ends_with(stem) || lettered.contains(&at) {
            let is_family = names.strip_suffix(stem).is_some_and(|before| own.starts_with(before));
            let score = match stem {
                // `attribute_type_id` of `provider_attribute` means `provider_attribute_type`. `type_id` of `products` means
                // `product_types`, but not `payment_types`.
                _ if at != found.child && is_family => 3,
                _ if is_generic => 0,
                _ if rivals > 1 || of_many => 0,
                // `country_id` where one table of all families is `core_countries`.
                _ if lettered == [at] => 3,
                _ if names.len() > shortest => 0,
                _ => 1,
            };
            found.add(score, at, format!("{} ends like `{}`", found.name(at), column.name));
        }
    }
}

/// Whether a name ends with a number or code that is not what the table calls its key.
fn is_counted(lexicon: &Lexicon<'_>, table: usize, words: &[String]) -> bool {
    let Some(last) = words.last().filter(|last| ["no", "nr", "number", "code"].contains(&last.as_str()))
    else {
        return false;
    };
    let key = lexicon.catalog.tables[table].key();
    !key.iter().any(|key| key.family() == Family::Text || lexicon.words(&key.name).last() == Some(last))
}

/// Whether another column says of which kind the row is that this one means.
fn has_type(found: &Found<'_>, stem: &str) -> bool {
    let siblings = &found.lexicon.catalog.tables[found.child].columns;
    let kinds = ["type", "kind", "class", "table", "model"];
    siblings.iter().any(|other| match &found.lexicon.words(&other.name)[..] {
        [first, last] => first == stem && kinds.contains(&last.as_str()),
        _ => false,
    })
}

/// What says so little that it is asked only where nothing else speaks: `hersteller_id` of `fahrzeughersteller`, `uploader_id`, `main_id`,
/// `gift_product`.
pub(super) fn by_last_resort(found: &mut Found<'_>, column: &Column, readings: &[Vec<String>]) {
    let (lexicon, child) = (found.lexicon, found.child);
    let own = lexicon.table(child);
    let counts = column.family() == Family::Exact && column.integer() && column.data_type != "tinyint";
    for words in readings {
        let stem = singular_stem(words);
        let Some(last) = stem.last().or(words.last()) else { continue };
        if !stem.is_empty()
            && let Some(at) = lexicon.compound(last)
        {
            found.add(1, at, format!("{} ends like `{}`", found.name(at), column.name));
        }
        // `payment_id` of `paymentmeans`, `order_id` of `order_header`.
        for tail in TAILS.iter().filter(|_| !stem.is_empty()) {
            if let [at] = *lexicon.lettered(&[stem.concat(), (*tail).to_owned()]) {
                found.add(1, at, format!("{} begins like `{}`", found.name(at), column.name));
            }
        }
        let is_user = words.iter().eq(["uid"]) && lexicon.keys_ending("uid").next().is_none();
        if is_user || (!stem.is_empty() && is_doer(last) && !lexicon.is_table(&stem)) {
            let one = lexicon.people().len() == 1;
            for &at in lexicon.people() {
                let meant = one || (is_user && lexicon.table(at) == ["user".to_owned()]);
                found.add(u8::from(meant), at, format!("`{}` means people", column.name));
            }
        }
        // `homebranch` holds the code of one of the `branches`.
        if let ([word], [], Family::Text) = (words.as_slice(), &stem[..], column.family()) {
            let behind = (2..word.len().saturating_sub(BEHIND_MIN - 1)).filter_map(|from| word.get(from..));
            for &at in behind.flat_map(|rest| lexicon.lettered(&[singular(rest)])) {
                found.add(1, at, format!("`{}` ends like {}", column.name, found.name(at)));
            }
        }
        match &stem[..] {
            // `main_id` beside `main_type` means rows of many tables.
            [one] if KIN.contains(&one.as_str()) && !has_type(found, one) => {
                found.add(1, child, format!("`{}` means the same table", column.name));
            }
            [] if counts => {
                for &at in lexicon.tables_ending(last) {
                    let names = lexicon.table(at);
                    let is_family = at != child && own.starts_with(&names[..names.len() - 1]);
                    let is_bare = words.len() > 1 && words.concat() == lexicon.bare(at).concat();
                    if lexicon.bare(at).len() == 1 || is_family || is_bare {
                        let score = u8::from(!is_amount(words));
                        found.add(score, at, format!("`{}` ends like {}", column.name, found.name(at)));
                    }
                }
            }
            _ => {}
        }
    }
}
