//! The parts of the page about a night: facts as tiles, tables before and after, masks, the busiest relations, dumps kept and
//! removed.

use indicatif::{HumanBytes, HumanCount};
use maud::{Markup, PreEscaped, html};

use super::draw::{inner_bar, log_share};
use crate::document::{Dehydration, Document, EdgeReport, Rotation, TablePlan};
use crate::report::text::{share, totals};

/// Tables that are shown at once; the others are folded.
const TABLES_SHOWN: usize = 12;

/// Relations in the picture, and the height of a table's line there.
const EDGES_SHOWN: usize = 12;
const LINE: usize = 24;

/// Characters of a table's name in the picture of relations.
const NAME_CHARS: usize = 26;

/// The facts of the run, one number in each tile.
pub(super) fn tiles(document: &Document) -> Markup {
    let mut all: Vec<(String, String, bool)> = Vec::new();
    // A refresh needs no tile for the dump: its sentence names the dump.
    if let Some(dump) = document.dump.as_ref().filter(|dump| dump.bytes > 0 && document.refresh.is_none()) {
        let what = if dump.tables.is_empty() {
            "dump".to_owned()
        } else {
            format!("dump, {} tables", dump.tables.len())
        };
        all.push((HumanBytes(dump.bytes).to_string(), what, false));
    }
    if let Some(plan) = &document.dehydration {
        let (before, after) = totals(plan);
        let percent = share(after, before);
        all.push((
            HumanCount(after).to_string(),
            format!("of {} rows ({percent:.1} %)", HumanCount(before)),
            false,
        ));
        let masked: usize = plan.tables.iter().map(|table| masks(table).count()).sum();
        all.push((masked.to_string(), "columns masked".to_owned(), false));
        if let Some(scan) = plan.leaks.as_ref().filter(|_| document.ok) {
            all.push((
                "0".to_owned(),
                format!("of {} originals found in the dump", HumanCount(scan.values)),
                false,
            ));
        }
        if let Some(tables) = plan.canaries {
            all.push(("0".to_owned(), format!("of the canaries in {tables} tables came through"), false));
        }
        all.push((plan.dangling.to_string(), "lost references".to_owned(), plan.dangling > 0));
    }
    if document.snapshot.is_some() {
        let left = document.resources.len();
        all.push((left.to_string(), "left at AWS".to_owned(), left > 0));
    }
    if all.is_empty() {
        return PreEscaped(String::new());
    }
    html! {
        ul class="tiles" {
            @for (number, what, bad) in &all {
                li class=[bad.then_some("bad")] { b { (number) } " " span class="quiet" { (what) } }
            }
        }
    }
}

/// The masked columns of a table, with the kinds of their masks.
fn masks(table: &TablePlan) -> impl Iterator<Item = (&str, &str)> {
    table.columns.iter().filter_map(|column| Some((column.name.as_str(), column.mask.as_deref()?)))
}

/// All tables, the largest first; all but the first `TABLES_SHOWN` are folded.
pub(super) fn tables(plan: &Dehydration) -> Markup {
    let mut all: Vec<&TablePlan> = plan.tables.iter().collect();
    all.sort_by_key(|table| std::cmp::Reverse(table.rows_before));
    let most = all.first().map_or(0, |table| table.rows_before);
    let (shown, folded) = all.split_at(all.len().min(TABLES_SHOWN));
    let count = |tables: &[&TablePlan]| {
        tables.iter().fold((0, 0), |(before, kept), table| (before + table.rows_before, kept + table.rows))
    };
    let (rest_before, rest_kept) = count(folded);
    html! {
        h2 { "Largest tables" span class="quiet" { " bars on a logarithmic scale" } }
        (table_list(plan, shown, most))
        @if !folded.is_empty() {
            details {
                summary { (folded.len()) " more tables: " (HumanCount(rest_kept)) " of " (HumanCount(rest_before)) " rows" }
                (table_list(plan, folded, most))
            }
        }
    }
}

fn table_list(plan: &Dehydration, tables: &[&TablePlan], most: u64) -> Markup {
    html! {
        table class="facts" cellpadding="5" {
            tr { th align="left" { "table" } th class="number" { "before" } th class="number" { "kept" } th {} th class="wide" align="left" { "masks" } }
            @for table in tables {
                tr {
                    td class="name" {
                        @if plan.databases.len() > 1 { (table.database) "." } b { (table.table) }
                        span class="quiet" { " " (table.class.word()) }
                    }
                    td class="number" align="right" { (HumanCount(table.rows_before)) }
                    td class="number" align="right" { (HumanCount(table.rows)) }
                    td class="picture" width="240" { (inner_bar(log_share(table.rows_before, most), log_share(table.rows, most))) }
                    td class="wide quiet" {
                        @for (at, (column, mask)) in masks(table).enumerate() { @if at > 0 { ", " } (column) " → " (mask) }
                    }
                }
            }
        }
    }
}

/// The relations because of which most rows are kept, as a picture; and a folded list of all relations.
pub(super) fn relations(plan: &Dehydration) -> Markup {
    let mut busy: Vec<&EdgeReport> = plan.edges.iter().filter(|edge| weight(edge) > 0).collect();
    busy.sort_by_key(|edge| std::cmp::Reverse(weight(edge)));
    busy.truncate(EDGES_SHOWN);
    html! {
        h2 { "Relations" span class="quiet" { " rows that each brought along" } }
        p {
            "References of kept rows that lost their parent: "
            b class=(if plan.dangling == 0 { "good" } else { "bad" }) { (plan.dangling) }
        }
        @if !busy.is_empty() { (picture(&busy)) }
        details {
            summary { "What each of " (plan.edges.len()) " relations added" }
            table class="facts" cellpadding="5" {
                tr { th align="left" { "child" } th align="left" { "parent" } th { "origin" } th { "rows down" } th { "rows up" } th { "orphans" } }
                @for edge in &plan.edges {
                    tr {
                        td { (edge.child) }
                        td { (edge.parent) }
                        td { (edge.origin) }
                        @for count in [edge.down_rows, edge.up_rows, edge.orphans] {
                            td class="number" align="right" { (HumanCount(count)) }
                        }
                    }
                }
            }
        }
    }
}

fn weight(edge: &EdgeReport) -> u64 {
    edge.down_rows + edge.up_rows
}

/// Draws children on the left and parents on the right. Each table has a line of its own, so that no names overlap.
fn picture(edges: &[&EdgeReport]) -> Markup {
    let mut children: Vec<&str> = Vec::new();
    let mut parents: Vec<&str> = Vec::new();
    for edge in edges {
        for (list, name) in [(&mut children, table_of(&edge.child)), (&mut parents, table_of(&edge.parent))] {
            if !list.contains(&name) {
                list.push(name);
            }
        }
    }
    let height = children.len().max(parents.len()) * LINE + 8;
    let most = edges.iter().map(|edge| weight(edge)).max().unwrap_or(1);
    let y = |list: &[&str], name: &str| list.iter().position(|known| *known == name).unwrap_or(0) * LINE + 16;
    html! {
        svg class="relations" viewBox=(format!("0 0 600 {height}")) role="img" {
            @for edge in edges {
                @let (from, to) = (y(&children, table_of(&edge.child)), y(&parents, table_of(&edge.parent)));
                path class="edge" fill="none" stroke="#0969da" stroke-width=(format!("{:.1}", 1.0 + 6.0 * log_share(weight(edge), most)))
                    d=(format!("M196,{from} C300,{from} 300,{to} 404,{to}")) {
                    title { (edge.child) " → " (edge.parent) ": " (HumanCount(weight(edge))) " rows" }
                }
            }
            @for name in &children { text x="190" y=(y(&children, name) + 4) text-anchor="end" font-size="12" { (cut(name)) } }
            @for name in &parents { text x="410" y=(y(&parents, name) + 4) font-size="12" { (cut(name)) } }
        }
    }
}

/// The bare name of the table in one side of a relation: `ratings` in `app.ratings(app_id)`.
fn table_of(side: &str) -> &str {
    let table = side.split('(').next().unwrap_or(side);
    table.rsplit_once('.').map_or(table, |(_, name)| name)
}

/// Cuts a name to `NAME_CHARS` characters, which fit beside the picture.
fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS {
        return name.to_owned();
    }
    name.chars().take(NAME_CHARS - 1).chain(['…']).collect()
}

/// Which dumps were kept and which were removed.
pub(super) fn dumps(rotation: &Rotation) -> Markup {
    let lists = [("kept", &rotation.kept), ("removed", &rotation.removed)];
    html! {
        h2 { "Dumps" }
        table class="facts" cellpadding="5" {
            @for (word, list) in lists {
                @for dump in list {
                    tr { td { (dump.name) } td { (word) } td class="wide quiet" { (dump.reason) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(tables: u64) -> Dehydration {
        let table = |at: u64| TablePlan {
            table: format!("t{at}"),
            rows_before: at * 10,
            rows: at,
            ..TablePlan::default()
        };
        Dehydration { tables: (1..=tables).map(table).collect(), ..Dehydration::default() }
    }

    #[test]
    fn the_largest_tables_come_first_and_the_others_are_folded_with_their_sum() {
        let page = tables(&plan(300)).into_string();
        assert!(page.find("<b>t300</b>").unwrap() < page.find("<b>t299</b>").unwrap());
        // 1 + … + 288
        assert!(page.contains("288 more tables: 41,616 of 416,160 rows"), "{}", &page[..3000]);
        assert!(!tables(&plan(12)).into_string().contains("more tables"));
    }

    #[test]
    fn each_table_of_the_picture_has_a_line_of_its_own() {
        let edge = |child: &str, parent: &str, down_rows| EdgeReport {
            child: child.into(),
            parent: parent.into(),
            down_rows,
            ..EdgeReport::default()
        };
        let edges = [
            edge("app.a(x)", "app.p(id)", 5),
            edge("app.b(x)", "app.p(id)", 9),
            edge("app.a(y)", "app.q(id)", 1),
        ];
        let drawn = picture(&edges.iter().collect::<Vec<_>>()).into_string();
        for name in ["a", "b", "p", "q"] {
            assert_eq!(drawn.matches(&format!(">{name}</text>")).count(), 1, "{drawn}");
        }
        assert_eq!(table_of("shop.order.lines(a)"), "lines");
        assert_eq!(cut(&"x".repeat(40)).chars().count(), NAME_CHARS);
    }
}
