//! What is kept of one person, across every table and the log: found, counted, read. Erasing it is `users::erase`.

mod certificate;
mod count;
mod lines;
mod mentions;
mod records;
mod requests;

use bailiwick_domain::{
    entity::{SubjectRequest, User},
    ids::UserId,
};
use uuid::Uuid;

pub(crate) use certificate::of_record;
pub use certificate::{certificate, certified};
pub use count::{CAP, counts};
pub use lines::{Line, MOST, lines};
pub use mentions::{Called, exports, searches, unsay};
pub use records::{Record, Said, records};
pub use requests::{Asked, about, certify, find, insert, list, lock, replace};

use crate::{
    Error, Result,
    audit::integrate::thing_of,
    lock::row,
    tx::Scope,
    users::{self, keys_of},
};

/// By what a person is looked for.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// The opaque id of a user, also of one who is gone.
    Person(Uuid),
    /// An address in its stored spelling.
    Address(&'a str),
    /// An id of the guarded product: the kind of the thing or `product`, and the product's text.
    Product(&'a str, &'a str),
}

/// A person of whom something is, or was, kept.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What names them in the log.
    pub person: Uuid,
    /// Their account, while they have one.
    pub user: Option<User>,
    /// Their address, while it is known.
    pub address: Option<String>,
    /// Under whose keys the log keeps something about them, their own among them.
    pub keys: Vec<Uuid>,
}

/// The person, or nothing where nobody is known by it.
pub async fn by(scope: &mut impl Scope, by: By<'_>) -> Result<Option<Subject>> {
    match by {
        By::Person(person) => known(scope, person, None).await,
        By::Product(kind, id) => match thing_of(kind, id) {
            Some(id) => known(scope, id, None).await,
            None => Ok(None),
        },
        By::Address(address) => match users::by_email(scope, address).await? {
            Some(user) => known(scope, user.id.uuid(), None).await,
            None => {
                // Nobody has this id, so what is found belongs to the address.
                let keys = keys_of(scope, Uuid::nil(), Some(address)).await?;
                // Nil sorts first and stands for nobody; the first thing about the address stands for the person.
                if let Some(person) = keys.into_iter().find(|key| !key.is_nil()) {
                    return known(scope, person, Some(address.to_owned())).await;
                }
                // Nothing is under their keys; what others keep may name the address still.
                let called = Called { person: Uuid::nil(), name: None, address: Some(address) };
                let named =
                    !searches(scope, called).await?.is_empty() || !exports(scope, called).await?.is_empty();
                if !named {
                    return Ok(None);
                }
                let tag = scope.shared().keys.directory.request_tag(&scope.tenant().bytes(), address);
                known(scope, standing_for(&tag), Some(address.to_owned())).await
            }
        },
    }
}

/// The id of whoever is known by their address alone, which says as little as the tag that a request keeps of it.
fn standing_for(tag: &[u8; 32]) -> Uuid {
    let mut octets = [0; 16];
    octets.iter_mut().zip(tag).for_each(|(to, from)| *to = *from);
    uuid::Builder::from_custom_bytes(octets).into_uuid()
}

/// The person of a request, as they are found now.
pub async fn of_request(
    scope: &mut impl Scope,
    request: &SubjectRequest,
    address: Option<String>,
) -> Result<Subject> {
    match known(scope, request.person, address.clone()).await? {
        Some(subject) => Ok(subject),
        None => Ok(Subject { person: request.person, user: None, address, keys: vec![request.person] }),
    }
}

/// Under whose keys the log keeps something about a person, their own among them.
pub async fn keys(scope: &mut impl Scope, person: Uuid, address: Option<&str>) -> Result<Vec<Uuid>> {
    keys_of(scope, person, address).await
}

async fn known(scope: &mut impl Scope, person: Uuid, address: Option<String>) -> Result<Option<Subject>> {
    let user = match users::find(scope, UserId::from(person)).await {
        Ok(user) => Some(user),
        Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    let address = user.as_ref().map(|user| user.email.clone()).or(address);
    if user.is_none() && address.is_none() {
        let tenant = scope.tenant();
        // A row stays after an erasure: they were known once.
        let found: Option<(i64,)> = row!(
            scope,
            "SELECT count(*) FROM subject_key WHERE tenant = $1 AND subject = $2",
            tenant.uuid(),
            person
        )?;
        if found.is_none_or(|(keys,)| keys == 0) {
            return Ok(None);
        }
    }
    let keys = keys_of(scope, person, address.as_deref()).await?;
    Ok(Some(Subject { person, user, address, keys }))
}
