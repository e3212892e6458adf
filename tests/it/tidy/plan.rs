//! The ground plan: the source files of the package and which names each takes from which other.
//!
//! In: paths and texts. Out: a [`Plan`] of files, each with what it defines, what it hands on and what it names. A name is
//! followed through the faces of the rooms to the file that defines it. Test code is left out.

use std::collections::{BTreeMap, BTreeSet};

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};

/// A path as it stands in the code, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// Module names from the root of the library: `crate` is left out.
    pub segments: Vec<String>,
    /// Whether a face hands it on and does nothing else with it.
    pub handed_on: bool,
}

/// One source file.
#[derive(Debug, Default)]
pub(super) struct File {
    /// From the package's root: `lib/plan/mod.rs`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// `["plan"]`; none for a door or a test.
    pub module: Option<Vec<String>>,
    /// What it defines at its top.
    pub defines: BTreeSet<String>,
    /// Names that stand for something from elsewhere, and where that is.
    pub scope: BTreeMap<String, Vec<String>>,
    /// Every path that its code names.
    pub names: BTreeSet<Named>,
    /// Method calls on a field, as `field.method`.
    pub field_calls: BTreeSet<String>,
    /// The functions that it defines, at any depth.
    pub functions: BTreeSet<String>,
    /// The text of its string and byte literals.
    pub literals: Vec<String>,
}

impl File {
    /// The first word of its module: its room; the doors are `bins`.
    pub(super) fn room(&self) -> &str {
        match &self.module {
            Some(module) => module.first().map_or("lib", String::as_str),
            None => self.path.split('/').next().unwrap_or_default(),
        }
    }

    /// The code without its tests.
    pub(super) fn code(&self) -> &str {
        self.text.split("\n#[cfg(test)]").next().unwrap_or_default()
    }
}

/// All files, and the way from a module to its file.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub files: Vec<File>,
    modules: BTreeMap<Vec<String>, usize>,
}

impl Plan {
    /// Reads files, each a path from the package's root and its text.
    pub(super) fn of(sources: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut plan = Self::default();
        for (path, text) in sources {
            let module = module_of(&path);
            if let Some(module) = &module {
                plan.modules.insert(module.clone(), plan.files.len());
            }
            plan.files.push(File { path, text, module, ..File::default() });
        }
        let modules: BTreeSet<Vec<String>> = plan.modules.keys().cloned().collect();
        for file in &mut plan.files {
            let tree = syn::parse_file(&file.text).unwrap_or_else(|e| panic!("{}: {e}", file.path));
            let mut reader = Reader { modules: &modules, file, inside: 0 };
            for item in &tree.items {
                reader.declare(item);
            }
            for item in &tree.items {
                reader.visit_item(item);
            }
        }
        plan
    }

    /// The file that defines what a path leads to, faces followed; none for what the library does not have, and for a module.
    pub(super) fn owner(&self, segments: &[String]) -> Option<usize> {
        let mut path = segments.to_vec();
        // A face hands on what another face hands on, but not for ever.
        for _ in 0..8 {
            if self.is_module(&path) {
                return None;
            }
            let depth = (0..path.len()).rev().find(|n| self.modules.contains_key(&path[..*n]))?;
            let index = self.modules[&path[..depth]];
            let file = &self.files[index];
            match file.scope.get(&path[depth]) {
                Some(elsewhere) if !file.defines.contains(&path[depth]) => {
                    path = elsewhere.iter().chain(&path[depth + 1..]).cloned().collect();
                }
                _ => return Some(index),
            }
        }
        None
    }

    /// Whether a path is a file or a folder of the library. A face may hand on an item of the same name, which is meant then.
    pub(super) fn is_module(&self, segments: &[String]) -> bool {
        let Some((last, above)) = segments.split_last() else { return true };
        let hands_on = |index: &usize| {
            let face = &self.files[*index];
            face.defines.contains(last) || face.scope.get(last).is_some_and(|item| *item != segments)
        };
        self.modules.contains_key(segments) && !self.modules.get(above).is_some_and(hands_on)
    }

    /// For each file, the other files that define what it names.
    pub(super) fn arrows(&self) -> Vec<BTreeSet<usize>> {
        let of = |(index, file): (usize, &File)| {
            // Within a room a name that a file and a function share is the file.
            let own = |name: &Named| name.segments.first().is_some_and(|room| room == file.room());
            let file_of_own = |name: &Named| own(name) && self.modules.contains_key(&name.segments);
            let taken = file.names.iter().filter(|name| !name.handed_on && !file_of_own(name));
            taken.filter_map(|name| self.owner(&name.segments)).filter(|to| *to != index).collect()
        };
        self.files.iter().enumerate().map(of).collect()
    }
}

/// `lib/plan/rules/mod.rs` is `["plan", "rules"]`, `lib/house.rs` is `["house"]`, `lib/lib.rs` the root.
fn module_of(path: &str) -> Option<Vec<String>> {
    let inner = path.strip_prefix("lib/")?.strip_suffix(".rs")?;
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] {
        parts.pop();
    }
    Some(parts)
}

/// Reads the items of one file.
struct Reader<'a> {
    modules: &'a BTreeSet<Vec<String>>,
    file: &'a mut File,
    /// So many modules of its own deep: `super` leads to the file itself from the first of them.
    inside: usize,
}

impl Reader<'_> {
    /// Where a path leads, seen from this file; none for other crates and for what is defined here.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let first = path.first()?;
        let here = self.file.module.clone().unwrap_or_default();
        match first.as_str() {
            "crate" if self.file.module.is_some() => Some(path[1..].to_vec()),
            "refreshkit" if self.file.module.is_none() => Some(path[1..].to_vec()),
            "self" if self.inside == 0 => Some([&here, &path[1..]].concat()),
            "super" => {
                let up = path.iter().take_while(|word| *word == "super").count();
                let (inside, rest) = (self.inside, &path[up..]);
                let kept = here.len().checked_sub(up.checked_sub(inside)?)?;
                (up > inside || self.file.scope.contains_key(rest.first()?))
                    .then(|| [&here[..kept], rest].concat())
            }
            _ => {
                let child = [here.as_slice(), &path[..1]].concat();
                if let Some(elsewhere) = self.file.scope.get(first) {
                    return Some([elsewhere.as_slice(), &path[1..]].concat());
                }
                (self.file.module.is_some() && self.modules.contains(&child))
                    .then(|| [here.as_slice(), path].concat())
            }
        }
    }

    /// Notes what an item of the file's top is called and what a `use` brings in, before bodies are read.
    fn declare(&mut self, item: &syn::Item) {
        if is_test(item) {
            return;
        }
        if let syn::Item::Use(brought) = item {
            self.bring(brought);
        }
        if let Some(name) = name_of(item) {
            self.file.defines.insert(name);
        }
    }

    fn bring(&mut self, brought: &syn::ItemUse) {
        let face = !matches!(brought.vis, syn::Visibility::Inherited);
        for (path, alias) in leaves(&brought.tree) {
            let Some(segments) = self.absolute(&path) else { continue };
            let below = self.file.module.as_ref().is_some_and(|here| segments.starts_with(here));
            self.file.names.insert(Named { segments: segments.clone(), handed_on: face && below });
            if let Some(alias) = alias {
                self.file.scope.insert(alias, segments);
            }
        }
    }

    fn name(&mut self, path: &[String]) {
        if let Some(segments) = self.absolute(path) {
            self.file.names.insert(Named { segments, handed_on: false });
        }
    }

    /// Paths in the text of a macro's call or of an attribute: `a::b::c`.
    fn scan(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree as Tree;
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                Tree::Ident(word) if path.is_empty() || colons == 2 => {
                    path.push(word.to_string());
                    colons = 0;
                    continue;
                }
                Tree::Ident(word) => {
                    self.name(&path);
                    path = vec![word.to_string()];
                    colons = 0;
                    continue;
                }
                Tree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                Tree::Group(group) => self.scan(group.stream()),
                Tree::Literal(literal) => self.file.literals.push(literal.to_string()),
                Tree::Punct(_) => {}
            }
            self.name(&path);
            path.clear();
            colons = 0;
        }
        self.name(&path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.inside += 1;
        visit::visit_item_mod(self, module);
        self.inside -= 1;
    }

    fn visit_item_use(&mut self, brought: &'ast syn::ItemUse) {
        self.bring(brought);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.name(&words);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.scan(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // The texts of errors name what they print: `#[error("{}", super::list(names))]`.
        if let syn::Meta::List(list) = &attribute.meta {
            let literals = self.file.literals.len();
            self.scan(list.tokens.clone());
            self.file.literals.truncate(literals);
        }
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.file.functions.insert(signature.ident.to_string());
        visit::visit_signature(self, signature);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let syn::Expr::Field(field) = &*call.receiver
            && let syn::Member::Named(name) = &field.member
        {
            self.file.field_calls.insert(format!("{name}.{}", call.method));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_lit(&mut self, literal: &'ast syn::Lit) {
        match literal {
            syn::Lit::Str(text) => self.file.literals.push(text.value()),
            syn::Lit::ByteStr(bytes) => {
                self.file.literals.push(String::from_utf8_lossy(&bytes.value()).into_owned());
            }
            _ => {}
        }
    }
}

/// Each name that a `use` brings, with what it is called here; none for a glob.
fn leaves(tree: &syn::UseTree) -> Vec<(Vec<String>, Option<String>)> {
    let below = |head: &syn::Ident, leaf: (Vec<String>, Option<String>)| {
        let (path, alias) = leaf;
        ([vec![head.to_string()], path].concat(), alias)
    };
    match tree {
        syn::UseTree::Path(path) => {
            leaves(&path.tree).into_iter().map(|l| below(&path.ident, l)).map(own).collect()
        }
        syn::UseTree::Name(name) => vec![(vec![name.ident.to_string()], Some(name.ident.to_string()))],
        syn::UseTree::Rename(name) => vec![(vec![name.ident.to_string()], Some(name.rename.to_string()))],
        syn::UseTree::Glob(_) => vec![(Vec::new(), None)],
        syn::UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

/// `a::{self}` is `a`.
fn own((mut path, alias): (Vec<String>, Option<String>)) -> (Vec<String>, Option<String>) {
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
        let name = path.last().cloned();
        let alias = if alias.as_deref() == Some("self") { name } else { alias };
        return (path, alias);
    }
    (path, alias)
}

fn name_of(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        syn::Item::Mod(item) if item.content.is_some() => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Whether an item is there for tests alone.
fn is_test(item: &syn::Item) -> bool {
    let attributes = match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => return false,
    };
    are_for_tests(attributes)
}

/// Whether what has these attributes is there for tests alone.
pub(super) fn are_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let only =
            |list: Punctuated<syn::Path, syn::Token![,]>| list.iter().any(|path| path.is_ident("test"));
        attribute.path().is_ident("cfg")
            && attribute.parse_args_with(Punctuated::parse_terminated).is_ok_and(only)
    })
}
