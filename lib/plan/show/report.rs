//! Shows the plan as text: rows and bytes before and after, what each relation adds, hot parents and warnings.
//!
//! In: a [`Dehydration`]. Out: text for a terminal, in aligned columns.

use std::fmt::Write;

use indicatif::{HumanBytes, HumanCount};

use crate::document::{Dehydration, EdgeReport};
use crate::plan::closure::fit::bytes_after;

/// The plan as text.
pub(crate) fn text(plan: &Dehydration) -> String {
    let mut out = String::new();
    let as_of = plan.as_of.map_or("-".to_owned(), |as_of| as_of.to_string());
    let _ = writeln!(out, "as of {as_of}, keys in `{}`\n", plan.work_schema);
    out.push_str(&aligned(&tables(plan)));
    if !plan.edges.is_empty() {
        out.push('\n');
        out.push_str(&aligned(&edges(&plan.edges)));
    }
    out.push_str(&hot(&plan.edges));
    out.push_str(&target(plan));
    for warning in &plan.warnings {
        let _ = writeln!(out, "\nwarning: {warning}");
    }
    out
}

fn tables(plan: &Dehydration) -> Vec<Vec<String>> {
    let heads = ["table", "class", "rows before", "after", "bytes before", "after", "read", "why"];
    let mut lines = vec![heads.iter().map(|&head| head.to_owned()).collect::<Vec<_>>()];
    let (mut before, mut after, mut bytes, mut bytes_left) = (0, 0, 0, 0);
    for table in &plan.tables {
        let left = bytes_after(table);
        (before, after) = (before + table.rows_before, after + table.rows);
        (bytes, bytes_left) = (bytes + table.bytes_before, bytes_left + left);
        lines.push(vec![
            format!("{}.{}", table.database, table.table),
            table.class.word().to_owned(),
            HumanCount(table.rows_before).to_string(),
            HumanCount(table.rows).to_string(),
            HumanBytes(table.bytes_before).to_string(),
            HumanBytes(left).to_string(),
            table.read.clone(),
            table.why.clone(),
        ]);
    }
    lines.push(vec![
        "all".to_owned(),
        String::new(),
        HumanCount(before).to_string(),
        HumanCount(after).to_string(),
        HumanBytes(bytes).to_string(),
        HumanBytes(bytes_left).to_string(),
        String::new(),
        String::new(),
    ]);
    lines
}

fn edges(edges: &[EdgeReport]) -> Vec<Vec<String>> {
    let heads = ["relation", "", "origin", "children", "parents", "orphans"];
    let mut lines = vec![heads.iter().map(|&head| head.to_owned()).collect::<Vec<_>>()];
    for edge in edges {
        lines.push(vec![
            edge.child.clone(),
            format!("= {}", edge.parent),
            edge.origin.to_string(),
            format!("+{}", HumanCount(edge.down_rows)),
            format!("+{}", HumanCount(edge.up_rows)),
            HumanCount(edge.orphans).to_string(),
        ]);
    }
    lines
}

/// Lists the hot parents, those that bring the most children. Empty if the plan names none.
fn hot(edges: &[EdgeReport]) -> String {
    let mut lines = vec![vec!["hot parents".to_owned(), "children kept".to_owned(), "along".to_owned()]];
    for edge in edges {
        for parent in &edge.hot_parents {
            let table = edge.parent.split('(').next().unwrap_or_default();
            lines.push(vec![
                format!("{table} {}", quoted(&parent.key).trim_matches('"')),
                HumanCount(parent.children).to_string(),
                edge.child.clone(),
            ]);
        }
    }
    if lines.len() == 1 { String::new() } else { format!("\n{}", aligned(&lines)) }
}

fn target(plan: &Dehydration) -> String {
    let Some(target) = &plan.target else { return String::new() };
    let (limit, size) = (HumanCount(target.limit), HumanCount(target.size));
    let mut out = format!("\nto fit {limit} {}: {size} of them\n", target.unit);
    for root in &target.roots {
        let window = root.window_seconds.filter(|seconds| *seconds > 0);
        let window = window.map_or(String::new(), |seconds| format!(", window = \"{}h\"", seconds / 3600));
        let _ = writeln!(out, "    table = {}{window}, at_least = {}", quoted(&root.table), root.at_least);
    }
    out
}

/// A text of the database in quotes, with control characters escaped as in JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Makes columns as wide as their widest cell. Columns whose cells begin with a digit or a plus are aligned to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let cell = |line: &[String], at: usize| line.get(at).cloned().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|at| lines.iter().map(|line| cell(line, at).chars().count()).max().unwrap_or_default())
        .collect();
    let numeric = |at: usize| {
        lines.iter().skip(1).all(|line| {
            cell(line, at).is_empty()
                || cell(line, at).starts_with(['+', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        })
    };
    let right: Vec<bool> = (0..columns).map(numeric).collect();
    let mut out = String::new();
    for line in lines {
        let mut text = String::new();
        for at in 0..columns {
            let width = widths[at];
            let _ = if right[at] {
                write!(text, "{:>width$}  ", cell(line, at))
            } else {
                write!(text, "{:<width$}  ", cell(line, at))
            };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right() {
        let lines = vec![
            vec!["table".to_owned(), "rows".to_owned()],
            vec!["a".to_owned(), "1,000".to_owned()],
            vec!["long_one".to_owned(), "7".to_owned()],
        ];
        assert_eq!(aligned(&lines), "table      rows\na         1,000\nlong_one      7\n");
    }
}
