//! What the policy asks of people at sign-in, and what happens to those who are late with it.

use bailiwick_domain::{
    entity::{MfaState, Severity},
    role::Role,
    rule::{
        ChangeMyProofs, CreateRole, DeleteRole, EnrolFactor, GiveTeamRole, Me, ProveAgain, ReadAudit,
        ReadUsers, SignIn, UpdatePolicy, UpdateTeam,
    },
    time::Span,
};
use bailiwick_ops::{
    Error, factors,
    policy::{self, NewPolicy},
    roles::{self, NewRole},
    sign_in::{self, Step},
    teams::{self, NewTeam},
};
use bailiwick_store::{Credential, Permit, Refusal, security_events, tenants, users};
use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::{token::SessionToken, totp::TotpSecret};

use crate::{
    raised::raised,
    support::{HOME, opens, request, times, try_sign_in, verified, with_cookie},
};

fn asking(floor: &str, grace: i64, roles: &[(&str, &str)]) -> NewPolicy {
    NewPolicy {
        mfa_floor: floor.into(),
        mfa_grace_days: grace,
        role_floors: roles.iter().map(|(role, floor)| ((*role).to_owned(), (*floor).to_owned())).collect(),
        session_idle_minutes: 1440,
        session_absolute_hours: 720,
        reauth_minutes: 10,
        invitation_days: 14,
        api_key_days: None,
    }
}

/// An owner with an authenticator, who may therefore ask for one.
async fn owner(acme: &Tenant) -> Actor {
    let owner = acme.owner();
    set_up(&owner).await;
    owner
}

async fn set_up(user: &Actor) -> TotpSecret {
    let (store, permit) = (&user.db.store, user.permit::<ChangeMyProofs>().await);
    let (factor, secret) = factors::totp_begin(store, &permit, None).await.unwrap();
    let code = secret.code_at(store.now().unix_seconds());
    factors::totp_verify(store, &permit, factor.id, &code).await.unwrap();
    secret
}

async fn change(owner: &Actor, new: NewPolicy) -> Result<(), Error> {
    policy::update(&owner.db.store, &owner.permit::<UpdatePolicy>().await, new).await.map(drop)
}

async fn enrolling(db: &Db, token: &SessionToken) -> Permit<EnrolFactor> {
    let credential = Credential::Session(SessionToken::parse(&token.expose()).unwrap());
    db.store.gate().admit(credential, request(db, HOME)).await.unwrap()
}

async fn signed_in(db: &Db, user: &Actor) -> SessionToken {
    let Ok(Step::Done(token)) = try_sign_in(db, HOME, &user.user.email, PASSWORD).await else {
        panic!("a factor")
    };
    token
}

both_databases! {
    async fn person_who_is_late_may_only_set_up_a_factor_and_then_gets_another_session(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = owner(&acme).await;
        let user = acme.user(Role::Auditor).await;
        change(&owner, asking("mfa", 0, &[])).await.unwrap();
        let held_back = signed_in(&db, &user).await;
        assert!(matches!(opens(&db, &held_back).await, Err(Refusal::Enrol)));
        assert!(matches!(user.try_permit::<ReadAudit>().await, Err(Refusal::Enrol)));
        assert!(matches!(user.try_permit::<ChangeMyProofs>().await, Err(Refusal::Enrol)), "nor the page of the account");
        assert!(user.permit::<SignIn>().await.permissions().is_empty(), "public pages show nothing more");
        let permit = enrolling(&db, &held_back).await;
        assert!(permit.permissions().is_empty());
        let nothing = factors::enrol_verify(&db.store, &permit, "000000").await;
        assert!(matches!(nothing, Err(Error::Conflict(_))), "{nothing:?}");
        let (_, secret) = factors::enrol_begin(&db.store, &permit).await.unwrap();
        let wrong = factors::enrol_verify(&db.store, &permit, "000000").await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
        let code = secret.code_at(db.store.now().unix_seconds());
        let token = factors::enrol_verify(&db.store, &permit, &code).await.unwrap();
        assert_ne!(*token.expose(), *held_back.expose());
        assert!(opens(&db, &token).await.is_ok());
        assert!(matches!(opens(&db, &held_back).await, Err(Refusal::SignIn)), "the old id opens nothing");
        assert!(matches!(user.try_permit::<Me>().await, Err(Refusal::SignIn)), "nor does any other session without the factor");
        let over = factors::enrol_begin(&db.store, &enrolling(&db, &token).await).await;
        assert!(matches!(over, Err(Error::Conflict(_))), "whoever has it changes it on their account: {over:?}");
        assert_eq!(times(&db, &acme, "mfa.enabled").await, 2);
        verified(&db).await;
    }

    async fn raised_floor_catches_open_sessions_with_their_next_request_once_the_grace_is_over(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, user) = (acme.owner(), acme.user(Role::Auditor).await);
        let secret = set_up(&owner).await;
        change(&owner, asking("any", 14, &[])).await.unwrap();
        db.clock.advance(Span::days(20));
        let (owner, user) = (fresh(&db, &owner, Some(&secret)).await, fresh(&db, &user, None).await);
        change(&owner, asking("mfa", 3, &[])).await.unwrap();
        assert!(user.try_permit::<ReadAudit>().await.is_ok(), "three days from now, since it was not asked for before");
        let due = user.permit::<Me>().await.caller().map(|caller| caller.mfa);
        assert_eq!(due, Some(bailiwick_domain::mfa::Standing::Grace(db.store.now() + Span::days(3))));
        change(&owner, asking("mfa", 0, &[])).await.unwrap();
        assert!(matches!(user.try_permit::<ReadAudit>().await, Err(Refusal::Enrol)), "nothing is cached");
        change(&owner, asking("any", 0, &[])).await.unwrap();
        assert!(user.try_permit::<ReadAudit>().await.is_ok());
        verified(&db).await;
    }

    async fn whoever_is_late_proves_who_they_are_before_they_set_up_a_factor(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, user) = (owner(&acme).await, acme.user(Role::Auditor).await);
        change(&owner, asking("mfa", 0, &[])).await.unwrap();
        assert!(user.try_permit::<EnrolFactor>().await.is_ok());
        db.clock.advance(Span::minutes(10));
        assert!(matches!(user.try_permit::<EnrolFactor>().await, Err(Refusal::Reauthenticate)), "a session is no proof");
        assert!(matches!(user.try_permit::<Me>().await, Err(Refusal::Enrol)), "nor does it open anything else");
        let token = sign_in::again(&db.store, &db.hasher, &user.permit::<ProveAgain>().await, PASSWORD.into(), "").await.unwrap();
        assert!(user.try_permit::<ProveAgain>().await.is_err(), "the one before has ended");
        assert!(factors::enrol_begin(&db.store, &enrolling(&db, &token).await).await.is_ok());
        verified(&db).await;
    }

    async fn grace_ends_by_itself(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = owner(&acme).await;
        change(&owner, asking("mfa", 14, &[])).await.unwrap();
        let user = acme.user(Role::Auditor).await;
        db.clock.advance(Span::hours(23));
        assert!(user.try_permit::<ReadAudit>().await.is_ok());
        db.clock.advance(Span::days(13));
        let user = fresh(&db, &user, None).await;
        assert!(user.try_permit::<ReadAudit>().await.is_ok());
        db.clock.advance(Span::hours(1));
        assert!(matches!(user.try_permit::<ReadAudit>().await, Err(Refusal::Enrol)));
    }

    async fn stricter_of_tenant_and_role_applies_and_a_change_of_role_counts_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = owner(&acme).await;
        change(&owner, asking("any", 0, &[("auditor", "mfa")])).await.unwrap();
        let (auditor, planner) = (acme.user(Role::Auditor).await, acme.user(Role::PlanManager).await);
        assert!(matches!(auditor.try_permit::<Me>().await, Err(Refusal::Enrol)));
        assert!(planner.try_permit::<Me>().await.is_ok());
        let permit = owner.permit::<bailiwick_domain::rule::AssignRole>().await;
        bailiwick_ops::users::assign_role(&db.store, &permit, planner.id(), "auditor").await.unwrap();
        assert!(matches!(planner.try_permit::<Me>().await, Err(Refusal::Enrol)));
        bailiwick_ops::users::assign_role(&db.store, &permit, planner.id(), "plan_manager").await.unwrap();
        assert!(planner.try_permit::<Me>().await.is_ok());
        change(&owner, asking("any", 0, &[])).await.unwrap();
        assert!(auditor.try_permit::<Me>().await.is_ok());
        verified(&db).await;
    }

    async fn role_of_ones_own_asks_of_its_holders_through_teams_too_until_it_is_removed(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = owner(&acme).await;
        let (holder, member) = (acme.user(Role::Auditor).await, acme.user(Role::PlanManager).await);
        let new = NewRole { label: "Night".into(), permissions: vec!["user:read".into()], ..NewRole::default() };
        let role = roles::create(&db.store, &owner.permit::<CreateRole>().await, new).await.unwrap().name;
        let nothing = change(&owner, asking("any", 0, &[("custom-day", "mfa")])).await;
        assert!(matches!(nothing, Err(Error::Invalid(_))), "there is no such role: {nothing:?}");
        change(&owner, asking("any", 0, &[(role.name(), "mfa")])).await.unwrap();
        assert!(holder.try_permit::<Me>().await.is_ok() && member.try_permit::<Me>().await.is_ok());

        let permit = owner.permit::<bailiwick_domain::rule::AssignRole>().await;
        bailiwick_ops::users::assign_role(&db.store, &permit, holder.id(), role.name()).await.unwrap();
        let permit = owner.permit::<UpdateTeam>().await;
        let team = NewTeam { name: "Night shift".into(), ..NewTeam::default() };
        let team = teams::create(&db.store, &permit, team).await.unwrap().id;
        teams::add_member(&db.store, &permit, team, member.id()).await.unwrap();
        assert!(member.try_permit::<Me>().await.is_ok());
        teams::give_role(&db.store, &owner.permit::<GiveTeamRole>().await, team, role.name()).await.unwrap();
        for late in [&holder, &member] {
            assert!(matches!(late.try_permit::<Me>().await, Err(Refusal::Enrol)));
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let listed = users::find_listed(&mut view, late.id()).await.unwrap();
            assert_eq!((listed.mfa, listed.mfa_due.is_some()), (MfaState::Missing, true));
        }

        let permit = owner.permit::<DeleteRole>().await;
        roles::delete(&db.store, &permit, role, Some("auditor")).await.unwrap();
        assert!(holder.try_permit::<Me>().await.is_ok() && member.try_permit::<Me>().await.is_ok());
        let policy = tenants::policy(&mut db.store.read(&acme.job()).await.unwrap()).await.unwrap();
        assert!(policy.role_floors.is_empty(), "{:?}", policy.role_floors);
        assert_eq!(times(&db, &acme, "policy.updated").await, 2);
        verified(&db).await;
    }

    async fn word_of_an_identity_provider_meets_the_floor(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = owner(&acme).await;
        let user = acme.user(Role::Auditor).await;
        factors::sso_asserted(&db.store, &acme.job(), user.id()).await.unwrap();
        change(&owner, asking("mfa", 0, &[])).await.unwrap();
        assert!(user.try_permit::<Me>().await.is_ok());
    }

    async fn owner_asks_nothing_of_others_that_they_lack_themselves(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        change(&owner, asking("any", 14, &[])).await.unwrap();
        for new in [asking("mfa", 14, &[]), asking("passkey", 14, &[]), asking("any", 14, &[("auditor", "mfa")])] {
            let refused = change(&owner, new).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
        set_up(&owner).await;
        change(&owner, asking("mfa", 14, &[])).await.unwrap();
        let beyond = change(&owner, asking("passkey", 14, &[])).await;
        assert!(matches!(beyond, Err(Error::Invalid(_))), "an authenticator app is no passkey: {beyond:?}");
    }

    async fn asking_less_raises_an_event_and_asking_more_says_so(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = owner(&acme).await;
        let newest = async || {
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let event = security_events::list(&mut view, None, 1).await.unwrap().items.remove(0);
            (event.kind, event.severity, event.detail)
        };
        for (new, severity, detail) in [
            (asking("mfa", 14, &[("auditor", "mfa")]), Severity::Info, "The security policy changed"),
            (asking("any", 14, &[("auditor", "mfa")]), Severity::High, "The policy asks for less at sign-in"),
            (asking("any", 14, &[]), Severity::High, "The policy no longer asks for MFA"),
            (asking("any", 0, &[]), Severity::Info, "The security policy changed"),
        ] {
            db.clock.advance(Span::seconds(1));
            change(&owner, new).await.unwrap();
            assert_eq!(newest().await, ("policy.updated".to_owned(), severity, detail.to_owned()));
        }
        assert_eq!(raised(&acme, "policy.updated").await, 4);
    }

    async fn roles_of_the_other_kind_of_tenant_have_no_floor_here(db: Db) {
        let acme = db.tenant("acme").await;
        let refused = change(&owner(&acme).await, asking("mfa", 14, &[("platform_owner", "mfa")])).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }

    async fn column_says_who_has_a_factor_and_from_when_on_one_is_needed(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = owner(&acme).await;
        let (without, asserted) = (acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        factors::sso_asserted(&db.store, &acme.job(), asserted.id()).await.unwrap();
        let joined = without.user.created_at;
        let listed = async |id| {
            let mut view = db.store.read(&owner.permit::<ReadUsers>().await).await.unwrap();
            let listed = users::find_listed(&mut view, id).await.unwrap();
            let row = users::list(&mut view, None).await.unwrap().items.into_iter().find(|row| row.user.id == id).unwrap();
            assert_eq!((row.mfa, row.mfa_due), (listed.mfa, listed.mfa_due));
            (listed.mfa, listed.mfa_due)
        };
        change(&owner, asking("mfa", 14, &[])).await.unwrap();
        assert_eq!(listed(without.id()).await, (MfaState::Missing, Some(joined + Span::days(14))));
        assert_eq!(listed(asserted.id()).await, (MfaState::Sso, None));
        assert_eq!(listed(owner.id()).await, (MfaState::Required, None));
        change(&owner, asking("any", 14, &[("auditor", "mfa")])).await.unwrap();
        assert_eq!(listed(owner.id()).await, (MfaState::Verified, None));
        assert_eq!(listed(without.id()).await.0, MfaState::Missing);
        let mut view = db.store.read(&owner.permit::<ReadUsers>().await).await.unwrap();
        let mut tally: Vec<_> = users::tally(&mut view).await.unwrap().into_iter().map(|(state, _, count)| (state.name(), count)).collect();
        tally.sort_unstable();
        assert_eq!(tally, [("missing", 1), ("sso", 1), ("verified", 1)]);
    }
}

/// The same person with a session of now.
async fn fresh(db: &Db, user: &Actor, secret: Option<&TotpSecret>) -> Actor {
    let step = try_sign_in(db, HOME, &user.user.email, PASSWORD).await.unwrap();
    let token = match (step, secret) {
        (Step::Done(token), None) => token,
        (Step::SecondFactor(waiting), Some(secret)) => {
            let code = secret.code_at(db.store.now().unix_seconds());
            sign_in::code(&db.store, &with_cookie(db, &waiting).await, &code).await.unwrap()
        }
        _ => panic!("another factor than expected"),
    };
    Actor { token: token.expose().to_string(), ..user.clone() }
}
