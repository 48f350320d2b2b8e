//! Storing a secret.

use bailiwick_domain::{
    entity::{Secret, Severity},
    rule::WriteSecrets,
    sniff::{Why, sniff},
};
use bailiwick_store::{Event, Permit, Scope, Store, secrets, tenants};

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
            if secrets::count(tx).await? >= secrets::MOST {
                return Err(Error::Conflict("There are a thousand secrets already. Delete one first."));
            }
            if secrets::named(tx, &name).await?.is_some() {
                return Err(Error::field(
                    "name",
                    "There is a secret with this name. Stage another version of it.",
                ));
            }
            let made = Secret {
                id: store.new_id(),
                name: name.clone(),
                current: new.value.version(tx, permit, 1),
                staged: None,
                previous: None,
                newest: 1,
                created_at: tx.now(),
            };
            let written = secrets::insert(tx, made.clone(), new.value.octets()).await?;
            let said = format!("A secret was stored {}", by(permit.actor()));
            let event = Event::new("secret.created", &written)?.raising(Severity::Info, said);
            Ok(tx.record(event, made))
        })
        .await
}
