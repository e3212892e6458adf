//! Which arguments of which server errors are values of rows, and which errors have only names in them.
//!
//! Taken from the English messages of MySQL 9 and MariaDB 10.11. In a template `{}` is a value, `{n}` a name or a word of
//! the server, `{e}` an expression, of which names stay and literals are replaced.

/// The message of an error that quotes values of rows.
pub(super) struct ErrorTemplate {
    pub(super) number: u16,
    pub(super) text: &'static str,
}

const fn template(number: u16, text: &'static str) -> ErrorTemplate {
    ErrorTemplate { number, text }
}

/// The templates. Where one is the beginning of another, the longer one comes first.
pub(super) const VALUES: &[ErrorTemplate] = &[
    template(1062, "Duplicate entry '{}' for key {n}"),
    template(1586, "Duplicate entry '{}' for key {n}"),
    template(3026, "Duplicate entry '{}'."),
    template(1569, "resulting in duplicate entry '{}' for key '{n}'"),
    template(1557, "for table '{n}', entry '{}', key {n} would lead to a duplicate entry"),
    template(1761, "for table '{n}', record '{}' would lead to a duplicate entry in table '{n}', key '{n}'"),
    template(1762, "for table '{n}', record '{}' would lead to a duplicate entry in a child table"),
    template(1292, "ncorrect {n} value: '{}' for column {n} at row {n}"),
    template(1292, "ncorrect {n} value: '{}'"),
    template(1366, "ncorrect {n} value: '{}' for column {n} at row {n}"),
    template(1411, "ncorrect {n} value: '{}' for function {n}"),
    template(1525, "ncorrect {n} value: '{}'"),
    template(4153, "ncorrect {n} value: '{}' for column {n} at row {n}"),
    template(1978, "ncorrect default value '{}' for column {n}"),
    template(1912, "ncorrect value '{}' for option {n}"),
    template(1526, "no partition for value {}"),
    template(1863, "Found a row in wrong partition {}"),
    template(1741, "Key value '{}' was not found in table {n}"),
    template(1291, "Column '{n}' has duplicated value '{}' in {n}"),
    template(1231, "Variable '{n}' can't be set to the value of '{}'"),
    template(1298, "nknown or incorrect time zone: '{}'"),
    template(1300, "nvalid {n} character string: '{}'"),
    template(1367, "Illegal {n} '{}' value found during parsing"),
    template(1470, "String '{}' is too long for {n}"),
    template(1139, "Got error '{}' from regexp"),
    template(1139, "Regex error '{}'"),
    template(1690, "{n} value is out of range in '{e}'"),
    template(1916, "Got overflow when converting '{}' to {n}. Value truncated"),
    template(1917, "Truncated value '{}' when converting to {n}"),
    template(1918, "Encountered illegal value '{}' when converting to {n}"),
    template(3854, "Cannot convert string '{}' from {n} to {n}"),
    template(3057, "Incorrect user-level lock name '{}'"),
    template(1064, " near '{e}' at line {n}"),
];

/// Errors whose whole message is the free text of a SIGNAL or RESIGNAL, in which a trigger may quote a row.
pub(super) const FREE_TEXT: &[u16] = &[1644];

/// Ranges of errors whose arguments are names, words of the grammar, files, numbers of rows: shown as they are. Of an
/// error in no list, only the names that its statement has are shown.
pub(super) const NAMES: &[(u16, u16)] = &[
    (1004, 1061),
    (1063, 1063),
    (1065, 1104),
    (1106, 1138),
    (1140, 1187),
    (1189, 1217),
    (1221, 1230),
    (1232, 1235),
    (1237, 1290),
    (1293, 1297),
    (1299, 1299),
    (1301, 1342),
    (1344, 1365),
    (1368, 1410),
    (1412, 1428),
    (1435, 1469),
    (1471, 1524),
    (1527, 1556),
    (1558, 1568),
    (1570, 1585),
    (1587, 1589),
    (1591, 1592),
    (1594, 1597),
    (1599, 1622),
    (1628, 1643),
    (1645, 1689),
    (1691, 1709),
    (1712, 1740),
    (1742, 1760),
    (1763, 1809),
    (1812, 1814),
    (1817, 1862),
    (1864, 1911),
    (1913, 1915),
    (1919, 1977),
    (1979, 1999),
    (3006, 3018),
    (3030, 3043),
    (3061, 3068),
    (3070, 3072),
    (3088, 3099),
    (3101, 3159),
    (3161, 3161),
    (3500, 3599),
    (3650, 3731),
    (3733, 3751),
    (3753, 3853),
    (3855, 3960),
    (4002, 4033),
    (4078, 4086),
    (4161, 4161),
];

/// Whether the arguments of an error are never values.
pub(super) fn has_only_names(number: u16) -> bool {
    NAMES.iter().any(|(first, last)| (*first..=*last).contains(&number))
}
