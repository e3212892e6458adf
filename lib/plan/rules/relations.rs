//! Finds the relations: real foreign keys and `[relations]`, resolved against the catalog.
//!
//! In: a catalog and `refresh.toml`. Out: [`Edge`]s in a stable order, or an error with file and line.

use std::collections::BTreeSet;

use super::cast::Cast;
use super::comparable;
use super::edge::{Edge, RelationOrigin};
use super::names::{column_named, table_named};
use crate::catalog::{Catalog, Pattern, TablePattern};
use crate::config::{ColumnsName, Config, Down, Error, RelationConfig, Up};

/// All relations. Declared ones replace foreign keys over the same columns to the same parent; names replace globs.
pub(crate) fn all(catalog: &Catalog, config: &Config) -> Result<Vec<Edge>, Error> {
    let mut edges: Vec<Edge> = Vec::new();
    let (globs, names): (Vec<_>, Vec<_>) =
        config.relations.iter().partition(|(key, _)| key.contains(['*', '?']));
    for (key, relations) in names.into_iter().chain(globs) {
        let before = edges.len();
        for relation in relations.as_slice() {
            let found = declared(catalog, config, key, relation)?;
            let (old, _) = edges.split_at(before);
            // A glob adds only columns that no earlier entry is about.
            let is_glob = key.contains(['*', '?']);
            let new: Vec<Edge> = found
                .into_iter()
                .filter(|edge| !(is_glob && old.iter().any(|e| e.same_columns(edge))))
                .collect();
            edges.extend(new);
        }
    }
    let real = foreign_keys(catalog);
    let unsaid: Vec<Edge> = real
        .into_iter()
        .filter(|edge| !edges.iter().any(|e| e.same_columns(edge) && e.parent == edge.parent))
        .collect();
    edges.extend(unsaid);
    edges.sort_by_key(|edge| {
        (
            edge.child,
            edge.child_columns.clone(),
            edge.parent,
            edge.parent_columns.clone(),
            edge.filter.clone(),
        )
    });
    for (at, edge) in edges.iter_mut().enumerate() {
        edge.number = at + 1;
        comparable::check(catalog, config, edge)?;
    }
    Ok(edges)
}

fn foreign_keys(catalog: &Catalog) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (child, table) in catalog.tables.iter().enumerate() {
        for key in &table.foreign_keys {
            // A parent in a database that is not dehydrated cannot be kept.
            let Some(parent) = catalog.find(&key.parent_database, &key.parent_table) else { continue };
            edges.push(Edge {
                number: 0,
                child,
                child_columns: key.columns.clone(),
                parent,
                parent_columns: key.parent_columns.clone(),
                filter: None,
                down: child != parent,
                up: Up::Always,
                cap: None,
                order: None,
                cast: None,
                origin: RelationOrigin::ForeignKey,
                key: None,
            });
        }
    }
    edges
}

fn declared(
    catalog: &Catalog,
    config: &Config,
    key: &str,
    relation: &RelationConfig,
) -> Result<Vec<Edge>, Error> {
    let at =
        |message: String, hint: Option<String>| config.origin.error_at(&["relations", key], message, hint);
    let child: ColumnsName = key.parse().map_err(|e| at(format!("{e}"), None))?;
    let to: ColumnsName = relation.to.parse().map_err(|e| at(format!("{e}"), None))?;
    let parent = table_named(catalog, &to.table).map_err(|(message, hint)| at(message, hint))?;
    let parent_columns = columns_named(catalog, parent, &to.columns).map_err(|(m, h)| at(m, h))?;
    if child.columns.len() != parent_columns.len() {
        let message = format!("{} column(s) refer to {}", child.columns.len(), parent_columns.len());
        return Err(at(message, None));
    }
    let children = if key.contains(['*', '?']) {
        let found = matching(catalog, &child, parent, &parent_columns);
        if found.is_empty() {
            return Err(at(format!("{key:?} matches no column"), None));
        }
        found
    } else {
        let table = table_named(catalog, &child.table).map_err(|(m, h)| at(m, h))?;
        vec![(table, columns_named(catalog, table, &child.columns).map_err(|(m, h)| at(m, h))?)]
    };
    let cast =
        relation.cast.as_deref().map(|word| Cast::named(word).map_err(|(m, h)| at(m, h))).transpose()?;
    check_settings(relation).map_err(|message| at(message, None))?;
    Ok(children
        .into_iter()
        .map(|(child, child_columns)| Edge {
            number: 0,
            child,
            child_columns,
            parent,
            parent_columns: parent_columns.clone(),
            filter: relation.filter.clone(),
            down: relation.down.map_or(child != parent, |down| down == Down::Own),
            up: relation.up,
            cap: relation.cap,
            order: relation.order.clone(),
            cast,
            origin: RelationOrigin::Declared,
            key: Some(key.to_owned()),
        })
        .collect())
}

fn check_settings(relation: &RelationConfig) -> Result<(), String> {
    if relation.cap == Some(0) {
        return Err("a cap of 0 keeps no child: write down = \"never\"".to_owned());
    }
    if relation.cap.is_none() && relation.order.is_some() {
        return Err("order says which children are first under a cap, and there is no cap".to_owned());
    }
    if relation.down == Some(Down::Never) && relation.cap.is_some() {
        return Err("a cap means nothing where down = \"never\"".to_owned());
    }
    Ok(())
}

/// The tables and columns that a glob such as `*.customer_id` names, the parent's own columns left out.
fn matching(
    catalog: &Catalog,
    child: &ColumnsName,
    parent: usize,
    parent_columns: &[String],
) -> Vec<(usize, Vec<String>)> {
    let tables = TablePattern::of(&child.table);
    let mut found = BTreeSet::new();
    for (at, table) in catalog.tables.iter().enumerate() {
        if tables.fit(table).is_none() {
            continue;
        }
        let columns: Option<Vec<String>> = child
            .columns
            .iter()
            .map(|pattern| {
                let pattern = Pattern::new(pattern, true);
                table.columns.iter().find(|c| pattern.fit(&c.name).is_some()).map(|c| c.name.clone())
            })
            .collect();
        if let Some(columns) = columns.filter(|columns| !(at == parent && columns == parent_columns)) {
            found.insert((at, columns));
        }
    }
    found.into_iter().collect()
}

fn columns_named(
    catalog: &Catalog,
    table: usize,
    names: &[String],
) -> Result<Vec<String>, (String, Option<String>)> {
    let table = &catalog.tables[table];
    names.iter().map(|name| column_named(table, name).map(|column| column.name.clone())).collect()
}
