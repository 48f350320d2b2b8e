use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, User};
use crate::{ids::AuditHoldId, time::Timestamp};

/// What a legal hold keeps: neither an erasure nor the retention takes it while the hold stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "snake_case")]
pub enum HoldScope {
    /// Everything of the organisation.
    Tenant,
    /// Everything about one person: of ours by their id, of the product by the UUID that stands for theirs.
    Person {
        /// Their opaque id.
        person: Uuid,
    },
    /// The history of one thing.
    Entity {
        /// Its kind in the log.
        entity_type: String,
        /// Its id; of the product the UUID that stands for it.
        entity_id: Uuid,
    },
    /// Records of a time and a class of actions; what is left out bounds nothing.
    Range {
        /// The first moment.
        from: Option<Timestamp>,
        /// The first moment after it.
        until: Option<Timestamp>,
        /// The class: an action, or what it begins with up to a dot, such as `invitation`.
        action: Option<String>,
    },
}

impl HoldScope {
    /// The stored spelling of its kind.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Person { .. } => "person",
            Self::Entity { .. } => "entity",
            Self::Range { .. } => "range",
        }
    }

    /// Who may be called by name where a hold is shown: the person that it keeps, or whose account it keeps.
    pub fn somebody(&self) -> Option<Uuid> {
        match self {
            Self::Person { person } => Some(*person),
            Self::Entity { entity_type, entity_id } if entity_type == User::KIND => Some(*entity_id),
            _ => None,
        }
    }

    /// What it keeps, in words that go on a sentence. Of people and things only the end of the id is said.
    pub fn words(&self) -> String {
        self.words_of(None)
    }

    /// The same with the name of [`somebody`](Self::somebody), for whoever may read it.
    pub fn words_of(&self, name: Option<&str>) -> String {
        let called = |id: Uuid| match name {
            Some(name) => format!("{name} (…{})", tail(id)),
            None => format!("…{}", tail(id)),
        };
        match self {
            Self::Tenant => "the whole organisation".to_owned(),
            Self::Person { person } => format!("the person {}", called(*person)),
            Self::Entity { entity_type, entity_id } => {
                format!("the {} {}", entity_type.replace('_', " "), called(*entity_id))
            }
            Self::Range { from, until, action } => {
                let action = action.as_deref().map_or_else(String::new, |class| format!(" of “{class}”"));
                let from = from.map_or_else(String::new, |at| format!(" from {at}"));
                let until = until.map_or_else(String::new, |at| format!(" until {at}"));
                format!("records{action}{from}{until}")
            }
        }
    }

    /// Whether it keeps a thing, or everything about whomever the thing belongs to.
    pub fn keeps_thing(&self, kind: &str, id: Uuid, owner: Option<Uuid>) -> bool {
        match self {
            Self::Tenant => true,
            Self::Person { person } => owner == Some(*person),
            Self::Entity { entity_type, entity_id } => entity_type == kind && *entity_id == id,
            Self::Range { .. } => false,
        }
    }

    /// Whether a range keeps a record of this action and moment; every other scope none by that alone.
    pub fn keeps(&self, action: &str, at: Timestamp) -> bool {
        let Self::Range { from, until, action: class } = self else { return false };
        from.is_none_or(|from| from <= at)
            && until.is_none_or(|until| at < until)
            && class.as_deref().is_none_or(|class| is_of(action, class))
    }
}

/// Whether an action is of a class: the same, or below it.
pub fn is_of(action: &str, class: &str) -> bool {
    action.strip_prefix(class).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The end of an id, which is its random half.
fn tail(id: Uuid) -> String {
    let digits = id.simple().to_string();
    digits.get(24..).unwrap_or_default().to_owned()
}

/// A legal hold. When it was placed and lifted, and by whom, stands in its records.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditHold {
    /// The hold's id.
    pub id: AuditHoldId,
    /// What it keeps.
    #[serde(flatten)]
    pub scope: HoldScope,
    /// Why it was placed: the matter, as whoever placed it calls it.
    pub reason: String,
    /// Whether it keeps nothing any more.
    pub lifted: bool,
}

impl AuditHold {
    /// What a person reads whose change the hold does not allow; names the hold, somebody by `name` where it may be read, and not its
    /// matter.
    pub fn refusal(&self, name: Option<&str>) -> String {
        format!(
            "The legal hold …{} on {} keeps this. Nothing of it can be erased before the hold is lifted.",
            tail(self.id.uuid()),
            self.scope.words_of(name)
        )
    }

    /// The end of its id, by which people tell holds apart.
    pub fn number(&self) -> String {
        tail(self.id.uuid())
    }
}

impl Entity for AuditHold {
    const KIND: &'static str = "audit_hold";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hold(scope: HoldScope) -> AuditHold {
        AuditHold { id: AuditHoldId::from_bytes([7; 16]), scope, reason: "Matter 12".into(), lifted: false }
    }

    #[test]
    fn a_range_keeps_its_time_and_class_alone() {
        let at = Timestamp::from_micros;
        let scope = HoldScope::Range { from: Some(at(10)), until: Some(at(20)), action: Some("user".into()) };
        for (action, moment, kept) in [
            ("user.deleted", 10, true),
            ("user", 19, true),
            ("user.deleted", 20, false),
            ("user.deleted", 9, false),
            ("users.deleted", 15, false),
            ("invitation.created", 15, false),
        ] {
            assert_eq!(scope.keeps(action, at(moment)), kept, "{action} at {moment}");
        }
        let open = HoldScope::Range { from: None, until: None, action: None };
        assert!(open.keeps("anything.else", at(0)) && !HoldScope::Tenant.keeps("user.deleted", at(15)));
    }

    #[test]
    fn an_image_comes_back_as_it_was() {
        for scope in [
            HoldScope::Tenant,
            HoldScope::Person { person: Uuid::from_u128(5) },
            HoldScope::Entity { entity_type: "user".into(), entity_id: Uuid::from_u128(6) },
            HoldScope::Range { from: Some(Timestamp::from_micros(5)), until: None, action: None },
        ] {
            let image = serde_json::to_value(hold(scope.clone())).unwrap();
            assert_eq!(image["scope"], json!(scope.name()));
            assert_eq!(serde_json::from_value::<AuditHold>(image).unwrap(), hold(scope));
        }
    }

    #[test]
    fn the_refusal_names_the_hold_and_not_its_matter() {
        let keeps = hold(HoldScope::Person { person: Uuid::from_u128(0xab) });
        let text = keeps.refusal(None);
        assert!(text.contains("…07070707") && text.contains("the person …000000ab"), "{text}");
        assert!(!text.contains("Matter"), "{text}");
        assert!(keeps.refusal(Some("Ann Lee")).contains("the person Ann Lee (…000000ab)"));
    }
}
