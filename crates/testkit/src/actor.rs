//! People of tests: signed in through the real sign-in, admitted by the real gate.

use std::net::{IpAddr, Ipv4Addr};

use bailiwick_domain::{
    entity::{Browser, Device, FactorKind, FactorState, System, User},
    ids::{TenantId, UserId},
    rule::{ProveAgain, Rule, SignIn},
};
use bailiwick_ops::{
    enrolment,
    sign_in::{self, Step},
};
use bailiwick_store::{
    AgentClass, CarriedDevices, Credential, Permit, Refusal, RequestContext, Store, accounts,
};
use bailiwick_vault::token::SessionToken;

use crate::Db;

/// Everybody's password.
pub const PASSWORD: &str = "nine brass lanterns adrift";

/// What everybody's browser claims to be.
pub const DEVICE: Device = Device { browser: Browser::Firefox, system: System::Linux };

/// Somebody with a session.
#[derive(Clone)]
pub struct Actor {
    /// Where they act.
    pub db: Db,
    /// Their tenant.
    pub tenant: TenantId,
    /// Who they are, as they were when they signed in.
    pub user: User,
    /// The text of their session's token, as their cookie has it.
    pub token: String,
    /// Where they sit.
    pub ip: IpAddr,
}

impl Actor {
    /// Gives `user` the password of tests and signs them in with it.
    ///
    /// # Panics
    /// Where they cannot sign in with it.
    pub async fn sign_in(db: &Db, tenant: TenantId, user: User) -> Self {
        enrolment::set_password(&db.store, &db.hasher, &db.job(tenant), user.id, PASSWORD.to_owned())
            .await
            .expect("a password");
        let ip = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
        let permit = nobody::<SignIn>(db, ip).await;
        let step = sign_in::password(&db.store, &db.hasher, &permit, &user.email, PASSWORD.to_owned())
            .await
            .expect("a sign-in");
        let Step::Done(token) = step else { panic!("a second factor that nobody set up") };
        Self { db: db.clone(), tenant, user, token: token.expose().to_string(), ip }
    }

    /// Their id.
    #[must_use]
    pub const fn id(&self) -> UserId {
        self.user.id
    }

    /// What their browser sends along.
    #[must_use]
    pub fn credential(&self) -> Credential {
        Credential::Session(SessionToken::parse(&self.present_token()).expect("the token of a session"))
    }

    /// The text of their session's token as their browser has it by now: after some changes the gate gave them another.
    #[must_use]
    pub fn present_token(&self) -> String {
        let renewed = self.db.renewed.lock().expect("nobody panicked with it");
        let mut token = &self.token;
        while let Some(newer) = renewed.get(token) {
            token = newer;
        }
        token.clone()
    }

    /// What a request of theirs carries beside the credential.
    #[must_use]
    pub fn request(&self) -> RequestContext {
        RequestContext {
            id: self.db.store.new_id(),
            ip: Some(self.ip),
            agent: AgentClass::Browser,
            device: DEVICE,
            known: CarriedDevices::default(),
        }
    }

    /// Asks the gate.
    ///
    /// # Errors
    /// The gate's refusal.
    pub async fn try_permit<R: Rule>(&self) -> Result<Permit<R>, Refusal> {
        self.try_permit_from(&self.db.store).await
    }

    /// Asks the gate of another process.
    ///
    /// # Errors
    /// The gate's refusal.
    pub async fn try_permit_from<R: Rule>(&self, store: &Store) -> Result<Permit<R>, Refusal> {
        let before = self.present_token();
        let permit = store.gate().admit(self.credential(), self.request()).await?;
        if let Some(token) = permit.renewed() {
            let mut renewed = self.db.renewed.lock().expect("nobody panicked with it");
            renewed.insert(before, token.expose().to_string());
        }
        Ok(permit)
    }

    /// Asks the gate, which must open. Where it wants a newer proof, they give one before.
    pub async fn permit<R: Rule>(&self) -> Permit<R> {
        let mut answer = self.try_permit().await;
        if matches!(answer, Err(Refusal::Reauthenticate)) {
            self.prove_again().await;
            answer = self.try_permit().await;
        }
        answer.unwrap_or_else(|refusal| panic!("{} of {}: {refusal}", R::NAME, self.user.role))
    }

    /// Proves again who they are, with the password and, where they have an authenticator, its present code. Another session takes
    /// the place of theirs.
    ///
    /// # Panics
    /// Where that is not enough: they have a passkey and no authenticator, or their session is over.
    pub async fn prove_again(&self) {
        let permit = self.try_permit::<ProveAgain>().await.expect("a live session");
        // The gate may have given them another one just now.
        let before = self.present_token();
        let code = self.present_code().await;
        let token = sign_in::again(&self.db.store, &self.db.hasher, &permit, PASSWORD.to_owned(), &code)
            .await
            .expect("another proof");
        let mut renewed = self.db.renewed.lock().expect("nobody panicked with it");
        renewed.insert(before, token.expose().to_string());
    }

    /// What their first authenticator shows at this moment; nothing where they have none.
    async fn present_code(&self) -> String {
        let mut view = self.db.store.read(&self.db.job(self.tenant)).await.expect("a view");
        let factors = accounts::factors(&mut view, self.id()).await.expect("factors");
        let verified = factors
            .into_iter()
            .find(|one| one.kind == FactorKind::Totp && one.state == FactorState::Verified);
        let Some(factor) = verified else { return String::new() };
        let secret = accounts::factor_secret(&mut view, factor.id).await.expect("a secret");
        secret.code_at(self.db.store.now().unix_seconds()).to_string()
    }
}

/// A permit of somebody without any credential at this address.
async fn nobody<R: Rule>(db: &Db, ip: IpAddr) -> Permit<R> {
    let request = RequestContext {
        id: db.store.new_id(),
        ip: Some(ip),
        agent: AgentClass::Browser,
        device: DEVICE,
        known: CarriedDevices::default(),
    };
    db.store.gate().admit(Credential::None, request).await.expect("a public rule")
}

impl Db {
    /// A permit of somebody without any credential at this address.
    pub async fn nobody<R: Rule>(&self, ip: &str) -> Permit<R> {
        nobody(self, ip.parse().expect("an address")).await
    }
}
