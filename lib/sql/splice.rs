//! Replaces places of a text by other text.

use std::ops::Range;

/// `text` with other words in the given places, which are in order and do not overlap.
pub(crate) fn spliced<'a>(text: &str, places: impl IntoIterator<Item = (Range<usize>, &'a str)>) -> String {
    let mut all = String::with_capacity(text.len());
    let mut from = 0;
    for (place, instead) in places {
        all.push_str(&text[from..place.start]);
        all.push_str(instead);
        from = place.end;
    }
    all + &text[from..]
}
