//! The ways in which the name of a column may be read: what is glued together, and what says only whose column it is.
//!
//! In: the words of a name, what its table and the catalog are called. Out: readings, that of the name as it stands first.
//!
//! ```text
//! userid, billcountryid        user id, bill country id        where there are such tables
//! BLL_ID_PAT                   id pat, and pat id               where all columns of the table begin with BLL
//! out_disease_id_2, user_id1   out disease id, user id
//! subshop_id                   sub shop id                     where there are shops
//! ```

use std::collections::BTreeMap;

use super::lexicon::Lexicon;
use super::roles::{GENERIC, SELF, is_amount};
use crate::catalog::{Table, singular, singulars};

/// Shorter names of tables are found in the middle of words by chance (letters).
const GLUED_MIN: usize = 4;

/// What stands glued before the name of a table, in a word of its own.
const FRONTS: &[&str] =
    &["sub", "multi", "super", "main", "base", "meta", "parent", "old", "new", "src", "dst", "ref"];

/// So many columns make a habit.
const HABIT_MIN: usize = 4;

/// All ways to read a column's name.
pub(crate) fn readings(lexicon: &Lexicon<'_>, table: &Table, words: &[String]) -> Vec<Vec<String>> {
    let mut all = vec![words.to_vec()];
    let add = |all: &mut Vec<Vec<String>>, reading: Option<Vec<String>>| {
        if let Some(reading) = reading.filter(|reading| !reading.is_empty() && !all.contains(reading)) {
            all.push(reading);
        }
    };
    if own_prefix(lexicon, table).is_some_and(|prefix| words.first() == Some(&prefix)) {
        add(&mut all, Some(words[1..].to_vec()));
    }
    for at in 0..all.len() {
        let reading = all[at].clone();
        add(&mut all, unnumbered(&reading));
        add(&mut all, split(lexicon, &reading));
        add(&mut all, turned(&reading));
    }
    all
}

/// The word that the names of nearly all columns of a table begin with.
fn own_prefix(lexicon: &Lexicon<'_>, table: &Table) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for column in &table.columns {
        if let [first, _, ..] = lexicon.words(&column.name).as_slice() {
            *counts.entry(first.clone()).or_default() += 1;
        }
    }
    let (word, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (count >= HABIT_MIN && count * 5 >= table.columns.len() * 4).then_some(word)
}

/// `disease_id_2` is one of several.
fn unnumbered(words: &[String]) -> Option<Vec<String>> {
    let [before @ .., last] = words else { return None };
    let rest = last.trim_end_matches(|c: char| c.is_ascii_digit());
    match rest {
        "" => (before.len() > 1).then(|| before.to_vec()),
        // `id1`, `group2`.
        _ if rest != last && (rest == "id" || (rest.len() > 3 && before.is_empty())) => {
            Some(before.iter().cloned().chain([rest.to_owned()]).collect())
        }
        _ => None,
    }
}

/// `userid` is `user_id` where there are users.
fn split(lexicon: &Lexicon<'_>, words: &[String]) -> Option<Vec<String>> {
    let [before @ .., last] = words else { return None };
    // `subshop_id` is glued in front of its ending; `platform_id` is no form.
    let (before, stem, apart) = match (before, last.strip_suffix("id")) {
        ([before @ .., word], Some("")) => (before, word.as_str(), true),
        (before, stem) => (before, stem?, false),
    };
    if !stem.is_ascii() {
        return None;
    }
    let is_table = |name: &str| !lexicon.lettered(&[singular(name)]).is_empty();
    let whole = [stem.to_owned(), "id".to_owned()];
    let short = || (3..=5).contains(&stem.len()) && !lexicon.short_of(stem, true).is_empty();
    let from = (0..stem.len().saturating_sub(GLUED_MIN - 1))
        .chain((stem.len() == GLUED_MIN - 1).then_some(0))
        .find(|from| is_table(&stem[*from..]) && (!apart || FRONTS.contains(&&stem[..*from])));
    let Some(from) = from else {
        // `parentid`; `attrid`, where names are glued everywhere.
        let meant = !apart && (SELF.contains(&stem) || (lexicon.is_glued() && short()));
        return meant.then(|| before.iter().cloned().chain(whole).collect());
    };
    let front = Some(stem[..from].to_owned()).filter(|front| !front.is_empty());
    let behind = [stem[from..].to_owned(), "id".to_owned()];
    Some(before.iter().cloned().chain(front).chain(behind).collect())
}

/// What is left of a name where a role stands behind the table: `address_id_delivery`, `address_delivery_id`, `category_id_default`. The
/// longest table first.
pub(crate) fn without_role(lexicon: &Lexicon<'_>, words: &[String]) -> Vec<Vec<String>> {
    let id = || "id".to_owned();
    // `usr_id_create`: whose key it is the key says, whatever its table is called.
    let inner = words.iter().position(|word| word == "id").filter(|at| (1..words.len() - 1).contains(at));
    if let Some(at) = inner {
        // The type of a number is no number.
        let behind = &words[at + 1..];
        let told = is_amount(behind) || behind.iter().any(|word| GENERIC.contains(&word.as_str()));
        return if told { Vec::new() } else { vec![words[..=at].to_vec()] };
    }
    let [stem @ .., last] = words else { return Vec::new() };
    if last != "id" {
        return Vec::new();
    }
    let is_table = |front: &&[String]| !lexicon.lettered(&singulars(front)).is_empty();
    // The type of a customer is no customer, and where there are details of orders one of them is no order.
    if stem.last().is_some_and(|last| GENERIC.contains(&last.as_str())) || lexicon.is_table(&singulars(stem))
    {
        return Vec::new();
    }
    let fronts = (1..stem.len()).rev().map(|length| &stem[..length]);
    fronts.filter(is_table).map(|front| front.iter().cloned().chain([id()]).collect()).collect()
}

/// `id_pat` is `pat_id`, and `fk_id_pat` is `fk_pat_id`.
fn turned(words: &[String]) -> Option<Vec<String>> {
    if let [before @ .., id, last] = words
        && id == "id"
        && !before.is_empty()
    {
        return Some(before.iter().chain([last, id]).cloned().collect());
    }
    let [first, rest @ ..] = words else { return None };
    (first == "id" && !rest.is_empty()).then(|| rest.iter().cloned().chain([first.clone()]).collect())
}
