//! What is typed of a hold: whom or what it keeps.

use bailiwick_domain::{
    entity::{AuditHold, HoldScope},
    permission::Permission,
    product::is_kind,
    rule::PlaceHold,
};
use bailiwick_store::{Permit, Scope, audit::thing_of, users};
use uuid::Uuid;

use super::NewHold;
use crate::{
    Error, Result,
    valid::{self, Fields},
};

/// Characters of a class of actions, and of a kind of things, at most.
const NAME: usize = 100;

/// An id, or why nobody is meant.
pub(super) type Meant = std::result::Result<Uuid, &'static str>;

/// Whom a hold of a person is for: by their id, or for whoever may see users by a name or an address that one person has, as the
/// search of the log understands it.
pub(super) async fn person(
    scope: &mut impl Scope,
    permit: &Permit<PlaceHold>,
    new: &NewHold,
) -> Result<Meant> {
    let text = new.person.trim();
    if let Some(id) = of_product(text) {
        return Ok(Ok(id));
    }
    if !permit.may(Permission::USER_READ) {
        return Ok(uuid(text, "Enter the id of a person, as the log shows it."));
    }
    let id = uuid(text, "Enter the name, address or id of a person.");
    if id.is_ok() || text.is_empty() || new.scope != "person" {
        return Ok(id);
    }
    Ok(match users::matching(scope, text).await?.as_slice() {
        [one] => Ok(one.id.uuid()),
        [] => Err("Nobody here has this name or address, and it is no id."),
        _ => Err("Several people fit. Use the address of one of them."),
    })
}

/// Somebody of the product, as searches name them: whoever acted as `product:u-17`, and as what they are there, `app.customer/CU-77`.
fn of_product(text: &str) -> Option<Uuid> {
    let actor = text.split_once(':').filter(|(kind, _)| *kind == "product");
    let (kind, id) = actor.or_else(|| text.split_once('/').filter(|(kind, _)| is_kind(kind)))?;
    thing_of(kind, id)
}

pub(super) fn parse(new: &NewHold, person: Meant) -> Result<AuditHold> {
    let mut fields = Fields::default();
    let id = fields.take("id", uuid(&new.id, "Choose an id that stands for this hold, a UUID."));
    let reason = fields.take("reason", valid::reason(&new.reason));
    let scope = scope(new, person, &mut fields);
    fields.done()?;
    // Each of them is there, or the line before has returned.
    let (Some(id), Some(reason), Some(scope)) = (id, reason, scope) else { return Err(Error::NotFound) };
    Ok(AuditHold { id: id.into(), scope, reason, lifted: false })
}

fn scope(new: &NewHold, person: Meant, fields: &mut Fields) -> Option<HoldScope> {
    match new.scope.as_str() {
        "tenant" => Some(HoldScope::Tenant),
        "person" => fields.take("person", person).map(|person| HoldScope::Person { person }),
        "entity" => {
            let kind = new.entity_type.trim();
            if !is_name(kind) {
                fields.refuse("entity_type", "Enter a kind of things, such as invitation.");
            }
            let id = thing_of(kind, new.entity_id.trim()).filter(|id| !id.is_nil());
            let id = id.ok_or(
                "Enter the id of a thing, as the log shows it; one of the product's as the product has it.",
            );
            let entity_id = fields.take("entity_id", id)?;
            Some(HoldScope::Entity { entity_type: kind.to_owned(), entity_id })
        }
        "range" => {
            let action = Some(new.action.trim()).filter(|class| !class.is_empty());
            let (from, until) = (new.from, new.until);
            if from.is_none() && until.is_none() && action.is_none() {
                fields.refuse("scope", "Say from when, until when, or of which action.");
            }
            if from.zip(until).is_some_and(|(from, until)| until <= from) {
                fields.refuse("until", "The end lies before the beginning.");
            }
            if action.is_some_and(|class| !is_name(class)) {
                fields.refuse("action", "Enter an action or what it begins with, such as invitation.");
            }
            Some(HoldScope::Range { from, until, action: action.map(str::to_owned) })
        }
        _ => {
            fields.refuse("scope", "Choose what is to be kept.");
            None
        }
    }
}

/// An id in its one spelling.
fn uuid(text: &str, wrong: &'static str) -> Meant {
    let text = text.trim();
    Uuid::try_parse(text).ok().filter(|id| text.len() == 36 && !id.is_nil()).ok_or(wrong)
}

/// Whether this can be an action, or a kind of things: of ours or of the product.
fn is_name(text: &str) -> bool {
    (1..=NAME).contains(&text.len())
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.'))
        && !text.starts_with('.')
        && !text.ends_with('.')
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Timestamp;

    use super::*;

    const ID: &str = "0193a7c2-7b1e-7000-8000-000000000001";

    fn new(scope: &str) -> NewHold {
        NewHold { id: ID.into(), scope: scope.into(), reason: "Matter 12".into(), ..NewHold::default() }
    }

    fn read(new: &NewHold) -> Result<AuditHold> {
        parse(new, uuid(&new.person, "Nobody."))
    }

    fn refused(new: &NewHold) -> Vec<&'static str> {
        match read(new) {
            Err(Error::Invalid(fields)) => fields.into_iter().map(|wrong| wrong.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_range_needs_a_bound_and_its_right_order() {
        let at = |micros| Some(Timestamp::from_micros(micros));
        assert_eq!(refused(&new("range")), ["scope"]);
        assert_eq!(refused(&NewHold { from: at(2), until: at(2), ..new("range") }), ["until"]);
        for action in ["user.", "user or", ".user"] {
            assert_eq!(refused(&NewHold { action: action.into(), ..new("range") }), ["action"], "{action}");
        }
        let one = read(&NewHold { action: " user ".into(), ..new("range") }).unwrap();
        assert_eq!(one.scope, HoldScope::Range { from: None, until: None, action: Some("user".into()) });
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        assert_eq!(refused(&NewHold::default()), ["id", "reason", "scope"]);
        assert_eq!(refused(&new("person")), ["person"]);
        assert_eq!(refused(&new("entity")), ["entity_type", "entity_id"]);
        let thing = NewHold { entity_type: "app.plan".into(), entity_id: ID.into(), ..new("entity") };
        assert!(read(&thing).is_ok() && read(&new("tenant")).is_ok());
    }

    #[test]
    fn what_the_product_has_is_named_in_the_products_words() {
        let thing = |kind: &str, id: &str| NewHold {
            entity_type: kind.into(),
            entity_id: id.into(),
            ..new("entity")
        };
        let entity_id = thing_of("app.customer", "CU-77").unwrap();
        let held = HoldScope::Entity { entity_type: "app.customer".into(), entity_id };
        for id in ["CU-77", " CU-77 ", &entity_id.to_string()] {
            assert_eq!(read(&thing("app.customer", id)).unwrap().scope, held, "{id}");
        }
        assert_eq!(refused(&thing("invitation", "CU-77")), ["entity_id"]);
        assert_eq!(refused(&thing("app.customer", "CU 77")), ["entity_id"]);
        assert_eq!(of_product("app.customer/CU-77"), Some(entity_id));
        assert_eq!(of_product("product:u-17"), thing_of("product", "u-17"));
        for nobody in ["u-17", "user:u-17", "user/u-17", "product:", "app.customer/", ID] {
            assert_eq!(of_product(nobody), None, "{nobody}");
        }
    }
}
