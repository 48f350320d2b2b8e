//! Opening a request: whom it is about.

use std::collections::BTreeMap;

use bailiwick_domain::{
    entity::{SubjectRequest, SubjectRequestState},
    rule::OpenSubject,
};
use bailiwick_store::{
    Event, Permit, Scope, Store,
    audit::subject::{self, By},
};
use uuid::Uuid;

use super::is_empty;
use crate::{Error, Result, valid};

/// Characters of an id of the product at most.
const PRODUCT: usize = 128;

/// Whom a request is about, as it is typed.
#[derive(Clone, Debug, Default)]
pub struct LookFor {
    /// `person`, `address` or `product`.
    pub by: String,
    /// The id or the address.
    pub value: String,
    /// Of the product: the kind of the thing that the person is there, such as `app.customer`, or `product` for whoever acted.
    pub kind: String,
}

enum Sought {
    Person(Uuid),
    Address(String),
    Product(String, String),
}

impl Sought {
    fn by(&self) -> By<'_> {
        match self {
            Self::Person(id) => By::Person(*id),
            Self::Address(address) => By::Address(address),
            Self::Product(kind, id) => By::Product(kind, id),
        }
    }

    /// What was looked through, where nobody was found: no more is claimed.
    const fn not_found(&self) -> &'static str {
        match self {
            Self::Person(_) => {
                "No user has this id, and the log sealed no value under it. Somebody of the product is found by their id there."
            }
            Self::Address(_) => {
                "No user, invitation, letter, request, kept search or export has this address. What the product sent, and names of API keys, are not looked through for it: somebody of the product is found by their id there."
            }
            Self::Product(..) => {
                "The log sealed no value under this id. Enter the kind and the id as the product sends them."
            }
        }
    }
}

/// Opens a request about a person. One that is open, or that was answered and after which nothing was kept again, is given back as it
/// is: the same question gets the same answer.
///
/// # Errors
/// `Invalid` with the fields `by`, `value` and `kind`; among them where nobody is found, with what was looked through.
pub async fn open(store: &Store, permit: &Permit<OpenSubject>, look_for: LookFor) -> Result<SubjectRequest> {
    let sought = parse(&look_for)?;
    let mut view = store.read(permit).await?;
    let found = subject::by(&mut view, sought.by()).await?;
    let address = match &sought {
        Sought::Address(address) => Some(address.as_str()),
        _ => None,
    };
    let before = subject::about(&mut view, found.as_ref().map(|found| found.person), address).await?;
    let (subject, before) = match (found, before.map(|asked| asked.request)) {
        (None, Some(before)) => return Ok(before),
        (None, None) => return Err(Error::field("value", sought.not_found())),
        (Some(subject), before) => (subject, before),
    };
    if let Some(before) = before
        && (before.state == SubjectRequestState::Open
            || is_empty(&subject::counts(&mut view, &subject).await?))
    {
        return Ok(before);
    }
    drop(view);
    let id = store.new_id();
    let subject = &subject;
    store
        .change(permit, async |tx| {
            let request = SubjectRequest {
                id,
                person: subject.person,
                state: SubjectRequestState::Open,
                erased: BTreeMap::new(),
                disclosures: 0,
                created_at: tx.now(),
            };
            let kept = subject.user.is_none();
            let written = subject::insert(tx, request.clone(), subject.address.as_deref(), kept).await?;
            let event = Event::new("subject_request.opened", &written)?;
            Ok(tx.record(event, request))
        })
        .await
}

fn parse(look_for: &LookFor) -> Result<Sought> {
    let value = look_for.value.trim();
    match look_for.by.as_str() {
        "person" => match Uuid::try_parse(value) {
            Ok(id) if value.len() == 36 => Ok(Sought::Person(id)),
            _ => Err(Error::field("value", "Enter the id of a person, as the log shows it.")),
        },
        "address" => valid::email(value).map(Sought::Address).map_err(|text| Error::field("value", text)),
        "product" => {
            let kind = look_for.kind.trim();
            if kind != "product" && !kind.starts_with("app.") {
                return Err(Error::field(
                    "kind",
                    "Enter product, or the kind of a thing such as app.customer.",
                ));
            }
            let printable = value.bytes().all(|octet| octet.is_ascii_graphic());
            if value.is_empty() || value.len() > PRODUCT || !printable {
                return Err(Error::field("value", "Enter the id that the product uses, without spaces."));
            }
            Ok(Sought::Product(kind.to_owned(), value.to_owned()))
        }
        _ => Err(Error::field("by", "Choose by what to look.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_claimed_of_what_was_not_looked_through() {
        let address = Sought::Address("ann@example.com".into()).not_found();
        assert!(address.contains("not looked through") && address.contains("by their id there"), "{address}");
        for sought in [Sought::Person(Uuid::nil()), Sought::Product("product".into(), "u-17".into())] {
            assert!(!sought.not_found().contains("Nothing is kept"), "{}", sought.not_found());
        }
    }

    fn wrong(by: &str, value: &str, kind: &str) -> Option<&'static str> {
        let look_for = LookFor { by: by.into(), value: value.into(), kind: kind.into() };
        match parse(&look_for) {
            Err(Error::Invalid(fields)) => fields.first().map(|field| field.field),
            _ => None,
        }
    }

    #[test]
    fn what_cannot_name_a_person_is_said_at_its_field() {
        let id = "0193a7c2-7b1e-7000-8000-000000000001";
        for (by, value, kind, field) in [
            ("person", id, "", None),
            ("person", "0193a7c27b1e70008000000000000001", "", Some("value")),
            ("address", "Ann@Example.com", "", None),
            ("address", "ann", "", Some("value")),
            ("product", "u-17", "app.customer", None),
            ("product", "u-17", "product", None),
            ("product", "u-17", "user", Some("kind")),
            ("product", "u 17", "product", Some("value")),
            ("name", "Ann", "", Some("by")),
        ] {
            assert_eq!(wrong(by, value, kind), field, "{by} {value} {kind}");
        }
    }
}
