//! Cuts a table into chunks by ranges of its key.
//!
//! In: a [`TableReadPlan`] and a connection. Out: WHERE clauses that together match every row once. Each is a range of the key. A
//! key of one integer with few gaps is cut by arithmetic. For any other key the boundaries are read from the server one after the
//! other. They are keys of rows that exist, so gaps, skew and composite keys do not matter:
//!
//! ```text
//! last = nothing
//! loop: next = the key of the n-th row after last       none: the last chunk is "after last"
//!       emit "after last, up to next"; last = next
//! ```

use ::mysql::{Row, Value};

use crate::dump::define::schema::{RangeOfKey, TableReadPlan};
use crate::dump::error::Error;
use crate::mysql::Session;
use crate::rows::{self, RowColumn};
use crate::sql::{literal_as_text, name};

/// The least and the most bytes of rows in a chunk.
const CHUNK_BYTES: (u64, u64) = (8 << 20, 256 << 20);

/// How many chunks each worker gets on average: enough for all workers to end at about the same time.
const CHUNKS_OF_A_WORKER: u64 = 6;

/// The fewest rows in a chunk: the boundaries of smaller chunks would cost more time than the chunks save.
const CHUNK_ROWS_MIN: u64 = 1_000;

/// What one SELECT reads: a whole part, or a range of its key.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    /// Position of the part's task in `SharedWork::tasks`.
    pub(crate) part: usize,
    /// The range of the key as a condition; `None` for the whole part.
    pub(crate) range: Option<String>,
    /// True if every row of the table within the range is dumped, so that `table_alone` is read without the filter.
    pub(crate) whole: bool,
}

impl TableReadPlan {
    pub(crate) fn select(&self, chunk: &Chunk) -> String {
        let from = if chunk.whole { &self.table_alone } else { &self.from };
        let mut sql = format!("SELECT {} FROM {from}", self.expressions.join(", "));
        let conditions = match &chunk.range {
            Some(range) if chunk.whole => format!(" WHERE {range}"),
            range => self.conditions(range.as_deref()),
        };
        sql += &conditions;
        let key = Some(self.key_list()).filter(|list| !list.is_empty());
        if let Some(order) = key.as_ref().or(self.order.as_ref()) {
            sql += " ORDER BY ";
            sql += order;
        }
        sql
    }

    fn conditions(&self, range: Option<&str>) -> String {
        match (&self.filter, range) {
            (None, None) => String::new(),
            (Some(filter), None) => format!(" WHERE {filter}"),
            (None, Some(range)) => format!(" WHERE {range}"),
            (Some(filter), Some(range)) => format!(" WHERE ({filter}) AND ({range})"),
        }
    }

    fn key_list(&self) -> String {
        let names: Vec<String> = self.key.iter().map(|column| format!("t.{}", name(&column.name))).collect();
        names.join(", ")
    }

    /// Returns how many rows a chunk should have. `None` if the part is read in one go.
    fn chunk_rows(&self, chunk_bytes: u64) -> Option<u64> {
        let ordered = !self.key.is_empty() && self.key.iter().all(RowColumn::orders);
        if !ordered || self.bytes() <= chunk_bytes {
            return None;
        }
        Some((chunk_bytes / self.row_bytes.max(1)).max(CHUNK_ROWS_MIN))
    }

    /// True if the part is cut by a key that is not made of integers only. Its chunks are right only if the server compares a
    /// literal in the order of the index.
    pub(crate) fn relies_on_order(&self, chunk_bytes: u64) -> bool {
        self.chunk_rows(chunk_bytes).is_some() && !self.key.iter().all(RowColumn::is_integer)
    }
}

/// Returns how many bytes of rows a chunk should have. A range condition costs the server time for every row, so chunks are
/// only as small as it takes to keep all `workers` busy to the end.
pub(crate) fn bytes_of_chunk(bytes: u64, workers: u16) -> u64 {
    (bytes / (u64::from(workers.max(1)) * CHUNKS_OF_A_WORKER)).clamp(CHUNK_BYTES.0, CHUNK_BYTES.1)
}

/// Cuts a part into chunks. `emit` takes each chunk as soon as it is known, and returns whether to go on.
pub(crate) fn cut(
    session: &mut Session,
    (position, chunk_bytes): (usize, u64),
    part: &TableReadPlan,
    mut emit: impl FnMut(Chunk) -> bool,
) -> Result<(), Error> {
    let (mut open, mut left) = (true, part.rows);
    for whole in &part.whole {
        left = left.saturating_sub(whole.rows);
        for chunk in of_range(part, whole, (position, chunk_bytes)) {
            open = open && emit(chunk);
        }
    }
    if !open || (left == 0 && !part.whole.is_empty()) {
        return Ok(());
    }
    let beside = (!part.whole.is_empty()).then(|| outside(part));
    let filter = match (part.filter.clone(), beside.clone()) {
        (Some(filter), Some(beside)) => Some(format!("({filter}) AND {beside}")),
        (one, other) => one.or(other),
    };
    let rest = TableReadPlan { filter, rows: left, ..part.clone() };
    let part = &rest;
    let mut emit = |range: Option<String>| {
        // `select` adds the part's own filter, but not `beside`, which excludes the whole ranges.
        let range = match (range, &beside) {
            (Some(range), Some(beside)) => Some(format!("({beside}) AND ({range})")),
            (range, beside) => range.or(beside.clone()),
        };
        emit(Chunk { part: position, range, whole: false })
    };
    let Some(rows) = part.chunk_rows(chunk_bytes) else {
        emit(None);
        return Ok(());
    };
    match span(session, part)? {
        Some((first, last)) => {
            let column = format!("t.{}", name(&part.key[0].name));
            arithmetic(&column, (first, last), part.rows, rows).into_iter().all(emit);
            Ok(())
        }
        None => walk(session, part, rows, emit),
    }
}

/// Cuts a whole range into chunks.
fn of_range(part: &TableReadPlan, whole: &RangeOfKey, (position, chunk_bytes): (usize, u64)) -> Vec<Chunk> {
    let column = format!("t.{}", name(&part.key[0].name));
    let (first, last) = (i128::from(whole.ends.0), i128::from(whole.ends.1));
    let rows = (chunk_bytes / part.row_bytes.max(1)).max(CHUNK_ROWS_MIN);
    let ends = format!("{column} BETWEEN {first} AND {last}");
    let within =
        |range: Option<String>| Some(range.map_or(ends.clone(), |range| format!("{ends} AND {range}")));
    let ranges = arithmetic(&column, (first, last), whole.rows, rows);
    ranges.into_iter().map(|range| Chunk { part: position, range: within(range), whole: true }).collect()
}

/// Returns the condition for rows outside all whole ranges.
fn outside(part: &TableReadPlan) -> String {
    let column = format!("t.{}", name(&part.key[0].name));
    let each = part
        .whole
        .iter()
        .map(|RangeOfKey { ends: (first, last), .. }| format!("{column} NOT BETWEEN {first} AND {last}"));
    each.collect::<Vec<_>>().join(" AND ")
}

/// Returns the smallest and the largest key, if the part has no filter and its key is one integer with at least about every other
/// number between them in use.
fn span(session: &mut Session, part: &TableReadPlan) -> Result<Option<(i128, i128)>, Error> {
    let [column] = &part.key[..] else { return Ok(None) };
    if part.filter.is_some() || !column.is_integer() {
        return Ok(None);
    }
    let column = name(&column.name);
    let sql = format!("SELECT MIN(t.{column}), MAX(t.{column}) FROM {}", part.from);
    let found: Option<(Option<String>, Option<String>)> =
        session.first(&format!("cutting {} into chunks", part.label), &sql)?;
    let number = |text: Option<String>| text.and_then(|text| text.parse::<i128>().ok());
    let ends = found.and_then(|(first, last)| number(first).zip(number(last)));
    Ok(ends.filter(|(first, last)| last - first <= i128::from(part.rows) * 2))
}

/// Returns ranges of numbers with about `chunk_rows` of the `rows` rows each. The first has no lower and the last no upper limit.
fn arithmetic(column: &str, (first, last): (i128, i128), rows: u64, chunk_rows: u64) -> Vec<Option<String>> {
    let chunks = i128::from(rows.div_ceil(chunk_rows.max(1)).max(1));
    let step = ((last - first) / chunks + 1).max(1);
    let starts: Vec<i128> = (1..chunks).map(|i| first + i * step).filter(|start| *start <= last).collect();
    let range = |i: usize| {
        let from = i.checked_sub(1).map(|i| format!("{column} >= {}", starts[i]));
        let until = starts.get(i).map(|end| format!("{column} < {end}"));
        match (from, until) {
            (Some(from), Some(until)) => Some(format!("{from} AND {until}")),
            (one, other) => one.or(other),
        }
    };
    (0..=starts.len()).map(range).collect()
}

fn walk(
    session: &mut Session,
    part: &TableReadPlan,
    rows: u64,
    mut emit: impl FnMut(Option<String>) -> bool,
) -> Result<(), Error> {
    let keys: Vec<String> =
        part.key.iter().map(|column| column.form.read(&format!("t.{}", name(&column.name)))).collect();
    let mut last: Option<Vec<String>> = None;
    loop {
        let behind = last.as_ref().map(|values| beyond(part, values, '>', false));
        let sql = format!(
            "SELECT {} FROM {}{} ORDER BY {} LIMIT {}, 1",
            keys.join(", "),
            part.from,
            part.conditions(behind.as_deref()),
            part.key_list(),
            rows - 1
        );
        let found: Option<Row> = session.first(&format!("cutting {} into chunks", part.label), &sql)?;
        let next = found.map(|row| boundary(part, &row)).transpose()?;
        let until = next.as_ref().map(|values| beyond(part, values, '<', true));
        let range = match (behind, until) {
            (Some(behind), Some(until)) => Some(format!("({behind}) AND ({until})")),
            (one, other) => one.or(other),
        };
        if !emit(range) || next.is_none() {
            return Ok(());
        }
        last = next;
    }
}

/// Returns the key's values of a row as literals. Fails for a value that has no literal.
fn boundary(part: &TableReadPlan, row: &Row) -> Result<Vec<String>, Error> {
    let literals = part.key.iter().enumerate().map(|(i, column)| {
        let mut text = Vec::new();
        let value = match row.as_ref(i) {
            Some(Value::Bytes(bytes)) => Some(bytes.as_slice()),
            _ => None,
        };
        rows::literal(column.form, value, &mut text).ok().and_then(|()| literal_as_text(text)).ok_or_else(
            || Error::Unfaithful {
                object: part.label.clone(),
                problem: format!("its key column {} holds a value without a literal", column.name),
            },
        )
    });
    literals.collect()
}

/// Writes `key > values` (or `<`, `>=`, `<=`) in a form for which the server's optimizer reads a range of the index:
/// `a >= 1 AND (a > 1 OR (a = 1 AND b > 2))`.
fn beyond(part: &TableReadPlan, values: &[String], sign: char, equal: bool) -> String {
    let names: Vec<String> = part.key.iter().map(|column| format!("t.{}", name(&column.name))).collect();
    let last = names.len() - 1;
    let or_equal = if equal { "=" } else { "" };
    let mut condition = format!("{} {sign}{or_equal} {}", names[last], values[last]);
    for i in (0..last).rev() {
        condition = format!("{0} {sign} {1} OR ({0} = {1} AND ({condition}))", names[i], values[i]);
    }
    if last > 0 {
        condition = format!("{} {sign}= {} AND ({condition})", names[0], values[0]);
    }
    condition
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{Form, RowColumn};

    fn part(names: &[&str]) -> TableReadPlan {
        let column = |name: &&str| RowColumn {
            name: (*name).to_owned(),
            data_type: "int".to_owned(),
            declared: "int".to_owned(),
            form: Form::Number,
            generated: false,
            nullable: false,
        };
        TableReadPlan {
            table: 0,
            label: "d.t".to_owned(),
            columns: vec![],
            expressions: vec!["t.`a`".to_owned()],
            from: "`d`.`t` AS t".to_owned(),
            filter: Some("a OR b".to_owned()),
            whole: Vec::new(),
            table_alone: String::new(),
            key: names.iter().map(column).collect(),
            order: None,
            rows: 10,
            row_bytes: 10,
            transactional: true,
        }
    }

    #[test]
    fn ranges_are_written_for_the_whole_key() {
        let values = ["1".to_owned(), "'x'".to_owned()];
        assert_eq!(beyond(&part(&["a"]), &values[..1], '<', true), "t.`a` <= 1");
        assert_eq!(
            beyond(&part(&["a", "b"]), &values, '>', false),
            "t.`a` >= 1 AND (t.`a` > 1 OR (t.`a` = 1 AND (t.`b` > 'x')))"
        );
    }

    #[test]
    fn numbers_are_cut_without_a_gap_and_without_ends() {
        let ranges = |ends, rows, chunk| -> Vec<String> {
            let found = arithmetic("t.`a`", ends, rows, chunk);
            found.into_iter().map(Option::unwrap_or_default).collect()
        };
        assert_eq!(ranges((1, 10), 10, 5), ["t.`a` < 6", "t.`a` >= 6"]);
        assert_eq!(ranges((-3, 5), 9, 3), ["t.`a` < 0", "t.`a` >= 0 AND t.`a` < 3", "t.`a` >= 3"]);
        assert_eq!(ranges((7, 7), 9, 3), [""]);
        let all = (i128::from(i64::MIN), i128::from(u64::MAX));
        assert_eq!(ranges(all, 2, 1)[0], "t.`a` < 4611686018427387904");
    }

    #[test]
    fn chunks_grow_with_the_data_and_shrink_with_the_workers() {
        assert_eq!(bytes_of_chunk(0, 2), 8 << 20);
        assert_eq!(bytes_of_chunk(1_200 << 20, 2), 100 << 20);
        assert_eq!(bytes_of_chunk(1_200 << 20, 20), 10 << 20);
        assert_eq!(bytes_of_chunk(u64::MAX, 1), 256 << 20);
    }

    #[test]
    fn a_filter_stays_whole_beside_a_range() {
        assert_eq!(
            part(&["a"]).select(&Chunk { part: 0, range: Some("t.`a` > 1".to_owned()), whole: false }),
            "SELECT t.`a` FROM `d`.`t` AS t WHERE (a OR b) AND (t.`a` > 1) ORDER BY t.`a`"
        );
    }

    #[test]
    fn a_whole_range_is_read_as_it_stands_and_the_rest_beside_it() {
        let whole = RangeOfKey { ends: (100, 299), rows: 200 };
        let part = TableReadPlan {
            from: "`w`.`k_1` AS k JOIN `d`.`t` AS t".to_owned(),
            filter: None,
            whole: vec![whole.clone(), RangeOfKey { ends: (400, 499), rows: 90 }],
            table_alone: "`d`.`t` AS t".to_owned(),
            ..part(&["a"])
        };
        let chunks = of_range(&part, &whole, (0, 1));
        assert_eq!(
            part.select(&chunks[0]),
            "SELECT t.`a` FROM `d`.`t` AS t WHERE t.`a` BETWEEN 100 AND 299 ORDER BY t.`a`"
        );
        let rest = Chunk { part: 0, range: Some(outside(&part)), whole: false };
        assert_eq!(
            part.select(&rest),
            "SELECT t.`a` FROM `w`.`k_1` AS k JOIN `d`.`t` AS t WHERE t.`a` NOT BETWEEN 100 AND 299 \
             AND t.`a` NOT BETWEEN 400 AND 499 ORDER BY t.`a`"
        );
    }

    #[test]
    fn binary_boundaries_become_digits() {
        assert_eq!(literal_as_text(b"_binary '\\0a\\'\xff'".to_vec()).unwrap(), "x'006127ff'");
    }
}
