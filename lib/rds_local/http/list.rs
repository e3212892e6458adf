//! Pages and filters, which all Describe actions share.

use crate::rds_local::http::query::{Query, ServiceError};
use crate::sql::hex;

/// Limits of `MaxRecords`, as in RDS.
const RECORDS_MIN: u32 = 20;
const RECORDS_MAX: u32 = 100;

/// Returns a page of `items`, which are in the order of their keys, and the marker of the next page.
pub(crate) fn page<T>(
    query: &Query,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), ServiceError> {
    let size = query.number("MaxRecords", RECORDS_MIN, RECORDS_MAX)?.unwrap_or(RECORDS_MAX) as usize;
    let after = query.get("Marker").map(read_marker).transpose()?;
    let mut rest = items.into_iter().filter(|item| after.as_ref().is_none_or(|after| key(item) > *after));
    let mut page: Vec<T> = rest.by_ref().take(size).collect();
    let more = rest.next().is_some();
    let marker = page.last().filter(|_| more).map(|last| write_marker(&key(last)));
    page.shrink_to_fit();
    Ok((page, marker))
}

/// Makes a marker from the last key of a page, in hexadecimal so that it does not look like a name.
fn write_marker(key: &str) -> String {
    format!("m{}", hex(key.as_bytes()))
}

fn read_marker(marker: &str) -> Result<String, ServiceError> {
    let bytes = marker.strip_prefix('m').filter(|digits| digits.is_ascii()).and_then(|digits| {
        let pairs = digits.as_bytes().chunks(2);
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect::<Option<Vec<u8>>>()
    });
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| ServiceError::value(format!("Invalid value {marker} for Marker")))
}

/// True when every filter has a value that `has` accepts.
pub(crate) fn passes(filters: &[(String, Vec<String>)], has: impl Fn(&str, &str) -> bool) -> bool {
    filters.iter().all(|(name, values)| values.iter().any(|value| has(name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_one_after_the_other_even_if_items_vanish() {
        let items: Vec<String> = (0..50).map(|n| format!("rds:n-{n:02}")).collect();
        let first = Query::parse(b"MaxRecords=20");
        let (page_one, marker) = page(&first, items.clone(), Clone::clone).unwrap();
        assert_eq!(page_one.len(), 20);
        let next = Query::parse(format!("MaxRecords=100&Marker={}", marker.unwrap()).as_bytes());
        let left = items.into_iter().filter(|item| item != "rds:n-19").collect();
        let (page_two, marker) = page(&next, left, Clone::clone).unwrap();
        assert_eq!((page_two.len(), page_two[0].as_str(), marker), (30, "rds:n-20", None));
    }

    #[test]
    fn a_page_size_out_of_range_and_a_foreign_marker_are_refused() {
        for body in ["MaxRecords=19", "MaxRecords=101", "MaxRecords=x", "Marker=zz"] {
            let refusal =
                page(&Query::parse(body.as_bytes()), vec![String::new()], Clone::clone).unwrap_err();
            assert_eq!(refusal.code, "InvalidParameterValue", "{body}");
        }
    }
}
