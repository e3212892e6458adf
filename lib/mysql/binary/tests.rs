//! Rows that the tests make as a server would.

use proptest::prelude::*;

use super::*;

/// The definition of a column, as a server sends it.
fn definition(kind: u8, flags: u16, width: u32, decimals: u8) -> Vec<u8> {
    let mut all = b"\x03def\x01d\x01t\x01t\x01c\x01c\x0c\x2d\0".to_vec();
    all.extend_from_slice(&width.to_le_bytes());
    all.push(kind);
    all.extend_from_slice(&flags.to_le_bytes());
    all.extend_from_slice(&[decimals, 0, 0]);
    all
}

fn kind(kind: u8, flags: u16, width: u32, decimals: u8) -> ValueLayout {
    ValueLayout::of_definition(&definition(kind, flags, width, decimals)).unwrap()
}

fn texts(kinds: &[ValueLayout], packet: &[u8]) -> Vec<Option<String>> {
    let mut room = Vec::new();
    let mut row = BinaryRow::new(kinds, packet, &mut room).unwrap();
    let mut all = Vec::new();
    while let Some(value) = row.next() {
        all.push(value.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()));
    }
    all
}

/// The text of one value, of a row with one column.
fn text(kind: ValueLayout, value: &[u8]) -> String {
    texts(&[kind], &[&[0], value].concat()).pop().unwrap().unwrap()
}

#[test]
fn whole_numbers_have_their_sign_and_their_zeros() {
    assert_eq!(text(kind(0x01, 0, 4, 0), &[0x80]), "-128");
    assert_eq!(text(kind(0x01, UNSIGNED, 3, 0), &[0x80]), "128");
    assert_eq!(text(kind(0x02, 0, 6, 0), &[0xff, 0xff]), "-1");
    assert_eq!(text(kind(0x09, 0, 9, 0), &[0xff, 0xff, 0xff, 0xff]), "-1");
    assert_eq!(text(kind(0x03, UNSIGNED, 10, 0), &[0xff; 4]), "4294967295");
    assert_eq!(text(kind(0x08, 0, 20, 0), &i64::MIN.to_le_bytes()), "-9223372036854775808");
    assert_eq!(text(kind(0x08, UNSIGNED, 20, 0), &[0xff; 8]), "18446744073709551615");
    assert_eq!(text(kind(0x03, UNSIGNED | ZEROFILL, 7, 0), &[42, 0, 0, 0]), "0000042");
    assert_eq!(text(kind(0x0d, UNSIGNED | ZEROFILL, 4, 0), &[0, 0]), "0000");
    assert_eq!(text(kind(0x0d, UNSIGNED | ZEROFILL, 4, 0), &2026u16.to_le_bytes()), "2026");
}

#[test]
fn floats_have_the_digits_of_a_double() {
    assert_eq!(text(kind(0x04, 0, 12, 31), &0.1f32.to_le_bytes()), "0.10000000149011612");
    assert_eq!(text(kind(0x05, 0, 22, 31), &0.1f64.to_le_bytes()), "0.1");
    assert_eq!(text(kind(0x05, UNSIGNED | ZEROFILL, 6, 31), &1.5f64.to_le_bytes()), "0001.5");
}

#[test]
fn dates_and_times_have_the_zeros_that_were_not_sent() {
    let date = kind(0x0a, 0, 10, 0);
    assert_eq!(text(date, &[0]), "0000-00-00");
    assert_eq!(text(date, &[4, 0xea, 0x07, 0, 0]), "2026-00-00");
    let moment = |fraction| kind(0x0c, 0, 26, fraction);
    assert_eq!(text(moment(0), &[0]), "0000-00-00 00:00:00");
    assert_eq!(text(moment(3), &[4, 0xea, 0x07, 11, 23]), "2026-11-23 00:00:00.000");
    assert_eq!(text(moment(0), &[7, 0xea, 0x07, 11, 23, 1, 2, 3]), "2026-11-23 01:02:03");
    let exact = [11, 0xea, 0x07, 11, 23, 1, 2, 3, 0x78, 0xe0, 0x01, 0];
    assert_eq!(text(moment(6), &exact), "2026-11-23 01:02:03.123000");
    assert_eq!(text(moment(2), &exact), "2026-11-23 01:02:03.12");
    assert_eq!(text(moment(31), &exact), "2026-11-23 01:02:03.123000");
    let time = |fraction| kind(0x0b, 0, 17, fraction);
    assert_eq!(text(time(0), &[0]), "00:00:00");
    assert_eq!(text(time(0), &[8, 1, 34, 0, 0, 0, 22, 59, 59]), "-838:59:59");
    assert_eq!(text(time(6), &[12, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]), "-00:00:00.000001");
}

#[test]
fn bytes_are_as_they_come_and_nulls_take_no_room() {
    let bytes = kind(0xfd, 0, 100, 0);
    let kinds = [bytes, kind(0x01, 0, 4, 0), bytes, bytes, bytes, bytes, bytes, kind(0x01, 0, 4, 0)];
    // The first two bits are not about columns, so the seventh column begins the second byte.
    let row = [0b0011_1000, 0b0000_0001, 2, b'a', b'b', 0, 0, 5];
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(texts(&kinds, &row), [text("ab"), None, None, None, text(""), text(""), None, text("5")]);
    for shape in [0x00, 0x0f, 0x10, 0xf2, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfe, 0xff] {
        assert_eq!(kind(shape, 0, 9, 0), ValueLayout::Bytes, "{shape:x}");
    }
}

#[test]
fn a_type_that_is_not_known_and_half_a_definition_are_not_taken() {
    assert_eq!(ValueLayout::of_definition(&definition(0x33, 0, 9, 0)), None);
    let whole = definition(0x03, 0, 9, 0);
    for end in 0..whole.len() - 2 {
        assert_eq!(ValueLayout::of_definition(&whole[..end]), None, "{end}");
    }
}

#[test]
fn a_row_that_is_cut_off_has_fewer_values() {
    let kinds = [kind(0x03, 0, 9, 0), kind(0x0c, 0, 26, 6), kind(0xfd, 0, 9, 0), kind(0x0b, 0, 17, 6)];
    let whole = [0, 1, 0, 0, 0, 4, 0xea, 0x07, 11, 23, 2, b'a', b'b', 0];
    assert_eq!(texts(&kinds, &whole).len(), 4);
    for end in 1..whole.len() {
        assert!(texts(&kinds, &whole[..end]).len() < 4, "{end}");
    }
    assert!(BinaryRow::new(&kinds, &[], &mut Vec::new()).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn no_definition_and_no_row_makes_the_reader_panic(
        definition in prop::collection::vec(any::<u8>(), 0..40),
        shapes in prop::collection::vec((any::<u8>(), any::<u16>(), 0u32..300, any::<u8>()), 0..20),
        packet in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let _ = ValueLayout::of_definition(&definition);
        let kinds: Vec<ValueLayout> = shapes
            .into_iter()
            .filter_map(|(kind, flags, width, decimals)| ValueLayout::of_definition(&self::definition(kind, flags, width, decimals)))
            .collect();
        let mut room = Vec::new();
        if let Some(mut row) = BinaryRow::new(&kinds, &packet, &mut room) {
            let mut count = 0;
            while row.next().is_some() {
                count += 1;
            }
            prop_assert!(count <= kinds.len());
        }
    }

    #[test]
    fn every_double_comes_back_from_its_text(bits in any::<u64>(), narrow in any::<u32>()) {
        for value in [f64::from_bits(bits), f64::from(f32::from_bits(narrow))] {
            if value.is_finite() {
                let text = text(kind(0x05, 0, 22, 31), &value.to_le_bytes());
                prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
            }
        }
    }
}
