//! Declaring a rule is enforcing it: a handler whose first parameter is [`Access<R>`] runs only after the gate has
//! checked `R` for whoever sent the request.

mod admitted;
pub(crate) mod bearer;
mod confirmation;
pub mod cookies;
mod credential;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use bailiwick_domain::{
    entity::Device,
    rule::{Need, Rule, SignIn},
};
use bailiwick_store::{
    Actor, Permit, Refusal, RequestContext, Store,
    gate::{AgentClass, CarriedDevices, Credential},
};

use crate::{
    bootstrap::{Client, FormFields},
    csrf,
    error::Error,
    matching::{MustMatch, expected},
    rates::Metered,
    shell::Visit,
    state::AppState,
};

pub(crate) use admitted::Admitted;
pub use confirmation::Confirmation;
pub(crate) use confirmation::{CODE_FIELD, ID_FIELD};

/// A request that was allowed under the rule `R`.
///
/// As the first parameter of a handler it checks, in this order: the credential (session cookie or API key, never
/// both), the CSRF token of a state-changing request, and the rule. There is no other way to come by one.
#[derive(Debug)]
pub struct Access<R: Rule>(
    /// The proof for the store.
    pub Permit<R>,
);

impl<R: Rule> FromRequestParts<AppState> for Access<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        // What is done once was admitted before it was known whether it is the first time.
        if let Some(permit) = parts.extensions.remove::<Admitted<R>>().and_then(Admitted::take) {
            return Ok(Self(permit));
        }
        let credential = credential::read(&parts.headers)?;
        csrf::check(&parts.method, &parts.headers, parts.extensions.get::<FormFields>())?;
        let client = parts
            .extensions
            .get::<Client>()
            .ok_or_else(|| Error::internal("a request without the bootstrap"))?;
        let as_bearer = matches!(credential, Credential::Bearer(_));
        let by_key = matches!(credential, Credential::Key(_));
        let request = RequestContext {
            id: client.id,
            ip: client.ip,
            agent: agent(&credential, parts),
            device: device(parts),
            known: known(parts),
        };
        let permit = state.store.gate().admit::<R>(credential, request).await;
        let permit =
            permit.map_err(|refusal| if by_key { to_key(refusal, R::NEED) } else { refusal.into() })?;
        let permit = matching(permit, parts)?;
        if let (Some(token), Some(visit)) = (permit.renewed(), parts.extensions.get_mut::<Visit>()) {
            visit.renew(token, as_bearer);
        }
        if let Some(metered) = parts.extensions.get::<Metered>() {
            metered.count(permit.tenant(), permit.actor().id())?;
        }
        Ok(Self(permit))
    }
}

/// The permit for a change of what its sender has read, where a program says what that is.
fn matching<R: Rule>(permit: Permit<R>, parts: &Parts) -> Result<Permit<R>, Error> {
    if parts.method.is_safe() || !parts.uri.path().starts_with("/v1/") {
        return Ok(permit);
    }
    if parts.extensions.get::<MustMatch>().is_some() && !parts.headers.contains_key(header::IF_MATCH) {
        return Err(Error::Unmatched);
    }
    Ok(match expected(&parts.headers) {
        Some(revisions) => permit.expecting(&revisions),
        None => permit,
    })
}

/// The permit of whoever shows a session as a bearer token under the word of the other kind, which counts as nobody's everywhere
/// else; any other permit as it is.
pub(crate) async fn under_either_word(
    store: &Store,
    permit: Permit<SignIn>,
    headers: &HeaderMap,
) -> Result<Permit<SignIn>, Error> {
    match credential::read(headers)? {
        Credential::Bearer(token) | Credential::Pending(token)
            if matches!(permit.actor(), Actor::Anonymous) =>
        {
            let request = permit.request().clone();
            Ok(store.gate().admit(Credential::Session(token), request).await?)
        }
        _ => Ok(permit),
    }
}

/// What a program reads: it has no role, so it is told what its key lacks.
fn to_key(refusal: Refusal, need: Need) -> Error {
    match (refusal, need.permission()) {
        (Refusal::Forbidden, Some(permission)) => {
            let name = permission.built_in_name().unwrap_or_default();
            Error::KeyLacks(format!("This API key lacks the permission {name}."))
        }
        (Refusal::Forbidden, None) => Error::Forbidden("A person has to do this. An API key cannot."),
        (refusal, _) => refusal.into(),
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SignIn => Self::SignIn,
            Refusal::SecondFactor => Self::SecondFactor,
            // The same page asks for it, and then takes nothing else.
            Refusal::Reauthenticate | Refusal::UsePasskey => Self::Reauthenticate,
            Refusal::Enrol => Self::Enrol,
            Refusal::Forbidden => Self::Forbidden("Your role does not allow this."),
            Refusal::NoPerson => {
                Self::Forbidden("A person has to confirm this with a one-time code. An API key cannot.")
            }
            Refusal::Misplaced => Self::Forbidden("This API key may not be used from this address."),
            Refusal::Suspended => Self::Suspended,
            Refusal::Store(error) => error.into(),
        }
    }
}

/// What kind of program sent the request. Only browsers send the fetch metadata (W3C Fetch Metadata), and no script of
/// a page can forge it.
fn agent(credential: &Credential, parts: &Parts) -> AgentClass {
    match credential {
        Credential::Key(_) | Credential::Bearer(_) | Credential::Pending(_) => AgentClass::Api,
        Credential::Session(_) => AgentClass::Browser,
        Credential::None if parts.headers.contains_key("sec-fetch-mode") => AgentClass::Browser,
        Credential::None => AgentClass::Unknown,
    }
}

/// What the browser claims to be. The header itself goes no further than this.
fn device(parts: &Parts) -> Device {
    let header = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    header.map_or(Device::UNKNOWN, Device::claimed)
}

/// What the browser carries to be known again, or a program in its place. A cookie that is there twice was not set by this site
/// alone, and counts as none.
fn known(parts: &Parts) -> CarriedDevices {
    let carried = cookies::value(&parts.headers, cookies::DEVICE).or_else(|| bearer::device(&parts.headers));
    carried.map(CarriedDevices::parse).unwrap_or_default()
}
