//! Reads JSON from outside within a limit of memory.
//!
//! In: text. Out: a value, or the error that it would take too much memory. 60 MB of `[]` are twenty million values of a hundred
//! bytes each. So the size of the text is no limit, and the size of the values is known only while they are read.
//!
//! This is a deserializer around that of `serde_json`. Before an element of a list, an entry of a map or a text is stored, it is
//! charged with the size of the Rust type that it becomes: a typed field costs less than a JSON value that is carried untouched.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

/// Bytes that an element of a list costs in addition to twice its size. Twice, because lists double when they grow, and a value
/// that is carried untouched is stored first in serde's type and then in ours.
const ELEMENT_BYTES: usize = 192;

/// Bytes that an entry of a map, which has an index, or a field costs in addition to its size.
const ENTRY_BYTES: usize = 144;

/// The message of the error for too much memory.
const SPENT: &str = "more than fits the memory that a document may take";

/// Why a value could not be read from a text.
#[derive(Debug)]
pub(super) enum ValueUnread {
    /// The value would take more memory than is allowed.
    TooMuch,
    /// The text is not JSON, or not of the type that is wanted.
    Wrong(serde_json::Error),
}

/// Reads one value that takes no more than about `bytes_max` of memory.
pub(super) fn read<'de, T: Deserialize<'de>>(text: &'de str, bytes_max: usize) -> Result<T, ValueUnread> {
    let budget = Budget { left: Cell::new(bytes_max), spent: Cell::new(false) };
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome = T::deserialize(Charged { inner: &mut json, budget: &budget });
    let outcome = outcome.and_then(|value| json.end().map(|()| value));
    outcome.map_err(|error| if budget.spent.get() { ValueUnread::TooMuch } else { ValueUnread::Wrong(error) })
}

/// The bytes of memory that values may still take, and whether that was too little.
struct Budget {
    left: Cell<usize>,
    spent: Cell<bool>,
}

impl Budget {
    fn charge<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        if let Some(left) = self.left.get().checked_sub(bytes) {
            self.left.set(left);
            return Ok(());
        }
        self.spent.set(true);
        Err(E::custom(SPENT))
    }
}

/// A wrapper around a serde deserializer, visitor or accessor, with the budget that it charges.
struct Charged<'a, T> {
    inner: T,
    budget: &'a Budget,
}

impl<'a, T> Charged<'a, T> {
    fn around<U>(&self, inner: U) -> Charged<'a, U> {
        Charged { inner, budget: self.budget }
    }
}

macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $name<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let visitor = self.around(visitor);
            self.inner.$name($($argument,)* visitor)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Charged<'_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_option() deserialize_unit() deserialize_seq()
        deserialize_map() deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! visit {
    ($($name:ident($type:ty))*) => {
        $(fn $name<E: serde::de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$name(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Charged<'_, V> {
    type Value = V::Value;

    visit! {
        visit_bool(bool) visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128) visit_u8(u8)
        visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128) visit_f32(f32) visit_f64(f64) visit_char(char)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<V::Value, E> {
        self.budget.charge(text.len())?;
        self.inner.visit_str(text)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.budget.charge(text.len())?;
        self.inner.visit_borrowed_str(text)
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<V::Value, E> {
        self.budget.charge(text.len())?;
        self.inner.visit_string(text)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<V::Value, D::Error> {
        let some = self.around(some);
        self.inner.visit_some(some)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let inner = self.around(inner);
        self.inner.visit_newtype_struct(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        let list = self.around(list);
        self.inner.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let map = self.around(map);
        self.inner.visit_map(map)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        let data = self.around(data);
        self.inner.visit_enum(data)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Charged<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let deserializer = self.around(deserializer);
        self.inner.deserialize(deserializer)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Charged<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let seed = self.around(seed);
        let element = self.inner.next_element_seed(seed)?;
        if element.is_some() {
            self.budget.charge::<A::Error>(2 * size_of::<T::Value>() + ELEMENT_BYTES)?;
        }
        Ok(element)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Charged<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let seed = self.around(seed);
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.budget.charge::<A::Error>(size_of::<V::Value>() + ENTRY_BYTES)?;
        let seed = self.around(seed);
        self.inner.next_value_seed(seed)
    }
}

impl<'de, 'a, A: EnumAccess<'de>> EnumAccess<'de> for Charged<'a, A> {
    type Error = A::Error;
    type Variant = Charged<'a, A::Variant>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), A::Error> {
        let seed = self.around(seed);
        let budget = self.budget;
        let (value, inner) = self.inner.variant_seed(seed)?;
        Ok((value, Charged { inner, budget }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Charged<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        let seed = self.around(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.around(visitor);
        self.inner.tuple_variant(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.around(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_it_becomes_is_counted_and_not_the_text() {
        let list = format!("[{}[]]", "[],".repeat(9_999));
        assert!(matches!(read::<Value>(&list, 1 << 20), Err(ValueUnread::TooMuch)));
        assert!(read::<Value>(&list, 10 << 20).is_ok());
        let text = format!("\"{}\"", "x".repeat(1 << 19));
        assert!(read::<Value>(&text, 1 << 20).is_ok());
        assert!(matches!(read::<Value>(&text, 1 << 18), Err(ValueUnread::TooMuch)));
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        assert!(
            matches!(read::<Value>(&deep, 1 << 20), Err(ValueUnread::Wrong(_))),
            "serde_json stops at 128"
        );
    }

    #[test]
    fn values_are_those_of_serde_json() {
        let text = r#"{"a":[1,-2.50,1e400,null,true,"\u00fc\n",{"b":{}}],"n":12345678901234567890123}"#;
        let read: Value = read(text, 1 << 20).unwrap_or_default();
        assert_eq!(read, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(
            read.to_string(),
            r#"{"a":[1,-2.50,1e+400,null,true,"ü\n",{"b":{}}],"n":12345678901234567890123}"#
        );
    }

    #[test]
    fn what_comes_behind_a_value_is_wrong() {
        assert!(matches!(read::<Value>("{} x", 1 << 20), Err(ValueUnread::Wrong(_))));
    }
}
