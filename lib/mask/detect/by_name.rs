//! What the name of a column says, in the light of its table.
//!
//! In: a table, a column. Out: what may stand for its values, the best first, or nothing: the name says nothing, or such a column does
//! not hold what it says.

use super::class::{Class, NO_DOCUMENT};
use super::vocabulary::{about_people, column_words, has_people, speaks, speaks_of};
use crate::catalog::{Column, Family, Table};

/// A word before or behind so many of a table's columns says nothing of one of them: `emp_` in `emp_firstname`, `_adh` in `nom_adh`.
const SHARED_MIN: usize = 4;

/// A shorter text is a flag or a code (characters).
const ROOM_MIN: u64 = 8;

/// What the names of a table's columns have in common.
pub(crate) struct Names<'a> {
    /// Whether the rows are people, by the table's name or by its columns.
    people: bool,
    first: Option<String>,
    last: Option<String>,
    table: &'a Table,
}

impl<'a> Names<'a> {
    pub(crate) fn of(table: &'a Table) -> Self {
        let all: Vec<Vec<String>> = table.columns.iter().map(|column| column_words(&column.name)).collect();
        let shared = |word: &dyn Fn(&Vec<String>) -> Option<String>| {
            let words: Vec<String> = all.iter().filter(|words| words.len() > 1).filter_map(word).collect();
            let often = |one: &&String| words.iter().filter(|word| word == one).count();
            let best = words.iter().max_by_key(often)?;
            let count = often(&best);
            (count >= SHARED_MIN && count * 2 > all.len()).then(|| best.clone())
        };
        let persons = [Class::FirstName, Class::LastName, Class::Birth, Class::Ssn];
        let person =
            |words: &Vec<String>| speaks(words, false).is_some_and(|hit| persons.contains(&hit.class));
        Self {
            people: about_people(&table.name) || all.iter().any(person),
            first: shared(&|words| words.first().cloned()),
            last: shared(&|words| words.last().cloned()),
            table,
        }
    }

    /// What the name of a column of the table speaks of.
    pub(crate) fn class(&self, column: &Column) -> Option<Class> {
        self.hit(column).map(|hit| hit.class)
    }

    /// The table that the names are of.
    pub(crate) fn table(&self) -> &'a Table {
        self.table
    }

    fn hit(&self, column: &Column) -> Option<super::vocabulary::Hit> {
        let words = column_words(&column.name);
        let text = matches!(column.family(), Family::Text | Family::Json | Family::Binary)
            && column.length.is_none_or(|length| length >= ROOM_MIN);
        let says = |words: &[String]| speaks_of(words, self.people, text);
        says(&words).or_else(|| says(self.own(&words)))
    }

    /// The words without those that all columns of the table share.
    fn own<'b>(&self, words: &'b [String]) -> &'b [String] {
        let mut own = words;
        if own.len() > 1 && own.first() == self.first.as_ref() {
            own = &own[1..];
        }
        if own.len() > 1 && own.last() == self.last.as_ref() {
            own = &own[..own.len() - 1];
        }
        own
    }
}

/// What may stand for the values of a column, by its name.
pub(crate) fn wishes(names: &Names<'_>, column: &Column) -> Option<Vec<&'static str>> {
    match names.hit(column) {
        Some(hit) => hit.class.wishes(column, hit.plain, hit.ends_with_id),
        // A document so called describes one.
        None if column.family() == Family::Json && has_people(&column_words(&column.name)) => {
            Some(vec![NO_DOCUMENT])
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::propose::propose;

    fn by_name(table: &Table, column: &Column) -> Option<String> {
        Some(propose(table, column, &wishes(&Names::of(table), column)?))
    }

    fn named(table: &str, column: &str, data_type: &str) -> Option<String> {
        let table = Table { name: table.to_owned(), ..Table::default() };
        let column = Column {
            name: column.to_owned(),
            data_type: data_type.to_owned(),
            length: Some(100),
            ..Column::default()
        };
        by_name(&table, &column)
    }

    #[test]
    fn tells_personal_names_from_harmless_ones() {
        for (column, proposal) in [
            ("customer_email", "\"email\""),
            ("customerEmail", "\"email\""),
            ("mobile", "\"phone\""),
            ("home_phone_2", "\"phone\""),
            ("LastName", "\"last_name\""),
            ("address1", "\"text\""),
            ("firstname", "\"first_name\""),
            ("lastname", "\"last_name\""),
            ("fullname", "\"name\""),
            ("phonenumber", "\"phone\""),
            ("emailaddress", "\"email\""),
            ("emails", "\"email\""),
            ("username", "\"username\""),
            ("birth_date", "\"text\""),
            ("ip_address", "\"ip\""),
            ("home_city", "\"city\""),
            ("display_name", "\"name\""),
            ("user_realname", "\"name\""),
            ("nickname", "\"username\""),
            ("lastip", "\"ip\""),
            ("REMOTE_ADDR", "\"ip\""),
            ("user_pass", "{ kind = \"password\", value = \"development\" }"),
        ] {
            assert_eq!(named("x", column, "varchar").as_deref(), Some(proposal), "{column}");
        }
        assert!(named("x", "tax_id", "varchar").unwrap().contains("###-##-####"));
        for (column, data_type) in [
            ("contact", "json"),
            ("emails", "json"),
            ("salary", "decimal"),
            ("zipcode", "char"),
            ("zip", "int"),
            ("dob", "int"),
            ("birth_year", "smallint"),
            ("birthYear", "int"),
            ("lastip", "int"),
        ] {
            assert!(named("x", column, data_type).is_some(), "{column}");
        }
        assert!(named("x", "dateofbirth", "date").unwrap().contains("generalise"));
        assert!(named("x", "date_of_birth", "date").unwrap().contains("generalise"));
        for harmless in [
            "email_sent",
            "phone_type",
            "mailing",
            "tokenizer",
            "name",
            "birth_country",
            "email_template",
            "last_login_at",
            "city_id",
        ] {
            assert_eq!(named("x", harmless, "varchar"), None, "{harmless}");
        }
        for harmless in ["email_sent", "birth_order", "zip_count", "ip_version"] {
            assert_eq!(named("x", harmless, "tinyint"), None, "{harmless}");
        }
        assert_eq!(named("x", "email_id", "int"), None);
        assert_eq!(named("app_users", "name", "varchar").as_deref(), Some("\"name\""));
    }

    #[test]
    fn hardly_a_word_beside_it_makes_a_text_harmless() {
        for column in [
            "num_passport",
            "num_ssn",
            "num_mobile",
            "id_passport",
            "verified_email",
            "notify_email",
            "hidden_email",
            "phone_day",
            "phone_time",
            "ip_created",
            "email_deleted",
            "email_data",
            "birth_data",
            "max_salary",
        ] {
            assert!(named("x", column, "varchar").is_some(), "{column}");
        }
        for column in ["num_passport", "notify_email", "phone_day", "max_salary"] {
            assert_eq!(named("x", column, "int"), None, "{column}");
        }
    }

    #[test]
    fn shortened_and_turned_names_are_known() {
        for column in [
            "name_first",
            "name_last",
            "f_name",
            "l_name",
            "fst_nm",
            "uname",
            "birthdt",
            "bdate",
            "d_o_b",
            "acct_holder",
            "drv_lic_no",
            "dl_num",
            "lic_no",
            "soc_sec_no",
            "payee",
            "signer",
            "policy_no",
            "home_ph",
            "pass",
            "pw",
            "sec_answer",
            "ssn_last_4",
            "ipv4",
        ] {
            assert!(named("x", column, "varchar").is_some(), "{column}");
        }
        for (column, data_type) in [("pin", "int"), ("otp", "int"), ("imei", "bigint")] {
            assert!(named("x", column, data_type).is_some(), "{column}");
        }
        assert_eq!(named("x", "device_id", "bigint"), None);
    }

    const LIST: &str = include_str!("../../../tests/cases/detect/names.csv");

    /// A line of the list: half, source, table, column, type, length, label.
    type Line = [&'static str; 7];

    fn lines() -> Vec<Line> {
        let cells = |line: &'static str| line.split(',').collect::<Vec<_>>().try_into().unwrap();
        LIST.lines().skip(1).map(cells).collect()
    }

    /// The types of other servers and frameworks as MySQL's.
    fn typed([_, _, _, name, kind, length, _]: &Line) -> Column {
        let data_type = match *kind {
            "character varying" | "nvarchar" | "string" | "character" | "nchar" | "varchar1" => "varchar",
            "boolean" | "bool" | "bit" => "tinyint",
            "numeric" | "number" | "money" => "decimal",
            "integer" | "int4" | "serial" => "int",
            "int8" | "bigserial" => "bigint",
            "float" | "double precision" | "real" => "double",
            "datetime2" => "datetime",
            other => other,
        };
        let given = length.parse().ok();
        let length = if data_type.ends_with("char") { given.or(Some(255)) } else { None };
        Column {
            name: (*name).to_owned(),
            data_type: data_type.to_owned(),
            column_type: given.map_or(data_type.to_owned(), |n: u64| format!("{data_type}({n})")),
            length,
            ..Column::default()
        }
    }

    /// Hits, misses and false alarms of one half of the list. Who wrote the word lists has seen the labels of both.
    fn measured(half: &str) -> (usize, Vec<String>, Vec<String>) {
        let lines = lines();
        let (mut hits, mut missed, mut false_alarms) = (0, Vec::new(), Vec::new());
        for line in lines.iter().filter(|line| line[0] == half) {
            let [_, source, name, column, _, _, label] = line;
            let mates = lines.iter().filter(|other| other[1] == *source && other[2] == *name);
            let table =
                Table { name: (*name).to_owned(), columns: mates.map(typed).collect(), ..Table::default() };
            let found = wishes(&Names::of(&table), &typed(line)).is_some();
            match (*label, found) {
                ("personal", true) => hits += 1,
                ("personal", false) => missed.push(format!("{name}.{column}")),
                ("other", true) => false_alarms.push(format!("{name}.{column}")),
                _ => {}
            }
        }
        (hits, missed, false_alarms)
    }

    #[test]
    fn of_names_that_people_use_hardly_one_is_missed_and_few_are_false_alarms() {
        assert!(lines().len() > 1_500);
        for half in ["tune", "held"] {
            let (hits, missed, false_alarms) = measured(half);
            let (recall, precision) = (share(hits, missed.len()), share(hits, false_alarms.len()));
            println!(
                "{half}: recall {recall:.3}, precision {precision:.3}; missed {missed:?}; false {false_alarms:?}"
            );
            assert!(recall >= 0.98, "{half}: recall {recall:.3}: {missed:?}");
            assert!(precision >= 0.9, "{half}: precision {precision:.3}: {false_alarms:?}");
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    fn share(hits: usize, others: usize) -> f64 {
        hits as f64 / (hits + others) as f64
    }
}
