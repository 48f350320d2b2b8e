//! What several tests need.

use std::sync::Arc;

use bailiwick_domain::{
    ids::TenantId,
    rule::{Me, Rule, SignIn, UpdatePolicy},
};
use bailiwick_mail::{LinkBase, Transport};
use bailiwick_ops::{
    Error,
    mail::Mailroom,
    policy::{self, NewPolicy},
    sign_in::{self, Step},
};
use bailiwick_store::{
    AgentClass, CarriedDevices, Credential, Permit, Refusal, RequestContext, Store, audit,
};
use bailiwick_testkit::{DEVICE, Db, PASSWORD, Tenant};
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
        known: CarriedDevices::default(),
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
    let (mut rows, mut place) = (Vec::new(), audit::Place::Newest);
    loop {
        let found = audit::search(&mut view, &audit::Sought::default(), place).await.unwrap();
        rows.extend(found.items);
        let Some(older) = found.older else {
            rows.reverse();
            return rows;
        };
        place = older;
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

/// Nobody of the tenant needs a second factor any more.
pub(crate) async fn ask_nothing(acme: &Tenant) {
    let new = NewPolicy {
        mfa_floor: "any".into(),
        mfa_grace_days: 14,
        role_floors: std::collections::BTreeMap::new(),
        session_idle_minutes: 30,
        session_absolute_hours: 12,
        reauth_minutes: 10,
        invitation_days: 14,
        api_key_days: None,
    };
    policy::update(&acme.db.store, &acme.owner().permit::<UpdatePolicy>().await, new).await.unwrap();
}

/// A browser that keeps what it is known by.
#[derive(Default)]
pub(crate) struct Known {
    /// What its cookie says.
    pub(crate) cookie: String,
}

impl Known {
    /// The permit of this browser at `ip`, with a session if it has one.
    pub(crate) async fn permit<R: Rule>(
        &self,
        db: &Db,
        ip: &str,
        session: Option<&SessionToken>,
    ) -> Permit<R> {
        let credential = match session {
            Some(token) => Credential::Session(SessionToken::parse(&token.expose()).unwrap()),
            None => Credential::None,
        };
        let request = RequestContext { known: CarriedDevices::parse(&self.cookie), ..request(db, ip) };
        db.store.gate().admit(credential, request).await.unwrap()
    }

    /// Tries to sign in at `ip`.
    pub(crate) async fn tries(&self, db: &Db, ip: &str, email: &str, password: &str) -> Result<Step, Error> {
        let permit = self.permit::<SignIn>(db, ip, None).await;
        sign_in::password(&db.store, &db.hasher, &permit, email, password.to_owned()).await
    }

    /// Takes what an answer with this session lets the browser be known by.
    pub(crate) fn keep(&mut self, session: &SessionToken) {
        self.cookie = CarriedDevices::parse(&self.cookie).with(&session.device());
    }

    /// Signs in at `ip` and keeps the cookie.
    pub(crate) async fn signs_in(&mut self, db: &Db, ip: &str, email: &str) -> SessionToken {
        let Step::Done(token) = self.tries(db, ip, email, PASSWORD).await.unwrap() else {
            panic!("a second factor that nobody set up")
        };
        self.keep(&token);
        token
    }
}
