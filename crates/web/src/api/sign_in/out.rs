//! Signing out. It works with any session, also one that waits for its second factor or has ended by itself, and under either
//! word: whoever shows the token of a session wants it to be over.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::{Error, sign_in};
use bailiwick_store::{AgentClass, Store};

use crate::{
    access::{self, Access, cookies},
    api::NoBody,
    error::{self, Result},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    headers: HeaderMap,
    _: NoBody,
) -> Result<Response> {
    let permit = access::under_either_word(&store, permit, &headers).await?;
    match sign_in::sign_out(&store, &permit).await {
        // Another request ended it a moment ago.
        Ok(()) | Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if permit.request().agent == AgentClass::Browser {
        let gone = HeaderValue::from_str(&cookies::end_session().to_string());
        let gone = gone.map_err(|error| error::Error::Internal(Box::new(error)))?;
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    Ok(response)
}
