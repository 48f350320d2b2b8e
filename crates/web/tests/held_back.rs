//! Bodies that are long on their way: who sends them is asked when they are there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{Request, StatusCode, header},
};
use bailiwick_domain::{entity::User, ids::UserId, role::Role, rule::DisableUser};
use bailiwick_ops::users;
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};
use bailiwick_vault::token::SessionToken;
use http_body::Frame;
use support::Service;
use tokio::sync::oneshot;

/// A body that says when it is first read, and comes when it is let go.
struct Held {
    asked: Option<oneshot::Sender<()>>,
    rest: oneshot::Receiver<Bytes>,
    done: bool,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(asked) = self.asked.take() {
            asked.send(()).unwrap();
        }
        if self.done {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.rest).poll(context) {
            Poll::Ready(rest) => {
                self.done = true;
                Poll::Ready(rest.ok().map(|bytes| Ok(Frame::data(bytes))))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Sends a request whose body comes only after `meanwhile`.
async fn held_back(
    db: &Db,
    sender: &Actor,
    (method, path, kind): (&str, &str, &str),
    body: impl Into<Bytes>,
    meanwhile: impl Future<Output = ()>,
) -> StatusCode {
    let session = sender.present_token();
    let csrf = SessionToken::parse(&session).unwrap().csrf().as_str().to_owned();
    let (asked, was_asked) = oneshot::channel();
    let (let_go, rest) = oneshot::channel();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::COOKIE, format!("__Host-bailiwick={session}"))
        .header("x-csrf-token", csrf)
        .header(header::CONTENT_TYPE, kind)
        .body(Body::new(Held { asked: Some(asked), rest, done: false }))
        .unwrap();
    let service = Service::over(db);
    let answer = tokio::spawn(async move { service.raw(request).await.status });
    was_asked.await.unwrap();
    meanwhile.await;
    let_go.send(body.into()).unwrap();
    answer.await.unwrap()
}

async fn person(db: &Db, acme: &Tenant, id: UserId) -> User {
    let mut view = db.store.read(&acme.job()).await.unwrap();
    bailiwick_store::users::find(&mut view, id).await.unwrap()
}

both_databases! {
    async fn request_whose_sender_is_disabled_while_its_body_is_on_the_way_changes_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let target = acme.add(Role::Auditor).await;
        let path = |action: &str| format!("/v1/users/{}/{action}", target.id);
        let json = "application/json";
        for (method, action, body) in [("PUT", "name", r#"{"name":"Another"}"#), ("POST", "disable", "{}")] {
            let sender = acme.user(Role::TenantOwner).await;
            let permit = acme.owner().permit::<DisableUser>().await;
            let status = held_back(&db, &sender, (method, path(action).as_str(), json), body, async {
                users::disable(&db.store, &permit, sender.id()).await.unwrap();
            })
            .await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{action}");
            assert_eq!(person(&db, &acme, target.id).await, target, "{action}");
        }
        // Held back alone, it is done.
        let sender = acme.user(Role::TenantOwner).await;
        let body = r#"{"name":"Another"}"#;
        let status = held_back(&db, &sender, ("PUT", path("name").as_str(), json), body, async {}).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert_eq!(person(&db, &acme, target.id).await.name, "Another");
    }
}
