//! A random schema without foreign keys, and the closure of its rows in memory, written straight from the definition.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Root,
    Follow,
    Full,
    Empty,
}

#[derive(Debug)]
struct Edge {
    child: usize,
    column: usize,
    parent: usize,
    down: bool,
    up: &'static str,
    cap: Option<usize>,
    kind: Option<u8>,
}

#[derive(Debug)]
struct Row {
    kind: u8,
    refs: Vec<Option<i64>>,
}

#[derive(Debug)]
pub(crate) struct Model {
    classes: Vec<Class>,
    text_keys: Vec<bool>,
    pub(crate) columns: Vec<usize>,
    edges: Vec<Edge>,
    rows: Vec<BTreeMap<i64, Row>>,
    pinned: BTreeSet<i64>,
}

pub(crate) type Kept = Vec<BTreeSet<i64>>;

/// A table at the end of all relations, which one of them reaches: what can be read along it.
fn make_leaf(edges: &mut Vec<Edge>, columns: &mut [usize], leaf: usize) {
    for edge in edges.iter_mut().filter(|edge| edge.parent == leaf) {
        edge.parent = 0;
    }
    for edge in edges.iter_mut().filter(|edge| edge.up == "drop") {
        edge.up = "always";
    }
    let mut first = true;
    for edge in edges.iter_mut().filter(|edge| edge.child == leaf) {
        if edge.up == "nullify" {
            edge.up = "never";
        }
        (edge.down, edge.cap) = (first, None);
        if first {
            (edge.up, edge.parent) = ("always", 0);
        }
        first = false;
    }
    if first {
        edges.push(Edge {
            child: leaf,
            column: columns[leaf],
            parent: 0,
            down: true,
            up: "always",
            cap: None,
            kind: None,
        });
        columns[leaf] += 1;
    }
}

impl Model {
    pub(crate) fn random(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let tables = rng.random_range(3..=6);
        let mut classes = vec![Class::Root];
        for _ in 1..tables {
            classes.push(
                [Class::Follow, Class::Follow, Class::Follow, Class::Full, Class::Empty]
                    [rng.random_range(0..5)],
            );
        }
        let mut columns = vec![0; tables];
        let mut edges = Vec::new();
        for _ in 0..rng.random_range(tables..tables * 2) {
            let (child, parent) = (rng.random_range(0..tables), rng.random_range(0..tables));
            let up = ["always", "always", "always", "never", "drop", "nullify"][rng.random_range(0..6)];
            let up = if classes[child] == Class::Full && up == "drop" { "always" } else { up };
            let down = rng.random_bool(0.6);
            let cap = (down && rng.random_bool(0.3)).then(|| rng.random_range(1..3));
            let kind = rng.random_bool(0.3).then(|| rng.random_range(0..2));
            edges.push(Edge { child, column: columns[child], parent, down, up, cap, kind });
            columns[child] += 1;
        }
        let leaf = tables - 1;
        let has_leaf = rng.random_bool(0.5);
        if has_leaf {
            classes[leaf] = Class::Follow;
            make_leaf(&mut edges, &mut columns, leaf);
        }
        let rows: Vec<BTreeMap<i64, Row>> = (0..tables)
            .map(|at| {
                (1..=rng.random_range(0..25))
                    .map(|id| {
                        let refs = (0..columns[at]).map(|column| match rng.random_range(0..10) {
                            // Children of one parent mostly stand together.
                            1.. if has_leaf && at == leaf && column == 0 => Some(id / 4 + 1),
                            0 => None,
                            1 => Some(0),
                            _ => Some(rng.random_range(1..30)),
                        });
                        (id, Row { refs: refs.collect(), kind: rng.random_range(0..2) })
                    })
                    .collect()
            })
            .collect();
        let pinned = (1..=rng.random_range(1..4)).map(|_| rng.random_range(1..25)).collect();
        let text_keys = (0..tables).map(|at| rng.random_bool(0.3) && !(has_leaf && at == leaf)).collect();
        Self { classes, text_keys, columns, edges, rows, pinned }
    }

    pub(crate) fn sql(&self) -> String {
        let mut sql = String::new();
        let kind = |text: bool| if text { "VARCHAR(8) CHARACTER SET latin1" } else { "INT" };
        for (at, rows) in self.rows.iter().enumerate() {
            let mut columns = format!("id {} PRIMARY KEY, kind TINYINT", kind(self.text_keys[at]));
            for edge in self.edges.iter().filter(|edge| edge.child == at) {
                let index =
                    if edge.column % 2 == 0 { format!(", KEY (r{})", edge.column) } else { String::new() };
                write!(columns, ", r{} {} NULL{index}", edge.column, kind(self.text_keys[edge.parent]))
                    .unwrap();
            }
            writeln!(sql, "CREATE TABLE t{at} ({columns});").unwrap();
            for (id, row) in rows {
                let refs: String =
                    row.refs.iter().map(|r| r.map_or(", NULL".to_owned(), |r| format!(", '{r}'"))).collect();
                writeln!(sql, "INSERT INTO t{at} VALUES ('{id}', {}{refs});", row.kind).unwrap();
            }
        }
        sql
    }

    pub(crate) fn toml(&self) -> String {
        let pinned: Vec<String> = self.pinned.iter().map(i64::to_string).collect();
        let list = |class: Class| {
            let names = self.classes.iter().enumerate().filter(|(_, c)| **c == class);
            names.map(|(at, _)| format!("\"t{at}\"")).collect::<Vec<_>>().join(", ")
        };
        let mut toml = format!(
            "[dehydrate]\nroot = {{ table = \"t0\", pinned = [{}] }}\nfull = [{}]\nempty = [{}]\nfollow = [{}]\n[relations]\n",
            pinned.join(", "),
            list(Class::Full),
            list(Class::Empty),
            list(Class::Follow)
        );
        for edge in &self.edges {
            let down = if edge.down { "own" } else { "never" };
            let cap = edge.cap.map_or(String::new(), |cap| format!(", cap = {cap}, order = \"kind DESC\""));
            let kind = edge.kind.map_or(String::new(), |kind| format!(", where = \"kind = {kind}\""));
            writeln!(
                toml,
                "\"t{}.r{}\" = {{ to = \"t{}.id\", down = \"{down}\", up = \"{}\"{cap}{kind} }}",
                edge.child, edge.column, edge.parent, edge.up
            )
            .unwrap();
        }
        toml
    }

    fn keyed(&self, table: usize) -> bool {
        matches!(self.classes[table], Class::Root | Class::Follow)
    }

    /// What a row refers to along an edge, if the edge is about it.
    fn reference(&self, edge: &Edge, id: i64) -> Option<i64> {
        let row = &self.rows[edge.child][&id];
        row.refs[edge.column].filter(|_| edge.kind.is_none_or(|kind| kind == row.kind))
    }

    /// The first children of a parent under the cap, by (kind DESC, id).
    fn children(&self, edge: &Edge, parent: i64) -> Vec<i64> {
        let all = self.rows[edge.child].keys().copied();
        let mut found: Vec<i64> = all.filter(|id| self.reference(edge, *id) == Some(parent)).collect();
        found.sort_by_key(|id| {
            let text = if self.text_keys[edge.child] { id.to_string() } else { format!("{id:09}") };
            (std::cmp::Reverse(self.rows[edge.child][id].kind), text)
        });
        found.truncate(edge.cap.unwrap_or(usize::MAX));
        found
    }

    pub(crate) fn closure(&self) -> Kept {
        let mut kept: Kept = vec![BTreeSet::new(); self.rows.len()];
        kept[0] = self.pinned.iter().copied().filter(|id| self.rows[0].contains_key(id)).collect();
        loop {
            let before = kept.clone();
            for edge in self.edges.iter().filter(|e| e.down && self.keyed(e.parent) && self.keyed(e.child)) {
                for parent in &before[edge.parent] {
                    kept[edge.child].extend(self.children(edge, *parent));
                }
            }
            if kept == before {
                break;
            }
        }
        for (at, class) in self.classes.iter().enumerate() {
            if *class == Class::Full {
                kept[at] = self.rows[at].keys().copied().collect();
            }
        }
        loop {
            let before = kept.clone();
            for edge in self.edges.iter().filter(|e| e.up == "always" && self.keyed(e.parent)) {
                let wanted = before[edge.child].iter().filter_map(|id| self.reference(edge, *id));
                kept[edge.parent].extend(wanted.filter(|id| self.rows[edge.parent].contains_key(id)));
            }
            if kept == before {
                break;
            }
        }
        self.drop_homeless(&mut kept);
        kept
    }

    fn drop_homeless(&self, kept: &mut Kept) {
        if !self.edges.iter().any(|edge| edge.up == "drop") {
            return;
        }
        loop {
            let before = kept.clone();
            for edge in self.edges.iter().filter(|e| self.keyed(e.child)) {
                let lost = |id: &i64| match self.reference(edge, *id) {
                    Some(parent) if edge.up == "drop" => {
                        parent != 0 && !before[edge.parent].contains(&parent)
                    }
                    Some(parent) if edge.up == "always" && self.keyed(edge.parent) => {
                        self.rows[edge.parent].contains_key(&parent) && !before[edge.parent].contains(&parent)
                    }
                    _ => false,
                };
                kept[edge.child].retain(|id| !lost(id));
            }
            if *kept == before {
                return;
            }
        }
    }

    pub(crate) fn dangling(&self, kept: &Kept) -> bool {
        self.edges.iter().filter(|e| e.up == "always" && self.keyed(e.parent)).any(|edge| {
            kept[edge.child].iter().filter_map(|id| self.reference(edge, *id)).any(|parent| {
                self.rows[edge.parent].contains_key(&parent) && !kept[edge.parent].contains(&parent)
            })
        })
    }

    /// The rows as they leave: references along `nullify` are gone where the parent is not kept.
    pub(crate) fn leaving(&self, kept: &Kept, table: usize) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        for id in &kept[table] {
            let mut refs = self.rows[table][id].refs.clone();
            for edge in self.edges.iter().filter(|e| e.child == table && e.up == "nullify") {
                let lost =
                    self.reference(edge, *id).is_some_and(|p| p != 0 && !kept[edge.parent].contains(&p));
                if lost {
                    refs[edge.column] = None;
                }
            }
            let refs: String =
                refs.iter().map(|r| r.map_or("/NULL".to_owned(), |r| format!("/{r}"))).collect();
            lines.insert(format!("{id}{refs}"));
        }
        lines
    }
}
