//! The seal: a hash that says which plan was made on a server.
//!
//! In: a finished plan. Out: its hash in the work schema; later, whether a document's plan has this hash. A plan is SQL that is
//! run with the dumper's rights, and it says what is masked: a document may carry a plan, but must not change it.

use sha2::{Digest, Sha256};

use super::names::SEAL;
use crate::catalog;
use crate::document::Dehydration;
use crate::mysql::{Error, Session};
use crate::sql::{hex, qualified};

/// Writes the hash of the plan that the key tables are of.
pub(crate) fn seal_plan(session: &mut Session, plan: &Dehydration) -> Result<(), Error> {
    let (table, deed) = (qualified(&plan.work_schema, SEAL), "sealing the plan");
    session.run(
        deed,
        &format!("CREATE TABLE {table} (id TINYINT NOT NULL PRIMARY KEY, sha256 CHAR(64) NOT NULL)"),
    )?;
    session.run(deed, &format!("INSERT INTO {table} VALUES (1, '{}')", seal(plan)))?;
    Ok(())
}

/// True if this plan, unchanged, was made on this server.
pub(crate) fn is_sealed(session: &mut Session, plan: &Dehydration) -> Result<bool, Error> {
    if !catalog::has_table(session, "looking for the plan's seal", &plan.work_schema, SEAL)? {
        return Ok(false);
    }
    let sql = format!("SELECT sha256 FROM {} WHERE id = 1", qualified(&plan.work_schema, SEAL));
    let known: Option<String> = session.first("reading the plan's seal", &sql)?;
    Ok(known.is_some_and(|known| known == seal(plan)))
}

/// Returns the SHA-256 of a plan's JSON, in hexadecimal digits.
pub fn seal(plan: &Dehydration) -> String {
    let text = serde_json::to_vec(plan).expect("a plan has only string keys");
    hex(&Sha256::digest(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_keeps_its_seal_on_the_way_and_any_change_breaks_it() {
        let text = r#"{"work_schema":"w","session":["SET @a = 1"],"tables":[{"table":"t","select":"SELECT 1"}],"new":{"x":1.10}}"#;
        let plan: Dehydration = serde_json::from_str(text).unwrap();
        let again: Dehydration = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        assert_eq!(seal(&plan), seal(&again));
        let mut other = plan.clone();
        other.session.push("DROP DATABASE app".to_owned());
        assert_ne!(seal(&plan), seal(&other));
    }
}
