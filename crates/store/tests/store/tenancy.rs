//! What belongs to another tenant is not there.

use bailiwick_domain::{
    entity::{CustomRole, PasswordReset, Policy, Team},
    ids::{
        ApiKeyId, EventId, FactorId, GrantId, InvitationId, SavedSearchId, SecurityEventId, SessionId,
        TeamId, UserId,
    },
    role::{CustomName, Role},
    rule::{
        ByJob, CreateApiKey, CreateRole, GiveTeamRole, GrantPermission, Invite, KeepSearches, ReadAudit,
        ReadUsers, UpdatePolicy, UpdateTeam,
    },
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    api_keys::NewApiKey, factors, invitations::NewInvitation, policy::NewPolicy, roles::NewRole,
    saved_searches::NewSearch, teams::NewTeam, users::NewGrant,
};
use bailiwick_store::{
    Error, Event, Permit, Result, Scope, Tx, accounts, api_keys, audit, grants, invitations, passkeys,
    password_resets, posture, recovery_codes, roles, saved_searches, security_events, sessions, teams,
    tenants, users,
};
use bailiwick_testkit::{Authenticator, Db, Tenant, both_databases, postgres_only};
use bailiwick_vault::{
    recovery::RecoveryCode,
    token::{PasswordResetToken, SessionToken, TokenHash},
};
use uuid::Uuid;

use crate::{raw, raw_rows, support::raw::Raw};

/// One of everything.
struct Things {
    user: UserId,
    session: SessionId,
    token: String,
    invitation: InvitationId,
    key: ApiKeyId,
    grant: GrantId,
    factor: FactorId,
    passkey: FactorId,
    recovery: TokenHash,
    event: EventId,
    security_event: SecurityEventId,
    reset: TokenHash,
    role: CustomName,
    team: TeamId,
    search: SavedSearchId,
}

async fn furnish(db: &Db, tenant: &Tenant) -> Things {
    let owner = tenant.owner();
    let auditor = tenant.user(Role::Auditor).await;
    let invite = NewInvitation { email: "new@example.com".into(), role: "auditor".into(), expires_at: None };
    let invitation =
        bailiwick_ops::invitations::create(&db.store, &owner.permit::<Invite>().await, invite).await.unwrap();
    let key = NewApiKey {
        name: "Sync".into(),
        scopes: vec!["user:read".into()],
        expires_at: None,
        tag: None,
        ..NewApiKey::default()
    };
    let (key, _) =
        bailiwick_ops::api_keys::create(&db.store, &owner.permit::<CreateApiKey>().await, key).await.unwrap();
    let grant = NewGrant {
        permission: "policy:update".into(),
        effect: "grant".into(),
        reason: "while Olive is away".into(),
        expires_at: None,
    };
    let grant =
        bailiwick_ops::users::grant(&db.store, &owner.permit::<GrantPermission>().await, auditor.id(), grant)
            .await
            .unwrap();
    let (role, team) = role_and_team(db, tenant, auditor.id()).await;
    let keep = NewSearch { name: "Refused".into(), query: "outcome:denied".into(), shared: true };
    let permit = owner.permit::<KeepSearches>().await;
    let search = bailiwick_ops::saved_searches::keep(&db.store, &permit, keep).await.unwrap();
    let (factor, _) = factors::totp_begin_for(&db.store, &tenant.job(), auditor.id()).await.unwrap();
    let passkey = auditor.add_passkey(&mut Authenticator::new(), "Laptop").await;
    let reset = forgotten(db, tenant, auditor.id()).await;
    let recovery = RecoveryCode::generate(db.store.entropy()).hash();
    let made: Result<()> = db
        .store
        .change(&tenant.job(), async |tx| {
            let written = recovery_codes::replace(tx, auditor.id(), &[recovery]).await?;
            let event = Event::new("recovery_codes.generated", &written)?;
            Ok(tx.record(event, ()))
        })
        .await;
    made.unwrap();
    db.sign().await;
    let mut view = db.store.read(&owner.permit::<ReadAudit>().await).await.unwrap();
    let session = sessions::live_of(&mut view, auditor.id()).await.unwrap().remove(0);
    let security_event = security_events::list(&mut view, None, 10).await.unwrap().items.remove(0);
    let event = audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest)
        .await
        .unwrap()
        .items
        .remove(0);
    Things {
        user: auditor.id(),
        session: session.id,
        token: auditor.token.clone(),
        invitation: invitation.id,
        key: key.id,
        grant: grant.id,
        factor: factor.id,
        passkey: passkey.id,
        recovery,
        event: event.event,
        security_event: security_event.id,
        reset,
        role: role.name,
        team: team.id,
        search: search.id,
    }
}

/// A role of the tenant's own, and a team that gives it to the user. Its short name is no other tenant's.
async fn role_and_team(db: &Db, tenant: &Tenant, user: UserId) -> (CustomRole, Team) {
    let owner = tenant.owner();
    let slug = tenant.entity.slug.clone();
    let new =
        NewRole { label: slug.clone(), slug, permissions: vec!["user:read".into()], ..NewRole::default() };
    let role =
        bailiwick_ops::roles::create(&db.store, &owner.permit::<CreateRole>().await, new).await.unwrap();
    let new = NewTeam { name: "Night shift".into(), ..NewTeam::default() };
    let permit = owner.permit::<UpdateTeam>().await;
    let team = bailiwick_ops::teams::create(&db.store, &permit, new).await.unwrap();
    bailiwick_ops::teams::add_member(&db.store, &permit, team.id, user).await.unwrap();
    let permit = owner.permit::<GiveTeamRole>().await;
    let team = bailiwick_ops::teams::give_role(&db.store, &permit, team.id, role.name.name()).await.unwrap();
    (role, team)
}

/// The hash of the token of a link that works.
async fn forgotten(db: &Db, tenant: &Tenant, user: UserId) -> TokenHash {
    let hash = PasswordResetToken::generate(&tenant.id().bytes(), db.store.entropy()).hash();
    db.store
        .change(&tenant.job(), async |tx| {
            let expires_at = tx.now() + Span::hours(1);
            let reset = PasswordReset {
                id: db.store.new_id(),
                user,
                created_at: tx.now(),
                expires_at,
                used_at: None,
            };
            let written = password_resets::insert(tx, reset, &hash, None).await?;
            let event = Event::new("password_reset.requested", &written)?;
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await
        .unwrap();
    hash
}

fn not_found<T: std::fmt::Debug>(what: &str, answer: Result<T>) {
    assert!(matches!(answer, Err(Error::NotFound)), "{what}: {answer:?}");
}

/// Tries every function that takes an id with ids of another tenant.
async fn nothing_is_there(tx: &mut Tx, theirs: &Things) {
    let token = SessionToken::parse(&theirs.token).unwrap().hash();
    not_found("users::find", users::find(tx, theirs.user).await);
    not_found("users::find_listed", users::find_listed(tx, theirs.user).await.map(|listed| listed.user));
    not_found("users::lock", users::lock(tx, theirs.user).await);
    not_found("sessions::find", sessions::find(tx, theirs.session).await);
    not_found("sessions::outdate", sessions::outdate(tx, theirs.user).await);
    not_found("sessions::lock", sessions::lock(tx, theirs.session).await);
    not_found("invitations::find", invitations::find(tx, theirs.invitation).await);
    not_found("invitations::lock", invitations::lock(tx, theirs.invitation).await);
    not_found("api_keys::find", api_keys::find(tx, theirs.key).await);
    not_found("api_keys::lock", api_keys::lock(tx, theirs.key).await);
    not_found("grants::lock", grants::lock(tx, theirs.user, theirs.grant).await);
    not_found("roles::find", roles::find(tx, theirs.role).await);
    not_found("roles::lock", roles::lock(tx, theirs.role).await);
    not_found("teams::find", teams::find(tx, theirs.team).await);
    not_found("teams::lock", teams::lock(tx, theirs.team).await);
    not_found("accounts::lock_factor", accounts::lock_factor(tx, theirs.user, theirs.factor).await);
    not_found("accounts::factor_secret", accounts::factor_secret(tx, theirs.factor).await.map(drop));
    not_found("passkeys::find", passkeys::find(tx, theirs.user, theirs.passkey).await);
    not_found("passkeys::lock", passkeys::lock(tx, theirs.user, theirs.passkey).await);
    not_found("accounts::enrolment", accounts::enrolment(tx, &token).await.map(drop));
    not_found("accounts::lock_enrolment", accounts::lock_enrolment(tx, &token).await.map(drop));
    not_found("security_events::find", security_events::find(tx, theirs.security_event).await);
    not_found("security_events::lock", security_events::lock(tx, theirs.security_event).await);
    not_found("audit::event_page", audit::event_page(tx, theirs.event).await);
    not_found(
        "password_resets::lock_by_token",
        password_resets::lock_by_token(tx, &theirs.reset).await.map(drop),
    );
    assert!(password_resets::by_token(tx, &theirs.reset).await.unwrap().is_none());
    assert!(password_resets::live_of(tx, theirs.user).await.unwrap().is_empty());
    let since = Timestamp::from_micros(0);
    assert_eq!(password_resets::asked_since(tx, theirs.user, None, since).await.unwrap().for_account, 0);
    assert!(sessions::by_token(tx, &token).await.unwrap().is_none());
    assert!(sessions::live_of(tx, theirs.user).await.unwrap().is_empty());
    assert!(grants::of_user(tx, theirs.user).await.unwrap().is_empty());
    assert_eq!(roles::set_of(tx, theirs.role.into()).await.unwrap(), None);
    assert!(teams::of_user(tx, theirs.user).await.unwrap().is_empty());
    assert!(teams::memberships(tx, theirs.team).await.unwrap().is_empty());
    assert!(teams::members(tx, theirs.team, None).await.unwrap().items.is_empty());
    assert!(teams::membership(tx, theirs.team, theirs.user).await.unwrap().is_none());
    assert!(accounts::password(tx, theirs.user).await.unwrap().is_none());
    assert!(accounts::factors(tx, theirs.user).await.unwrap().is_empty());
    assert!(passkeys::of_user(tx, theirs.user).await.unwrap().is_empty());
    assert!(passkeys::credential_ids(tx, theirs.user).await.unwrap().is_empty());
    assert!(recovery_codes::of(tx, theirs.user).await.unwrap().is_none());
    assert!(recovery_codes::take(tx, theirs.user, &theirs.recovery).await.unwrap().is_none());
    assert!(!recovery_codes::is_good(tx, theirs.user, &theirs.recovery).await.unwrap());
    not_found("recovery_codes::remove", recovery_codes::remove(tx, theirs.user).await.map(drop));
    assert!(audit::entity_history(tx, "user", theirs.user.uuid(), None).await.unwrap().is_empty());
    assert!(audit::revealed(tx, &[theirs.event]).await.unwrap().is_empty());
    not_found("audit::log::receipt", audit::log::receipt(tx, theirs.event).await.map(drop));
    assert!(audit::log::leaf_of_event(tx, theirs.event).await.unwrap().is_none());
    assert!(audit::completeness(tx, "user", theirs.user.uuid(), None).await.unwrap().is_none());
    assert!(users::names(tx, &[theirs.user.uuid()]).await.unwrap().is_empty());
    let by_them = audit::Sought::default().by(theirs.user.uuid());
    assert!(audit::search(tx, &by_them, audit::Place::Newest).await.unwrap().items.is_empty());
    assert_eq!(audit::tally(tx, &by_them).await.unwrap().count, 0);
    assert!(saved_searches::of_user(tx, theirs.user).await.unwrap().is_empty());
    not_found("saved_searches::find", saved_searches::find(tx, theirs.search).await);
}

both_databases! {
    async fn owner_of_one_tenant_finds_nothing_of_another_by_id(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let theirs = furnish(&db, &globex).await;
        furnish(&db, &acme).await;
        let permit: Permit<ByJob> = acme.job();
        let outcome: Result<()> = db
            .store
            .change(&permit, async |tx| {
                nothing_is_there(tx, &theirs).await;
                Err(Error::Conflict("nothing to record"))
            })
            .await;
        assert!(matches!(outcome, Err(Error::Conflict(_))));
    }

    async fn lists_and_counts_hold_one_tenant_only(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        furnish(&db, &globex).await;
        let mut view = db.store.read(&acme.owner().permit::<ReadUsers>().await).await.unwrap();
        assert_eq!(users::list(&mut view, None).await.unwrap().items.len(), 1);
        assert!(users::by_email(&mut view, "owner@globex.example").await.unwrap().is_none());
        assert_eq!(sessions::list(&mut view, None).await.unwrap().items.len(), 1);
        assert!(invitations::list(&mut view, None).await.unwrap().items.is_empty());
        assert!(invitations::pending(&mut view, 10).await.unwrap().is_empty());
        assert!(invitations::pending_for(&mut view, "new@example.com").await.unwrap().is_none());
        assert!(api_keys::list(&mut view, None).await.unwrap().items.is_empty());
        assert!(api_keys::ending_first(&mut view, 10).await.unwrap().is_empty());
        assert!(security_events::list(&mut view, None, 10).await.unwrap().items.is_empty());
        assert_eq!(tenants::find(&mut view).await.unwrap().slug, "acme");
        assert_eq!(tenants::policy(&mut view).await.unwrap().id, acme.id());
        let counts = posture::counts(&mut view).await.unwrap();
        assert_eq!((counts.active_users, counts.keys, counts.pending_invitations), (1, 0, 0));
        assert_eq!(counts.events, audit::total(&mut view).await.unwrap());
    }

    async fn change_of_one_policy_leaves_the_other_tenants_alone(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let new = NewPolicy { mfa_floor: "any".into(), mfa_grace_days: 0, role_floors: [("auditor".to_owned(), "any".to_owned())].into(), session_idle_minutes: 5, session_absolute_hours: 1, reauth_minutes: 1, invitation_days: 1, api_key_days: None };
        bailiwick_ops::policy::update(&db.store, &acme.owner().permit::<UpdatePolicy>().await, new).await.unwrap();
        let mut view = db.store.read(&globex.owner().permit::<ReadUsers>().await).await.unwrap();
        assert_eq!(tenants::policy(&mut view).await.unwrap(), Policy::new(globex.id(), globex.entity.created_at));
    }
}

// The query texts are SQLite's only wall; the tests above hold them to it.
postgres_only! {
    async fn row_level_security_shows_the_tenant_that_is_set_and_no_other(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        furnish(&db, &acme).await;
        furnish(&db, &globex).await;
        let mut service = Raw::service(&db).await;
        let tables: Vec<(String,)> = raw_rows!(service, "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relrowsecurity");
        let tables: Vec<_> = tables.into_iter().map(|(name,)| name).filter(|name| name != "tenant").collect();
        assert!(tables.len() >= 19, "{tables:?}");
        // Of all tables only these are open, and they hold keyed hashes, names and slugs.
        let open: Vec<(String,)> = raw_rows!(service, "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relrowsecurity ORDER BY 1");
        assert_eq!(open.iter().map(|(name,)| name.as_str()).collect::<Vec<_>>(), ["_sqlx_migrations", "directory_address", "directory_key", "key_cache_change", "key_cache_change_count", "key_cache_node"]);
        for table in &tables {
            assert_eq!(service.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table} without a tenant");
        }
        raw!(service, "SELECT set_config('bailiwick.tenant', $1, false)", acme.id().to_string()).unwrap();
        let mut filled = 0;
        for table in &tables {
            let all = service.number(&format!("SELECT count(*) FROM {table}")).await;
            let rows: Vec<(i64,)> = raw_rows!(service, format!("SELECT count(*) FROM {table} WHERE tenant <> $1"), acme.id().uuid());
            assert_eq!(rows[0].0, 0, "{table}");
            filled += i64::from(all > 0);
        }
        assert!(filled >= 15, "rows of acme in {filled} tables");
        for (table, statement) in [
            ("users", "INSERT INTO users (tenant, id, email, name, role, status, created_at) VALUES ($1, $2, 'x', 'x', 'auditor', 'active', 0)"),
            ("audit_event", "INSERT INTO audit_event (tenant, id, hash, bytes) VALUES ($1, $2, '', '')"),
            ("audit_pending", "INSERT INTO audit_pending (tenant, event, recorded_at) VALUES ($1, $2, 0)"),
            ("subject_key", "INSERT INTO subject_key (tenant, subject, key_version, wrapped) VALUES ($1, $2, 1, '')"),
        ] {
            let error = raw!(service, statement, globex.id().uuid(), Uuid::nil()).unwrap_err();
            assert!(error.to_string().contains("row-level security"), "{table}: {error}");
        }
        assert_eq!(raw!(service, "UPDATE users SET name = 'x' WHERE tenant = $1", globex.id().uuid()).unwrap(), 0);
        assert_eq!(raw!(service, "UPDATE tenant SET status = 'suspended' WHERE id = $1", globex.id().uuid()).unwrap(), 0);
        assert!(raw!(service, "UPDATE users SET tenant = $1", globex.id().uuid()).is_err());
        // The jobs' setting finds tenants with work; it opens no event, and keys are wrapped.
        raw!(service, "SELECT set_config('bailiwick.tenant', '', false), set_config('bailiwick.job', 'on', false)").unwrap();
        for table in tables.iter().filter(|table| !["audit_pending", "audit_tree", "audit_witness", "audit_drill", "audit_watch", "mail", "invitation", "tenant_key"].contains(&table.as_str())) {
            assert_eq!(service.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table} for a job");
        }
        assert!(raw!(service, "UPDATE audit_tree SET size = 0").unwrap_or(0) == 0);
        assert!(raw!(service, "DELETE FROM audit_pending").unwrap_or(0) == 0);
    }
}
