//! How the lines of a file end, and the mark that it may begin with: an editor of TOML writes them its own way.
//!
//! In: the text of a file. Out: the same text with plain line ends, for the editor; and an edited text as that file has it: lines that were
//! there end as they did, new ones as most of them do.

/// What some editors write before the first character.
const MARK: &str = "\u{feff}";

/// How a file's lines end, and whether it begins with a mark.
pub(crate) struct Endings {
    marked: bool,
    lines: Vec<(String, &'static str)>,
    usual: &'static str,
}

impl Endings {
    /// Looks at a file. Its text without the mark and with plain line ends comes with it.
    pub(crate) fn of(text: &str) -> (Self, String) {
        let bare = text.strip_prefix(MARK).unwrap_or(text);
        let lines: Vec<(String, &'static str)> = bare.split_inclusive('\n').map(cut).collect();
        let windows = lines.iter().filter(|(_, end)| *end == "\r\n").count();
        let plain = lines.iter().filter(|(_, end)| *end == "\n").count();
        let usual = if windows > plain { "\r\n" } else { "\n" };
        let plain = lines.iter().map(|(line, end)| line.clone() + if end.is_empty() { "" } else { "\n" });
        let plain = plain.collect();
        (Self { marked: bare.len() < text.len(), lines, usual }, plain)
    }

    /// An edited text with them. Only lines were added to it; of those that changed all but the end is as in `edited`.
    pub(crate) fn back(&self, edited: &str) -> String {
        let new: Vec<(String, &'static str)> = edited.split_inclusive('\n').map(cut).collect();
        let mut old = self.lines.iter().peekable();
        let mut text = if self.marked { MARK.to_owned() } else { String::new() };
        for (at, (line, end)) in new.iter().enumerate() {
            // A line that is nowhere any more was changed.
            while old.peek().is_some_and(|(was, _)| !new[at..].iter().any(|(is, _)| is == was)) {
                old.next();
            }
            let same = old.next_if(|(was, _)| was == line).map(|(_, end)| *end);
            let last = at + 1 == new.len();
            text += line;
            text += match same {
                Some("") if !last => self.usual,
                Some(end) => end,
                None if end.is_empty() => "",
                None => self.usual,
            };
        }
        text
    }
}

/// A line and its end.
fn cut(line: &str) -> (String, &'static str) {
    let Some(bare) = line.strip_suffix('\n') else { return (line.to_owned(), "") };
    match bare.strip_suffix('\r') {
        Some(bare) => (bare.to_owned(), "\r\n"),
        None => (bare.to_owned(), "\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_edited_comes_back_byte_by_byte() {
        for text in
            ["", "\u{feff}", "a", "a\n", "a\r\nb\r\n", "\u{feff}a\r\n\r\nb", "a\r\nb\nc\r\n\n", "a\rb\n"]
        {
            let (endings, plain) = Endings::of(text);
            assert_eq!(endings.back(&plain), text);
            assert!(!plain.contains("\r\n") && !plain.starts_with(MARK));
        }
    }

    #[test]
    fn new_lines_end_as_most_do_and_old_ones_as_they_did() {
        for (before, edited, after) in [
            ("a\r\nb\r\n", "a\nx\nb\ny\n", "a\r\nx\r\nb\r\ny\r\n"),
            ("\u{feff}a\r\nb\nc\r\n", "a\nb\nx\nc\n", "\u{feff}a\r\nb\nx\r\nc\r\n"),
            ("a\nb\r\nc\n", "a\nb\nx\nc\n", "a\nb\r\nx\nc\n"),
            // The end of a list has moved; the last line had none.
            ("a = [1]\r\nb", "a = [1,\n2\n]\nb\nc\n", "a = [1,\r\n2\r\n]\r\nb\r\nc\r\n"),
            ("a\r\nb", "a\nx\nb\n", "a\r\nx\r\nb"),
        ] {
            assert_eq!(Endings::of(before).0.back(edited), after, "{before:?}");
        }
    }
}
