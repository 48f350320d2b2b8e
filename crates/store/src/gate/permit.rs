//! The proof that a rule was checked.

use std::{
    fmt,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use bailiwick_domain::{
    catalogue::Catalogue,
    entity::{Tenant, User},
    ids::TenantId,
    mfa::Standing,
    permission::{Permission, PermissionSet},
    rule::{Entry, Platform, Rule},
};
use bailiwick_vault::token::SessionToken;

use super::{Actor, RequestContext};
use crate::kept_answers::Claim;

/// Proof that the rule `R` was checked for this actor in this tenant. Only the gate makes one.
pub struct Permit<R> {
    pub(super) actor: Actor,
    /// `None` until a public request names its tenant.
    pub(super) tenant: Option<TenantId>,
    pub(super) permissions: PermissionSet,
    pub(super) request: RequestContext,
    pub(super) caller: Option<Box<Caller>>,
    /// Whether a person proved who they are a short while ago.
    pub(super) recent: bool,
    /// The token that has just replaced the one of the request.
    pub(super) renewed: Option<Arc<SessionToken>>,
    /// Changes of what the person may do that the gate had seen, and those that this request made itself; nothing for others.
    pub(super) seen: Option<Arc<AtomicI64>>,
    /// The row of a request that came under a key of its sender.
    pub(crate) claim: Option<Claim>,
    /// At which revisions the thing may be that is changed; nothing where its sender said nothing of that.
    pub(crate) expected: Option<Arc<[i64]>>,
    pub(super) rule: PhantomData<fn() -> R>,
}

/// Who is signed in, as the gate read it a moment ago.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person.
    pub user: User,
    /// Their tenant.
    pub tenant: Tenant,
    /// How they stand to the second factor that the policy asks of them.
    pub mfa: Standing,
    /// What people call their role.
    pub role: String,
}

impl<R: Rule> Permit<R> {
    /// Who acts.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
    /// The tenant in which they act; nothing before sign-in.
    pub const fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }
    /// The request that the permit was made for.
    pub const fn request(&self) -> &RequestContext {
        &self.request
    }
    /// Everything the actor may do, for showing only what they can use; the rule itself is already checked.
    pub const fn permissions(&self) -> &PermissionSet {
        &self.permissions
    }
    /// Whether the actor also has `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }
    /// The names of everything the actor may do.
    pub fn permission_names<'c>(&self, catalogue: &'c Catalogue) -> Vec<&'c str> {
        catalogue.names(self.permissions)
    }
    /// The signed-in person and their tenant; nothing for keys and jobs and before sign-in.
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_deref()
    }

    /// Whether a person proved who they are as lately as [`Need::Recent`](bailiwick_domain::rule::Need::Recent) asks for; never of
    /// programs, jobs and visitors.
    pub const fn proved_lately(&self) -> bool {
        self.recent
    }

    /// The session's new token, where what its user may do has changed since the last request: to be handed to the browser,
    /// whose old one is worth nothing in a few seconds.
    pub fn renewed(&self) -> Option<&SessionToken> {
        self.renewed.as_deref()
    }

    /// The same, for changes of things that are at one of these revisions only: see [`audit::revision`](crate::audit::revision).
    #[must_use]
    pub fn expecting(self, revisions: &[i64]) -> Self {
        Self { expected: Some(revisions.into()), ..self }
    }

    /// How many changes of what the person may do this request knows of; nothing for programs, jobs and visitors.
    pub(super) fn seen(&self) -> Option<i64> {
        self.seen.as_ref().map(|seen| seen.load(Ordering::Acquire))
    }

    /// Notes that this request itself made one such change, which is on disk: it is no news to it.
    pub(crate) fn made_one(&self) {
        if let Some(seen) = &self.seen {
            seen.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn with_tenant(&self, actor: Actor, tenant: TenantId) -> Self {
        Self {
            actor,
            tenant: Some(tenant),
            permissions: self.permissions,
            request: self.request.clone(),
            caller: self.caller.clone(),
            recent: self.recent,
            renewed: self.renewed.clone(),
            seen: self.seen.clone(),
            claim: self.claim,
            expected: self.expected.clone(),
            rule: PhantomData,
        }
    }
}

impl<R: Entry> Permit<R> {
    /// Steps into the tenant that a sign-in address or a link names: as nobody known, unless signed in there already.
    #[must_use]
    pub fn enter(&self, tenant: TenantId) -> Self {
        if self.tenant == Some(tenant) {
            return self.with_tenant(self.actor.clone(), tenant);
        }
        // Whoever is signed in elsewhere is nobody here, and has no permission here.
        let actor = match &self.actor {
            Actor::System(job) => Actor::System(*job),
            _ => Actor::Anonymous,
        };
        Self {
            permissions: PermissionSet::empty(),
            caller: None,
            recent: false,
            ..self.with_tenant(actor, tenant)
        }
    }
}

impl<R: Platform> Permit<R> {
    /// Steps into a customer's tenant; whatever is done there stands in that tenant's log under the operator's id.
    #[must_use]
    pub fn step_into(&self, tenant: TenantId) -> Self {
        let actor = match &self.actor {
            Actor::User { id, session, .. } => Actor::Operator { id: *id, session: *session },
            other => other.clone(),
        };
        self.with_tenant(actor, tenant)
    }
}

impl<R: Rule> fmt::Debug for Permit<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("rule", &R::NAME)
            .field("actor", &self.actor)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}
