//! What to load next: a pure decision over the tables of a dump.
//!
//! In: per table its members and its size. Out: tasks, one at a time, so that the largest table is never what
//! everybody waits for in the end, and streams spread over tables before they share one.

use std::collections::VecDeque;

/// One piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Create the table.
    Create(usize),
    /// Load one member of the file into the table.
    Rows {
        /// The table.
        table: usize,
        /// Position of the member in the manifest.
        member: usize,
    },
    /// All rows are in: build the keys, verify.
    Finish(usize),
}

impl Task {
    fn table(self) -> usize {
        match self {
            Self::Create(table) | Self::Rows { table, .. } | Self::Finish(table) => table,
        }
    }
}

/// What a worker is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// This.
    Do(Task),
    /// Wait until another worker is done with something.
    Wait,
    /// Go home.
    Nothing,
}

/// One table on the board.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    /// Position of the table in the manifest.
    pub(crate) table: usize,
    /// Its members, in order.
    pub(crate) members: VecDeque<usize>,
    /// Bytes of SQL.
    pub(crate) bytes: u64,
    /// Whether only one stream at a time makes sense: MariaDB serialises LOAD DATA on AUTO_INCREMENT tables.
    pub(crate) single: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    ToCreate,
    Loading,
    Finishing,
    Done,
}

/// The tables, and how far each is.
#[derive(Debug)]
pub(crate) struct Board {
    lanes: Vec<(Lane, Step, usize)>,
}

impl Board {
    /// A board with all tables to do.
    pub(crate) fn new(mut lanes: Vec<Lane>) -> Self {
        lanes.sort_by(|a, b| b.bytes.cmp(&a.bytes).then(a.table.cmp(&b.table)));
        Self { lanes: lanes.into_iter().map(|lane| (lane, Step::ToCreate, 0)).collect() }
    }

    /// The next task: of the tables with the fewest workers, the largest.
    pub(crate) fn next(&mut self) -> Next {
        let open = |(lane, step, workers): &(Lane, Step, usize)| match step {
            Step::ToCreate | Step::Finishing => *workers == 0,
            Step::Loading => !lane.members.is_empty() && (*workers == 0 || !lane.single),
            Step::Done => false,
        };
        let over = self.lanes.iter().all(|(_, step, _)| *step == Step::Done);
        let best = self.lanes.iter_mut().filter(|lane| open(lane)).min_by_key(|(_, _, workers)| *workers);
        match best {
            Some((lane, step, workers)) => {
                *workers += 1;
                Next::Do(match step {
                    Step::ToCreate => Task::Create(lane.table),
                    Step::Loading => {
                        let member = lane.members.pop_front().expect("an open lane has members");
                        Task::Rows { table: lane.table, member }
                    }
                    Step::Finishing | Step::Done => Task::Finish(lane.table),
                })
            }
            None if over => Next::Nothing,
            None => Next::Wait,
        }
    }

    /// A worker is done with a task.
    pub(crate) fn done(&mut self, task: Task) {
        let lane = self.lanes.iter_mut().find(|(lane, ..)| lane.table == task.table());
        let (lane, step, workers) = lane.expect("the task came from this board");
        *workers -= 1;
        *step = match (*step, task) {
            (_, Task::Finish(_)) => Step::Done,
            _ if lane.members.is_empty() && *workers == 0 => Step::Finishing,
            _ => Step::Loading,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(table: usize, members: &[usize], single: bool) -> Lane {
        Lane { table, members: members.iter().copied().collect(), bytes: members.len() as u64, single }
    }

    fn take(board: &mut Board) -> Task {
        match board.next() {
            Next::Do(task) => task,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn begins_with_the_largest_table_and_spreads_over_tables() {
        let mut board = Board::new(vec![lane(0, &[10], false), lane(1, &[11, 12, 13], false)]);
        assert_eq!(take(&mut board), Task::Create(1));
        assert_eq!(take(&mut board), Task::Create(0));
        board.done(Task::Create(1));
        board.done(Task::Create(0));
        assert_eq!(take(&mut board), Task::Rows { table: 1, member: 11 });
        assert_eq!(take(&mut board), Task::Rows { table: 0, member: 10 });
        assert_eq!(take(&mut board), Task::Rows { table: 1, member: 12 });
    }

    #[test]
    fn one_stream_at_a_time_where_the_server_would_serialise_them() {
        let mut board = Board::new(vec![lane(0, &[1, 2], true)]);
        let create = take(&mut board);
        assert_eq!(board.next(), Next::Wait);
        board.done(create);
        let rows = take(&mut board);
        assert_eq!(board.next(), Next::Wait);
        board.done(rows);
        assert_eq!(take(&mut board), Task::Rows { table: 0, member: 2 });
    }

    #[test]
    fn keys_are_built_when_the_last_row_is_in_and_then_it_is_over() {
        let mut board = Board::new(vec![lane(0, &[], false)]);
        let create = take(&mut board);
        board.done(create);
        let finish = take(&mut board);
        assert_eq!(finish, Task::Finish(0));
        assert_eq!(board.next(), Next::Wait);
        board.done(finish);
        assert_eq!(board.next(), Next::Nothing);
        assert_eq!(Board::new(Vec::new()).next(), Next::Nothing);
    }
}
