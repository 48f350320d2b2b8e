//! What the guarded product asks: may this session, user or key do that, and why; and what a session is.
//!
//! Nothing is changed and nothing recorded: an answer is no act. That a permission was used is noted as the gate notes it, so that
//! what only the product asks for does not count as unused.

use bailiwick_domain::{
    ids::UserId,
    permission::{Permission, Reason},
    rule::{CheckAccess, Rule},
    time::Timestamp,
};
use bailiwick_store::{
    Permit, Store,
    subjects::{self, Subject},
};
use bailiwick_vault::{api_key::ApiKey, token::SessionToken};

use crate::{Error, Result};

/// Permissions in one question.
pub const AT_ONCE: usize = 200;

/// Who is asked about.
#[derive(Clone, Copy)]
pub enum About<'t> {
    /// Whoever shows this session.
    Session(&'t str),
    /// The user with this id.
    User(UserId),
    /// Whoever shows this API key.
    Key(&'t str),
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Who was asked about.
    pub subject: Subject,
    /// For each permission that was asked, in that order, why it is theirs or not.
    pub reasons: Vec<Reason>,
    /// At which moment.
    pub at: Timestamp,
}

/// Says for each of these permissions whether whoever is asked about may do it, all from one look at them.
///
/// # Errors
/// No permission or more than [`AT_ONCE`], and those of the database.
pub async fn authorize(
    store: &Store,
    permit: &Permit<CheckAccess>,
    about: About<'_>,
    permissions: &[impl AsRef<str>],
) -> Result<Decided> {
    if permissions.is_empty() || permissions.len() > AT_ONCE {
        return Err(Error::field("permissions", "Ask for 1 to 200 permissions."));
    }
    let at = store.now();
    let subject = match about {
        About::Session(text) => introspect(store, permit, text).await?,
        About::User(id) => subjects::user(store, permit, id).await?,
        About::Key(text) => match ApiKey::parse(text) {
            Ok(key) => subjects::key(store, permit, &key.hash()).await?,
            Err(_) => Subject::UNKNOWN,
        },
    };
    let found: Vec<_> = permissions.iter().map(|name| store.catalogue().find(name.as_ref())).collect();
    let reasons: Vec<_> = found.iter().map(|permission| subject.decide(*permission)).collect();
    if let Some(user) = subject.user {
        let used = found.iter().zip(&reasons).filter(|(_, reason)| reason.allows());
        subjects::note_uses(store, permit, user, used.filter_map(|(permission, _)| *permission));
    }
    Ok(Decided { subject, reasons, at })
}

/// What a session is, by its token as a program shows it (`session.…`, `pending.…`) or as a cookie holds it.
///
/// # Errors
/// Those of the database.
pub async fn introspect(store: &Store, permit: &Permit<CheckAccess>, text: &str) -> Result<Subject> {
    let bare = ["session.", "pending."].into_iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text);
    match SessionToken::parse(bare) {
        Ok(token) => Ok(subjects::session(store, permit, &token.hash()).await?),
        Err(_) => Ok(Subject::UNKNOWN),
    }
}

/// Notes that whoever was admitted used a permission in the guarded product.
pub fn used<R: Rule>(store: &Store, permit: &Permit<R>, permission: Permission) {
    if let Some(user) = permit.actor().person() {
        subjects::note_uses(store, permit, user, [permission]);
    }
}
