//! Rules about words: one name for one type, and comments that say something.
//!
//! In: the ground plan. Out: one sentence for each violation.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};

use super::plan::{Plan, are_for_tests};

/// Names that every room may have: by them one knows what it is, and they are never used without their room.
const SHARED: &[&str] = &["Error", "Options"];

/// A comment of so few words says no more than the name below it.
const WORDS_MAX: usize = 3;

/// Declared types, and what public items say of themselves.
#[derive(Default)]
struct Seen {
    types: Vec<String>,
    short: Vec<String>,
}

impl Seen {
    fn type_name(&mut self, name: &syn::Ident) {
        self.types.push(name.to_string());
    }

    fn item(&mut self, name: &str, visibility: &syn::Visibility, attributes: &[syn::Attribute]) {
        if matches!(visibility, syn::Visibility::Public(_)) {
            self.comment(name, attributes);
        }
    }

    fn comment(&mut self, name: &str, attributes: &[syn::Attribute]) {
        let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
        let text: Vec<String> = lines
            .filter_map(|attribute| match &attribute.meta {
                syn::Meta::NameValue(value) => match &value.value {
                    syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let words = text.join(" ").split_whitespace().count();
        if (1..=WORDS_MAX).contains(&words) {
            self.short.push(format!("{name}: {:?}", text.join(" ").trim()));
        }
    }
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !are_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        if are_for_tests(&item.attrs) {
            return;
        }
        self.type_name(&item.ident);
        self.item(&item.ident.to_string(), &item.vis, &item.attrs);
        for field in &item.fields {
            let name = field.ident.as_ref().map_or_else(|| "0".to_owned(), ToString::to_string);
            self.item(&format!("{}.{name}", item.ident), &field.vis, &field.attrs);
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.type_name(&item.ident);
        self.item(&item.ident.to_string(), &item.vis, &item.attrs);
        if matches!(item.vis, syn::Visibility::Public(_)) {
            for variant in &item.variants {
                self.comment(&format!("{}::{}", item.ident, variant.ident), &variant.attrs);
                for field in &variant.fields {
                    let name = field.ident.as_ref().map_or_else(|| "0".to_owned(), ToString::to_string);
                    self.comment(&format!("{}::{}.{name}", item.ident, variant.ident), &field.attrs);
                }
            }
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.type_name(&item.ident);
        self.item(&item.ident.to_string(), &item.vis, &item.attrs);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.type_name(&item.ident);
        self.item(&item.ident.to_string(), &item.vis, &item.attrs);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.item(&item.sig.ident.to_string(), &item.vis, &item.attrs);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.item(&item.ident.to_string(), &item.vis, &item.attrs);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.item(&item.sig.ident.to_string(), &item.vis, &item.attrs);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.item(&item.ident.to_string(), &item.vis, &item.attrs);
    }
}

fn seen(plan: &Plan) -> impl Iterator<Item = (&str, Seen)> {
    plan.files.iter().filter(|file| file.path.starts_with("lib/") && !file.path.ends_with("tests.rs")).map(
        |file| {
            let mut seen = Seen::default();
            let parsed = syn::parse_file(&file.text).unwrap_or_else(|e| panic!("{}: {e}", file.path));
            seen.visit_file(&parsed);
            (file.path.as_str(), seen)
        },
    )
}

/// A name of a type stands for one type in the whole library.
pub(super) fn type_names(plan: &Plan) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, seen) in seen(plan) {
        for name in seen.types.into_iter().filter(|name| !SHARED.contains(&name.as_str())) {
            places.entry(name).or_default().push(path);
        }
    }
    let mut wrong = Vec::new();
    for (name, mut places) in places.into_iter().filter(|(_, places)| places.len() > 1) {
        places.sort_unstable();
        wrong.push(format!("{name} is a type of {}: one name, one type", places.join(" and of ")));
    }
    wrong
}

/// What is public says what it is, in more words than its name has.
pub(super) fn short_comments(plan: &Plan) -> Vec<String> {
    let short =
        seen(plan).flat_map(|(path, seen)| seen.short.into_iter().map(move |what| format!("{path}: {what}")));
    short.map(|what| format!("{what} says no more than the name: say what it is, or nothing")).collect()
}

/// `staging database` as a type would be called: `StagingDatabase`.
fn camel(words: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    words.split_whitespace().map(capital).collect()
}

/// The glossary, `| word | types | meaning |`, and the types of the library agree: a type that it names is there once, and a type that
/// is called like one of its words is that word.
pub(super) fn glossary(plan: &Plan, readme: &str) -> Vec<String> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (_, seen) in seen(plan) {
        for name in seen.types {
            *count.entry(name).or_default() += 1;
        }
    }
    let rows = readme.split("| word | types | meaning |").nth(1).unwrap_or_default();
    let rows = rows.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut wrong = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [words, types, meaning] = cells[..] else {
            wrong.push(format!("{row}: a row has a word, types and a meaning"));
            continue;
        };
        let types: Vec<&str> = types
            .split(',')
            .map(|name| name.trim().trim_matches('`'))
            .filter(|name| !name.is_empty())
            .collect();
        for name in &types {
            if count.get(*name) != Some(&1) {
                wrong.push(format!("{words}: {name} is declared {} times", count.get(*name).unwrap_or(&0)));
            }
        }
        // `*manifest*` in a meaning is a word of its own.
        let inner = meaning.split('*').skip(1).step_by(2);
        for word in
            words.split(',').chain(inner).map(str::trim).filter(|word| word.is_ascii() && !word.is_empty())
        {
            let name = camel(word);
            if count.contains_key(&name) && !types.contains(&name.as_str()) {
                wrong.push(format!("{name} is a type, but the row of {words:?} does not name it: is it what the glossary says?"));
            }
        }
    }
    wrong
}
