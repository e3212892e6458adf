//! Answers that the tests make as a server would.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use proptest::prelude::*;

use super::*;

type TextRows = Vec<Vec<Option<Vec<u8>>>>;

fn packet(payload: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut rest = payload;
    loop {
        let (one, behind) = rest.split_at(rest.len().min(PACKET_BYTES_MAX));
        all.extend_from_slice(&u32::try_from(one.len()).unwrap().to_le_bytes()[..3]);
        all.push(0);
        all.extend_from_slice(one);
        rest = behind;
        if one.len() < PACKET_BYTES_MAX {
            return all;
        }
    }
}

fn value(value: Option<&[u8]>) -> Vec<u8> {
    let Some(bytes) = value else { return vec![0xfb] };
    let head = match bytes.len() {
        length @ 0..=250 => vec![u8::try_from(length).unwrap()],
        length @ 251..=0xffff => [&[0xfc], &length.to_le_bytes()[..2]].concat(),
        length @ 0x1_0000..=0xff_ffff => [&[0xfd], &length.to_le_bytes()[..3]].concat(),
        length => [&[0xfe], &length.to_le_bytes()[..]].concat(),
    };
    [&head, bytes].concat()
}

fn row(values: &[Option<Vec<u8>>]) -> Vec<u8> {
    packet(&values.iter().flat_map(|one| value(one.as_deref())).collect::<Vec<u8>>())
}

/// The rows that a client reads from a server with these questions and answers, sent in pieces.
fn talk(turns: &[(&[u8], &[u8])], piece: usize) -> mysql::Result<TextRows> {
    let (client, mut server) = UnixStream::pair().unwrap();
    let mut rows = TextRows::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for (question, answer) in turns {
                let mut asked = vec![0; question.len()];
                if server.read_exact(&mut asked).is_err() {
                    return;
                }
                assert_eq!(asked, *question);
                if answer.chunks(piece).any(|piece| server.write_all(piece).is_err()) {
                    return;
                }
            }
        });
        let outcome = converse(client.as_raw_fd(), "SELECT 1", |mut fields| {
            let mut values = Vec::new();
            while let Some(value) = fields.next() {
                values.push(value.map(<[u8]>::to_vec));
            }
            rows.push(values);
            true
        });
        drop(client);
        outcome
    })
    .map(|()| rows)
}

const PREPARE: &[u8] = b"\x09\0\0\0\x16SELECT 1";
const QUERY: &[u8] = b"\x09\0\0\0\x03SELECT 1";
const EXECUTE: &[u8] = b"\x0a\0\0\0\x17\x07\0\0\0\0\x01\0\0\0";
const CLOSE: &[u8] = b"\x05\0\0\0\x19\x07\0\0\0";

/// The rows from a server that prepares nothing and gives `answer` to the query.
fn heard(answer: &[u8], piece: usize) -> mysql::Result<TextRows> {
    let full = packet(b"\xff\xb5\x05#42000Can't create more than max_prepared_stmt_count statements");
    talk(&[(PREPARE, &full), (QUERY, answer)], piece)
}

/// The rows from a server that has prepared the statement as number 7.
fn prepared(promise: &[u8], answer: &[u8], piece: usize) -> mysql::Result<TextRows> {
    talk(&[(PREPARE, promise), (EXECUTE, answer), (CLOSE, b"")], piece)
}

/// The answer to a Prepare: statement 7 without parameters, and its columns, all of one type.
fn promise(columns: u8, kind: u8) -> Vec<u8> {
    let head = packet(&[0, 7, 0, 0, 0, columns, 0, 0, 0, 0, 0, 0]);
    [head, definition(kind).repeat(columns.into()), END.to_vec()].concat()
}

fn definition(kind: u8) -> Vec<u8> {
    packet(&[&b"\x03def\x01d\x01t\x01t\x01c\x01c\x0c\x2d\0\x0b\0\0\0"[..], &[kind, 0, 0, 0, 0, 0]].concat())
}

/// A row of the binary protocol.
fn binary(values: &[Option<Vec<u8>>]) -> Vec<u8> {
    let mut nulls = vec![0; (values.len() + 9) / 8];
    for (bit, _) in values.iter().enumerate().filter(|(_, value)| value.is_none()) {
        nulls[(bit + 2) / 8] |= 1 << ((bit + 2) % 8);
    }
    let bytes = values.iter().flatten().flat_map(|one| value(Some(one)));
    packet(&[vec![0], nulls, bytes.collect()].concat())
}

fn head(columns: u8) -> Vec<u8> {
    let column = packet(b"\x03def and whatever else there is to say about a column");
    [packet(&[columns]), column.repeat(columns.into()), END.to_vec()].concat()
}

const END: &[u8] = b"\x05\0\0\0\xfe\0\0\x22\0";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn rows_arrive_as_they_were_sent_however_the_bytes_are_cut(
        rows in prop::collection::vec(
            prop::collection::vec(
                prop::option::of(prop_oneof![
                    8 => prop::collection::vec(any::<u8>(), 0..300),
                    1 => (0usize..600_000).prop_map(|length| vec![0xfe; length]),
                ]),
                3,
            ),
            0..12,
        ),
        piece in 1usize..70_000,
    ) {
        let answer = [head(3), rows.iter().flat_map(|one| row(one)).collect(), END.to_vec()].concat();
        prop_assert_eq!(&heard(&answer, piece).unwrap(), &rows);
        let columns = [packet(&[3]), definition(0xfd).repeat(3), END.to_vec()].concat();
        let answer = [columns, rows.iter().flat_map(|one| binary(one)).collect(), END.to_vec()].concat();
        prop_assert_eq!(prepared(&promise(3, 0xfd), &answer, piece).unwrap(), rows);
    }

    #[test]
    fn no_answer_makes_the_client_panic(answer in prop::collection::vec(any::<u8>(), 0..200), rows in any::<bool>()) {
        let text = if rows { [head(2), answer.clone()].concat() } else { answer.clone() };
        let _ = heard(&text, 50);
        let columns = [packet(&[2]), definition(0x0c).repeat(2), END.to_vec()].concat();
        let binary = if rows { [columns, answer.clone()].concat() } else { answer.clone() };
        let _ = talk(&[(PREPARE, &promise(2, 0x0c)), (EXECUTE, &binary)], 50);
        let _ = talk(&[(PREPARE, &answer)], 50);
    }
}

#[test]
fn a_row_of_exactly_one_packet_is_continued_by_an_empty_one() {
    for length in [PACKET_BYTES_MAX - 5, PACKET_BYTES_MAX - 4, PACKET_BYTES_MAX + 7] {
        let rows = vec![vec![Some(vec![b'x'; length])], vec![Some(b"short".to_vec())]];
        let answer = [head(1), row(&rows[0]), row(&rows[1]), END.to_vec()].concat();
        assert_eq!(heard(&answer, 1 << 20).unwrap(), rows, "{length}");
    }
}

#[test]
fn an_error_among_the_rows_and_a_lost_server_are_told() {
    let killed = packet(b"\xff\x25\x05#70100Query execution was interrupted");
    let some = row(&[Some(b"1".to_vec())]);
    let told = heard(&[head(1), some.clone(), killed.clone()].concat(), 999).unwrap_err();
    assert!(told.to_string().contains("1317 (70100): Query execution was interrupted"), "{told}");
    let refused = heard(&killed, 999).unwrap_err();
    assert!(refused.to_string().contains("1317"), "{refused}");
    let lost = heard(&[head(1), some].concat(), 999).unwrap_err();
    assert!(lost.to_string().contains("server disconnected"), "{lost}");
}

#[test]
fn an_end_of_the_newer_kind_and_columns_that_are_not_marked_off_are_understood() {
    let column = packet(b"\x03def");
    let ok = packet(b"\xfe\0\0\x22\0\0\0");
    let five = [row(&[Some(b"1234".to_vec())]), row(&[Some(b"".to_vec())])].concat();
    let answer = [packet(&[1]), column, five, ok].concat();
    assert_eq!(heard(&answer, 3).unwrap().len(), 2);
    // MariaDB, with a flag that says that no columns follow.
    let cached = [packet(&[1, 0]), END.to_vec(), row(&[None]), END.to_vec()].concat();
    assert_eq!(heard(&cached, 3).unwrap(), [[None]]);
}

#[test]
fn columns_that_mariadb_does_not_repeat_and_ends_that_nobody_marks_are_understood() {
    let row = [packet(&[0, 0, 0xfe, 0xff, 0xff, 0xff]), packet(&[0, 4])].concat();
    let expected = [[Some(b"-2".to_vec())], [None]];
    let cached = [packet(&[1, 0]), END.to_vec(), row.clone(), END.to_vec()].concat();
    assert_eq!(prepared(&promise(1, 0x03), &cached, 3).unwrap(), expected);
    let unmarked = &promise(1, 0x03)[..promise(1, 0x03).len() - END.len()];
    let answer = [packet(&[1]), definition(0x03), row, packet(b"\xfe\0\0\x22\0\0\0")].concat();
    assert_eq!(prepared(unmarked, &answer, 3).unwrap(), expected);
}

#[test]
fn what_the_server_or_we_cannot_prepare_is_asked_for_as_text() {
    let answer = [head(1), row(&[Some(b"1".to_vec())]), END.to_vec()].concat();
    assert_eq!(heard(&answer, 99).unwrap().len(), 1);
    let strange_type = promise(1, 0x33);
    let turns: [(&[u8], &[u8]); 3] = [(PREPARE, &strange_type), (CLOSE, b""), (QUERY, &answer)];
    assert_eq!(talk(&turns, 99).unwrap().len(), 1);
    let question_mark =
        [packet(&[0, 7, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]), definition(0xfd), END.to_vec()].concat();
    let question_mark = [question_mark, definition(0xfd), END.to_vec()].concat();
    let refused = packet(b"\xff\x28\x04#42000You have an error in your SQL syntax");
    let turns: [(&[u8], &[u8]); 3] = [(PREPARE, &question_mark), (CLOSE, b""), (QUERY, &refused)];
    assert!(talk(&turns, 99).unwrap_err().to_string().contains("1064"));
}

#[test]
fn a_statement_that_is_refused_and_one_that_fails_half_way_say_so() {
    let refused = packet(b"\xff\x7a\x04#42S02Table 'd.t' doesn't exist");
    assert!(talk(&[(PREPARE, &refused)], 99).unwrap_err().to_string().contains("1146"));
    let killed = packet(b"\xff\x25\x05#70100Query execution was interrupted");
    let head = [packet(&[1]), definition(0x03), END.to_vec()].concat();
    let half = [head.clone(), packet(&[0, 0, 1, 0, 0, 0]), killed].concat();
    assert!(
        talk(&[(PREPARE, &promise(1, 0x03)), (EXECUTE, &half)], 99).unwrap_err().to_string().contains("1317")
    );
    let other = [head, packet(&[7, 7])].concat();
    let told = talk(&[(PREPARE, &promise(1, 0x03)), (EXECUTE, &other)], 99).unwrap_err();
    assert!(told.to_string().contains("otherwise than with rows"), "{told}");
    let wider = talk(&[(PREPARE, &promise(1, 0x03)), (EXECUTE, &packet(&[2]))], 99).unwrap_err();
    assert!(wider.to_string().contains("otherwise than with rows"), "{wider}");
}
