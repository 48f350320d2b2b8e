//! One-time links with which a first user sets a password.
//!
//! A link that does not work gets one answer whatever is wrong with it. Where it was once real, that it was tried is
//! recorded in the organisation's log; where it never was, the organisation in it is only claimed.

use bailiwick_domain::{
    entity::{
        Enrolment, MailKind, Password as StoredHash, Severity, SignInMethod, TenantStatus, User, UserStatus,
    },
    ids::{TenantId, UserId},
    rule::{ByJob, SignIn},
    time::Span,
};
use bailiwick_mail::{Letter, Line, LinkPath, OwnerLinkLetter};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, accounts, tenants, users};
use bailiwick_vault::{
    password::{About, PasswordHasher},
    token::EnrolmentToken,
};

use crate::{
    Error, Result,
    mail::{self, within_limits},
    passwords::{about, choose, long_enough},
    sign_in::{
        Step,
        session::{leave_elsewhere, open_session},
    },
};

/// How long a link works.
pub const LASTS: Span = Span::hours(24);

/// What everybody reads whose link does not work.
pub const DEAD: &str = "This link does not work any more. Ask whoever sent it for another one.";

/// Makes a link for a user as the server itself. Its token is in the answer only; what is stored is a hash.
pub async fn begin(store: &Store, permit: &Permit<ByJob>, user: UserId) -> Result<EnrolmentToken> {
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, user).await?;
            let (event, _, token) = issue(store, tx, &user).await?;
            Ok(tx.record(event, token))
        })
        .await
}

/// As [`issue`], the link going by letter to the user and nowhere else: whoever asks for it never sees it. A letter with one that
/// died, and has not left yet, stays here.
///
/// # Errors
/// `Limited` where the organisation or the user had letters enough.
pub(crate) async fn mail_link(store: &Store, tx: &mut Tx, user: &User) -> Result<(Event, Enrolment)> {
    within_limits(store, tx, &user.email).await?;
    mail::withdraw_of(tx, user.id.uuid(), Some(MailKind::OwnerLink)).await?;
    let (event, enrolment, token) = issue(store, tx, user).await?;
    let path = LinkPath::parse(format!("/enrol/{}", token.expose().as_str()));
    let letter = Letter::OwnerLink(OwnerLinkLetter {
        name: Line::of(&user.name),
        organisation: Line::of(&tenants::find(tx).await?.name),
        path: path.map_err(bailiwick_store::Error::vault)?,
        expires_at: enrolment.expires_at,
    });
    mail::write(store, tx, &letter, user.id.uuid(), &user.email, enrolment.expires_at).await?;
    Ok((event, enrolment))
}

/// Makes a link for a locked user within a change, with the event to record. Their older links die: one works at a time.
pub(crate) async fn issue(
    store: &Store,
    tx: &mut Tx,
    user: &User,
) -> Result<(Event, Enrolment, EnrolmentToken)> {
    let now = tx.now();
    withdraw(tx, user.id, "another link was issued").await?;
    let token = EnrolmentToken::generate(&tx.tenant().bytes(), store.entropy());
    let enrolment = Enrolment {
        id: store.new_id(),
        user: user.id,
        created_at: now,
        expires_at: now + LASTS,
        used_at: None,
    };
    let written = accounts::insert_enrolment(tx, enrolment.clone(), &token.hash()).await?;
    Ok((Event::new("enrolment.created", &written)?, enrolment, token))
}

/// Ends a locked user's links.
pub(crate) async fn withdraw(tx: &mut Tx, user: UserId, why: &'static str) -> Result<()> {
    let now = tx.now();
    for before in accounts::live_enrolments(tx, user).await? {
        let after = Enrolment { expires_at: now, ..before.clone() };
        let written = accounts::replace_enrolment(tx, before, after).await?;
        let withdrawn = Event::new("enrolment.withdrawn", &written)?.because(why);
        tx.also(withdrawn);
    }
    Ok(())
}

/// Whom a link enrols.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The person.
    pub user: User,
    /// The organisation's name.
    pub organisation: String,
}

/// Whom a link enrols, while it works. Looking uses nothing up.
pub async fn look(
    store: &Store,
    permit: &Permit<SignIn>,
    token: &EnrolmentToken,
) -> Result<Option<Enrolled>> {
    let mut view = store.read(&permit.enter(TenantId::from_bytes(token.tenant()))).await?;
    let enrolment = match accounts::enrolment(&mut view, &token.hash()).await {
        Ok(enrolment) => enrolment,
        Err(bailiwick_store::Error::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let user = users::find(&mut view, enrolment.user).await?;
    let tenant = tenants::find(&mut view).await?;
    let works = enrolment.used_at.is_none()
        && view.now() < enrolment.expires_at
        && user.status == UserStatus::Active
        && tenant.status == TenantStatus::Active;
    Ok(works.then_some(Enrolled { user, organisation: tenant.name }))
}

/// The answer to a link that does not work, recorded where the link was once real.
///
/// # Errors
/// The server's own faults.
pub async fn refuse(store: &Store, permit: &Permit<SignIn>, token: &EnrolmentToken) -> Result<Error> {
    let inside = permit.enter(TenantId::from_bytes(token.tenant()));
    let mut view = store.read(&inside).await?;
    let was_real = match accounts::enrolment(&mut view, &token.hash()).await {
        Ok(_) => true,
        Err(bailiwick_store::Error::NotFound) => false,
        Err(error) => return Err(error.into()),
    };
    drop(view);
    if !was_real {
        return Ok(Error::Conflict(DEAD));
    }
    let refused: Result<()> = store.change(&inside, async |_| Err(Error::Conflict(DEAD))).await;
    Ok(refused.err().unwrap_or(Error::Conflict(DEAD)))
}

/// Sets the password and signs the user in; whoever has proven an authenticator is asked for its code first, because a link
/// stands for the password and for nothing more. The link works once, whoever comes first.
pub async fn complete(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    token: &EnrolmentToken,
    password: String,
) -> Result<Step> {
    let tenant = TenantId::from_bytes(token.tenant());
    let inside = permit.enter(tenant);
    if look(store, &inside, token).await?.is_none() {
        return Err(refuse(store, &inside, token).await?);
    }
    let password = choose(hasher, "password", password, whose(store, &inside, token).await?).await?;
    let hash = hasher.hash(&password).await.map_err(Error::Password)?;
    let step = store
        .change(&inside, async |tx| {
            // The user before the link, the order in which another link is issued.
            let found = accounts::enrolment(tx, &token.hash()).await?;
            let user = users::lock(tx, found.user).await?;
            let before = accounts::lock_enrolment(tx, &token.hash()).await?;
            if before.used_at.is_some() || tx.now() >= before.expires_at {
                return Err(Error::Conflict(DEAD));
            }
            if user.status != UserStatus::Active || tenants::find(tx).await?.status != TenantStatus::Active {
                return Err(Error::Conflict(DEAD));
            }
            let after = Enrolment { used_at: Some(tx.now()), ..before.clone() };
            let written = accounts::replace_enrolment(tx, before, after).await?;
            let used = Event::new("enrolment.used", &written)?;
            tx.also(used);
            let written = accounts::set_password(
                tx,
                StoredHash { user: user.id, hash: hash.as_str().to_owned(), changed_at: tx.now() },
            )
            .await?;
            let set = Event::new("password.set", &written)?
                .raising(Severity::Info, format!("User with the role {} set a password", user.role.title()));
            tx.also(set);
            open_session(store, tx, &inside, &user, SignInMethod::Enrolment).await
        })
        .await?;
    leave_elsewhere(store, permit, tenant).await;
    Ok(step)
}

/// Sets a user's password as the server itself: for the demonstration and for tests.
pub async fn set_password(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<ByJob>,
    user: UserId,
    password: String,
) -> Result<()> {
    let hash = hasher.hash(&long_enough("password", password)?).await.map_err(Error::Password)?;
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, user).await?;
            let written = accounts::set_password(
                tx,
                StoredHash { user: user.id, hash: hash.as_str().to_owned(), changed_at: tx.now() },
            )
            .await?;
            let event = Event::new("password.set", &written)?;
            Ok(tx.record(event, ()))
        })
        .await
}

/// What others know of whoever holds a link.
async fn whose(store: &Store, inside: &Permit<SignIn>, token: &EnrolmentToken) -> Result<About> {
    let mut view = store.read(inside).await?;
    let enrolment = accounts::enrolment(&mut view, &token.hash()).await?;
    let user = users::find(&mut view, enrolment.user).await?;
    about(&mut view, &user).await
}
