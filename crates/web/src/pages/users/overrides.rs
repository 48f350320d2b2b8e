//! What the form about single permissions asks for, compared with what there is.

use bailiwick_domain::{
    catalogue::Catalogue,
    entity::{Effect, Grant},
    ids::GrantId,
};

use crate::forms::Problem;

/// The fields of the form: `p.<permission>` for each permission, `reason` and `confirmed` once the question was asked.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// By permission: an effect, or nothing for what the role gives.
    choices: Vec<(String, Option<Effect>)>,
    pub(super) confirmed: bool,
    /// For how many days what is granted or denied counts; nothing for good.
    pub(super) days: Option<i64>,
}

/// How long a grant or denial may count, as the form offers it, in days.
pub(super) const DAYS: [i64; 5] = [1, 7, 30, 90, 365];
/// The choice of one without an end.
pub(super) const FOR_GOOD: &str = "for_good";

/// One permission that is to depart from the role in another way than now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) permission: String,
    /// The grant or denial that goes.
    pub(super) before: Option<GrantId>,
    /// What comes.
    pub(super) after: Option<Effect>,
}

impl Wanted {
    /// Reads the fields.
    ///
    /// # Errors
    /// The first field that is no permission or no choice.
    pub(super) fn parse(fields: &[(String, String)], catalogue: &Catalogue) -> Result<Self, Vec<Problem>> {
        let mut wanted = Self::default();
        for (name, value) in fields {
            let Some(permission) = name.strip_prefix("p.") else {
                wanted.confirmed |= name == "confirmed";
                if name == "lasts" && value != FOR_GOOD {
                    let days = value.parse().ok().filter(|days| DAYS.contains(days));
                    wanted.days =
                        Some(days.ok_or_else(|| vec![Problem::new("", "Choose how long it lasts.")])?);
                }
                continue;
            };
            let choice = match value.as_str() {
                "role" => None,
                effect => Some(effect.parse().map_err(|_| {
                    vec![Problem::new("", "Choose role, grant or deny for each permission.")]
                })?),
            };
            if catalogue.find(permission).is_none() {
                return Err(vec![Problem::new("", "One of the permissions is not known.")]);
            }
            wanted.choices.push((permission.to_owned(), choice));
        }
        Ok(wanted)
    }

    /// What has to change. Additions come first: they need the reason, so that a refused one is met before anything is done.
    pub(super) fn changes(&self, grants: &[Grant]) -> Vec<Change> {
        let mut changes: Vec<_> = self
            .choices
            .iter()
            .filter_map(|(permission, after)| {
                let before = grants.iter().find(|grant| grant.permission == *permission);
                (before.map(|grant| grant.effect) != *after).then(|| Change {
                    permission: permission.clone(),
                    before: before.map(|grant| grant.id),
                    after: *after,
                })
            })
            .collect();
        changes.sort_by_key(|change| (change.before.is_some(), change.after.is_none()));
        changes
    }
}

impl Change {
    /// What will happen, in one sentence.
    pub(super) fn sentence(&self, catalogue: &Catalogue) -> String {
        let permission =
            catalogue.find(&self.permission).and_then(|permission| catalogue.definition(permission));
        let meaning = permission.map(|definition| definition.description.as_ref()).unwrap_or_default();
        let what = match self.after {
            Some(Effect::Grant) => "granted",
            Some(Effect::Deny) => "denied",
            None => "left to the roles again",
        };
        format!("{} is {what}. {meaning}", self.permission)
    }

    /// The field of the form that asks for it.
    pub(super) fn field(&self) -> (String, String) {
        (format!("p.{}", self.permission), self.after.map_or("role", Effect::name).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{ids::UserId, time::Timestamp};

    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn grant(permission: &str, effect: Effect) -> Grant {
        let (id, user) = (GrantId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        Grant {
            id,
            user,
            permission: permission.to_owned(),
            effect,
            reason: "r".to_owned(),
            created_at: Timestamp::from_micros(0),
            expires_at: None,
            ended_at: None,
        }
    }

    #[test]
    fn only_what_differs_is_changed_and_additions_come_first() {
        let form = fields(&[
            ("revision", "0"),
            ("p.audit:read", "role"),
            ("p.audit:hold", "role"),
            ("p.audit:export", "deny"),
            ("p.user:read", "grant"),
            ("p.user:grant", "grant"),
        ]);
        let grants = [
            grant("audit:hold", Effect::Deny),
            grant("audit:export", Effect::Grant),
            grant("user:read", Effect::Grant),
        ];
        let changes = Wanted::parse(&form, &Catalogue::built_in()).unwrap().changes(&grants);
        let read: Vec<_> = changes
            .iter()
            .map(|change| (change.permission.as_str(), change.before.is_some(), change.after))
            .collect();
        assert_eq!(
            read,
            [
                ("user:grant", false, Some(Effect::Grant)),
                ("audit:export", true, Some(Effect::Deny)),
                ("audit:hold", true, None)
            ]
        );
        assert_eq!(changes[1].field(), ("p.audit:export".to_owned(), "deny".to_owned()));
        assert_eq!(
            changes[1].sentence(&Catalogue::built_in()),
            "audit:export is denied. Export audit records with their proofs."
        );
    }

    #[test]
    fn an_unknown_permission_or_choice_is_refused() {
        for form in [
            [("p.no:such", "grant")],
            [("p.audit:read", "yes")],
            [("p.*", "grant")],
            [("lasts", "2")],
            [("lasts", "-1")],
        ] {
            assert!(Wanted::parse(&fields(&form), &Catalogue::built_in()).is_err(), "{form:?}");
        }
    }
}
