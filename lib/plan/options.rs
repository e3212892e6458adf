//! The flags of `mydehydrate`.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::mysql::LoginOptions;

/// What the flags say.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Read the [source] server of refresh.toml instead of a document's copy, and start a new chain.
    /// Only the work schema is written there ([dehydrate] `work_schema`)
    #[arg(long, global = true)]
    pub source: bool,

    /// Read this document instead of stdin, for the commands below (/dev/stdin works)
    #[arg(long, value_name = "FILE", global = true)]
    pub document: Option<PathBuf>,

    /// The moment that windows count back from [default: when the snapshot was taken]
    #[arg(long, value_name = "TIME", global = true)]
    pub as_of: Option<Timestamp>,

    /// Rewrite the copy itself: only the kept rows stay in its tables, masked. For throw-away copies
    #[arg(long, global = true)]
    pub in_place: bool,

    /// Yes, HOST (or HOST:PORT, or a socket) is a server that may be written to, though no journal proves that it is a
    /// throw-away copy. Typed by a person: no variable and no file says it
    #[arg(long, value_name = "HOST", global = true)]
    pub i_own_this_server: Option<String>,

    /// Connections that collect keys side by side
    #[arg(long, value_name = "N", global = true, default_value_t = WORKERS, value_parser = clap::value_parser!(u8).range(1..=i64::from(WORKERS_MAX)))]
    pub workers: u8,

    /// Widen or narrow windows and `at_least` of the roots until so many rows come along, and not more
    #[arg(long, value_name = "N", global = true, conflicts_with = "target_size")]
    pub target_rows: Option<u64>,

    /// The same for bytes, in proportion to what the tables take now: 8GB, 500MiB
    #[arg(long, value_name = "SIZE", global = true, value_parser = bytes)]
    pub target_size: Option<u64>,

    /// How to log in.
    #[command(flatten)]
    pub login: LoginOptions,

    /// From how many rows on a table may be read without keys of its own, and how many per cent of them a range must hold: for
    /// tests, whose tables are small
    #[arg(skip)]
    pub reading: Option<(u64, u64)>,

    /// For people to look at: name parents with the most children, and leave out what only a dump needs
    #[arg(skip)]
    pub to_look_at: bool,
}

/// Default of `--workers`: most servers can run this many statements at once.
const WORKERS: u8 = 4;

/// Limit of `--workers`: more would only wait for each other.
pub(crate) const WORKERS_MAX: u8 = 32;

/// The most rows or bytes that a plan may keep: `--target-rows`, `--target-size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Rows(u64),
    Bytes(u64),
}

impl Options {
    pub(crate) fn workers(&self) -> usize {
        usize::from(self.workers.max(1))
    }

    pub(crate) fn limit(&self) -> Option<Limit> {
        self.target_rows.map(Limit::Rows).or(self.target_size.map(Limit::Bytes))
    }
}

/// Reads a size in bytes: `8GB`, `500MiB`, `1000`.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a size such as 8GB or 500MiB");
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().map_err(|_| wrong())?;
    let factor: u64 = match text[end..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(bytes("8GB"), Ok(8_000_000_000));
        assert_eq!(bytes("500 MiB"), Ok(500 << 20));
        assert_eq!(bytes("12"), Ok(12));
        assert!(bytes("big").is_err() && bytes("8XB").is_err() && bytes("99999999TB").is_err());
    }
}
