//! What a name can speak of, and what can stand for such a value in a column of a given type.
//!
//! In: a [`Class`], a column. Out: the right side of a rule, or nothing where such a column does not hold it: a flag called `phone` is none.

use crate::catalog::{Column, Family};

/// What a column holds. Of two that a name speaks of equally, the first one here counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Email,
    Phone,
    Ssn,
    Card,
    Cvv,
    Iban,
    Account,
    Password,
    Secret,
    Pin,
    Birth,
    FirstName,
    LastName,
    Username,
    Name,
    Ip,
    Mac,
    Agent,
    Device,
    Id,
    Money,
    Geo,
    Special,
    Street,
    Zip,
    City,
    Place,
    Address,
    Company,
    Picture,
    Note,
}

/// What stands for a number that says much of a person.
const NOUGHT: &str = "{ kind = \"constant\", value = 0 }";

/// The rule that replaces a whole document.
pub(crate) const NO_DOCUMENT: &str = "{ kind = \"constant\", value = \"{}\" }";

/// What each section of a list is, what stands for a text, and how short a column of it can be (characters).
const TEXTS: &[(&str, Class, &str, u64)] = &[
    ("email", Class::Email, "\"email\"", 6),
    ("phone", Class::Phone, "\"phone\"", 5),
    ("ssn", Class::Ssn, "{ kind = \"pattern\", format = \"###-##-####\" }", 4),
    ("card", Class::Card, "\"card\"", 4),
    ("cvv", Class::Cvv, "{ kind = \"constant\", value = \"000\" }", 3),
    ("iban", Class::Iban, "\"iban\"", 8),
    ("account", Class::Account, "{ kind = \"pattern\", format = \"##########\" }", 4),
    ("password", Class::Password, "{ kind = \"password\", value = \"development\" }", 4),
    ("secret", Class::Secret, "\"hash\"", 4),
    ("pin", Class::Pin, "\"hash\"", 4),
    ("birth", Class::Birth, "\"text\"", 4),
    ("first_name", Class::FirstName, "\"first_name\"", 2),
    ("last_name", Class::LastName, "\"last_name\"", 2),
    ("username", Class::Username, "\"username\"", 4),
    ("name", Class::Name, "\"name\"", 4),
    ("ip", Class::Ip, "\"ip\"", 7),
    ("mac", Class::Mac, "\"mac\"", 6),
    ("agent", Class::Agent, "\"text\"", 8),
    ("device", Class::Device, "\"hash\"", 6),
    ("id", Class::Id, "\"hash\"", 4),
    ("money", Class::Money, "\"text\"", 3),
    ("geo", Class::Geo, "\"text\"", 4),
    ("special", Class::Special, "\"text\"", 1),
    ("street", Class::Street, "\"street\"", 4),
    ("zip", Class::Zip, "{ kind = \"pattern\", format = \"#####\" }", 4),
    ("city", Class::City, "\"city\"", 4),
    ("place", Class::Place, "\"text\"", 4),
    ("address", Class::Address, "\"text\"", 3),
    ("company", Class::Company, "\"company\"", 4),
    ("picture", Class::Picture, "\"text\"", 4),
    ("note", Class::Note, "\"text\"", 20),
];

impl Class {
    /// The class that a section of a list is about.
    pub(crate) fn of(section: &str) -> Option<Self> {
        TEXTS.iter().find(|(name, ..)| *name == section).map(|(_, class, ..)| *class)
    }

    /// What may stand for such a value in `column`, the best first; nothing where such a column does not hold one. `plain`: the name
    /// says it whatever stands around it.
    pub(crate) fn wishes(
        self,
        column: &Column,
        plain: bool,
        ends_with_id: bool,
    ) -> Option<Vec<&'static str>> {
        match column.family() {
            Family::Binary if self == Self::Picture => Some(vec!["\"null\"", "\"empty\""]),
            // Most bytes with such a name are a text that somebody stored so.
            Family::Text | Family::Binary => self.text(column),
            Family::Json => Some(vec![NO_DOCUMENT]),
            Family::Choice => self.choice(column),
            Family::Time if self == Self::Birth && column.data_type != "time" => {
                Some(vec!["{ kind = \"generalise\", to = \"year\" }"])
            }
            Family::Exact | Family::Approximate if plain && !ends_with_id => self.number(column),
            Family::Other if self == Self::Geo && column.data_type == "point" => Some(vec!["\"geo\""]),
            Family::Other if self == Self::Ip && column.data_type.starts_with("inet") => Some(vec!["\"ip\""]),
            _ => None,
        }
    }

    fn text(self, column: &Column) -> Option<Vec<&'static str>> {
        let (_, _, wish, least) = TEXTS.iter().find(|(_, class, ..)| *class == self)?;
        (column.length.unwrap_or(u64::MAX) >= *least).then(|| vec![*wish, "\"text\""])
    }

    /// A member of an ENUM says little of a person, but where the list of members is one of persons.
    fn choice(self, column: &Column) -> Option<Vec<&'static str>> {
        let shared = matches!(self, Self::Special | Self::Note | Self::Company | Self::Place | Self::Money);
        let flag = column.column_type.len() <= "enum('y','n')".len();
        (!shared && !flag).then(|| vec!["\"null\""])
    }

    fn number(self, column: &Column) -> Option<Vec<&'static str>> {
        match self {
            // A flag, whatever it is called.
            _ if column.data_type == "tinyint" || column.column_type.ends_with("int(1)") => None,
            Self::Phone => Some(vec!["\"phone\"", NOUGHT]),
            Self::Device if column.data_type == "bigint" => Some(vec![NOUGHT]),
            Self::Geo if !column.integer() => Some(vec!["\"geo\""]),
            Self::Ip if column.integer() => Some(vec!["\"ip\"", NOUGHT]),
            Self::Ssn
            | Self::Card
            | Self::Cvv
            | Self::Pin
            | Self::Account
            | Self::Birth
            | Self::Id
            | Self::Money
            | Self::Zip => Some(vec![NOUGHT]),
            _ => None,
        }
    }
}
