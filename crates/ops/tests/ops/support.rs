//! What several tests need.

use std::sync::Arc;

use bailiwick_domain::{
    ids::TenantId,
    rule::{Me, SignIn},
};
use bailiwick_mail::{LinkBase, Transport};
use bailiwick_ops::{
    Error,
    mail::Mailroom,
    sign_in::{self, Step},
};
use bailiwick_store::{AgentClass, Credential, Permit, Refusal, RequestContext, Store, audit};
use bailiwick_testkit::{DEVICE, Db, Tenant};
use bailiwick_vault::token::SessionToken;

/// Where the people of these tests sit.
pub(crate) const HOME: &str = "203.0.113.7";
/// Where somebody else sits.
pub(crate) const ELSEWHERE: &str = "198.51.100.9";

/// Tries to sign in from `ip`.
pub(crate) async fn try_sign_in(db: &Db, ip: &str, email: &str, password: &str) -> Result<Step, Error> {
    let permit = db.nobody::<SignIn>(ip).await;
    sign_in::password(&db.store, &db.hasher, &permit, email, password.to_owned()).await
}

/// The permit of a browser that carries this cookie.
pub(crate) async fn with_cookie(db: &Db, token: &SessionToken) -> Permit<SignIn> {
    with_cookie_at(db, token, HOME).await
}

/// As [`with_cookie`], from another address.
pub(crate) async fn with_cookie_at(db: &Db, token: &SessionToken, ip: &str) -> Permit<SignIn> {
    let credential = Credential::Session(SessionToken::parse(&token.expose()).unwrap());
    db.store.gate().admit(credential, request(db, ip)).await.unwrap()
}

/// Whether a cookie opens a page that asks for a signed-in person.
pub(crate) async fn opens(db: &Db, token: &SessionToken) -> Result<Permit<Me>, Refusal> {
    let credential = Credential::Session(SessionToken::parse(&token.expose()).unwrap());
    db.store.gate().admit(credential, request(db, HOME)).await
}

pub(crate) fn request(db: &Db, ip: &str) -> RequestContext {
    RequestContext {
        id: db.store.new_id(),
        ip: Some(ip.parse().unwrap()),
        agent: AgentClass::Browser,
        device: DEVICE,
    }
}

/// The actions in a tenant's log with their outcomes, oldest first.
pub(crate) async fn log(db: &Db, tenant: &Tenant) -> Vec<(String, String)> {
    records(db, tenant.id()).await.into_iter().map(|row| (row.action, row.outcome)).collect()
}

/// How often an action stands in a tenant's log.
pub(crate) async fn times(db: &Db, tenant: &Tenant, action: &str) -> usize {
    records(db, tenant.id()).await.iter().filter(|row| row.action == action).count()
}

/// A tenant's log, oldest first.
pub(crate) async fn records(db: &Db, tenant: TenantId) -> Vec<audit::Listed> {
    db.settle().await;
    let mut view = db.store.read(&db.job(tenant)).await.unwrap();
    let (mut rows, mut before) = (Vec::new(), None);
    loop {
        let found = audit::search(&mut view, &audit::Filter::default(), before).await.unwrap();
        rows.extend(found.items);
        before = found.older;
        if before.is_none() {
            rows.reverse();
            return rows;
        }
    }
}

/// Everything that was recorded holds together.
pub(crate) async fn verified(db: &Db) {
    db.sign().await;
    db.verify().await.unwrap();
}

/// A mail room over `store` that hands letters to `transport`.
pub(crate) fn room_of(db: &Db, store: &Store, transport: Arc<dyn Transport>) -> Mailroom {
    let from = "Bailiwick <no-reply@bailiwick.test>".parse().unwrap();
    Mailroom::new(
        store.clone(),
        db.jobs(),
        transport,
        from,
        LinkBase::parse("https://bailiwick.test").unwrap(),
    )
}
