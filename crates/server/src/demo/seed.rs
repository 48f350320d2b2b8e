//! The demonstration tenant, written through the operations as real people would have done it, at the times of day of the
//! requirement's page. Nothing here touches the database by itself, and no figure of the page is typed in.

use bailiwick_domain::{
    clock::Clock,
    entity::{Browser, Device, System, Tenant, TenantKind, User},
    ids::UserId,
    role::Role,
    rule::{AssignRole, ByJob, ChangeMyProofs, CreateApiKey, Invite, ProveAgain, Rule, SignIn},
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    enrolment, factors,
    invitations::{self, NewInvitation},
    mail::{Mailroom, RoundError},
    policy,
    sign_in::{self, Step},
    tenants::{self, NewOwner, NewTenant},
    users::{self, NewUser},
};
use bailiwick_store::{
    AgentClass, CarriedDevices, Credential, Job, Jobs, Permit, Refusal, RequestContext, Store,
};
use bailiwick_vault::{
    password::PasswordHasher,
    token::{RandomToken, SessionToken},
    totp::TotpSecret,
};
use serde::Serialize;

use super::clock::DemoClock;

/// One of the demonstration's people and how to sign in as them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DemoSignIn {
    /// `owner`, `operations manager`, `auditor` or `platform operator`.
    pub(crate) who: &'static str,
    /// The sign-in address.
    pub(crate) address: &'static str,
    /// The password, drawn anew for every demonstration.
    pub(crate) password: String,
    /// The authenticator's secret in base32, where a second factor is enrolled.
    pub(crate) totp_secret: Option<String>,
}

/// Why the demonstration could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeedError {
    /// An operation refused.
    #[error("the demonstration could not be written: {0}")]
    Ops(#[from] Error),
    /// The gate refused.
    #[error("the demonstration could not be written: {0}")]
    Gate(#[from] Refusal),
    /// A letter did not leave.
    #[error("the demonstration could not be written: {0}")]
    Mail(#[from] RoundError),
    /// A step gave something else than it must.
    #[error("the demonstration could not be written: {0}")]
    Step(&'static str),
}

/// Everybody of the demonstration tenant who can sign in with a password.
///
/// Beside the three named people of the requirement, each is called after what they do: the Plan Manager since last month.
const PEOPLE: [(&str, &str, Role); 7] = [
    ("ops@example.com", "Ops Manager", Role::OperationsManager),
    ("plan@example.com", "Plan Manager", Role::SupportCoordinator),
    ("intake@example.com", "Intake Coordinator", Role::SupportCoordinator),
    ("roster@example.com", "Roster Coordinator", Role::SupportCoordinator),
    ("audit@example.com", "Internal Auditor", Role::Auditor),
    ("integrations@example.com", "Integration Developer", Role::Developer),
    ("finance@example.com", "Finance Reviewer", Role::Auditor),
];

/// Of these, who enrols an authenticator app; the operations manager is the one still missing.
const WITH_TOTP: [&str; 5] = [
    "plan@example.com",
    "intake@example.com",
    "roster@example.com",
    "audit@example.com",
    "integrations@example.com",
];
/// Who signs in through the identity provider, which asserts MFA.
const WITH_SSO: &str = "finance@example.com";

/// The longest grace there is: the demonstration's people came weeks ago, and those without a second factor still get in.
const GRACE_DAYS: i64 = 90;

pub(crate) struct Seed<'s, C> {
    store: &'s Store,
    jobs: &'s Jobs,
    hasher: &'s PasswordHasher,
    room: Mailroom,
    clock: &'s DemoClock<C>,
    /// Midnight of the day on which the demonstration starts, or of an earlier one.
    today: Timestamp,
    /// Whether that is an earlier one.
    older: bool,
}

impl<'s, C: Clock> Seed<'s, C> {
    pub(crate) fn new(
        store: &'s Store,
        jobs: &'s Jobs,
        hasher: &'s PasswordHasher,
        room: Mailroom,
        clock: &'s DemoClock<C>,
    ) -> Self {
        clock.release();
        Self { store, jobs, hasher, room, clock, today: clock.now().start_of_day(), older: false }
    }

    /// The same history, so many days further back.
    pub(crate) fn older(self, days: u16) -> Self {
        Self { today: self.today - Span::days(i64::from(days)), older: days > 0, ..self }
    }

    /// Writes the platform and the demonstration tenant, and gives the clock back to the system.
    pub(crate) async fn run(self) -> Result<Vec<DemoSignIn>, SeedError> {
        let operator = self.platform().await?;
        let (tenant, owner) = self.tenant().await?;
        let job = self.jobs.permit(Job::Demo, tenant.id);
        let owner_password = self.password(&job, owner.id).await?;
        let (ops, auditor) = self.people(&job).await?;
        let back = self.last_month();
        if back > 30 {
            self.promotion(back, &owner_password).await?;
        }
        self.older_keys(&owner_password).await?;
        if back <= 30 {
            self.promotion(back, &owner_password).await?;
        }
        self.last_week(&owner_password).await?;
        let secret = self.last_evening(&owner_password).await?;
        if self.older {
            // Otherwise uses would be recorded from today on, and nothing could be known of the time before.
            bailiwick_store::permission_use::flush(self.store).await.map_err(Error::from)?;
        }
        self.clock.release();
        Ok(vec![
            DemoSignIn {
                who: "owner",
                address: "owner@example.com",
                password: owner_password,
                totp_secret: Some(secret),
            },
            ops,
            auditor,
            operator,
        ])
    }

    async fn platform(&self) -> Result<DemoSignIn, SeedError> {
        self.at(-60, 9, 0);
        let job = self.jobs.permit(Job::Demo, self.store.new_id());
        let new = NewTenant {
            slug: "platform".into(),
            name: "Platform".into(),
            region: "local".into(),
            key_brand: None,
            owner: NewOwner { email: "platform@example.com".into(), name: "Platform Owner".into() },
        };
        let (platform, _) = tenants::create_as(self.store, &job, TenantKind::Platform, new).await?;
        let inside = self.jobs.permit(Job::Demo, platform.id);
        policy::set_grace(self.store, &inside, GRACE_DAYS).await?;
        let new = NewUser {
            email: "operator@example.com".into(),
            name: "Platform Operator".into(),
            role: Role::PlatformOperator,
        };
        let operator = users::create(self.store, &inside, new).await?;
        let password = self.password(&inside, operator.id).await?;
        Ok(DemoSignIn {
            who: "platform operator",
            address: "operator@example.com",
            password,
            totp_secret: None,
        })
    }

    async fn tenant(&self) -> Result<(Tenant, User), SeedError> {
        self.at(-60, 10, 0);
        let job = self.jobs.permit(Job::Demo, self.store.new_id());
        let new = NewTenant {
            slug: "example-care".into(),
            name: "Example Care".into(),
            region: "local".into(),
            key_brand: None,
            owner: NewOwner { email: "owner@example.com".into(), name: "Imran Owner".into() },
        };
        let (tenant, owner) = tenants::create_as(self.store, &job, TenantKind::Customer, new).await?;
        policy::set_grace(self.store, &self.jobs.permit(Job::Demo, tenant.id), GRACE_DAYS).await?;
        Ok((tenant, owner))
    }

    /// Seven people beside the owner; five enrol an authenticator, one is known to single sign-on.
    async fn people(&self, job: &Permit<ByJob>) -> Result<(DemoSignIn, DemoSignIn), SeedError> {
        let mut ops = None;
        let mut auditor = None;
        for (minute, (email, name, role)) in (0..).zip(PEOPLE) {
            self.at(-45, 9, minute);
            let user =
                users::create(self.store, job, NewUser { email: email.into(), name: name.into(), role })
                    .await?;
            let mut secret = None;
            if WITH_TOTP.contains(&email) {
                self.at(-44, 9, minute);
                secret = Some(self.authenticator(job, user.id).await?);
            }
            match email {
                WITH_SSO => {
                    factors::sso_asserted(self.store, job, user.id).await?;
                }
                "ops@example.com" => {
                    let password = self.password(job, user.id).await?;
                    ops = Some(DemoSignIn {
                        who: "operations manager",
                        address: email,
                        password,
                        totp_secret: None,
                    });
                }
                "audit@example.com" => {
                    let password = self.password(job, user.id).await?;
                    auditor =
                        Some(DemoSignIn { who: "auditor", address: email, password, totp_secret: secret });
                }
                _ => {}
            }
        }
        ops.zip(auditor).ok_or(SeedError::Step("its people are incomplete"))
    }

    /// How many days ago the last week of last month began: eight to 38.
    fn last_month(&self) -> i64 {
        self.today.civil().day + 7
    }

    /// Who is the plan manager today was something else until a day of last month.
    async fn promotion(&self, back: i64, password: &str) -> Result<(), SeedError> {
        let session = self.signed_in(-back, 16, 20, password).await?;
        self.at(-back, 16, 24);
        let permit: Permit<AssignRole> = self.permit(&session).await?;
        let plan = self.user("plan@example.com").await?;
        users::assign_role(self.store, &permit, plan, Role::PlanManager.name()).await?;
        self.room.round().await?;
        let permit: Permit<SignIn> = self.permit(&session).await?;
        sign_in::sign_out(self.store, &permit).await?;
        Ok(())
    }

    /// A month ago: an older key, and one for documents.
    async fn older_keys(&self, password: &str) -> Result<(), SeedError> {
        let session = self.signed_in(-30, 14, 2, password).await?;
        self.at(-30, 14, 5);
        self.key(&session, "Roster export", "rst", &["roster:read"], Some(self.today + Span::days(200)))
            .await?;
        self.at(-30, 14, 10);
        self.key(
            &session,
            "Document sync",
            "doc",
            &["document:read", "document:write"],
            Some(self.today + Span::days(91)),
        )
        .await
    }

    /// In the last week: a change of role that was taken back, and the first invitation.
    async fn last_week(&self, password: &str) -> Result<(), SeedError> {
        let session = self.signed_in(-6, 15, 4, password).await?;
        self.at(-6, 15, 5);
        let permit: Permit<AssignRole> = self.permit(&session).await?;
        let roster = self.user("roster@example.com").await?;
        users::assign_role(self.store, &permit, roster, Role::PlanManager.name()).await?;
        self.at(-6, 15, 9);
        let permit: Permit<AssignRole> = self.permit(&session).await?;
        users::assign_role(self.store, &permit, roster, Role::SupportCoordinator.name()).await?;
        self.at(-6, 15, 12);
        self.invite(&session, "auditor@example.com", Role::Auditor, 8).await
    }

    /// The evening before: the three events of the page, at 11:00, 11:10 and 11:15 pm.
    async fn last_evening(&self, password: &str) -> Result<String, SeedError> {
        let session = self.signed_in(-1, 22, 55, password).await?;
        self.at(-1, 23, 0);
        self.invite(&session, "coordinator@example.com", Role::SupportCoordinator, 10).await?;
        // What decides who may do what takes a proof of the last ten minutes.
        self.at(-1, 23, 9);
        let permit: Permit<ProveAgain> = self.permit(&session).await?;
        let session = sign_in::again(self.store, self.hasher, &permit, password.to_owned(), "").await?;
        self.at(-1, 23, 10);
        self.key(
            &session,
            "Reporting integration",
            "rpt",
            &["participant:read", "billing:read"],
            Some(self.today + Span::days(28)),
        )
        .await?;
        self.at(-1, 23, 15);
        let permit: Permit<ChangeMyProofs> = self.permit(&session).await?;
        let (factor, secret) = factors::totp_begin(self.store, &permit, None).await?;
        factors::totp_verify(self.store, &permit, factor.id, &self.code(&secret)).await?;
        self.room.round().await?;
        let permit: Permit<SignIn> = self.permit(&session).await?;
        sign_in::sign_out(self.store, &permit).await?;
        Ok(secret.base32().to_string())
    }

    async fn invite(
        &self,
        session: &SessionToken,
        email: &str,
        role: Role,
        days: i64,
    ) -> Result<(), SeedError> {
        let permit: Permit<Invite> = self.permit(session).await?;
        let new = NewInvitation {
            email: email.into(),
            role: role.name().into(),
            expires_at: Some(self.today + Span::days(days)),
        };
        invitations::create(self.store, &permit, new).await?;
        self.room.round().await?;
        Ok(())
    }

    async fn key(
        &self,
        session: &SessionToken,
        name: &str,
        tag: &str,
        scopes: &[&str],
        expires_at: Option<Timestamp>,
    ) -> Result<(), SeedError> {
        let permit: Permit<CreateApiKey> = self.permit(session).await?;
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        api_keys::create(
            self.store,
            &permit,
            NewApiKey {
                name: name.into(),
                scopes,
                expires_at,
                tag: Some(tag.into()),
                ..NewApiKey::default()
            },
        )
        .await?;
        Ok(())
    }

    async fn authenticator(&self, job: &Permit<ByJob>, user: UserId) -> Result<String, SeedError> {
        let (factor, secret) = factors::totp_begin_for(self.store, job, user).await?;
        factors::totp_verify_for(self.store, job, user, factor.id, &self.code(&secret)).await?;
        Ok(secret.base32().to_string())
    }

    async fn signed_in(
        &self,
        day: i64,
        hour: i64,
        minute: i64,
        password: &str,
    ) -> Result<SessionToken, SeedError> {
        self.at(day, hour, minute);
        let permit: Permit<SignIn> = self.store.gate().admit(Credential::None, self.request()).await?;
        match sign_in::password(self.store, self.hasher, &permit, "owner@example.com", password.to_owned())
            .await?
        {
            Step::Done(session) => Ok(session),
            Step::SecondFactor(_) => Err(SeedError::Step("its owner has a second factor too early")),
        }
    }

    /// The owner's permit for one rule, through the gate like any request.
    async fn permit<R: Rule>(&self, session: &SessionToken) -> Result<Permit<R>, SeedError> {
        let session = SessionToken::parse(&session.expose())
            .map_err(|_| SeedError::Step("its session cannot be read"))?;
        Ok(self.store.gate().admit(Credential::Session(session), self.request()).await?)
    }

    async fn user(&self, email: &str) -> Result<UserId, SeedError> {
        let tenant = bailiwick_store::tenants::of_address(self.store, email).await.map_err(Error::from)?;
        let tenant = tenant.first().copied().ok_or(SeedError::Step("its people are incomplete"))?;
        let job = self.jobs.permit(Job::Demo, tenant);
        let mut view = self.store.read(&job).await.map_err(Error::from)?;
        let user = bailiwick_store::users::by_email(&mut view, email).await.map_err(Error::from)?;
        user.map(|user| user.id).ok_or(SeedError::Step("its people are incomplete"))
    }

    /// A fresh password that can be typed: 100 random bits in groups of five.
    async fn password(&self, job: &Permit<ByJob>, user: UserId) -> Result<String, SeedError> {
        let random = RandomToken::generate(self.store.entropy()).expose();
        let plain: Vec<char> = random
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .take(20)
            .collect();
        let password =
            plain.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-");
        enrolment::set_password(self.store, self.hasher, job, user, password.clone()).await?;
        Ok(password)
    }

    fn code(&self, secret: &TotpSecret) -> String {
        secret.code_at(self.clock.now().unix_seconds()).to_string()
    }

    fn request(&self) -> RequestContext {
        RequestContext {
            id: self.store.new_id(),
            ip: Some(std::net::Ipv4Addr::LOCALHOST.into()),
            agent: AgentClass::Browser,
            device: Device { browser: Browser::Firefox, system: System::Linux },
            known: CarriedDevices::default(),
        }
    }

    /// Holds the clock at a time of day, so many days from today.
    fn at(&self, day: i64, hour: i64, minute: i64) {
        self.clock.hold(
            self.today + Span::days(day.max(0)) - Span::days((-day).max(0))
                + Span::minutes(hour * 60 + minute),
        );
    }
}
