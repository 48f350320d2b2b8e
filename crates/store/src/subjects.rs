//! Whom the guarded product asks about: a session, a user or a key of the caller's organisation, read by one statement.

use bailiwick_domain::{
    entity::{ApiKeyStatus, Session, TenantKind, TenantStatus, User, UserStatus},
    ids::{ApiKeyId, UserId},
    permission::{Permission, PermissionSet, Portions, Reason},
    role::RoleName,
    rule::Rule,
};
use bailiwick_vault::token::TokenHash;

pub use crate::access::SubjectStanding as Standing;
use crate::{
    Error, Permit, Result, Store,
    access::{self, ByKey},
    key_cache::Standing as KeyStanding,
    permission_use::Use,
};

/// Whoever is asked about, at the moment of the question.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Whether they can do anything at all.
    pub standing: Standing,
    /// Whose session it is, or who it is; of a key, whoever made it.
    pub user: Option<UserId>,
    /// Who that is, where a session or a user was asked about.
    pub person: Option<Box<User>>,
    /// The session, where one was asked about.
    pub session: Option<Box<Session>>,
    /// The key, where one was asked about.
    pub key: Option<ApiKeyId>,
    /// What they have; of a key, what its maker has.
    portions: Option<Portions>,
    /// What a key may do at most.
    scopes: Option<PermissionSet>,
}

impl Subject {
    /// Nobody who is known here.
    pub const UNKNOWN: Self = Self {
        standing: Standing::Unknown,
        user: None,
        person: None,
        session: None,
        key: None,
        portions: None,
        scopes: None,
    };

    /// Whether they may do this, and why. Without a permission, it is one that there is not.
    pub fn decide(&self, permission: Option<Permission>) -> Reason {
        let Some(permission) = permission else { return Reason::UnknownPermission };
        if self.standing != Standing::Active {
            return Reason::Subject;
        }
        match (self.scopes, &self.portions) {
            (None, Some(portions)) => portions.reason(permission),
            (Some(scopes), _) if !scopes.contains(permission) => Reason::OutOfScope,
            (Some(_), Some(portions)) if !portions.reason(permission).allows() => Reason::MakerLacks,
            (Some(_), _) => Reason::Scope,
            (None, None) => Reason::Subject,
        }
    }

    /// Their own role; of a key, none.
    pub fn role(&self) -> Option<RoleName> {
        self.person.as_ref().map(|person| person.role)
    }
}

/// The session with this token, or the hash of none.
///
/// # Errors
/// Those of the database.
pub async fn session<R: Rule>(store: &Store, permit: &Permit<R>, token: &TokenHash) -> Result<Subject> {
    let mut glance = store.glance(permit.tenant().ok_or(Error::NotFound)?).await?;
    let now = glance.now;
    let found = access::by_session(&mut glance, token).await;
    let Some(found) = glance.seen(found)? else { return Ok(Subject::UNKNOWN) };
    let catalogue = store.catalogue();
    let mut portions = found.has.portions(catalogue, found.user.role)?;
    if found.tenant.kind != TenantKind::Platform {
        portions = portions.without(catalogue.platform_permissions());
    }
    Ok(Subject {
        standing: found.standing(now),
        user: Some(found.user.id),
        portions: Some(portions),
        person: Some(Box::new(found.user)),
        session: Some(Box::new(found.session)),
        ..Subject::UNKNOWN
    })
}

/// The user with this id.
///
/// # Errors
/// Those of the database.
pub async fn user<R: Rule>(store: &Store, permit: &Permit<R>, id: UserId) -> Result<Subject> {
    let mut glance = store.glance(permit.tenant().ok_or(Error::NotFound)?).await?;
    let found = access::by_user(&mut glance, id).await;
    let Some(found) = glance.seen(found)? else { return Ok(Subject::UNKNOWN) };
    let active = found.user.status == UserStatus::Active;
    Ok(Subject {
        standing: if active { Standing::Active } else { Standing::Disabled },
        user: Some(found.user.id),
        portions: Some(found.has.portions(store.catalogue(), found.user.role)?),
        person: Some(Box::new(found.user)),
        ..Subject::UNKNOWN
    })
}

/// The key with this hash, from memory while it is remembered as a good one.
///
/// # Errors
/// Those of the database.
pub async fn key<R: Rule>(store: &Store, permit: &Permit<R>, hash: &TokenHash) -> Result<Subject> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    if let KeyStanding::Good(good) = store.key_at_hand(hash, Some(tenant)).await? {
        return Ok(Subject {
            standing: Standing::Active,
            user: good.maker,
            key: Some(good.id),
            portions: good.portions.clone(),
            scopes: Some(good.scopes),
            ..Subject::UNKNOWN
        });
    }
    // One that is not good any more is told from one that nobody has.
    let mut glance = store.glance(tenant).await?;
    let now = glance.now;
    let found = access::by_key(&mut glance, hash).await;
    let Some(ByKey { key, tenant, maker }) = glance.seen(found)? else { return Ok(Subject::UNKNOWN) };
    let catalogue = store.catalogue();
    let scopes: PermissionSet = key.scopes.iter().filter_map(|name| catalogue.find(name)).collect();
    let active = maker.as_ref().is_some_and(|maker| maker.status == UserStatus::Active);
    let standing = match key.status(now) {
        ApiKeyStatus::Revoked => Standing::Revoked,
        ApiKeyStatus::Expired => Standing::Expired,
        _ if tenant != TenantStatus::Active => Standing::Suspended,
        _ if key.created_by.is_some() && !active => Standing::Disabled,
        _ => Standing::Active,
    };
    let portions = maker.map(|maker| maker.has.portions(catalogue, maker.role)).transpose()?;
    Ok(Subject {
        standing,
        user: key.created_by,
        key: Some(key.id),
        portions,
        scopes: Some(scopes.difference(catalogue.platform_permissions())),
        ..Subject::UNKNOWN
    })
}

/// Notes in memory that somebody used these permissions in the guarded product, so that they do not count as unused.
pub fn note_uses<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    user: UserId,
    permissions: impl IntoIterator<Item = Permission>,
) {
    let Some(tenant) = permit.tenant() else { return };
    let now = store.now();
    for permission in permissions {
        store.shared.uses.note(Use { tenant, user, permission }, now);
    }
}
