//! Whether a request may pass a reverse proxy: nginx (`auth_request`), Traefik (ForwardAuth), Caddy (`forward_auth`).
//!
//! The proxy asks with the credential of the request that waits: 200 lets it through, with who it is in headers; 401 and 403 do not.
//! Three things are left out on purpose:
//!
//! - Nothing is read from a header but the credential. Which permission is asked stands in the address that the proxy is configured
//!   with, which no client can change; a header could come from the client wherever the proxy forgets to replace it.
//! - Nobody is led anywhere. Where to sign in is the proxy's to say, in its own configuration, so there is no address to lead astray.
//! - No session gets another token here: an answer that a proxy swallows would lose it. The next page or call renews it.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::SignInMethod,
    mfa::Standing,
    rule::{Public, Rule},
};
use bailiwick_ops::decisions;
use bailiwick_store::{Actor, Permit, Store};
use serde::Deserialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Query,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    /// The permission that is asked for; without it, whoever is known may pass.
    permission: Option<String>,
}

const NO_PERMISSION: Error = Error::BadRequest("`permission` names no permission.");

pub(in crate::api) async fn handle(
    Access(permit): Access<Public>,
    State(store): State<Store>,
    uri: Uri,
    Query(parameters): Query<Parameters>,
) -> Result<Response> {
    let identity = identity(&permit)?;
    // Elsewhere a filter without a value is none. Here it would open the place to everybody who is known.
    let mut asked = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    if asked.any(|(name, value)| name == "permission" && value.is_empty()) {
        return Err(NO_PERMISSION);
    }
    if let Some(name) = parameters.permission.as_deref() {
        // A slip in the proxy's configuration, which must not look like a refusal of the person.
        let permission = store.catalogue().find(name);
        let permission = permission.ok_or(NO_PERMISSION)?;
        if !permit.may(permission) {
            return Err(Error::Forbidden("The permission that this place asks for is missing."));
        }
        decisions::used(&store, &permit, permission);
    }
    Ok((StatusCode::OK, identity).into_response())
}

const KIND: HeaderName = HeaderName::from_static("bailiwick-kind");
const ORGANISATION: HeaderName = HeaderName::from_static("bailiwick-organisation");
const USER: HeaderName = HeaderName::from_static("bailiwick-user");
const ROLE: HeaderName = HeaderName::from_static("bailiwick-role");
const SESSION: HeaderName = HeaderName::from_static("bailiwick-session");
const SIGNED_IN_BY: HeaderName = HeaderName::from_static("bailiwick-signed-in-by");
const KEY: HeaderName = HeaderName::from_static("bailiwick-key");

/// Who asks. Every header is there in every answer, empty where it says nothing: a proxy that copies them replaces all that a client
/// sent under these names. Ids and no names, because headers end up in logs.
fn identity<R: Rule>(permit: &Permit<R>) -> Result<HeaderMap> {
    let tenant = permit.tenant().ok_or(Error::SignIn)?;
    let mut headers = HeaderMap::new();
    for name in [&KIND, &ORGANISATION, &USER, &ROLE, &SESSION, &SIGNED_IN_BY, &KEY] {
        headers.insert(name, HeaderValue::from_static(""));
    }
    let mut say = |name: HeaderName, value: String| -> Result<()> {
        let value = HeaderValue::try_from(value).map_err(|_| Error::internal("an id that is no header"))?;
        headers.insert(name, value);
        Ok(())
    };
    say(ORGANISATION, tenant.to_string())?;
    match (permit.actor(), permit.caller()) {
        (Actor::User { method: SignInMethod::PasswordOnly, .. }, _) => return Err(Error::SecondFactor),
        (Actor::User { id, session, method }, Some(caller)) => {
            match caller.mfa {
                Standing::Below => return Err(Error::Enrol),
                Standing::Unused => return Err(Error::Reauthenticate),
                Standing::Met | Standing::Grace(_) => {}
            }
            say(KIND, "user".into())?;
            say(USER, id.to_string())?;
            say(ROLE, caller.user.role.to_string())?;
            say(SESSION, session.to_string())?;
            say(SIGNED_IN_BY, method.name().into())?;
        }
        (Actor::Key { id, .. }, _) => {
            say(KIND, "key".into())?;
            say(KEY, id.to_string())?;
        }
        _ => return Err(Error::SignIn),
    }
    Ok(headers)
}
