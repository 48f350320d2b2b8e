//! Storing a secret.

use bailiwick_domain::{
    entity::{Secret, Severity},
    rule::{Rule, WriteSecrets},
    secret::SecretName,
    sniff::{Why, sniff},
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, secrets, tenants};

use super::{Value, by, name};
use crate::{Error, Result, valid::Fields};

/// A secret to be.
#[derive(Debug)]
pub struct NewSecret {
    /// The name by which it is used; see [`SecretName`](bailiwick_domain::secret::SecretName).
    pub name: String,
    /// The value of its first version.
    pub value: Value,
}

/// Stores a secret. Its first version is the current one, and its value is shown to nobody again.
///
/// # Errors
/// `Invalid` by field; `Conflict` for more than [`secrets::MOST`].
pub async fn create(store: &Store, permit: &Permit<WriteSecrets>, new: NewSecret) -> Result<Secret> {
    let mut fields = Fields::default();
    let name = fields.take("name", name(&new.name));
    // Whoever mixes the two fields up would have the value in the list, the log and every letter about it.
    let mistaken =
        name.as_ref().is_some_and(|name| matches!(sniff("name", name.as_str()), Some(Why::Shape(_))));
    if mistaken {
        fields.refuse("name", "This has the shape of a secret. Names are shown, and recorded.");
    }
    fields.take("value", new.value.check());
    fields.done()?;
    let Some(name) = name else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            // Two secrets stored at the same moment meet here, so that neither the limit nor a name is passed over.
            tenants::lock_policy(tx).await?;
            if secrets::named(tx, &name).await?.is_some() {
                return Err(Error::field(
                    "name",
                    "There is a secret with this name. Stage another version of it.",
                ));
            }
            let (event, made) = add(store, tx, permit, name.clone(), &new.value).await?;
            Ok(tx.record(event, made))
        })
        .await
}

/// Stores a secret under a name that is free, within the limit: whoever calls it has locked the tenant's policy and looked.
pub(crate) async fn add<R: Rule>(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<R>,
    name: SecretName,
    value: &Value,
) -> Result<(Event, Secret)> {
    if secrets::count(tx).await? >= secrets::MOST {
        return Err(Error::Conflict("There are a thousand secrets already. Delete one first."));
    }
    let made = Secret {
        id: store.new_id(),
        name,
        current: value.version(tx, permit, 1),
        staged: None,
        previous: None,
        newest: 1,
        created_at: tx.now(),
    };
    let written = secrets::insert(tx, made.clone(), value.octets()).await?;
    let said = format!("A secret was stored {}", by(permit.actor()));
    let event = Event::new("secret.created", &written)?.raising(Severity::Info, said);
    Ok((event, made))
}
