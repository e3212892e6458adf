//! Decides what is loaded next, without a server.
//!
//! In: the members and the size of each table. Out: tasks, one at a time. Large tables begin first, so that nobody waits for one
//! of them at the end. Workers spread over the tables before two share one.

use std::collections::VecDeque;

/// One task for a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadTask {
    /// Create the table of this position in the manifest.
    Create(usize),
    /// Load the rows of one member into its table.
    Rows {
        /// Position of the table in the manifest.
        table: usize,
        /// Position of the member in the manifest.
        member: usize,
    },
    /// Build the keys of the table at this position, and compare it with the manifest: all its rows are loaded.
    Finish(usize),
}

impl LoadTask {
    fn table(self) -> usize {
        match self {
            Self::Create(table) | Self::Rows { table, .. } | Self::Finish(table) => table,
        }
    }
}

/// What a worker does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Do this task now.
    Do(LoadTask),
    /// Wait until another worker has done a task.
    Wait,
    /// End: all tables are done.
    Nothing,
}

/// One table and its members that are still to be loaded.
#[derive(Debug, Clone)]
pub(crate) struct TableQueue {
    /// Position of the table in the manifest.
    pub(crate) table: usize,
    /// Positions of its members that are not loaded yet, in order.
    pub(crate) members: VecDeque<usize>,
    /// Bytes of SQL that its members hold.
    pub(crate) bytes: u64,
    /// True if only one worker at a time loads it: MariaDB serialises LOAD DATA on tables with AUTO_INCREMENT.
    pub(crate) single: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LoadStage {
    ToCreate,
    Loading,
    Finishing,
    Done,
}

/// The tables, largest first, each with its stage and its number of workers.
#[derive(Debug)]
pub(crate) struct LoadQueue {
    lanes: Vec<(TableQueue, LoadStage, usize)>,
}

impl LoadQueue {
    /// Makes a queue in which all tables are still to be created.
    pub(crate) fn new(mut lanes: Vec<TableQueue>) -> Self {
        lanes.sort_by(|a, b| b.bytes.cmp(&a.bytes).then(a.table.cmp(&b.table)));
        Self { lanes: lanes.into_iter().map(|lane| (lane, LoadStage::ToCreate, 0)).collect() }
    }

    /// Returns the next task: of the tables with a task left, one with the fewest workers; of those the largest.
    pub(crate) fn next(&mut self) -> Next {
        let open = |(lane, step, workers): &(TableQueue, LoadStage, usize)| match step {
            LoadStage::ToCreate | LoadStage::Finishing => *workers == 0,
            LoadStage::Loading => !lane.members.is_empty() && (*workers == 0 || !lane.single),
            LoadStage::Done => false,
        };
        let over = self.lanes.iter().all(|(_, step, _)| *step == LoadStage::Done);
        let best = self.lanes.iter_mut().filter(|lane| open(lane)).min_by_key(|(_, _, workers)| *workers);
        match best {
            Some((lane, step, workers)) => {
                *workers += 1;
                Next::Do(match step {
                    LoadStage::ToCreate => LoadTask::Create(lane.table),
                    LoadStage::Loading => {
                        let member = lane.members.pop_front().expect("an open lane has members");
                        LoadTask::Rows { table: lane.table, member }
                    }
                    LoadStage::Finishing | LoadStage::Done => LoadTask::Finish(lane.table),
                })
            }
            None if over => Next::Nothing,
            None => Next::Wait,
        }
    }

    /// Notes that a worker has done a task.
    pub(crate) fn done(&mut self, task: LoadTask) {
        let lane = self.lanes.iter_mut().find(|(lane, ..)| lane.table == task.table());
        let (lane, step, workers) = lane.expect("the task came from this board");
        *workers -= 1;
        *step = match (*step, task) {
            (_, LoadTask::Finish(_)) => LoadStage::Done,
            _ if lane.members.is_empty() && *workers == 0 => LoadStage::Finishing,
            _ => LoadStage::Loading,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(table: usize, members: &[usize], single: bool) -> TableQueue {
        TableQueue { table, members: members.iter().copied().collect(), bytes: members.len() as u64, single }
    }

    fn take(board: &mut LoadQueue) -> LoadTask {
        match board.next() {
            Next::Do(task) => task,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn begins_with_the_largest_table_and_spreads_over_tables() {
        let mut board = LoadQueue::new(vec![lane(0, &[10], false), lane(1, &[11, 12, 13], false)]);
        assert_eq!(take(&mut board), LoadTask::Create(1));
        assert_eq!(take(&mut board), LoadTask::Create(0));
        board.done(LoadTask::Create(1));
        board.done(LoadTask::Create(0));
        assert_eq!(take(&mut board), LoadTask::Rows { table: 1, member: 11 });
        assert_eq!(take(&mut board), LoadTask::Rows { table: 0, member: 10 });
        assert_eq!(take(&mut board), LoadTask::Rows { table: 1, member: 12 });
    }

    #[test]
    fn one_stream_at_a_time_where_the_server_would_serialise_them() {
        let mut board = LoadQueue::new(vec![lane(0, &[1, 2], true)]);
        let create = take(&mut board);
        assert_eq!(board.next(), Next::Wait);
        board.done(create);
        let rows = take(&mut board);
        assert_eq!(board.next(), Next::Wait);
        board.done(rows);
        assert_eq!(take(&mut board), LoadTask::Rows { table: 0, member: 2 });
    }

    #[test]
    fn keys_are_built_when_the_last_row_is_in_and_then_it_is_over() {
        let mut board = LoadQueue::new(vec![lane(0, &[], false)]);
        let create = take(&mut board);
        board.done(create);
        let finish = take(&mut board);
        assert_eq!(finish, LoadTask::Finish(0));
        assert_eq!(board.next(), Next::Wait);
        board.done(finish);
        assert_eq!(board.next(), Next::Nothing);
        assert_eq!(LoadQueue::new(Vec::new()).next(), Next::Nothing);
    }
}
