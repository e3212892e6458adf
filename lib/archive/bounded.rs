//! Limits the memory of the manifest's lists while they are read.
//!
//! In: the JSON of a list, and how many bytes of memory all lists of a manifest may take. Out: the list, or an error at the first
//! element over the limit. The length of the JSON is no measure: its two bytes `{}` become a table entry of 300 bytes in memory.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

thread_local! {
    /// Bytes of memory that the manifest's further elements may take. serde cannot pass this number from one list to the next.
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Calls `read` and lets all lists that it reads take at most `bytes` of memory together.
pub(super) fn within<T>(bytes: usize, read: impl FnOnce() -> T) -> T {
    LEFT.set(bytes);
    let outcome = read();
    LEFT.set(usize::MAX);
    outcome
}

/// Reads a list and counts the memory of its elements. For `#[serde(deserialize_with)]`.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(Elements(PhantomData))
}

/// Reads a list of lists and counts the memory of the elements of all of them.
pub(super) fn lists<'de, D, T>(deserializer: D) -> Result<Vec<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let inner: Vec<BoundedList<T>> = list(deserializer)?;
    Ok(inner.into_iter().map(|list| list.0).collect())
}

struct BoundedList<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for BoundedList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        list(deserializer).map(Self)
    }
}

struct Elements<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            // Counted twice: a list that has grown may have room for twice its elements.
            let left = LEFT.get().checked_sub(2 * size_of::<T>());
            LEFT.set(left.ok_or_else(|| A::Error::custom("its lists are too long"))?);
            list.push(element);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Lists {
        #[serde(deserialize_with = "lists")]
        lists: Vec<Vec<u64>>,
    }

    #[test]
    fn lists_are_as_long_as_they_may_be_and_no_longer() {
        let read = |bytes| {
            within(bytes, || serde_json::from_str::<Lists>(r#"{"lists":[[1,2],[3]]}"#))
                .map(|found| found.lists)
        };
        let needed = 2 * (3 * size_of::<u64>() + 2 * size_of::<BoundedList<u64>>());
        assert_eq!(read(needed).unwrap(), [vec![1, 2], vec![3]]);
        assert!(read(needed - 1).unwrap_err().to_string().contains("too long"));
    }
}
