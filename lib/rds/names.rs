//! Identifiers and tags: pure functions of prefix and run, so that a tool that was killed finds its resources again.
//!
//! In: the configured prefix and the run's id. Out: identifiers that the service accepts (1-63 of letters, digits and
//! hyphens, a letter first, no hyphen last and no two in a row; stored in lower case), and tag values.

use sha2::{Digest, Sha256};

/// The service's limit for an identifier, in characters.
const IDENTIFIER_MAX: usize = 63;

/// Characters of `<prefix>-<run>` at most, so that a suffix (`-0`, `-key`) still fits.
const NAME_MAX: usize = 55;

/// Characters of a prefix at most, so that a part of the run stays readable.
pub(super) const PREFIX_MAX: usize = 32;

/// Hexadecimal digits of a run's hash: 40 bits suffice to tell the runs of one account apart.
const HASH_DIGITS: usize = 10;

/// The service's limit for a tag's value, in characters.
const TAG_VALUE_MAX: usize = 256;

/// The tag that names the run that created the resource.
pub(super) const TAG_RUN: &str = "refreshkit:run";
/// The tag that says that refreshkit created the resource: always `true`.
pub(super) const TAG_MANAGED: &str = "refreshkit:managed";
/// The tag with the moment after which `rds-drop --expired` may delete the resource, RFC 3339.
pub(super) const TAG_EXPIRES: &str = "refreshkit:expires";

/// Whether refreshkit sets the tag with this key.
pub(super) fn is_our_tag(key: &str) -> bool {
    key.starts_with("refreshkit:")
}
/// The tag that says who created the resource: the owner of a state directory, or `[snapshot] owner`.
pub(super) const TAG_OWNER: &str = "refreshkit:owner";
/// The tag with the resource id of the source whose data the resource holds.
pub(super) const TAG_SOURCE: &str = "refreshkit:source";
/// The tag with the random word of the create call, which the journal has too.
pub(super) const TAG_INTENT: &str = "refreshkit:intent";

/// Why a text cannot name a cluster, an instance or a snapshot.
pub(super) fn problem(identifier: &str) -> Option<&'static str> {
    if identifier.is_empty() {
        Some("is empty")
    } else if identifier.len() > IDENTIFIER_MAX {
        Some("is longer than 63 characters")
    } else if !identifier.starts_with(|first: char| first.is_ascii_alphabetic()) {
        Some("does not begin with a letter")
    } else if !identifier.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        Some("has characters other than letters, digits and hyphens")
    } else if identifier.ends_with('-') || identifier.contains("--") {
        Some("ends with a hyphen or has two in a row")
    } else {
        None
    }
}

/// Why a text cannot name a snapshot. Besides plain names there are those of automated snapshots (`rds:…`, `awsbackup:…`),
/// and ARNs of shared snapshots.
pub(super) fn snapshot_problem(identifier: &str) -> Option<&'static str> {
    match identifier.split_once(':') {
        Some(("arn", _)) => None,
        Some((_, "")) => Some("has nothing after the colon"),
        Some(_) => None,
        None => problem(identifier),
    }
}

/// Why a text cannot be the prefix of our identifiers.
pub(super) fn prefix_problem(prefix: &str) -> Option<&'static str> {
    if prefix.len() > PREFIX_MAX { Some("is longer than 32 characters") } else { problem(prefix) }
}

/// The identifier of what `run` creates: `<prefix>-<run>`. A run that the service would not take in an identifier gets a hash
/// at the end, so that different runs do not share one.
pub(super) fn of_run(prefix: &str, run: &str) -> String {
    let prefix = prefix.to_ascii_lowercase();
    let plain = format!("{prefix}-{run}");
    let spare = plain.len() <= NAME_MAX && plain == plain.to_ascii_lowercase();
    if spare && problem(&plain).is_none() && !run.is_empty() {
        return plain;
    }
    let room = NAME_MAX - prefix.len() - 2 - HASH_DIGITS;
    let word: String = words(run).chars().take(room).collect();
    let word = word.trim_end_matches('-');
    let hash = hash(run);
    if word.is_empty() { format!("{prefix}-{hash}") } else { format!("{prefix}-{word}-{hash}") }
}

/// The identifier of the `index`-th instance of a cluster; 0 is the writer.
pub(super) fn of_instance(cluster: &str, index: u8) -> String {
    format!("{cluster}-{index}")
}

/// The identifier of a run's snapshot that was copied to another KMS key.
pub(super) fn of_snapshot_under_key(of_run: &str) -> String {
    format!("{of_run}-key")
}

/// Whether `id` begins with the prefix and a hyphen; upper and lower case are the same.
pub(super) fn is_ours(prefix: &str, id: &str) -> bool {
    let prefix = prefix.to_ascii_lowercase();
    id.to_ascii_lowercase().strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('-'))
}

/// A run, owner or source as a tag's value: unchanged if the service takes it, else with a hash that tells it from others.
pub(super) fn tag_value(run: &str) -> String {
    let legal = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
    if run.len() <= TAG_VALUE_MAX && run.chars().all(legal) && !run.is_empty() && run.trim() == run {
        return run.to_owned();
    }
    let word: String =
        run.chars().map(|c| if c.is_ascii() && legal(c) { c } else { '-' }).take(200).collect();
    format!("{}-{}", word.trim(), hash(run))
}

/// Tags that a configuration may add: the service's limit is fifty, and six are ours.
pub(super) const MORE_TAGS_MAX: usize = 44;

/// The service's limit for a tag's key, in characters.
const TAG_KEY_MAX: usize = 128;

/// Why a tag of the configuration is refused: the service would not take it, or its key begins like one of ours or of AWS.
pub(super) fn tag_problem(key: &str, value: &str) -> Option<&'static str> {
    let legal = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
    if key.is_empty() || key.chars().count() > TAG_KEY_MAX || value.chars().count() > TAG_VALUE_MAX {
        Some("is empty or too long: a key has 1 to 128 characters, a value at most 256")
    } else if !legal(key) || !legal(value) {
        Some("has a character that no tag takes: letters, digits, spaces and _.:/=+-@ are taken")
    } else if ["refreshkit:", "aws:", "rds:"].iter().any(|own| key.to_ascii_lowercase().starts_with(own)) {
        Some("begins with refreshkit:, aws: or rds:, which are not yours to give")
    } else {
        None
    }
}

/// The run's letters and digits in lower case; other characters in a row become one hyphen, none at the ends.
fn words(run: &str) -> String {
    let mut text = String::new();
    for c in run.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            text.push(c);
        } else if !text.is_empty() && !text.ends_with('-') {
            text.push('-');
        }
    }
    text.trim_end_matches('-').to_owned()
}

fn hash(run: &str) -> String {
    let digest = Sha256::digest(run.as_bytes());
    let digits = format!("{digest:x}");
    digits[..HASH_DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_run_that_is_a_name_stays_as_it_is() {
        assert_eq!(of_run("refreshkit", "jenkins-nightly-812"), "refreshkit-jenkins-nightly-812");
        assert_eq!(of_run("kit", "20261123t020000z-1a2b"), "kit-20261123t020000z-1a2b");
    }

    #[test]
    fn runs_that_differ_in_what_a_name_cannot_hold_get_different_names() {
        let names: std::collections::BTreeSet<String> =
            ["night 1", "night-1", "Night-1", "night/1", "night--1", ""].map(|run| of_run("kit", run)).into();
        assert_eq!(names.len(), 6, "{names:?}");
    }

    #[test]
    fn says_what_is_wrong_with_a_name() {
        assert_eq!(problem("prod-replica"), None);
        for (wrong, why) in [
            ("", "is empty"),
            ("1x", "does not begin with a letter"),
            ("a_b", "has characters other than letters, digits and hyphens"),
            ("a--b", "ends with a hyphen or has two in a row"),
            ("a-", "ends with a hyphen or has two in a row"),
        ] {
            assert_eq!(problem(wrong), Some(why), "{wrong}");
        }
        assert_eq!(snapshot_problem("rds:prod-2026-11-23-02-00"), None);
        assert_eq!(snapshot_problem("arn:aws:rds:eu-west-1:1:cluster-snapshot:x"), None);
    }

    #[test]
    fn a_tag_of_ones_own_is_one_that_the_service_takes() {
        for (key, value) in [("team", "data & co"), ("aws:x", "1"), ("refreshkit:run", "x"), ("", "x")] {
            assert!(tag_problem(key, value).is_some(), "{key}");
        }
        assert_eq!(tag_problem("cost-centre", "42 / Zürich"), None);
    }

    #[test]
    fn a_longer_prefix_is_not_ours() {
        assert!(is_ours("kit", "kit-1") && is_ours("kit", "KIT-1"));
        assert!(!is_ours("kit", "kitten-1") && !is_ours("kit", "kit") && !is_ours("kit", "prod"));
    }

    proptest! {
        #[test]
        fn every_run_gives_a_name_and_a_tag_that_the_service_takes(run in ".{0,300}", prefix in "[a-zA-Z](-?[a-zA-Z0-9]){0,15}") {
            let name = of_run(&prefix, &run);
            prop_assert_eq!(problem(&name), None);
            prop_assert!(name.len() <= NAME_MAX && is_ours(&prefix, &name));
            prop_assert_eq!(problem(&of_instance(&name, 255)), None);
            let tag = tag_value(&run);
            prop_assert!(!tag.is_empty() && tag.len() <= TAG_VALUE_MAX);
        }
    }
}
