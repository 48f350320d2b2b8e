//! Setting up an authenticator app: its secret is in this answer and never again.

use axum::extract::State;
use bailiwick_domain::{entity::Factor, rule::ChangeMyProofs};
use bailiwick_ops::factors;
use bailiwick_store::{Caller, Store};
use bailiwick_vault::totp::TotpSecret;
use serde::{Deserialize, Serialize};

use super::FactorBody;
use crate::{
    access::Access,
    api::Created,
    error::{Error, Result},
    forms::Json,
    pages::authenticator::address,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct New {
    /// Numbered, if not given.
    name: Option<String>,
}

#[derive(Serialize)]
pub(in crate::api) struct Body {
    #[serde(flatten)]
    factor: FactorBody,
    /// Base32 (RFC 4648) without padding.
    secret: String,
    /// What a QR code of it holds.
    otpauth: String,
}

impl Body {
    /// What `caller` is shown of the authenticator that they have begun to set up.
    pub(in crate::api) fn of(caller: Option<&Caller>, factor: Factor, secret: &TotpSecret) -> Result<Self> {
        let caller = caller.ok_or(Error::Forbidden("Only a signed-in person has second factors."))?;
        Ok(Self {
            factor: factor.into(),
            secret: secret.base32().to_string(),
            otpauth: address(secret, caller)?.to_string(),
        })
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Json(new): Json<New>,
) -> Result<Created<Body>> {
    let (factor, secret) = factors::totp_begin(&store, &permit, new.name.as_deref()).await?;
    Ok(Created { location: "/v1/me/factors".to_owned(), body: Body::of(permit.caller(), factor, &secret)? })
}
