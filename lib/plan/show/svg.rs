//! Draws the graph of a plan as SVG: tables in columns, with parents to the left of the roots and children to their right.
//!
//! In: a [`Graph`]. Out: one SVG that loads no font, script or style sheet. The same plan gives the same bytes.

use std::fmt::Write;

use super::picture::{Graph, Link};
use crate::document::TableClass;

const BOX_WIDTH: f64 = 220.0;
const BOX_HEIGHT: f64 = 52.0;
const COLUMN: f64 = 420.0;
const ROW: f64 = 84.0;
const MARGIN: f64 = 40.0;
const SWEEPS: usize = 8;

struct Layout {
    /// Column of each table, counted from the left.
    column: Vec<usize>,
    /// Upper left corner of each table.
    at: Vec<(f64, f64)>,
    size: (f64, f64),
}

/// The picture as an SVG file.
pub(crate) fn svg(graph: &Graph) -> String {
    let layout = layout(graph);
    let (width, height) = layout.size;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"system-ui, 'DejaVu Sans', sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fcfcfa\"/>\n"
    );
    for link in &graph.links {
        curve(&mut out, &path(&layout, link), link);
    }
    for (at, node) in graph.nodes.iter().enumerate() {
        let (x, y) = layout.at[at];
        let colour = node.colour();
        let _ = writeln!(
            out,
            "<g><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"6\" fill=\"white\" stroke=\"{colour}\" stroke-width=\"1.5\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\" font-weight=\"600\" fill=\"{colour}\">{}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" fill=\"#444\">{}</text>\
             <rect x=\"{:.1}\" y=\"{:.1}\" width=\"{}\" height=\"5\" rx=\"2\" fill=\"#e6e6e2\"/>\
             <rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"5\" rx=\"2\" fill=\"{colour}\"/></g>",
            x + 10.0,
            y + 18.0,
            escaped(&shortened(&node.name, 28)),
            x + 10.0,
            y + 34.0,
            escaped(&node.text()),
            x + 10.0,
            y + 41.0,
            BOX_WIDTH - 20.0,
            x + 10.0,
            y + 41.0,
            (BOX_WIDTH - 20.0) * node.share(),
        );
    }
    // Labels come last, so that no line runs over them.
    for link in &graph.links {
        let aside = layout.column[link.parent] == layout.column[link.child];
        label(&mut out, &path(&layout, link), link, aside);
    }
    out.push_str("</svg>\n");
    out
}

fn layout(graph: &Graph) -> Layout {
    let column = columns(graph);
    let count = column.iter().max().map_or(0, |last| last + 1);
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, column) in column.iter().enumerate() {
        order[*column].push(node);
    }
    let tallest = order.iter().map(Vec::len).max().unwrap_or_default();
    let mut y = vec![0.0; graph.nodes.len()];
    let place = |nodes: &[usize], y: &mut Vec<f64>| {
        // Centred, so that a short column stands in the middle of a tall one.
        let top = half(tallest - nodes.len()) * ROW;
        for (n, node) in nodes.iter().enumerate() {
            y[*node] = top + half(2 * n) * ROW;
        }
    };
    for nodes in &order {
        place(nodes, &mut y);
    }
    for _ in 0..SWEEPS {
        for nodes in &mut order {
            let mut wanted: Vec<(f64, usize)> =
                nodes.iter().map(|node| (middle(graph, *node, &y), *node)).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            *nodes = wanted.into_iter().map(|(_, node)| node).collect();
            place(nodes, &mut y);
        }
    }
    let at = column.iter().zip(&y).map(|(c, y)| (MARGIN + half(2 * c) * COLUMN, MARGIN + y)).collect();
    let aside =
        graph.links.iter().any(|l| column[l.parent] == column[l.child] && column[l.child] + 1 == count);
    let beside = if aside { COLUMN - BOX_WIDTH } else { 60.0 };
    let width = 2.0 * MARGIN + half(2 * count.max(1) - 2) * COLUMN + BOX_WIDTH + beside;
    let height = 2.0 * MARGIN + half(2 * tallest.max(1) - 2) * ROW + BOX_HEIGHT;
    Layout { column, at, size: (width, height) }
}

#[expect(clippy::cast_precision_loss, reason = "some hundreds of tables")]
fn half(count: usize) -> f64 {
    count as f64 / 2.0
}

/// The average height of the tables that a table has links with.
fn middle(graph: &Graph, node: usize, y: &[f64]) -> f64 {
    let near = graph.links.iter().filter(|link| link.child != link.parent);
    let near: Vec<f64> = near
        .filter_map(|link| match node {
            _ if link.child == node => Some(y[link.parent]),
            _ if link.parent == node => Some(y[link.child]),
            _ => None,
        })
        .collect();
    if near.is_empty() { y[node] } else { near.iter().sum::<f64>() / half(2 * near.len()) }
}

/// The column of each table, by steps from the roots: children are one column to the right, parents one to the left.
fn columns(graph: &Graph) -> Vec<usize> {
    let mut place: Vec<Option<i64>> =
        graph.nodes.iter().map(|node| (node.class == TableClass::Root).then_some(0)).collect();
    loop {
        let before = place.clone();
        for link in &graph.links {
            // Each round places only tables that are linked with a table of an earlier round.
            match (before[link.child], before[link.parent]) {
                (None, Some(parent)) => {
                    place[link.child] = Some(place[link.child].map_or(parent + 1, |p| p.max(parent + 1)));
                }
                (Some(child), None) => {
                    place[link.parent] = Some(place[link.parent].map_or(child - 1, |p| p.min(child - 1)));
                }
                _ => {}
            }
        }
        if place == before {
            let Some(lone) = place.iter().position(Option::is_none) else { break };
            place[lone] = Some(0);
        }
    }
    let first = place.iter().flatten().min().copied().unwrap_or_default();
    place.iter().map(|p| usize::try_from(p.unwrap_or_default() - first).unwrap_or_default()).collect()
}

/// The curve of a link: its start, two control points and its end.
fn path(layout: &Layout, link: &Link) -> [(f64, f64); 4] {
    let (parent, child) = (layout.at[link.parent], layout.at[link.child]);
    let middle =
        |(x, y): (f64, f64), right: bool| (if right { x + BOX_WIDTH } else { x }, y + BOX_HEIGHT / 2.0);
    let (from, to) = (layout.column[link.parent], layout.column[link.child]);
    // Between tables of one column, the curve begins and ends on their right side.
    let (leaves_right, enters_right) = (from <= to, to <= from);
    let (mut start, mut end) = (middle(parent, leaves_right), middle(child, enters_right));
    if link.parent == link.child {
        (start.1, end.1) = (start.1 - 12.0, end.1 + 12.0);
    }
    let reach = if from == to { 60.0 } else { (end.0 - start.0).abs() / 2.0 };
    let bent = |(x, y): (f64, f64), right: bool| (if right { x + reach } else { x - reach }, y);
    [start, bent(start, leaves_right), bent(end, enters_right), end]
}

fn curve(out: &mut String, [start, one, two, end]: &[(f64, f64); 4], link: &Link) {
    let style = if link.down + link.up == 0 { " stroke-dasharray=\"4 4\"" } else { "" };
    let colour = if link.down > 0 { "#2f6f9f" } else { "#a0a4ab" };
    let _ = writeln!(
        out,
        "<path d=\"M{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.4\"{style}/>\
         <circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
        start.0, start.1, one.0, one.1, two.0, two.1, end.0, end.1, end.0, end.1
    );
}

/// Writes the label half-way along a link; for a link within a column, to the right of it.
fn label(out: &mut String, [start, one, two, end]: &[(f64, f64); 4], link: &Link, aside: bool) {
    let half_way = |a: f64, b: f64, c: f64, d: f64| (a + 3.0 * b + 3.0 * c + d) / 8.0;
    let (x, y) = (half_way(start.0, one.0, two.0, end.0), half_way(start.1, one.1, two.1, end.1));
    let (x, anchor) = if aside { (x + 6.0, "start") } else { (x, "middle") };
    let text = [shortened(&link.columns, 24), link.text()];
    for (n, line) in text.iter().filter(|line| !line.is_empty()).enumerate() {
        let (y, words) = (y - 3.0 + 12.0 * half(2 * n), escaped(line));
        // Twice: the first is the light rim that keeps the line behind it off the letters.
        for paint in ["fill=\"none\" stroke=\"#fcfcfa\" stroke-width=\"3\"", "fill=\"#444\""] {
            let _ = writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"10\" text-anchor=\"{anchor}\" {paint}>{words}</text>"
            );
        }
    }
}

fn shortened(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    text.chars().take(characters - 1).chain(std::iter::once('…')).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Dehydration, EdgeReport, TablePlan};

    #[test]
    fn the_label_of_a_table_that_refers_to_itself_stands_beside_it() {
        let edge = |column: &str| EdgeReport {
            child: format!("app.people({column})"),
            parent: "app.people(id)".to_owned(),
            up_rows: 1,
            ..EdgeReport::default()
        };
        let table = TablePlan {
            database: "app".to_owned(),
            table: "people".to_owned(),
            class: TableClass::Root,
            ..TablePlan::default()
        };
        let plan = Dehydration {
            tables: vec![table],
            edges: vec![edge("boss_id"), edge("mentor_id")],
            ..Dehydration::default()
        };
        let graph = Graph::of(&plan);
        let layout = layout(&graph);
        let picture = svg(&graph);
        let starts: Vec<(f64, f64)> = picture
            .lines()
            .filter(|line| line.starts_with("<text") && line.contains("fill=\"#444\""))
            .map(|line| {
                let number = |name: &str| {
                    let rest = &line[line.find(&format!(" {name}=\"")).unwrap_or(0) + name.len() + 3..];
                    rest.split('"').next().and_then(|text| text.parse().ok()).unwrap_or(-1.0)
                };
                assert!(line.contains("text-anchor=\"start\""), "{line}");
                (number("x"), number("y"))
            })
            .collect();
        assert_eq!(starts.len(), 2, "{picture}");
        for (n, (x, y)) in starts.iter().enumerate() {
            assert!(*x > layout.at[0].0 + BOX_WIDTH && x + 150.0 < layout.size.0, "{picture}");
            assert!(starts[..n].iter().all(|(_, other)| (other - y).abs() >= 10.0), "{starts:?}");
        }
    }
}
