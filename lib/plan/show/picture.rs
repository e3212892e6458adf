//! The plan as a graph: tables with the share of rows that is kept, relations with the rows that each adds.
//!
//! In: a [`Dehydration`]. Out: a [`Graph`], and its text in DOT; `svg.rs` draws it. Tables without relations are left out.

use std::collections::BTreeMap;
use std::fmt::Write;

use indicatif::HumanCount;

use crate::document::{Dehydration, TableClass};

/// One table as a box of the picture.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) class: TableClass,
    pub(crate) rows: u64,
    pub(crate) before: u64,
}

/// All relations from one child table to one parent table.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) child: usize,
    pub(crate) parent: usize,
    pub(crate) columns: String,
    pub(crate) down: u64,
    pub(crate) up: u64,
}

/// Tables, and the links between them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) links: Vec<Link>,
}

impl Node {
    /// Share of the table's rows that is kept, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share to look at")]
    pub(crate) fn share(&self) -> f64 {
        if self.before == 0 { 0.0 } else { (self.rows as f64 / self.before as f64).min(1.0) }
    }

    /// `1,234 of 56,789 · 2.2 %`: kept rows, all rows, share.
    pub(crate) fn text(&self) -> String {
        if self.class == TableClass::Empty {
            return format!("structure only, of {}", HumanCount(self.before));
        }
        let (rows, before) = (HumanCount(self.rows), HumanCount(self.before));
        format!("{rows} of {before} · {:.1} %", self.share() * 100.0)
    }

    /// The colour of the table's class.
    pub(crate) fn colour(&self) -> &'static str {
        match self.class {
            TableClass::Root => "#c2571a",
            TableClass::Follow => "#2f6f9f",
            TableClass::Full => "#5b8c3a",
            TableClass::Empty | TableClass::Ignore => "#8a8f98",
        }
    }
}

impl Link {
    /// `+12 down, +3 up`: rows that are added.
    pub(crate) fn text(&self) -> String {
        let part = |rows: u64, way: &str| (rows > 0).then(|| format!("+{} {way}", HumanCount(rows)));
        [part(self.down, "down"), part(self.up, "up")].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Graph {
    /// The tables and relations of a plan.
    pub(crate) fn of(plan: &Dehydration) -> Self {
        let one = plan.databases.len() <= 1;
        let mut graph = Self::default();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let related = |label: &str| {
            plan.edges.iter().any(|edge| table_of(&edge.child) == label || table_of(&edge.parent) == label)
        };
        for table in &plan.tables {
            let label = format!("{}.{}", table.database, table.table);
            if !related(&label) {
                continue;
            }
            places.insert(label.clone(), graph.nodes.len());
            graph.nodes.push(Node {
                name: if one { table.table.clone() } else { label },
                class: table.class,
                rows: table.rows,
                before: table.rows_before,
            });
        }
        for edge in &plan.edges {
            let ends = (places.get(table_of(&edge.child)), places.get(table_of(&edge.parent)));
            let (Some(&child), Some(&parent)) = ends else { continue };
            let columns = edge.child.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
            match graph.links.iter_mut().find(|link| (link.child, link.parent) == (child, parent)) {
                Some(link) => {
                    let _ = write!(link.columns, ", {columns}");
                    (link.down, link.up) = (link.down + edge.down_rows, link.up + edge.up_rows);
                }
                None => graph.links.push(Link {
                    child,
                    parent,
                    columns: columns.to_owned(),
                    down: edge.down_rows,
                    up: edge.up_rows,
                }),
            }
        }
        graph
    }

    /// The picture in the language of Graphviz.
    pub(crate) fn dot(&self) -> String {
        let mut out = String::from(
            "digraph plan {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontcolor=white, penwidth=0];\n  edge [fontname=\"sans-serif\", fontsize=10, color=\"#8a8f98\"];\n",
        );
        for (at, node) in self.nodes.iter().enumerate() {
            let label = format!("{}\\n{}", quoted(&node.name), node.text());
            let _ = writeln!(out, "  t{at} [label=\"{label}\", fillcolor=\"{}\"];", node.colour());
        }
        for link in &self.links {
            let style = if link.down + link.up == 0 { ", style=dashed" } else { "" };
            let label = format!("{}\\n{}", quoted(&link.columns), link.text());
            let _ = writeln!(out, "  t{} -> t{} [label=\"{label}\"{style}];", link.parent, link.child);
        }
        out.push_str("}\n");
        out
    }
}

/// `app.lines(region, order)` -> `app.lines`.
fn table_of(label: &str) -> &str {
    label.rsplit_once('(').map_or(label, |(table, _)| table)
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
