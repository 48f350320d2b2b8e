//! Integrations: services of others that an organisation uses, each with a configuration that is sealed as a whole.
//!
//! A configuration holds no secret: fields for secrets take references, and whatever is taken for a secret is refused with its place
//! and the reason. Where a secret leads is decided here, so whoever names one has to be able to get it (`secret:use`).

mod check;
mod create;
mod definition;
mod health;
mod outside;
mod remove;
mod target;
mod test;
mod toggle;
mod update;

use bailiwick_domain::{
    entity::IntegrationProvider,
    ids::IntegrationId,
    permission::Permission,
    reference::Reference,
    rule::{Rule, UpdateIntegrations},
    secret::SecretName,
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, integrations, secrets};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub use create::{NewIntegration, create};
pub use definition::{Definition, FieldClass, FieldKind, FieldSpec, definition, definitions};
pub use health::Checks;
pub use outside::Outside;
pub use remove::remove;
pub use test::test;
pub use toggle::{disable, enable};
pub use update::{Update, update};

use crate::{Error, Result, secrets as kept, secrets::Value as Secret};
use check::{Checked, Wrong};

const STALE: Error = Error::Conflict(
    "Somebody has changed this integration since you opened it. Look at it as it is now, and change it again.",
);
const NOT_YOURS: Error = Error::Forbidden(
    "A configuration that names secrets sends them to the other side: that takes the permission secret:use.",
);

/// What an integration is configured with. References stand where secrets would.
///
/// # Errors
/// `NotFound` for one that is not there.
pub async fn configuration(scope: &mut impl Scope, id: IntegrationId) -> Result<Map<String, Value>> {
    let octets = integrations::configuration(scope, id).await?;
    serde_json::from_slice(octets.as_bytes()).map_err(|_| {
        bailiwick_store::Error::Corrupt("a sealed configuration of an integration".into()).into()
    })
}

/// A configuration with what was typed into it that is to become a secret.
struct Draft {
    checked: Checked,
    raw: Option<Raw>,
}

/// A value that is stored as a secret by the same change.
struct Raw {
    field: &'static FieldSpec,
    /// Under this name, if it is free.
    proposed: SecretName,
    value: Secret,
}

/// Reads a configuration, and takes out of it the value of `store`, the field whose value is to be kept as a secret.
fn draft(
    permit: &Permit<UpdateIntegrations>,
    definition: &'static Definition,
    mut config: Value,
    name: &str,
    store: Option<&str>,
    outside: &Outside,
    wrong: &mut Wrong,
) -> Result<Option<Draft>> {
    let mut raw = None;
    if let Some(field) = store {
        if !permit.may(Permission::SECRET_WRITE) {
            return Err(Error::Forbidden("Storing secrets takes the permission secret:write."));
        }
        raw = take_raw(definition, &mut config, name, field, wrong);
    }
    let Some(checked) = check::check(definition, config, outside, wrong) else { return Ok(None) };
    if checked.refers && !permit.may(Permission::SECRET_USE) {
        return Err(NOT_YOURS);
    }
    Ok(Some(Draft { checked, raw }))
}

fn take_raw(
    definition: &'static Definition,
    config: &mut Value,
    name: &str,
    field: &str,
    wrong: &mut Wrong,
) -> Option<Raw> {
    let Some(field) = definition.field(field).filter(|field| field.class == FieldClass::Secret) else {
        wrong.at("config", "Only a field for secrets is stored as one.");
        return None;
    };
    let typed = match config.get_mut(&field.name) {
        Some(Value::String(text)) => Zeroizing::new(std::mem::take(text)),
        _ => Zeroizing::default(),
    };
    if typed.parse::<Reference>().is_ok() {
        wrong.at(&field.place, "This is a reference already. Save it as it is.");
        return None;
    }
    let value = Secret::new(typed.to_string());
    if let Err(text) = value.check() {
        wrong.at(&field.place, text);
        return None;
    }
    let proposed = proposed(definition.provider, name, &field.name)?;
    if let Some(place) = config.get_mut(&field.name) {
        *place = Value::String(Reference::Stored(proposed.clone()).to_string());
    }
    Some(Raw { field, proposed, value })
}

/// The name under which the value of a field is stored: `smtp/clinic-mail/password`.
fn proposed(provider: IntegrationProvider, name: &str, field: &str) -> Option<SecretName> {
    let mut part = String::new();
    for letter in name.trim().chars().take(48) {
        if letter.is_ascii_alphanumeric() {
            part.push(letter.to_ascii_lowercase());
        } else if !part.is_empty() && !part.ends_with('-') {
            part.push('-');
        }
    }
    let part = part.trim_end_matches('-');
    let part = if part.is_empty() { "unnamed" } else { part };
    format!("{}/{part}/{field}", provider.name()).parse().ok()
}

impl Draft {
    /// Stores what is to become a secret, sees that every secret which is named is there, and gives the configuration as it is sealed.
    async fn settle(
        &self,
        store: &Store,
        tx: &mut Tx,
        permit: &Permit<UpdateIntegrations>,
    ) -> Result<(Option<Event>, Zeroizing<Vec<u8>>)> {
        let mut config = self.checked.config.clone();
        let mut made = None;
        if let Some(raw) = &self.raw {
            let name = free(tx, &raw.proposed).await?;
            let reference = Reference::Stored(name.clone()).to_string();
            config.insert(raw.field.name.clone(), Value::String(reference));
            made = Some(kept::add(store, tx, permit, name, &raw.value).await?.0);
        }
        let mut wrong = Wrong::default();
        for (field, name) in &self.checked.stored {
            let own = self.raw.as_ref().is_some_and(|raw| raw.field.name == field.name);
            if !own && secrets::named(tx, name).await?.is_none() {
                wrong.at(&field.place, "There is no secret with this name. Store it first.");
            }
        }
        wrong.done()?;
        let octets = serde_json::to_vec(&config).map_err(|_| Error::NotFound)?;
        Ok((made, Zeroizing::new(octets)))
    }
}

/// The name, or one with a number behind it where there is a secret with it already.
async fn free(tx: &mut Tx, proposed: &SecretName) -> Result<SecretName> {
    if secrets::named(tx, proposed).await?.is_none() {
        return Ok(proposed.clone());
    }
    for number in 2..100 {
        let Ok(other) = format!("{proposed}-{number}").parse::<SecretName>() else { break };
        if secrets::named(tx, &other).await?.is_none() {
            return Ok(other);
        }
    }
    Err(Error::Conflict("There are secrets with every name that was thought of. Store it yourself first."))
}

/// Who acts, if it is a person or a key that somebody made.
fn person<R: Rule>(permit: &Permit<R>) -> Option<bailiwick_domain::ids::UserId> {
    permit.actor().person()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_can_be_proposed_whatever_the_integration_is_called(name in any::<String>()) {
            let name = proposed(IntegrationProvider::PaymentGateway, &name, "api_key").unwrap();
            prop_assert!(name.as_str().starts_with("payment_gateway/") && name.as_str().ends_with("/api_key"));
        }
    }
}
