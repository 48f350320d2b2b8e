//! The account page: for reading, with an authenticator to set up, and again when its code was wrong.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, Session},
    ids::FactorId,
    rule::Rule,
    time::{Span, Timestamp},
};
use bailiwick_store::{Actor, Permit, Scope, Store, accounts, sessions, users};
use bailiwick_vault::totp::PERIOD;

use super::passkeys::Passkeys;
use crate::{
    error::{Error, Result},
    forms::{Field, Problem},
    pages::{
        parts::Badge,
        rows::{mfa, mfa_meaning},
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "account/show.html")]
pub(super) struct AccountPage {
    shell: Shell,
    problems: Vec<Problem>,
    name: String,
    address: String,
    role: &'static str,
    joined: When,
    mfa: Badge,
    mfa_meaning: &'static str,
    factors: Vec<FactorRow>,
    passkeys: Passkeys,
    enrolment: Option<Enrolment>,
    password_changed: Option<When>,
    /// Whether an authenticator may be set up: one that is proven stays the only one.
    may_begin: bool,
    sessions: Vec<SessionRow>,
}

/// A second factor of the person.
struct FactorRow {
    icon: &'static str,
    label: &'static str,
    added: When,
    last_used: Option<When>,
    status: Badge,
}

/// An authenticator that waits for its first code. The secret is there once, in the answer that made it.
pub(super) struct Enrolment {
    /// A picture as a `data:` address; empty when the secret was shown before.
    pub(super) qr: String,
    /// In groups of four; empty when it was shown before.
    pub(super) secret: String,
    pub(super) action: String,
    pub(super) code: Field,
}

impl Enrolment {
    /// Asks for a code of the factor again, without its secret.
    pub(super) fn waiting(factor: FactorId, problems: &[Problem]) -> Self {
        Self {
            qr: String::new(),
            secret: String::new(),
            action: format!("/account/factors/{factor}"),
            code: Field::new("code", "Six digits from the app").emptied(problems),
        }
    }
}

/// A place where the person is signed in.
struct SessionRow {
    icon: &'static str,
    device: &'static str,
    how: &'static str,
    from: String,
    started: When,
    seen: When,
    current: bool,
}

impl AccountPage {
    /// Reads what the page says of the person.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a key, which has no account.
    pub(super) async fn read<R: Rule>(
        store: &Store,
        permit: &Permit<R>,
        visit: &Visit,
        problems: Vec<Problem>,
        enrolment: Option<Enrolment>,
    ) -> Result<Self> {
        let Actor::User { id, session: here, .. } = *permit.actor() else {
            return Err(Error::Forbidden("Only a signed-in person has an account."));
        };
        let mut view = store.read(permit).await?;
        let listed = users::find_listed(&mut view, id).await?;
        let factors = accounts::factors(&mut view, id).await?;
        let password = accounts::password(&mut view, id).await?;
        let live = sessions::live_of(&mut view, id).await?;
        let passkeys = Passkeys::read(&mut view, id, &problems).await?;
        let now = view.now();
        Ok(Self {
            shell: Shell::new(permit, visit, "Profile and sign-in"),
            mfa: mfa(listed.mfa),
            mfa_meaning: mfa_meaning(listed.mfa),
            // Passkeys have a list of their own.
            factors: factors
                .iter()
                .filter(|factor| factor.kind != FactorKind::Passkey)
                .map(|factor| factor_row(factor, now))
                .collect(),
            passkeys,
            enrolment,
            password_changed: password.map(|password| When::ago(password.changed_at, now)),
            may_begin: !factors
                .iter()
                .any(|factor| factor.kind == FactorKind::Totp && factor.state == FactorState::Verified),
            sessions: live.iter().map(|session| session_row(session, session.id == here, now)).collect(),
            joined: When::day(listed.user.created_at),
            role: listed.user.role.title(),
            name: listed.user.name,
            address: listed.user.email,
            problems,
        })
    }
}

fn factor_row(factor: &Factor, now: Timestamp) -> FactorRow {
    let (icon, label) = match factor.kind {
        FactorKind::Totp => ("device", "Authenticator app"),
        FactorKind::Passkey => ("key", "Passkey"),
        FactorKind::Sso => ("shield", "Single sign-on, asserted by the identity provider"),
    };
    FactorRow {
        icon,
        label,
        added: When::day(factor.created_at),
        last_used: last_used(factor).map(|at| When::ago(at.min(now), now)),
        status: match factor.state {
            FactorState::Verified => Badge::new("ok", "Verified"),
            FactorState::Pending => Badge::new("warn", "Not proven yet"),
            FactorState::Removed => Badge::new("mute", "Removed"),
        },
    }
}

/// The time step of the last accepted code as a time.
fn last_used(factor: &Factor) -> Option<Timestamp> {
    let seconds = factor.last_step.checked_mul(i64::try_from(PERIOD).ok()?)?;
    (factor.last_step > 0).then(|| Timestamp::from_micros(0) + Span::seconds(seconds))
}

fn session_row(session: &Session, current: bool, now: Timestamp) -> SessionRow {
    let device = session.device();
    SessionRow {
        icon: if device.is_handheld() { "device" } else { "display" },
        device: device.title(),
        how: session.method.title(),
        from: session.whence(),
        started: When::moment(session.created_at),
        seen: When::ago(session.last_seen_at, now),
        current,
    }
}
