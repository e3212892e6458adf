//! The blueprint: all that is decided without reading a row: catalog, relations, classes, masks.
//!
//! In: a session, `refresh.toml`, the databases. Out: a [`Blueprint`], plain data, the same for the same catalog and rules.

use sha2::{Digest, Sha256};

use super::cast::Cast;
use super::classes::{self, Classified};
use super::edge::Edge;
use super::nullable::nullable_column;
use super::reading::KeylessReading;
use super::relations;
use crate::catalog::{self, Catalog};
use crate::config::{self, Config, Up};
use crate::document::TableClass;
use crate::mask::{self, Masks};
use crate::mysql::Session;
use crate::plan::error::Error;

/// Catalog, relations, classes and masks of a run, decided without reading a row.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// The databases to dehydrate.
    pub databases: Vec<String>,
    /// The tables of the databases, with columns and keys.
    pub catalog: Catalog,
    /// The relations, resolved against the catalog.
    pub edges: Vec<Edge>,
    /// The class of each table, in the catalog's order.
    pub classes: Vec<Classified>,
    /// How each column is masked.
    pub masks: Masks,
    /// The schema that holds key tables.
    pub work_schema: String,
    /// SHA-256 of the text of refresh.toml, hexadecimal.
    pub config_sha256: String,
    /// Tables that are read without keys of their own, filled in by the wing `read`.
    pub read: KeylessReading,
}

/// What says which rows of a table are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsFrom {
    /// The key table, which holds their keys.
    Keys,
    /// The parents: a row is kept if one that owns it is kept. For tables without a key.
    Children,
    /// The relation of this number: a row is kept if its parent along it is kept. For tables whose keys nothing needs.
    Along(usize),
    /// The class: all rows of the table are kept.
    All,
    /// The class: no row of the table is kept.
    Nothing,
}

impl Blueprint {
    /// Reads the catalog and decides. Fails when rules do not fit.
    pub fn draw(session: &mut Session, config: &Config, databases: &[String]) -> Result<Self, Error> {
        if databases.is_empty() {
            return Err(config::Error::Unset { setting: "[source] databases" }.into());
        }
        if databases.contains(&config.dehydrate.work_schema) {
            let message = "the work schema cannot be one of the source's databases".to_owned();
            return Err(config.origin.error_at(&["dehydrate", "work_schema"], message, None).into());
        }
        missing_databases(session, config, databases)?;
        Self::of(Catalog::read(session, databases)?, config, databases)
    }

    /// Decides by a catalog that is read already.
    pub(crate) fn of(catalog: Catalog, config: &Config, databases: &[String]) -> Result<Self, Error> {
        let edges = relations::all(&catalog, config)?;
        let classes = classes::decide(&catalog, config, &edges)?;
        let masks = mask::compile(&catalog, config)?;
        let config_sha256 = sha256(config);
        let blueprint = Self {
            databases: databases.to_vec(),
            catalog,
            edges,
            classes,
            masks,
            work_schema: config.dehydrate.work_schema.clone(),
            config_sha256,
            read: KeylessReading::default(),
        };
        blueprint.check(config)?;
        Ok(blueprint)
    }

    /// The class of a table.
    pub fn class(&self, table: usize) -> TableClass {
        self.classes[table].class
    }

    /// What says which rows of a table are kept.
    pub fn kept(&self, table: usize) -> RowsFrom {
        match self.class(table) {
            TableClass::Full => RowsFrom::All,
            TableClass::Empty | TableClass::Ignore => RowsFrom::Nothing,
            TableClass::Root | TableClass::Follow if self.catalog.tables[table].key().is_empty() => {
                RowsFrom::Children
            }
            TableClass::Root | TableClass::Follow => match self.read.along.get(&table) {
                Some(along) => RowsFrom::Along(along.edge),
                None => RowsFrom::Keys,
            },
        }
    }

    /// The relation of this number, counted from 1.
    pub(crate) fn owner(&self, number: usize) -> &Edge {
        &self.edges[number - 1]
    }

    /// Positions of the tables whose kept rows are in key tables.
    pub fn keyed(&self) -> impl Iterator<Item = usize> {
        (0..self.catalog.tables.len()).filter(|table| self.kept(*table) == RowsFrom::Keys)
    }

    /// The tables of `keyed`, and tables read along a relation, which may still need key tables.
    pub(crate) fn with_key_tables(&self) -> impl Iterator<Item = usize> {
        (0..self.catalog.tables.len())
            .filter(|table| matches!(self.kept(*table), RowsFrom::Keys | RowsFrom::Along(_)))
    }

    /// The relations along which kept parents bring children. Both ends use key tables.
    pub fn down(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(|edge| {
            edge.down && self.kept(edge.parent) == RowsFrom::Keys && self.kept(edge.child) == RowsFrom::Keys
        })
    }

    /// The relations along which kept children bring parents; without those that tables are read along, whose parents are kept.
    pub fn up(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(|edge| {
            edge.up == Up::Always
                && self.kept(edge.child) != RowsFrom::Along(edge.number)
                && self.kept(edge.parent) == RowsFrom::Keys
                && self.kept(edge.child) != RowsFrom::Nothing
        })
    }

    /// True if rows of the table can be kept.
    pub(crate) fn comes(&self, table: usize) -> bool {
        self.kept(table) != RowsFrom::Nothing
    }

    /// Refuses relations that do not fit the masks, classes or keys at their ends.
    fn check(&self, config: &Config) -> Result<(), config::Error> {
        mask::agree(&self.masks, config, self.edges.iter().map(ends))?;
        for edge in &self.edges {
            let toml_keys: Vec<&str> =
                edge.key.as_deref().map_or(vec!["relations"], |key| vec!["relations", key]);
            if let Some(message) = self.unworkable(edge) {
                let hint = message.contains("no primary key");
                let hint = hint.then(|| "a table that is `full` or `empty` needs no key".to_owned());
                return Err(config.origin.error_at(&toml_keys, message, hint));
            }
        }
        Ok(())
    }

    fn unworkable(&self, edge: &Edge) -> Option<String> {
        let child = self.catalog.tables[edge.child].label();
        let parent = self.catalog.tables[edge.parent].label();
        let live = self.kept(edge.child) != RowsFrom::Nothing;
        if live && self.kept(edge.parent) == RowsFrom::Children && (edge.up == Up::Always || edge.down) {
            return Some(format!("{parent} has no primary key, so its rows cannot be followed from {child}"));
        }
        if self.kept(edge.child) == RowsFrom::Children
            && (edge.cap.is_some() || edge.up == Up::Drop || edge.cast.is_some_and(Cast::splits))
        {
            return Some(format!("{child} has no primary key: no cap, drop, json or list is possible"));
        }
        if live && edge.up == Up::Nullify {
            if self.catalog.tables[edge.child].key().is_empty() {
                return Some(format!("{child} has no primary key: nullify is not possible"));
            }
            if edge.cast.is_some_and(Cast::splits) {
                return Some(format!("{child} refers to many rows in one value: nullify is not possible"));
            }
            if nullable_column(&self.catalog.tables[edge.child], edge).is_none() {
                let label = edge.child_label(&self.catalog);
                return Some(format!(
                    "{label} can hold neither NULL nor a default that stands for it (up = \"nullify\")"
                ));
            }
        }
        if self.kept(edge.child) == RowsFrom::All && edge.up == Up::Drop {
            return Some(format!("{child} is full, so none of its rows can stay behind (up = \"drop\")"));
        }
        None
    }
}

/// SHA-256 of the text of refresh.toml, hexadecimal.
pub(crate) fn sha256(config: &Config) -> String {
    format!("{:x}", Sha256::digest(config.origin.text.as_bytes()))
}

fn ends(edge: &Edge) -> mask::Ends<'_> {
    mask::Ends {
        child: edge.child,
        child_columns: &edge.child_columns,
        parent: edge.parent,
        parent_columns: &edge.parent_columns,
        key: edge.key.as_deref(),
    }
}

fn missing_databases(session: &mut Session, config: &Config, databases: &[String]) -> Result<(), Error> {
    let found = catalog::known_databases(session, databases)?;
    match databases.iter().find(|name| !found.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let message =
                format!("{} has no database `{name}`, or this user may not see it", session.label());
            Err(config.origin.error_at(&["source", "databases"], message, None).into())
        }
    }
}
