//! What a repository write gives back, and the audit event that can only be made from it.

use bailiwick_domain::{
    change::{Change, difference},
    entity::{Entity, Severity},
};
use uuid::Uuid;

use crate::{Error, Result};

/// The images of one entity before and after a write. Only the queries of this crate can make one.
#[must_use = "a write must be recorded"]
#[derive(Debug)]
pub struct Written<E> {
    pub(crate) before: Option<E>,
    pub(crate) after: Option<E>,
}

impl<E: Entity> Written<E> {
    pub(crate) const fn created(after: E) -> Self {
        Self { before: None, after: Some(after) }
    }
    pub(crate) const fn replaced(before: E, after: E) -> Self {
        Self { before: Some(before), after: Some(after) }
    }
    pub(crate) const fn removed(before: E) -> Self {
        Self { before: Some(before), after: None }
    }

    /// The entity as it stands after the write, or as it last stood if it was removed.
    pub fn entity(&self) -> Option<&E> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// One record of the audit log to be: an action and the difference it made.
///
/// There is no way to make one without the images before and after.
#[derive(Debug)]
pub struct Event {
    pub(crate) action: &'static str,
    pub(crate) entity_type: &'static str,
    pub(crate) entity_id: Uuid,
    pub(crate) subject: Uuid,
    /// Whose it is: the `user` of the thing, where that is somebody else than the thing itself.
    pub(crate) owner: Option<Uuid>,
    pub(crate) changes: Vec<Change>,
    pub(crate) personal: &'static [&'static str],
    pub(crate) secret: &'static [&'static str],
    pub(crate) reason: Option<String>,
    pub(crate) raises: Option<Raised>,
    pub(crate) refused: bool,
    pub(crate) follows: bool,
}

/// A security event to be raised with the record.
#[derive(Debug)]
pub(crate) struct Raised {
    pub(crate) severity: Severity,
    pub(crate) detail: String,
}

impl Event {
    /// The event of `action` (`noun.verb`) having made the difference in `written`.
    pub fn new<E: Entity>(action: &'static str, written: &Written<E>) -> Result<Self> {
        let image = |e: &Option<E>| e.as_ref().map(serde_json::to_value).transpose();
        let unreadable = |error: serde_json::Error| Error::Corrupt(format!("{}: {error}", E::KIND));
        let before = image(&written.before).map_err(unreadable)?;
        let after = image(&written.after).map_err(unreadable)?;
        let entity = written.entity().ok_or(Error::Unrecorded)?;
        let user = after.as_ref().or(before.as_ref()).and_then(|image| image.get("user")?.as_str());
        Ok(Self {
            action,
            entity_type: E::KIND,
            entity_id: entity.entity_id(),
            subject: entity.subject(),
            owner: user
                .and_then(|user| Uuid::try_parse(user).ok())
                .filter(|user| *user != entity.entity_id()),
            changes: difference(before.as_ref(), after.as_ref()),
            personal: E::PERSONAL,
            secret: E::SECRET,
            reason: None,
            raises: None,
            refused: false,
            follows: false,
        })
    }

    /// With the reason that the actor gave.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// With the outcome `denied`: what was asked for was refused, and the difference is only the note of that.
    #[must_use]
    pub fn refused(mut self) -> Self {
        self.refused = true;
        self
    }

    /// A consequence of a sensitive change whose details only the moment decides: a session that ends, a letter.
    ///
    /// What a one-time code approves is every other event of the change; see [`Store::rehearse`](crate::Store::rehearse).
    #[must_use]
    pub fn following(mut self) -> Self {
        self.follows = true;
        self
    }

    /// Raises a security event of this severity in the same transaction; `detail` is one sentence without personal data.
    #[must_use]
    pub fn raising(mut self, severity: Severity, detail: impl Into<String>) -> Self {
        self.raises = Some(Raised { severity, detail: detail.into() });
        self
    }
}
