//! The account page: for reading, with an authenticator to set up, and again when its code was wrong.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, Session, phone::masked},
    mfa::Held,
    rule::Rule,
    time::{Span, Timestamp},
};
use bailiwick_ops::factors::{AT_MOST, left_without};
use bailiwick_store::{
    Actor, Permit, Scope, Store, accounts, phones, recovery_codes, roles, sessions, tenants, users,
};
use bailiwick_vault::totp::PERIOD;

use super::{passkeys::Passkeys, recovery_show::unused};
use crate::{
    error::{Error, Result},
    forms::{Field, Problem, Typed},
    pages::{
        authenticator::Enrolment,
        parts::Badge,
        rows::{mfa, mfa_meaning},
    },
    shell::{Shell, Visit},
    when::{When, zone_of},
};

#[derive(Template, WebTemplate)]
#[template(path = "account/show.html")]
pub(super) struct AccountPage {
    shell: Shell,
    problems: Vec<Problem>,
    name: String,
    address: String,
    role: String,
    time_zone: String,
    joined: When,
    mfa: Badge,
    mfa_meaning: &'static str,
    factors: Vec<FactorRow>,
    passkeys: Passkeys,
    enrolment: Option<Enrolment>,
    password_changed: Option<When>,
    /// Whether another authenticator may be set up, and what it is to be called.
    may_begin: bool,
    new_name: Field,
    /// Nothing for whoever has no factor that codes could stand in for.
    recovery: Option<String>,
    sessions: Vec<SessionRow>,
    /// Nothing where the server sends no messages and there is no number.
    phone: Option<PhoneRow>,
}

/// The phone that one-time codes go to.
struct PhoneRow {
    /// The end of the number, if one is proven.
    number: Option<String>,
    offered: bool,
}

/// A second factor of the person.
struct FactorRow {
    icon: &'static str,
    label: String,
    added: When,
    last_used: Option<When>,
    status: Badge,
    /// Where it is removed; nothing for what is not removed here, and for what the organisation asks for.
    remove: Option<String>,
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
        let codes = recovery_codes::of(&mut view, id).await?;
        let apps = factors.iter().filter(|factor| is_proven_app(factor)).count();
        let held = roles::of_user(&mut view, &listed.user).await?;
        let asked = tenants::policy(&mut view).await?.asked(&held).level();
        let number = phones::of_user(&mut view, id).await?.map(|phone| masked(&phone.number));
        let offered = bailiwick_ops::phones::offered(store);
        let now = view.now();
        Ok(Self {
            shell: Shell::new(permit, visit, "Profile and sign-in"),
            mfa: mfa(listed.mfa),
            mfa_meaning: mfa_meaning(listed.mfa),
            // Passkeys have a list of their own.
            factors: factors
                .iter()
                .filter(|factor| factor.kind != FactorKind::Passkey)
                .map(|factor| factor_row(factor, left_without(&factors, asked, factor.id).is_some(), now))
                .collect(),
            passkeys,
            enrolment,
            password_changed: password.map(|password| When::ago(password.changed_at, now)),
            may_begin: apps < AT_MOST,
            new_name: new_name(),
            recovery: (Held::of(&factors) >= Held::Own)
                .then(|| codes.map_or_else(|| "None were made".to_owned(), |codes| unused(&codes))),
            sessions: live.iter().map(|session| session_row(session, session.id == here, now)).collect(),
            phone: (offered || number.is_some()).then_some(PhoneRow { number, offered }),
            joined: When::day(listed.user.created_at),
            role: permit.caller().map(|caller| caller.role.clone()).unwrap_or_default(),
            time_zone: zone_of(permit).name().to_owned(),
            name: listed.user.name,
            address: listed.user.email,
            problems,
        })
    }

    /// With the name of a new authenticator as it was typed, and what is wrong with it.
    pub(super) fn again(mut self, typed: &Typed) -> Self {
        self.new_name = new_name().again(typed, &self.problems);
        self
    }
}

fn new_name() -> Field {
    Field::new("name", "Name of the next one").hint("To tell them apart, such as “Work phone”.")
}

fn is_proven_app(factor: &Factor) -> bool {
    factor.kind == FactorKind::Totp && factor.state == FactorState::Verified
}

fn factor_row(factor: &Factor, may_go: bool, now: Timestamp) -> FactorRow {
    let (icon, label) = match factor.kind {
        FactorKind::Totp => ("device", factor.name.clone()),
        FactorKind::Passkey => ("key", factor.name.clone()),
        FactorKind::Sso => ("shield", "Single sign-on, asserted by the identity provider".to_owned()),
    };
    let remove = format!("/account/factors/{}/remove", factor.id);
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
        remove: (factor.kind == FactorKind::Totp && may_go).then_some(remove),
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
