//! Checking a credential against a rule.

use std::{
    marker::PhantomData,
    net::IpAddr,
    sync::{Arc, atomic::AtomicI64},
};

use bailiwick_domain::{
    entity::{Session, TenantKind, TenantStatus, UserStatus},
    ids::TenantId,
    network::AllowList,
    permission::{Permission, PermissionSet},
    rule::{Need, Rule},
    time::Span,
};
use bailiwick_vault::token::{SessionToken, TokenHash};

use super::{Actor, Caller, Permit, RequestContext};
use crate::{
    Event, Result,
    access::{self, SubjectStanding as Standing},
    audit,
    key_cache::Standing as KeyStanding,
    key_uses::KeyUse,
    permission_use::Use,
    sessions,
    store::Store,
    upkeep,
};

/// What a request shows to prove who sent it.
#[derive(Debug)]
pub enum Credential {
    /// Nothing.
    None,
    /// A session cookie.
    Session(SessionToken),
    /// A session as a bearer token: a whole one, and none that waits for its second factor.
    Bearer(SessionToken),
    /// A session that waits for its second factor, as a bearer token: that one, and no whole one.
    Pending(SessionToken),
    /// The hash of an API key whose form and checksum were right.
    Key(TokenHash),
}

/// Why the gate did not open.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No live credential where one is needed.
    #[error("sign in first")]
    SignIn,
    /// The password was right, the second factor is still to come.
    #[error("the second factor is missing")]
    SecondFactor,
    /// The session is live, but its user proved who they are too long ago for this.
    #[error("prove again who you are")]
    Reauthenticate,
    /// The policy asks for a second factor that the person has not set up in time.
    #[error("a second factor has to be set up first")]
    Enrol,
    /// The policy asks for the passkey that the person has, and the session was opened by something less.
    #[error("the passkey has to be used")]
    UsePasskey,
    /// The actor lacks the permission.
    #[error("not allowed")]
    Forbidden,
    /// A program asks for what a person has to confirm.
    #[error("a person has to confirm this")]
    NoPerson,
    /// The key may not be used from where the request came.
    #[error("this key is not for this address")]
    Misplaced,
    /// The tenant is suspended.
    #[error("this organisation is suspended")]
    Suspended,
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] crate::Error),
}

/// What the guarded product asks for with each of its own requests, and what changes nothing.
const ASKING: Need = Need::Has(Permission::ACCESS_CHECK);

/// Makes permits.
#[derive(Clone, Copy)]
pub struct Gate<'s> {
    store: &'s Store,
}

/// A credential that turned out to be good.
struct Admitted {
    actor: Actor,
    tenant: TenantId,
    permissions: PermissionSet,
    caller: Option<Box<Caller>>,
    second_factor_missing: bool,
    /// Whether a person proved who they are a short while ago.
    recent: bool,
    /// Whether the person may only set up a second factor.
    must_enrol: bool,
    /// Whether the person may only show the passkey that they have.
    must_use_passkey: bool,
    outdated: Option<Outdated>,
    /// Changes of what a person may do, all of which count in `permissions`.
    privileges: Option<i64>,
    /// Whether the key may not be used from where the request came.
    misplaced: bool,
}

impl Admitted {
    /// A program, by a key that is good.
    fn key(
        actor: Actor,
        tenant: TenantId,
        permissions: PermissionSet,
        networks: &AllowList,
        from: Option<IpAddr>,
    ) -> Self {
        Self {
            actor,
            tenant,
            permissions,
            caller: None,
            second_factor_missing: false,
            recent: false,
            outdated: None,
            privileges: None,
            misplaced: !networks.admits(from),
            // The floor is about how people sign in; a key proves itself by a secret of its own.
            must_enrol: false,
            must_use_passkey: false,
        }
    }
}

/// A session that has not seen every change of what its user may do.
struct Outdated {
    session: Session,
    token: TokenHash,
    privileges: i64,
}

impl<'s> Gate<'s> {
    pub(crate) const fn new(store: &'s Store) -> Self {
        Self { store }
    }

    /// Checks the rule `R` for whoever shows `credential`.
    ///
    /// A bad credential counts as none, so that a public page is served whatever cookie comes along.
    pub async fn admit<R: Rule>(
        &self,
        credential: Credential,
        request: RequestContext,
    ) -> Result<Permit<R>, Refusal> {
        if R::NEED == Need::Nobody {
            return Err(Refusal::Forbidden);
        }
        let public = R::NEED == Need::Anyone;
        let admitted = match credential {
            Credential::None => Ok(None),
            Credential::Session(token) => self.session(&token).await,
            Credential::Bearer(token) => self.session_that_waits(&token, false).await,
            Credential::Pending(token) => self.session_that_waits(&token, true).await,
            Credential::Key(hash) if R::NEED == ASKING => self.asker(&hash, request.ip).await,
            Credential::Key(hash) => self.key(&hash, request.ip).await,
        };
        let admitted = match admitted {
            // Whoever carries a cookie of a suspended organisation must still be able to sign in to another one.
            Err(Refusal::Suspended) if public => None,
            other => other?,
        };
        let Some(admitted) = admitted else {
            return if public { Ok(Self::anonymous(request)) } else { Err(Refusal::SignIn) };
        };
        // On a public page it counts as no key.
        if public && admitted.misplaced {
            return Ok(Self::anonymous(request));
        }
        let mut permit = Permit {
            actor: admitted.actor,
            tenant: Some(admitted.tenant),
            permissions: admitted.permissions,
            request,
            caller: admitted.caller,
            recent: admitted.recent,
            renewed: None,
            seen: admitted.privileges.map(|seen| Arc::new(AtomicI64::new(seen))),
            claim: None,
            expected: None,
            rule: PhantomData,
        };
        if public {
            return Ok(permit);
        }
        if admitted.misplaced {
            self.store.record_misplaced(&permit).await?;
            return Err(Refusal::Misplaced);
        }
        if admitted.second_factor_missing {
            return Err(Refusal::SecondFactor);
        }
        // Nor is another passkey set up before the one that is there was shown: the code beside it is less than what is asked for.
        if admitted.must_use_passkey && R::NEED != Need::Proving {
            return Err(Refusal::UsePasskey);
        }
        if admitted.must_enrol {
            match R::NEED {
                Need::Proving => {}
                // Whoever has come by an open session shall not bind the account to a factor of theirs (OWASP ASVS 5.0, 7.5.1).
                Need::Enrolling if admitted.recent => {}
                Need::Enrolling => return Err(Refusal::Reauthenticate),
                _ => return Err(Refusal::Enrol),
            }
        }
        if R::NEED.permission().is_some_and(|permission| !permit.permissions.contains(permission)) {
            self.store.record_denial(&permit).await?;
            return Err(Refusal::Forbidden);
        }
        // Nobody reads the letters of a key.
        if matches!(R::NEED, Need::Confirmed(_)) && !matches!(permit.actor, Actor::User { .. }) {
            self.store.record_denial(&permit).await?;
            return Err(Refusal::NoPerson);
        }
        if R::NEED == Need::Recent {
            // Nobody sits before a key.
            if permit.caller.is_none() {
                self.store.record_denial(&permit).await?;
                return Err(Refusal::Forbidden);
            }
            if !admitted.recent {
                return Err(Refusal::Reauthenticate);
            }
        }
        // A key has proved itself with this very request.
        if matches!(R::NEED, Need::RecentHas(_)) && permit.caller.is_some() && !admitted.recent {
            return Err(Refusal::Reauthenticate);
        }
        // Only now: whoever is refused gets nothing, not even a token.
        if let Some(outdated) = admitted.outdated {
            permit.renewed = self.renew(&permit, outdated).await?;
        }
        self.note_use(&permit);
        Ok(permit)
    }

    /// Notes in memory that somebody used the permission that the rule asks for, and a key at all. A key is its maker's arm here as well: taking
    /// the permission from them would stop it.
    fn note_use<R: Rule>(&self, permit: &Permit<R>) {
        let user = match &permit.actor {
            Actor::User { id, .. } => Some(*id),
            Actor::Key { maker, .. } => *maker,
            Actor::Anonymous | Actor::Operator { .. } | Actor::System(_) => None,
        };
        if let (Some(permission), Some(tenant), Some(user)) = (R::NEED.permission(), permit.tenant, user) {
            self.store.shared.uses.note(Use { tenant, user, permission }, self.store.now());
        }
        if let (Actor::Key { id, .. }, Some(tenant)) = (&permit.actor, permit.tenant) {
            let used = KeyUse {
                tenant,
                key: *id,
                address: permit.request.ip,
                agent: permit.request.device.browser,
                scope: R::NEED.permission(),
            };
            self.store.shared.key_uses.note(used, self.store.now());
        }
    }

    /// Gives a session another token because of what changed. Nothing where another request of the same browser was quicker:
    /// the token of this one is still taken for a moment.
    async fn renew<R: Rule>(
        &self,
        permit: &Permit<R>,
        outdated: Outdated,
    ) -> Result<Option<Arc<SessionToken>>> {
        let Some(tenant) = permit.tenant else { return Ok(None) };
        let token = SessionToken::generate(&tenant.bytes(), self.store.entropy());
        let mut tx = self.store.begin(tenant).await?;
        let Outdated { session, token: old, privileges } = outdated;
        let Some(written) = sessions::renew(&mut tx, session, &old, &token.hash(), privileges).await? else {
            self.store.undo(tx).await;
            return Ok(None);
        };
        let event = Event::new("session.renewed", &written)?.because(
            "its user's rights or second factors had changed, or a code of theirs had approved a change",
        );
        tx.also(event);
        let drafts = audit::drafts(&mut tx, permit).await?;
        self.store.commit(tx, drafts).await?;
        Ok(Some(Arc::new(token)))
    }

    fn anonymous<R: Rule>(request: RequestContext) -> Permit<R> {
        Permit {
            actor: Actor::Anonymous,
            tenant: None,
            permissions: PermissionSet::empty(),
            request,
            caller: None,
            recent: false,
            renewed: None,
            seen: None,
            claim: None,
            expected: None,
            rule: PhantomData,
        }
    }

    /// A session that waits for its second factor, or one that does not: what is shown as the one counts as nothing where it is
    /// the other.
    async fn session_that_waits(
        &self,
        token: &SessionToken,
        waits: bool,
    ) -> Result<Option<Admitted>, Refusal> {
        let found = self.session(token).await?;
        Ok(found.filter(|admitted| admitted.second_factor_missing == waits))
    }

    async fn session(&self, token: &SessionToken) -> Result<Option<Admitted>, Refusal> {
        let tenant = TenantId::from(uuid::Uuid::from_bytes(token.tenant()));
        let hash = token.hash();
        let mut glance = self.store.glance(tenant).await?;
        let now = glance.now;
        let found = access::by_session(&mut glance, &hash).await;
        let Some(found) = glance.seen(found)? else { return Ok(None) };
        let standing = found.standing(now);
        if standing == Standing::Suspended {
            return Err(Refusal::Suspended);
        }
        if matches!(standing, Standing::Ended | Standing::Disabled) {
            return Ok(None);
        }
        let catalogue = self.store.catalogue();
        let mut permissions = found.has.permissions(catalogue, found.user.role)?;
        if found.tenant.kind != TenantKind::Platform {
            permissions = permissions.difference(catalogue.platform_permissions());
        }
        let second_factor_missing = standing == Standing::SecondFactorMissing;
        let must_enrol = standing == Standing::FactorNotSetUp;
        let must_use_passkey = standing == Standing::PasskeyNotShown;
        if second_factor_missing || must_enrol || must_use_passkey {
            permissions = PermissionSet::empty();
        }
        let recent = now < found.session.created_at + Span::minutes(found.reauth_minutes);
        upkeep::session_seen(self.store, tenant, &found.session, found.idle_minutes).await;
        Ok(Some(Admitted {
            actor: Actor::User { id: found.user.id, session: found.session.id, method: found.session.method },
            tenant,
            permissions,
            second_factor_missing,
            recent,
            must_enrol,
            must_use_passkey,
            privileges: Some(found.privileges),
            misplaced: false,
            outdated: found.outdated.map(|privileges| Outdated {
                session: found.session,
                token: hash,
                privileges,
            }),
            caller: Some(Box::new(Caller {
                user: found.user,
                tenant: found.tenant,
                role: found.role,
                mfa: found.mfa,
            })),
        }))
    }

    /// The key of whoever only asks, from memory while it is remembered: it is forgotten on every server before any change that
    /// decides about it is acknowledged.
    async fn asker(&self, hash: &TokenHash, from: Option<IpAddr>) -> Result<Option<Admitted>, Refusal> {
        match self.store.key_at_hand(hash, None).await? {
            KeyStanding::Good(key) => {
                let actor = Actor::Key { id: key.id, maker: key.maker };
                Ok(Some(Admitted::key(actor, key.tenant, key.permissions, &key.networks, from)))
            }
            KeyStanding::Suspended => Err(Refusal::Suspended),
            KeyStanding::Unknown
            | KeyStanding::Expired
            | KeyStanding::Revoked
            | KeyStanding::Disabled
            | KeyStanding::Limited => Ok(None),
        }
    }

    async fn key(&self, hash: &TokenHash, from: Option<IpAddr>) -> Result<Option<Admitted>, Refusal> {
        let Some(tenant) = access::tenant_of_key(self.store, hash).await? else { return Ok(None) };
        let mut glance = self.store.glance(tenant).await?;
        let now = glance.now;
        let found = access::by_key(&mut glance, hash).await;
        let Some(found) = glance.seen(found)? else { return Ok(None) };
        let key = found.key;
        if !key.status(now).works() {
            return Ok(None);
        }
        if found.tenant != TenantStatus::Active {
            return Err(Refusal::Suspended);
        }
        let catalogue = self.store.catalogue();
        let scopes = key.scopes.iter().filter_map(|name| catalogue.find(name));
        let mut permissions = scopes
            .fold(PermissionSet::empty(), PermissionSet::with)
            .difference(catalogue.platform_permissions());
        // A key is its maker's arm: it does nothing that they cannot do at this moment, and nothing once they are disabled.
        if key.created_by.is_some() {
            // Deleting its maker revokes a key; one without them was made in the same moment.
            let Some(maker) = found.maker.filter(|maker| maker.status == UserStatus::Active) else {
                return Ok(None);
            };
            permissions = permissions.intersection(maker.has.permissions(catalogue, maker.role)?);
        }
        let actor = Actor::Key { id: key.id, maker: key.created_by };
        Ok(Some(Admitted::key(actor, tenant, permissions, &key.networks, from)))
    }
}
