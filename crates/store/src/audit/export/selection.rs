//! What an export is of: a search, in JSON.

use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    audit::search::{Kept, Sought, Term},
};

/// What stands in the place of a search that named somebody who was erased. No export is made of it.
pub const ERASED: &str = r#"{"erased":true}"#;

/// A search as it is kept with an export. Members that do not narrow are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clauses: Vec<Kept>,
}

impl From<&Sought> for Selection {
    fn from(sought: &Sought) -> Self {
        Self { from: sought.from, to: sought.to, clauses: sought.kept() }
    }
}

impl Selection {
    /// Reads what was kept.
    ///
    /// # Errors
    /// A text that this version does not write.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|_| Error::Corrupt("audit_export.selection".into()))
    }

    /// Every term that it asks for or leaves out.
    pub(in crate::audit) fn terms(&self) -> Vec<Term> {
        self.clauses.iter().flat_map(Kept::terms).collect()
    }

    /// The text that is kept.
    pub fn text(&self) -> String {
        // Strings, ids and numbers: nothing that could not be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The search. The one place that knows how an export finds its records.
    ///
    /// # Errors
    /// A term that this version does not write.
    pub(super) fn sought(&self) -> Result<Sought> {
        let mut sought = Sought::default()
            .with_kept(&self.clauses)
            .map_err(|_| Error::Corrupt("audit_export.selection".into()))?;
        (sought.from, sought.to) = (self.from, self.to);
        Ok(sought)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_search_comes_back_from_what_is_kept() {
        let mut sought =
            Sought::default().by(Uuid::from_u128(1)).action("user.invited").outcome("denied").changes_only();
        sought.from = Some(Timestamp::from_micros(1_000_000));
        let kept = Selection::from(&sought);
        let again = Selection::parse(&kept.text()).unwrap();
        assert_eq!(Selection::from(&again.sought().unwrap()), kept);
        assert_eq!(Selection::from(&Sought::default()).text(), "{}");
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        for text in ["", "1", r#"{"who":1}"#, ERASED, r#"{"clauses":[{"words":[]}]}"#] {
            assert!(Selection::parse(text).is_err(), "{text}");
        }
        let strange = Selection::parse(r#"{"clauses":[{"terms":["colour:red"]}]}"#).unwrap();
        assert!(strange.sought().is_err());
    }
}
