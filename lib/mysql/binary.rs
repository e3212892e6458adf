//! Rows of the binary protocol, written as the text protocol would have written them.
//!
//! In: the definitions of the columns, and the packet of a row. Out: one value after the other as text. A server takes
//! several times longer to write a number or a date as text than to send it as it is. The text is the same here: `digits`
//! has the server's own rules.

use super::digits;
use super::packets::length;

/// How the values of a column are encoded in a row, and what else their text depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueLayout {
    /// A length, then that many bytes, which are the text.
    Bytes,
    /// A whole number of `bytes` bytes; its text is filled up with zeros to `width`.
    Integer {
        bytes: u8,
        signed: bool,
        width: u8,
    },
    /// FLOAT, written with the digits of a DOUBLE of the same value.
    Single {
        width: u8,
    },
    Double {
        width: u8,
    },
    Date,
    /// DATETIME or TIMESTAMP with `fraction` digits behind the point.
    DateTime {
        fraction: u8,
    },
    Time {
        fraction: u8,
    },
}

const UNSIGNED: u16 = 0x20;
const ZEROFILL: u16 = 0x40;

impl ValueLayout {
    /// Reads the definition of a column. Nothing if it is cut off, or if its type is not known here.
    pub(crate) fn of_definition(mut rest: &[u8]) -> Option<Self> {
        // Catalog, database, table and column; table and column each with their alias first, then with their own name.
        for _ in 0..6 {
            let name = usize::try_from(length(&mut rest)?).ok()?;
            rest = rest.get(name..)?;
        }
        // A length and the character set, then the width, type, flags and decimals of the column.
        let &[_, _, _, l0, l1, l2, l3, kind, f0, f1, decimals, ..] = rest else { return None };
        let flags = u16::from_le_bytes([f0, f1]);
        let zeros = flags & ZEROFILL != 0;
        let width = if zeros { u8::try_from(u32::from_le_bytes([l0, l1, l2, l3])).ok()? } else { 0 };
        let integer = |bytes| Self::Integer { bytes, signed: flags & UNSIGNED == 0, width };
        Some(match kind {
            // TINY, SHORT and YEAR, LONG and INT24, LONGLONG.
            0x01 => integer(1),
            0x02 | 0x0d => integer(2),
            0x03 | 0x09 => integer(4),
            0x08 => integer(8),
            0x04 => Self::Single { width },
            0x05 => Self::Double { width },
            0x0a => Self::Date,
            0x07 | 0x0c => Self::DateTime { fraction: decimals },
            0x0b => Self::Time { fraction: decimals },
            // DECIMAL, NULL, VARCHAR, BIT, VECTOR, JSON, NEWDECIMAL to GEOMETRY.
            0x00 | 0x06 | 0x0f | 0x10 | 0xf2 | 0xf5..=0xff => Self::Bytes,
            _ => return None,
        })
    }
}

/// The values of one row.
#[derive(Debug)]
pub(crate) struct BinaryRow<'a> {
    kinds: &'a [ValueLayout],
    nulls: &'a [u8],
    rest: &'a [u8],
    next: usize,
    text: &'a mut Vec<u8>,
}

impl<'a> BinaryRow<'a> {
    /// Reads a row behind its leading zero; `text` is a buffer for values. Nothing if the packet is too short for the
    /// NULL bits.
    pub(crate) fn new(kinds: &'a [ValueLayout], packet: &'a [u8], text: &'a mut Vec<u8>) -> Option<Self> {
        let (nulls, rest) = packet.split_at_checked((kinds.len() + 9) / 8)?;
        Some(Self { kinds, nulls, rest, next: 0, text })
    }

    /// The next value: `Some(None)` is NULL, `None` the end of the row or of a packet that is cut off.
    #[expect(clippy::option_option, reason = "no more values, and a value that is NULL")]
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Option<&[u8]>> {
        let kind = *self.kinds.get(self.next)?;
        // The first two NULL bits belong to no column.
        let bit = self.next + 2;
        self.next += 1;
        if self.nulls[bit / 8] >> (bit % 8) & 1 == 1 {
            return Some(None);
        }
        if kind == ValueLayout::Bytes {
            let count = usize::try_from(length(&mut self.rest)?).ok()?;
            let (value, behind) = self.rest.split_at_checked(count)?;
            self.rest = behind;
            return Some(Some(value));
        }
        self.text.clear();
        self.write(kind)?;
        Some(Some(self.text))
    }

    #[inline]
    fn write(&mut self, kind: ValueLayout) -> Option<()> {
        match kind {
            ValueLayout::Bytes => {}
            ValueLayout::Integer { bytes, signed, width } => {
                let value = self.integer(bytes, signed)?;
                digits::integer(value, signed, width.into(), self.text);
            }
            ValueLayout::Single { width } => {
                let value = f32::from_le_bytes(self.take()?);
                digits::double(value.into(), width.into(), self.text);
            }
            ValueLayout::Double { width } => {
                digits::double(f64::from_le_bytes(self.take()?), width.into(), self.text);
            }
            ValueLayout::Date => digits::date(self.moment()?, self.text),
            ValueLayout::DateTime { fraction } => digits::date_time(self.moment()?, fraction, self.text),
            ValueLayout::Time { fraction } => digits::time(self.span()?, fraction, self.text),
        }
        Some(())
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (value, behind) = self.rest.split_first_chunk::<N>()?;
        self.rest = behind;
        Some(*value)
    }

    /// Reads a whole number; the sign of a signed one is extended to 64 bits.
    #[inline]
    fn integer(&mut self, bytes: u8, signed: bool) -> Option<u64> {
        let value = match bytes {
            1 => u64::from(u8::from_le_bytes(self.take()?)),
            2 => u64::from(u16::from_le_bytes(self.take()?)),
            4 => u64::from(u32::from_le_bytes(self.take()?)),
            _ => u64::from_le_bytes(self.take()?),
        };
        let unused = 64 - u32::from(bytes) * 8;
        Some(if signed { ((value << unused).cast_signed() >> unused).cast_unsigned() } else { value })
    }

    /// Reads a date and time, of which parts at the end that are zero are not sent.
    fn moment(&mut self) -> Option<digits::Moment> {
        let [count] = self.take()?;
        let mut moment = digits::Moment::default();
        if count >= 4 {
            let [y0, y1, month, day] = self.take()?;
            (moment.year, moment.month, moment.day) = (u16::from_le_bytes([y0, y1]), month, day);
        }
        if count >= 7 {
            [moment.hour, moment.minute, moment.second] = self.take()?;
        }
        if count >= 11 {
            moment.micros = u32::from_le_bytes(self.take()?);
        }
        matches!(count, 0 | 4 | 7 | 11).then_some(moment)
    }

    fn span(&mut self) -> Option<digits::Span> {
        let [count] = self.take()?;
        let mut span = digits::Span::default();
        if count >= 8 {
            let [sign, d0, d1, d2, d3, hour, minute, second] = self.take()?;
            let days = u32::from_le_bytes([d0, d1, d2, d3]);
            span.negative = sign != 0;
            span.hours = u64::from(days) * 24 + u64::from(hour);
            (span.minute, span.second) = (minute, second);
        }
        if count >= 12 {
            span.micros = u32::from_le_bytes(self.take()?);
        }
        matches!(count, 0 | 8 | 12).then_some(span)
    }
}

#[cfg(test)]
mod tests;
