//! What is sought, as it is kept for later: in words that any later version reads.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Clause, Sought, Term};
use crate::{Error, Result};

/// A clause as it is kept. Members that say nothing are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::audit) struct Kept {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    not: bool,
    /// `sort:value` each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    terms: Vec<String>,
    /// Kinds, empty for any, and ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    things: Vec<(String, Uuid)>,
}

impl From<&Clause> for Kept {
    fn from(clause: &Clause) -> Self {
        Self {
            not: clause.not,
            terms: clause.terms.iter().filter_map(Term::written).collect(),
            things: clause.things.clone(),
        }
    }
}

impl Kept {
    /// Its terms, those that this version writes.
    pub(in crate::audit) fn terms(&self) -> impl Iterator<Item = Term> {
        self.terms.iter().filter_map(|text| Term::read(text))
    }

    fn clause(&self) -> Result<Clause> {
        let terms = self.terms.iter().map(|text| Term::read(text)).collect::<Option<_>>();
        let terms = terms.ok_or_else(|| Error::Corrupt("a term of a search that is kept".into()))?;
        Ok(Clause { not: self.not, terms, things: self.things.clone() })
    }
}

impl Sought {
    /// Its clauses, to be kept; the range of time is beside them.
    pub(in crate::audit) fn kept(&self) -> Vec<Kept> {
        self.clauses.iter().map(Kept::from).collect()
    }

    /// With clauses that were kept.
    ///
    /// # Errors
    /// A term that this version does not write.
    pub(in crate::audit) fn with_kept(mut self, kept: &[Kept]) -> Result<Self> {
        for clause in kept {
            self = self.with(clause.clause()?);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn clauses_come_back_as_they_were_sought() {
        let id = Uuid::from_u128(7);
        let sought = Sought::default()
            .by(id)
            .in_request(id)
            .action("user.created")
            .about(vec![("user".into(), id), (String::new(), id)])
            .changes_only()
            .with(Clause::of(vec![Term::word("förderung:x"), Term::source([9; 8])]))
            .with(Clause::default());
        let text = serde_json::to_string(&sought.kept()).unwrap();
        let kept: Vec<Kept> = serde_json::from_str(&text).unwrap();
        let again = Sought::default().with_kept(&kept).unwrap();
        assert_eq!(format!("{:?}", again.clauses), format!("{:?}", sought.clauses), "{text}");
        assert!(text.contains("action:user.created") && text.contains(&id.to_string()), "{text}");
    }

    #[test]
    fn what_this_version_does_not_write_is_refused() {
        for term in ["", "action", "colour:red", "actor:me", "source:zz"] {
            let kept = Kept { terms: vec![term.to_owned()], ..Kept::default() };
            assert!(Sought::default().with_kept(&[kept]).is_err(), "{term}");
        }
    }
}
