//! What a load needs to know: which database of which dump goes into which empty database.
//!
//! In: the options of the run, with dump, target and server looked up. Out: a [`LoadJob`], plain data for the workers.

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
    /// Name of the database within the dump.
    pub(crate) database: String,
    /// The server that is loaded into, with the login that loads.
    pub(crate) server: Server,
    /// Name of the empty database that is loaded into: the staging database, or on a fresh server the database itself.
    pub(crate) staging: String,
    /// How the loaded tables are compared with the manifest.
    pub(crate) verify: Verify,
    /// Whether the server takes LOAD DATA LOCAL.
    pub(crate) local_infile: bool,
    /// Number of connections, if given. The default is twice the number of cores, so that some work while others wait for the
    /// disk.
    pub(crate) workers: Option<usize>,
    /// Decides which tables get their rows.
    pub(crate) choice: TableFilter,
}

impl LoadJob {
    /// The tables of the database, by position in the manifest.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (usize, &TableEntry)> {
        let all = self.dump.manifest().tables.iter().enumerate();
        all.filter(|(_, table)| table.database == self.database)
    }

    /// Number of connections that load, from 1 to 8.
    pub(crate) fn workers(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
        self.workers.unwrap_or(2 * cores).clamp(1, WORKERS_MAX)
    }

    /// Makes the queue's entry for a table. A table that is left out gets no members.
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
