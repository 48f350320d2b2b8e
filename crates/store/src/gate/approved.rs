//! The approval of one sensitive change: what a right one-time code turns into, and the only thing that opens such a change.

use std::{fmt, marker::PhantomData};

use bailiwick_domain::{
    ids::{SessionId, UserId},
    rule::{Rule, SeekApproval, Sensitive},
};
use bailiwick_vault::keyed::same;

use super::{Actor, Permit};

/// Proof that somebody gave back the code for one change under the rule `R`. Only [`step_up::answer`](crate::step_up::answer)
/// makes one, once its record is on disk; it is used up by the one change that it opens.
pub struct Approved<R> {
    user: UserId,
    session: SessionId,
    digest: [u8; 32],
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule> Approved<R> {
    /// Whether it was given to whoever holds `permit`, in the same session.
    pub(crate) fn is_of(&self, permit: &Permit<R>) -> bool {
        holder(permit) == Some((self.user, self.session))
    }

    /// Whether it was given for the change with this digest.
    pub(crate) fn fits(&self, digest: &[u8; 32]) -> bool {
        same(&self.digest, digest)
    }
}

impl<R: Sensitive> Approved<R> {
    pub(crate) const fn new(user: UserId, session: SessionId, digest: [u8; 32]) -> Self {
        Self { user, session, digest, rule: PhantomData }
    }
}

impl<R: Sensitive> Permit<R> {
    /// The same person in the same session, for asking for a code and for giving it back; nothing for programs, jobs, and
    /// operators who have stepped into a customer, since the code goes to where they are at home.
    pub fn seeking(&self) -> Option<Permit<SeekApproval>> {
        matches!(self.actor, Actor::User { .. }).then(|| Permit {
            actor: self.actor.clone(),
            tenant: self.tenant,
            permissions: self.permissions,
            request: self.request.clone(),
            caller: self.caller.clone(),
            recent: self.recent,
            renewed: None,
            seen: self.seen.clone(),
            claim: None,
            expected: None,
            rule: PhantomData,
        })
    }
}

/// The person behind a permit, at home or stepped into a customer.
pub(crate) const fn holder<R: Rule>(permit: &Permit<R>) -> Option<(UserId, SessionId)> {
    match &permit.actor {
        Actor::User { id, session, .. } | Actor::Operator { id, session } => Some((*id, *session)),
        Actor::Anonymous | Actor::Key { .. } | Actor::System(_) => None,
    }
}

impl<R> fmt::Debug for Approved<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Approved(…)")
    }
}
