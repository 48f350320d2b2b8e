//! A layer that asks before a request is handled.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use tower::{Layer, Service};
use uuid::Uuid;

use crate::{Client, Error, Subject};

/// Lets a request through where whoever sends it holds a permission, with an [`Identity`] among its extensions.
///
/// They show `Authorization: Bearer` with an API key of the organisation or with the session of a program, `session.…`. Nobody
/// known is answered 401, who lacks the permission 403, and where Bailiwick cannot be asked 503: nobody is let in unasked. Nothing is
/// kept: what was taken from somebody is gone with their next request.
#[derive(Clone, Debug)]
pub struct Guard {
    client: Client,
    permission: Arc<str>,
}

impl Guard {
    /// Asks for this permission.
    pub fn new(client: Client, permission: &str) -> Self {
        Self { client, permission: permission.into() }
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { guard: self.clone(), inner }
    }
}

/// Who sends a request that was let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user; of a key, whoever made it.
    pub user: Option<Uuid>,
    /// Their own role; of a key, none.
    pub role: Option<String>,
    /// The session, where they showed one.
    pub session: Option<Uuid>,
    /// The key's record, where they showed a key.
    pub key: Option<Uuid>,
}

/// A service behind a [`Guard`].
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that was asked whether it is ready is the one that is called.
        let another = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, another);
        let guard = self.guard.clone();
        Box::pin(async move {
            match guard.admit(request.headers()).await {
                Ok(identity) => {
                    request.extensions_mut().insert(identity);
                    inner.call(request).await
                }
                Err(status) => Ok(refusal(status)),
            }
        })
    }
}

impl Guard {
    async fn admit(&self, headers: &HeaderMap) -> Result<Identity, StatusCode> {
        let shown = bearer(headers).ok_or(StatusCode::UNAUTHORIZED)?;
        let subject =
            if shown.starts_with("session.") { Subject::Session(shown) } else { Subject::Key(shown) };
        let decision = self.client.authorize(subject, &[&self.permission]).await;
        let decision = decision.map_err(|error| match error {
            // What was shown is too long, or no text that can be asked about.
            Error::Refused { status, .. } if status == StatusCode::PAYLOAD_TOO_LARGE => {
                StatusCode::UNAUTHORIZED
            }
            _ => StatusCode::SERVICE_UNAVAILABLE,
        })?;
        if decision.subject.standing != "active" {
            return Err(StatusCode::UNAUTHORIZED);
        }
        // One question, one answer, and it has to be about what was asked.
        let [answer] = decision.answers.as_slice() else { return Err(StatusCode::SERVICE_UNAVAILABLE) };
        if !(decision.allowed && answer.allowed && *answer.permission == *self.permission) {
            return Err(StatusCode::FORBIDDEN);
        }
        let who = decision.subject;
        Ok(Identity { user: who.user, role: who.role, session: who.session, key: who.key })
    }
}

/// The one token of `Authorization: Bearer` (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Problem JSON (RFC 9457).
fn refusal<R: From<String>>(status: StatusCode) -> Response<R> {
    let title = status.canonical_reason().unwrap_or_default();
    let body = format!(r#"{{"type":"about:blank","title":"{title}","status":{}}}"#, status.as_u16());
    let mut response = Response::new(R::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tower::{ServiceExt, service_fn};

    use super::*;

    fn guarded() -> impl Service<Request<()>, Response = Response<String>, Error = Infallible> {
        // Nobody answers there.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let client = Client::new(&format!("http://127.0.0.1:{port}"), "k").unwrap();
        Guard::new(client, "plan:read")
            .layer(service_fn(|_: Request<()>| async { Ok(Response::new("handled".to_owned())) }))
    }

    #[tokio::test]
    async fn nobody_is_let_in_unasked() {
        for (shown, status) in [
            (vec![], 401),
            (vec!["Basic dTpw"], 401),
            (vec!["Bearer"], 401),
            (vec!["Bearer "], 401),
            (vec!["Bearer a", "Bearer b"], 401),
            (vec!["Bearer a"], 503),
            (vec!["bearer session.a"], 503),
        ] {
            let mut request = Request::new(());
            for value in &shown {
                request.headers_mut().append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            let answer = guarded().oneshot(request).await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{shown:?}");
            assert!(!answer.body().contains("handled"), "{shown:?}");
        }
    }
}
