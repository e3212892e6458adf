//! Numbers, dates and times as the server writes them.
//!
//! In: a value as it came in a row. Out: the very text that the server would have sent for it, appended to a buffer.
//! `tests/it/wire.rs` compares it with what both servers write.

/// A date with a time of day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) micros: u32,
}

/// A value of the type TIME, which may be negative and longer than a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) negative: bool,
    pub(crate) hours: u64,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) micros: u32,
}

/// Up to how many zeros behind the point (negative), and how many digits of a whole number, a number is written without
/// an exponent.
const POINT: (i32, usize) = (-14, 15);

/// Writes a whole number, filled up with zeros to `width`.
#[inline]
pub(crate) fn integer(value: u64, signed: bool, width: usize, out: &mut Vec<u8>) {
    let mut room = itoa::Buffer::new();
    let text = if signed { room.format(value.cast_signed()) } else { room.format(value) };
    fill(text.len(), width, out);
    out.extend_from_slice(text.as_bytes());
}

/// Writes a DOUBLE with the fewest digits that are read back as the same value.
pub(crate) fn double(value: f64, width: usize, out: &mut Vec<u8>) {
    let mut room = zmij::Buffer::new();
    let text = room.format(value).as_bytes();
    let begin = out.len();
    if !plain(text, out) {
        spread(text, out);
    }
    let length = out.len() - begin;
    if length < width {
        out.splice(begin..begin, std::iter::repeat_n(b'0', width - length));
    }
}

/// Copies a number that needs no change (`-12.5`) or only loses its fraction (`12.0`). False for any other.
fn plain(text: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(point) = text.iter().position(|byte| *byte == b'.') else { return false };
    let whole = text.ends_with(b".0");
    let count = text.strip_prefix(b"-").map_or(point, |_| point - 1);
    if whole && count > POINT.1 || text.contains(&b'e') {
        return false;
    }
    out.extend_from_slice(if whole { &text[..point] } else { text });
    true
}

/// Takes a number apart into its digits and the place of its point, and writes it as the server does.
fn spread(text: &[u8], out: &mut Vec<u8>) {
    let (sign, text) = text.split_at(usize::from(text.first() == Some(&b'-')));
    out.extend_from_slice(sign);
    let mut parts = text.splitn(2, |byte| *byte == b'e');
    let mantissa = parts.next().unwrap_or_default();
    let exponent = parts.next().and_then(|text| std::str::from_utf8(text).ok()?.parse::<i32>().ok());
    if !mantissa.first().is_some_and(u8::is_ascii_digit) {
        // NaN or an infinity: it has no digits, and SQL has no literal for it.
        out.extend_from_slice(mantissa);
        return;
    }
    let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
    let mut digits: Vec<u8> = mantissa.iter().copied().filter(u8::is_ascii_digit).collect();
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..zeros);
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    let place = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    lay_out(&digits, place(point) - place(zeros) + exponent.unwrap_or(0), out);
}

/// Writes 0.`digits` times ten to the power of `point`.
fn lay_out(digits: &[u8], point: i32, out: &mut Vec<u8>) {
    let Some((first, others)) = digits.split_first() else {
        out.push(b'0');
        return;
    };
    let whole = usize::try_from(point).unwrap_or(0);
    if point < POINT.0 || whole > POINT.1.max(digits.len() - 1) {
        out.push(*first);
        if !others.is_empty() {
            out.push(b'.');
            out.extend_from_slice(others);
        }
        out.push(b'e');
        out.extend_from_slice(itoa::Buffer::new().format(point - 1).as_bytes());
        return;
    }
    if whole == 0 {
        out.extend_from_slice(b"0.");
        fill(0, usize::try_from(-point).unwrap_or_default(), out);
        out.extend_from_slice(digits);
        return;
    }
    let (before, behind) = digits.split_at(whole.min(digits.len()));
    out.extend_from_slice(before);
    fill(before.len(), whole, out);
    if !behind.is_empty() {
        out.push(b'.');
        out.extend_from_slice(behind);
    }
}

/// Writes a date: `2026-11-23`.
#[inline]
pub(crate) fn date(moment: Moment, out: &mut Vec<u8>) {
    let (century, year) = (moment.year / 100, moment.year % 100);
    out.extend_from_slice(&four(century, year));
    dashed(b'-', moment.month, out);
    dashed(b'-', moment.day, out);
}

/// Writes a date and time: `2026-11-23 21:39:41.000`.
#[inline]
pub(crate) fn date_time(moment: Moment, fraction: u8, out: &mut Vec<u8>) {
    date(moment, out);
    dashed(b' ', moment.hour, out);
    dashed(b':', moment.minute, out);
    dashed(b':', moment.second, out);
    micros(moment.micros, fraction, out);
}

/// Writes a TIME: `-838:59:59.000000`.
pub(crate) fn time(span: Span, fraction: u8, out: &mut Vec<u8>) {
    if span.negative {
        out.push(b'-');
    }
    integer(span.hours, false, 2, out);
    dashed(b':', span.minute, out);
    dashed(b':', span.second, out);
    micros(span.micros, fraction, out);
}

fn micros(micros: u32, fraction: u8, out: &mut Vec<u8>) {
    // A type without a fixed number of decimals (31) has all six, or none if they are 0.
    let count = match usize::from(fraction) {
        count @ 0..=6 => count,
        _ if micros == 0 => 0,
        _ => 6,
    };
    if count > 0 {
        out.push(b'.');
        let begin = out.len();
        integer(micros.into(), false, 6, out);
        out.truncate(begin + count);
    }
}

#[inline]
fn dashed(sign: u8, value: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[sign, b'0' + value / 10, b'0' + value % 10]);
}

fn four(high: u16, low: u16) -> [u8; 4] {
    let digit = |value: u16| b'0' + u8::try_from(value % 10).unwrap_or_default();
    [digit(high / 10), digit(high), digit(low / 10), digit(low)]
}

/// Appends zeros from one length up to `width`.
#[inline]
fn fill(length: usize, width: usize, out: &mut Vec<u8>) {
    out.extend(std::iter::repeat_n(b'0', width.saturating_sub(length)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: f64) -> String {
        let mut out = Vec::new();
        double(value, 0, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_have_an_exponent_where_the_server_writes_one() {
        for text in [
            "0",
            "-0",
            "1",
            "-12",
            "0.1",
            "0.10000000149011612",
            "123456.75",
            "100",
            "1e15",
            "1.234567890123456e15",
            "999999999999999",
            "999999999999999.9",
            "-3709085685719152.5",
            "0.000000000000001",
            "0.0000123",
            "1e-16",
            "-1.5e-38",
            "5e-324",
            "1.7976931348623157e308",
            "-1.7976931348623157e308",
            "1e100",
            "12345678.000000002",
        ] {
            assert_eq!(written(text.parse().unwrap()), text);
        }
        assert_eq!(written(f64::NAN), "NaN");
        assert_eq!(written(f64::NEG_INFINITY), "-inf");
    }

    #[test]
    fn zeros_fill_a_number_up_to_its_width() {
        let mut out = Vec::new();
        integer(42, false, 5, &mut out);
        out.push(b' ');
        double(1.5, 6, &mut out);
        out.push(b' ');
        integer((-7i64).cast_unsigned(), true, 0, &mut out);
        assert_eq!(out, b"00042 0001.5 -7");
    }

    #[test]
    fn times_go_beyond_a_day_and_below_zero() {
        let mut out = Vec::new();
        time(Span { negative: true, hours: 838, minute: 9, second: 59, micros: 120_000 }, 2, &mut out);
        assert_eq!(out, b"-838:09:59.12");
        out.clear();
        time(Span::default(), 4, &mut out);
        assert_eq!(out, b"00:00:00.0000");
    }
}
