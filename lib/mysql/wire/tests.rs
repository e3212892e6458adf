//! Answers of a server that never was.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use proptest::prelude::*;

use super::*;

type Rows = Vec<Vec<Option<Vec<u8>>>>;

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

/// What a client makes of a server that answers with these bytes, in pieces.
fn heard(answer: &[u8], piece: usize) -> mysql::Result<Rows> {
    let (client, mut server) = UnixStream::pair().unwrap();
    let mut rows = Rows::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut question = [0; 4 + 9];
            server.read_exact(&mut question).unwrap();
            assert_eq!(question[..], *b"\x09\0\0\0\x03SELECT 1");
            for piece in answer.chunks(piece) {
                if server.write_all(piece).is_err() {
                    return;
                }
            }
        });
        converse(client.as_raw_fd(), "SELECT 1", |mut fields| {
            let mut values = Vec::new();
            while let Some(value) = fields.next() {
                values.push(value.map(<[u8]>::to_vec));
            }
            rows.push(values);
            true
        })
    })
    .map(|()| rows)
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
        prop_assert_eq!(heard(&answer, piece).unwrap(), rows);
    }

    #[test]
    fn no_answer_makes_the_client_panic(answer in prop::collection::vec(any::<u8>(), 0..200), rows in any::<bool>()) {
        let answer = if rows { [head(2), answer].concat() } else { answer };
        let _ = heard(&answer, 50);
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
