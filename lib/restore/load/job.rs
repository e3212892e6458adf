//! What is loaded where: one database of one dump into one empty database.
//!
//! In: what the run was asked for, once everything is looked up. Out: plain facts for whoever loads.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::Arc;

use super::queue::TableQueue;
use super::table_filter::TableFilter;
use crate::archive::{DumpFile, TableEntry};
use crate::mysql::{Engine, Server};
use crate::restore::options::Verify;
use crate::sql::tokens;

/// More connections than this do not make a development server faster.
const WORKERS_MAX: usize = 8;

/// One database of one dump, and the empty database that it is loaded into.
#[derive(Debug, Clone)]
pub(crate) struct LoadJob {
    /// The dump that is loaded, opened.
    pub(crate) dump: Arc<DumpFile>,
    /// Which of its databases.
    pub(crate) database: String,
    /// The target's server, and who loads.
    pub(crate) server: Server,
    /// Name of the staging database, which is empty.
    pub(crate) staging: String,
    /// How the loaded tables are compared with the manifest.
    pub(crate) verify: Verify,
    /// Whether the server takes LOAD DATA LOCAL.
    pub(crate) local_infile: bool,
    /// Connections; twice the number of cores if not given, so that some work while others wait for the disk.
    pub(crate) workers: Option<usize>,
    /// Which tables get their rows.
    pub(crate) choice: TableFilter,
}

impl LoadJob {
    /// The tables of the database, by position in the manifest.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (usize, &TableEntry)> {
        let all = self.dump.manifest().tables.iter().enumerate();
        all.filter(|(_, table)| table.database == self.database)
    }

    /// Number of connections that load.
    pub(crate) fn workers(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
        self.workers.unwrap_or(2 * cores).clamp(1, WORKERS_MAX)
    }

    /// A table as the queue sees it.
    pub(crate) fn lane(&self, engine: Engine, position: usize, entry: &TableEntry) -> TableQueue {
        let create = entry.create.as_str();
        let counts = || tokens(create).iter().any(|token| token.is_word(create, "AUTO_INCREMENT"));
        let single = engine == Engine::MariaDb && self.local_infile && counts();
        if !self.choice.takes(&entry.table) {
            return TableQueue { table: position, members: VecDeque::new(), bytes: 0, single };
        }
        let members = self.dump.manifest().members_of(position).collect();
        TableQueue { table: position, members, bytes: entry.plain_bytes, single }
    }
}
