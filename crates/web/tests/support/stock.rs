//! One of everything that a tenant can have, under a marker that no other tenant's data holds.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{User, UserStatus},
    ids::{
        ApiKeyId, AuditExportId, AuditHoldId, AuditRestoreId, DocumentId, DocumentVersionId, DrillId,
        EventId, EventSchemaId, FactorId, GrantId, IntegrationId, InvitationId, KeyDestructionId, MailId,
        SavedSearchId, SecretId, SecurityEventId, SessionId, StreamId, SubjectRequestId, TeamId, TenantId,
        UserId,
    },
    role::{CustomName, Role},
    rule::{
        CreateApiKey, CreateRole, ExportAudit, GrantPermission, Invite, KeepSearches, OpenSubject, PlaceHold,
        PlaceStream, RestoreSegment, SetIntake, SignIn, UpdateIntegrations, UpdateStreams, UpdateTeam,
        WriteDocuments, WriteSecrets,
    },
    time::{Span, Timestamp},
};
use bailiwick_mail::{LinkBase, Mailbox};
use bailiwick_ops::{
    api_keys::{self, NewApiKey},
    audit::{
        drills,
        erasure::{self, LookFor},
        hold::{self, NewHold},
        intake::{self, NewSchema},
        restore,
        stream::{self, NewPlace, NewStream},
    },
    documents::{self, Cabinet, NewVersion},
    enrolment,
    exports::{self, Spool},
    factors, integrations,
    invitations::{self, NewInvitation},
    mail::Mailroom,
    passwords::reset::{self, SignInAddress},
    roles::{self, NewRole},
    saved_searches::{self, NewSearch},
    secrets, sign_in,
    teams::{self, NewTeam},
    users::{self, NewGrant, NewUser},
};
use bailiwick_proof::{Hash, tree::Frontier};
use bailiwick_store::{
    self as stored, Cursor,
    audit::{
        self, Place, Sought,
        archive::{self, Segment},
    },
    posture, security_events,
};
use bailiwick_testkit::{Authenticator, PASSWORD, Tenant};
use bailiwick_vault::token::{EnrolmentToken, InvitationToken, PasswordResetToken};

/// Ids of things that really exist in one tenant.
#[derive(Clone)]
pub(crate) struct Stock {
    /// The tenant.
    pub(crate) tenant: Tenant,
    /// What every text of these things holds.
    pub(crate) marker: String,
    /// Whether it is the platform's.
    pub(crate) platform: bool,
    pub(crate) id: TenantId,
    pub(crate) user: UserId,
    pub(crate) grant: GrantId,
    pub(crate) invitation: InvitationId,
    pub(crate) api_key: ApiKeyId,
    pub(crate) factor: FactorId,
    pub(crate) passkey: FactorId,
    pub(crate) session: SessionId,
    pub(crate) event: EventId,
    pub(crate) letter: MailId,
    pub(crate) security_event: SecurityEventId,
    /// A hold on something that does not exist.
    pub(crate) hold: AuditHoldId,
    /// A request about the user.
    pub(crate) request: SubjectRequestId,
    pub(crate) drill: DrillId,
    /// A role of the tenant's own that nobody holds.
    pub(crate) role: CustomName,
    /// A destruction of a key that waits.
    pub(crate) destruction: KeyDestructionId,
    /// A schema of an action of the product.
    pub(crate) schema: EventSchemaId,
    /// Two teams: one to be changed, one to be dissolved.
    pub(crate) teams: [TeamId; 2],
    /// Two kept searches: one to be shown and changed, one to be removed.
    pub(crate) searches: [SavedSearchId; 2],
    /// Two streams by which records leave: one to be changed, one to be removed.
    pub(crate) streams: [StreamId; 2],
    /// Two secrets with a staged version: one to be changed, one to be rotated and deleted.
    pub(crate) secrets: [SecretId; 2],
    /// Three integrations: one to be changed, one to be removed, and one in use, to be disabled by the API: a change disables the first.
    pub(crate) integrations: [IntegrationId; 3],
    /// Two segments of the archive that were asked back, each to be let go: one by the pages, one by the API.
    pub(crate) restores: [AuditRestoreId; 2],
    /// Two segments that nobody asked back yet.
    pub(crate) segments: [i64; 2],
    /// Two exports, each to be removed: one by the pages, one by the API.
    pub(crate) exports: [AuditExportId; 2],
    /// A document, its version, and a version that is being uploaded.
    pub(crate) document: (DocumentId, DocumentVersionId, DocumentVersionId),
    /// The token of a link with which the user may set a password.
    pub(crate) link: String,
    /// The tokens of three invitations: to be accepted, to be declined, and to be answered with a passkey.
    pub(crate) letters: [String; 3],
    /// The token of a link with which somebody may replace a password they forgot.
    pub(crate) reset: String,
}

impl Stock {
    /// Makes one of everything.
    pub(crate) async fn of(tenant: &Tenant, marker: &str) -> Self {
        let db = &tenant.db;
        let store = &db.store;
        // The newest event of this stock is then none of the stock before.
        db.clock.advance(Span::seconds(1));
        let platform = tenant.entity.kind == bailiwick_domain::entity::TenantKind::Platform;
        let role = if platform { Role::PlatformSupport } else { Role::SupportCoordinator };
        let new =
            NewUser { email: format!("{marker}@{marker}.example"), name: format!("{marker} person"), role };
        let user = users::create(store, &tenant.job(), new).await.unwrap();
        assert_eq!(user.status, UserStatus::Active);
        let new = NewGrant {
            permission: "user:read".into(),
            effect: "deny".into(),
            reason: format!("{marker} reason"),
            expires_at: None,
        };
        let grant = users::grant(store, &tenant.owner().permit::<GrantPermission>().await, user.id, new)
            .await
            .unwrap();
        let new = NewInvitation {
            email: format!("{marker}-guest@{marker}.example"),
            role: role.name().into(),
            expires_at: None,
        };
        let invitation =
            invitations::create(store, &tenant.owner().permit::<Invite>().await, new).await.unwrap();
        let letters = [
            letter(tenant, marker, role, 1).await,
            letter(tenant, marker, role, 2).await,
            letter(tenant, marker, role, 3).await,
        ];
        let reset = forgotten(tenant, marker, role).await;
        let new = NewApiKey {
            name: format!("{marker} key"),
            scopes: vec!["user:read".into()],
            ..NewApiKey::default()
        };
        // Nobody of the platform may issue keys, so it has none.
        let api_key = if platform {
            store.new_id()
        } else {
            let permit = tenant.owner().permit::<CreateApiKey>().await;
            api_keys::create(store, &permit, new).await.unwrap().0.id
        };
        // Nobody of the platform may make roles and teams, so it has none.
        let made_role =
            if platform { CustomName::new("none").unwrap() } else { own_role(tenant, marker, user.id).await };
        let teams = if platform {
            [store.new_id(), store.new_id()]
        } else {
            [own_team(tenant, marker, 1).await, own_team(tenant, marker, 2).await]
        };
        // Nobody of the platform asks anything of a product's events.
        let schema = if platform { store.new_id() } else { own_schema(tenant, marker).await };
        // Nobody of the platform keeps one for the tests.
        let searches = if platform {
            [store.new_id(), store.new_id()]
        } else {
            [own_search(tenant, marker, 1).await, own_search(tenant, marker, 2).await]
        };
        let destruction = destroyed(tenant, marker).await;
        let hold = held(tenant, marker).await;
        let permit = tenant.owner().permit::<OpenSubject>().await;
        let look_for = LookFor { by: "person".into(), value: user.id.to_string(), ..LookFor::default() };
        let request = erasure::open(store, &permit, look_for).await.unwrap().id;
        let streams = [own_stream(tenant, marker, 1).await, own_stream(tenant, marker, 2).await];
        // Nobody of the platform stores secrets, so it has none.
        let secrets = if platform {
            [store.new_id(), store.new_id()]
        } else {
            [own_secret(tenant, marker, 1).await, own_secret(tenant, marker, 2).await]
        };
        let integrations = if platform {
            [store.new_id(), store.new_id(), store.new_id()]
        } else {
            let used = own_integration(tenant, marker, 3).await;
            integrations::enable(store, &tenant.owner().permit().await, used).await.unwrap();
            [own_integration(tenant, marker, 1).await, own_integration(tenant, marker, 2).await, used]
        };
        let exports = [own_export(tenant).await, own_export(tenant).await];
        let document = if platform {
            (store.new_id(), store.new_id(), store.new_id())
        } else {
            own_document(tenant, marker).await
        };
        let [first, second, third, fourth] = archived(tenant).await;
        let restores = [own_restore(tenant, marker, first).await, own_restore(tenant, marker, second).await];
        let (factor, _) = factors::totp_begin_for(store, &tenant.job(), user.id).await.unwrap();
        let name = format!("{marker} device");
        let passkey = tenant.user(role).await.add_passkey(&mut Authenticator::new(), &name).await;
        let link = enrolment::begin(store, &tenant.job(), user.id).await.unwrap().expose().to_string();
        let session = signed_in(tenant, &user).await;
        db.sign().await;
        let choice = drills::Choice::default();
        let drill = drills::run(store, &tenant.job(), &db.signer().notary(), choice).await.unwrap().id;
        let mut view = store.read(&tenant.job()).await.unwrap();
        let sought = Sought::default().about(vec![("user".into(), user.id.uuid())]);
        let event = audit::search(&mut view, &sought, Place::Newest).await.unwrap().items[0].event;
        let security_event = security_events::list(&mut view, None, 1).await.unwrap().items[0].id;
        let letter = stored::mail::list(&mut view, None, None).await.unwrap().items[0].mail.id;
        drop(view);
        Self {
            tenant: tenant.clone(),
            marker: marker.to_owned(),
            platform,
            id: tenant.id(),
            user: user.id,
            grant: grant.id,
            invitation: invitation.id,
            api_key,
            factor: factor.id,
            passkey: passkey.id,
            session,
            event,
            letter,
            security_event,
            hold,
            destruction,
            request,
            drill,
            role: made_role,
            schema,
            teams,
            searches,
            streams,
            secrets,
            integrations,
            exports,
            document,
            restores,
            segments: [third, fourth],
            link,
            letters,
            reset,
        }
    }

    /// The same with a link that looks right and was never given out: whoever holds a real one is meant by it.
    pub(crate) fn without_link(mut self) -> Self {
        self.link =
            EnrolmentToken::generate(&self.id.bytes(), self.tenant.db.store.entropy()).expose().to_string();
        self.letters = [(); 3].map(|()| {
            InvitationToken::generate(&self.id.bytes(), self.tenant.db.store.entropy()).expose().to_string()
        });
        self.reset = PasswordResetToken::generate(&self.id.bytes(), self.tenant.db.store.entropy())
            .expose()
            .to_string();
        self
    }

    /// What a path's parameter stands for here; nothing when it is not known what it stands for.
    ///
    /// `before` are the segments in front of it.
    pub(crate) fn parameter(&self, before: &[&str], name: &str) -> Option<String> {
        Some(match (before, name) {
            ([.., "users"], _) => self.user.to_string(),
            ([.., "grants"], _) => self.grant.to_string(),
            ([.., "teams"], _) => self.teams[0].to_string(),
            ([.., "searches"], _) => self.searches[0].to_string(),
            ([.., "members"], _) => self.user.to_string(),
            ([.., "teams", _, "roles"], _) => TEAM_ROLE.to_owned(),
            ([.., "roles"], _) => self.role.to_string(),
            ([.., "invitations"], _) => self.invitation.to_string(),
            ([.., "mail"], _) => self.letter.to_string(),
            ([.., "api-keys"], _) => self.api_key.to_string(),
            (["", "v1", "audit", "restores"], _) => self.restores[1].to_string(),
            ([.., "audit", "restores"], _) => self.restores[0].to_string(),
            (["", "v1", "audit", "exports"], _) => self.exports[1].to_string(),
            ([.., "audit", "exports"], _) => self.exports[0].to_string(),
            ([.., "documents", "uploads"], _) => self.document.2.to_string(),
            ([.., "documents", "versions"] | ["", "files"], _) => self.document.1.to_string(),
            ([.., "documents"], _) => self.document.0.to_string(),
            ([.., "audit", "events"], _) => self.event.to_string(),
            ([.., "schemas"], _) => self.schema.to_string(),
            ([.., "audit", "streams"], _) => self.streams[0].to_string(),
            ([.., "secrets"], _) => self.secrets[0].to_string(),
            ([.., "integrations"], _) => self.integrations[0].to_string(),
            ([.., "audit", "entities"], _) => "user".to_owned(),
            ([.., "audit", "entities", _], _) => self.user.to_string(),
            // No tile is full with this little.
            ([.., "log", "tile"], "{level}") => "0".to_owned(),
            (before, "{tile}") if before.contains(&"tile") => "000".to_owned(),
            (before, "{thousands}" | "{millions}") if before.contains(&"tile") => "x001".to_owned(),
            (before, "{width}") if before.contains(&"tile") => "1".to_owned(),
            ([.., "audit", "holds"], _) => self.hold.to_string(),
            ([.., "keys", "versions"], _) => "1".to_owned(),
            ([.., "keys", "destructions"], _) => self.destruction.to_string(),
            ([.., "audit", "subjects"], _) => self.request.to_string(),
            ([.., "audit", "drills"], _) => self.drill.to_string(),
            ([.., "security-events"] | [.., "security", "events"], _) => self.security_event.to_string(),
            ([.., "tenants"], _) => self.id.to_string(),
            ([.., "factors"], _) => self.factor.to_string(),
            ([.., "passkeys"], _) => self.passkey.to_string(),
            ([.., "sessions"], _) => self.session.to_string(),
            ([.., "enrol"], "{token}") => self.link.clone(),
            ([.., "join"], "{token}") => self.letters[0].clone(),
            ([.., "reset"], "{token}") => self.reset.clone(),
            ([.., "assets"], "{file}") => "app.css".to_owned(),
            _ => return None,
        })
    }

    /// The path with every parameter filled in from here.
    ///
    /// # Panics
    /// For a parameter that nobody has said the meaning of.
    pub(crate) fn path(&self, template: &str) -> String {
        let segments: Vec<_> = template.split('/').collect();
        let filled = segments.iter().enumerate().map(|(at, segment)| {
            if !segment.starts_with('{') {
                return (*segment).to_owned();
            }
            let known = if segment == &"{team}" && template.ends_with("/dissolve") {
                Some(self.teams[1].to_string())
            } else if segment == &"{search}" && template.ends_with("/remove") {
                Some(self.searches[1].to_string())
            } else if template == "/audit/streams/{stream}/remove" && segment == &"{stream}" {
                Some(self.streams[1].to_string())
            } else if template == "/integrations/{integration}/remove" && segment == &"{integration}" {
                Some(self.integrations[1].to_string())
            } else if template == "/v1/integrations/{integration}/disable" && segment == &"{integration}" {
                Some(self.integrations[2].to_string())
            } else if ["/delete", "/rotate"].iter().any(|end| template.ends_with(&format!("{{secret}}{end}")))
            {
                Some(self.secrets[1].to_string())
            } else if template == "/join/{token}/decline" {
                Some(self.letters[1].clone())
            } else if template.starts_with("/join/{token}/passkey") && segment == &"{token}" {
                Some(self.letters[2].clone())
            } else {
                self.parameter(&segments[..at], segment)
            };
            known.unwrap_or_else(|| {
                panic!("{template} is new: say in tests/support/stock.rs what {segment} stands for")
            })
        });
        filled.collect::<Vec<_>>().join("/")
    }

    /// Every text that betrays this tenant.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let ids = [
            self.id.to_string(),
            self.user.to_string(),
            self.grant.to_string(),
            self.invitation.to_string(),
            self.api_key.to_string(),
            self.factor.to_string(),
            self.passkey.to_string(),
            self.session.to_string(),
            self.event.to_string(),
            self.letter.to_string(),
            self.security_event.to_string(),
            self.hold.to_string(),
            self.request.to_string(),
            self.teams[0].to_string(),
            self.teams[1].to_string(),
            self.searches[0].to_string(),
            self.searches[1].to_string(),
            self.streams[0].to_string(),
            self.streams[1].to_string(),
            self.secrets[0].to_string(),
            self.secrets[1].to_string(),
            self.integrations[0].to_string(),
            self.integrations[1].to_string(),
            self.integrations[2].to_string(),
            self.exports[0].to_string(),
            self.exports[1].to_string(),
            self.document.0.to_string(),
            self.document.1.to_string(),
            self.document.2.to_string(),
            self.restores[0].to_string(),
            self.restores[1].to_string(),
            self.role.to_string(),
            self.schema.to_string(),
            self.tenant.owner().id().to_string(),
        ];
        ids.into_iter().chain([self.marker.clone(), self.tenant.entity.slug.clone()]).collect()
    }

    /// Records of this tenant, whether they have their place in the tree yet or not.
    pub(crate) async fn records(&self) -> i64 {
        let store = &self.tenant.db.store;
        let mut view = store.read(&self.tenant.job()).await.unwrap();
        let waiting = audit::just_now(&mut view, &Sought::default()).await.unwrap().len();
        audit::total(&mut view).await.unwrap() + i64::try_from(waiting).unwrap()
    }

    /// Places in this tenant's lists: the path of each list with the cursors of all its rows and those just beside them,
    /// from where the row itself would be the next one in either direction.
    pub(crate) async fn cursors(&self) -> Vec<(&'static str, String)> {
        let mut view = self.tenant.db.store.read(&self.tenant.job()).await.unwrap();
        let mut cursors = Vec::new();
        let mut add = |list, at: Timestamp, id| {
            let beside = [-1, 0, 1].map(|micros| Timestamp::from_micros(at.micros() + micros));
            cursors.extend(beside.map(|at| (list, Cursor { at, id }.to_string())));
        };
        for listed in stored::users::list(&mut view, None).await.unwrap().items {
            add("/v1/users", listed.user.created_at, listed.user.id.uuid());
        }
        for listed in stored::sessions::list(&mut view, None).await.unwrap().items {
            add("/v1/sessions", listed.session.created_at, listed.session.id.uuid());
        }
        for invitation in stored::invitations::list(&mut view, None).await.unwrap().items {
            add("/v1/invitations", invitation.created_at, invitation.id.uuid());
        }
        for letter in stored::mail::list(&mut view, None, None).await.unwrap().items {
            add("/v1/mail", letter.mail.created_at, letter.mail.id.uuid());
        }
        for key in stored::api_keys::list(&mut view, None).await.unwrap().items {
            add("/v1/api-keys", key.created_at, key.id.uuid());
        }
        for event in security_events::list(&mut view, None, 50).await.unwrap().items {
            add("/v1/security-events", event.at, event.id.uuid());
        }
        for hold in audit::hold::list(&mut view, None).await.unwrap().items {
            add("/v1/audit/holds", hold.placed_at, hold.hold.id.uuid());
        }
        for one in audit::restore::list(&mut view, None).await.unwrap().items {
            add("/v1/audit/restores", one.created_at, one.id.uuid());
        }
        for request in audit::subject::list(&mut view, None).await.unwrap().items {
            add("/v1/audit/subjects", request.created_at, request.id.uuid());
        }
        // Cursors of a search are bound to it: this is the mark of one for everything, the hash of an empty leaf (RFC 9162 §2.1.1).
        let places = (0..3).map(|place| ("/v1/audit/events", format!("b{place}.6e340b9cffb37a98")));
        cursors.into_iter().chain(places).collect()
    }

    /// What the posture counts here.
    pub(crate) async fn counts(&self) -> String {
        let mut view = self.tenant.db.store.read(&self.tenant.job()).await.unwrap();
        format!("{:?}", posture::counts(&mut view).await.unwrap())
    }
}

/// The role that routes give to a team and take from it.
pub(crate) const TEAM_ROLE: &str = "plan_manager";

/// A destruction that waits, of a version before the newest.
async fn destroyed(tenant: &Tenant, marker: &str) -> KeyDestructionId {
    let (store, job) = (&tenant.db.store, tenant.job());
    let asked = store.change(&job, async |tx| {
        let reason = format!("{marker} is over");
        let written = stored::keys::request(tx, 1, &reason, 7).await?;
        let id = written.entity().unwrap().id;
        let event = stored::Event::new("key_destruction.requested", &written)?;
        Ok::<_, stored::Error>(tx.record(event, id))
    });
    asked.await.unwrap()
}

/// A hold on a thing that nobody has, so that it keeps nothing from being erased.
async fn held(tenant: &Tenant, marker: &str) -> AuditHoldId {
    let (store, owner) = (&tenant.db.store, tenant.owner());
    let permit = owner.permit::<PlaceHold>().await;
    let id: AuditHoldId = store.new_id();
    let new = NewHold {
        id: id.to_string(),
        scope: "entity".into(),
        entity_type: "nothing".into(),
        entity_id: id.to_string(),
        reason: format!("{marker} matter"),
        ..NewHold::default()
    };
    owner.confirmed(async |answer| hold::place(store, &permit, &new, answer).await).await.unwrap().id
}

/// A role whose short name is no other tenant's, and holds no marker: it stands in addresses.
async fn own_role(tenant: &Tenant, marker: &str, user: UserId) -> CustomName {
    let id = user.to_string();
    let slug = format!("r{}", id.rsplit('-').next().unwrap());
    let label = format!("{marker} role");
    let new = NewRole { label, slug, permissions: vec!["team:read".into()], ..NewRole::default() };
    roles::create(&tenant.db.store, &tenant.owner().permit::<CreateRole>().await, new).await.unwrap().name
}

/// A schema of an action that no other stock of the tenant has.
async fn own_schema(tenant: &Tenant, marker: &str) -> EventSchemaId {
    let new = NewSchema { action: format!("app.{}.done", marker.replace('-', "_")), schema: "{}".into() };
    let permit = tenant.owner().permit::<SetIntake>().await;
    intake::register_schema(&tenant.db.store, &permit, new).await.unwrap().id
}

async fn own_search(tenant: &Tenant, marker: &str, number: u8) -> SavedSearchId {
    let new =
        NewSearch { name: format!("{marker} search {number}"), query: "outcome:denied".into(), shared: true };
    saved_searches::keep(&tenant.db.store, &tenant.owner().permit::<KeepSearches>().await, new)
        .await
        .unwrap()
        .id
}

/// Notes four segments behind those that there are, of which no file lies anywhere: nobody brings them back here. Gives where they end.
async fn archived(tenant: &Tenant) -> [i64; 4] {
    let (store, mut edge) = (&tenant.db.store, Frontier::new());
    let mut view = store.read(&tenant.job()).await.unwrap();
    let before = archive::segments(&mut view, 1).await.unwrap().0.first().map_or(0, |newest| newest.size);
    drop(view);
    // Where a segment ends is a number, which another tenant's may be, too. These are nobody else's.
    let from = 10 * i64::try_from(tenant.db.seed()).unwrap();
    let ends = [from + 1, from + 2, from + 3, from + 4];
    (0..from).for_each(|_| edge.push(Hash([7; 32])));
    let mut first = before;
    for size in ends {
        edge.push(Hash([7; 32]));
        let digest = Hash([7; 32]);
        let segment = Segment { first, size, octets: 1, digest, written_at: store.now() };
        archive::note_segment(store, &tenant.job(), &segment, &edge).await.unwrap();
        first = size;
    }
    ends
}

/// A segment that was asked back, under the marker.
async fn own_restore(tenant: &Tenant, marker: &str, segment: i64) -> AuditRestoreId {
    let permit = tenant.owner().permit::<RestoreSegment>().await;
    let reason = format!("{marker} looks into it");
    restore::ask(&tenant.db.store, &permit, segment, 7, &reason).await.unwrap().id
}

async fn own_export(tenant: &Tenant) -> AuditExportId {
    let (db, permit) = (&tenant.db, tenant.owner().permit::<ExportAudit>().await);
    let spool = Spool::new(db.folder().join("exports"), None);
    exports::ask(&db.store, &permit, &spool, "csv", &Sought::default()).await.unwrap().id
}

async fn own_document(tenant: &Tenant, marker: &str) -> (DocumentId, DocumentVersionId, DocumentVersionId) {
    let (db, permit) = (&tenant.db, tenant.owner().permit::<WriteDocuments>().await);
    let cabinet = Cabinet::new(db.folder().join("documents"), 1 << 20, None);
    let new = || NewVersion { name: Some(format!("{marker}.txt")), document: None, octets: 7 };
    let first = documents::begin(&db.store, &permit, &cabinet, new()).await.unwrap();
    documents::part(&db.store, &permit, &cabinet, first.id, 0, b"content".to_vec()).await.unwrap();
    let (document, version) = documents::finish(&db.store, &permit, &cabinet, first.id).await.unwrap();
    let second = documents::begin(&db.store, &permit, &cabinet, new()).await.unwrap();
    (document.id, version.id, second.id)
}

async fn own_team(tenant: &Tenant, marker: &str, number: u8) -> TeamId {
    let new = NewTeam { name: format!("{marker} team {number}"), ..NewTeam::default() };
    teams::create(&tenant.db.store, &tenant.owner().permit::<UpdateTeam>().await, new).await.unwrap().id
}

/// A stream that leads where the owner has confirmed.
async fn own_stream(tenant: &Tenant, marker: &str, number: u8) -> StreamId {
    let (store, owner) = (&tenant.db.store, tenant.owner());
    let url = format!("https://{marker}.example/{number}");
    let place = NewPlace { kind: "webhook".into(), url, ..NewPlace::default() };
    let new = NewStream { name: format!("{marker} stream {number}"), place, ..NewStream::default() };
    let permit = owner.permit::<UpdateStreams>().await;
    let made = stream::create(store, &permit, new).await.unwrap().stream;
    let permit = owner.permit::<PlaceStream>().await;
    owner.confirmed(async |answer| stream::start(store, &permit, made.id, answer).await).await.unwrap();
    made.id
}

/// An integration that leads to where this server does not connect.
async fn own_integration(tenant: &Tenant, marker: &str, number: u8) -> IntegrationId {
    let (store, permit) = (&tenant.db.store, tenant.owner().permit::<UpdateIntegrations>().await);
    let new = integrations::NewIntegration {
        name: format!("{marker} service {number}"),
        provider: "http".into(),
        config: serde_json::json!({"base_url": "https://127.0.0.1:9", "method": "get", "authentication": "none"}),
        store: None,
    };
    integrations::create(store, &permit, &integrations::Outside::default(), new).await.unwrap().id
}

/// A secret with a version that waits.
async fn own_secret(tenant: &Tenant, marker: &str, number: u8) -> SecretId {
    let (store, permit) = (&tenant.db.store, tenant.owner().permit::<WriteSecrets>().await);
    let value = |version| secrets::Value::new(format!("{marker} value {number} {version}"));
    let name = format!("{}/{number}", marker.to_ascii_lowercase());
    let new = secrets::NewSecret { name, value: value(1) };
    let made = secrets::create(store, &permit, new).await.unwrap();
    tenant.db.clock.advance(Span::seconds(1));
    secrets::stage(store, &permit, made.id, value(2)).await.unwrap();
    made.id
}

/// A session of the user, whose address is then at its limit of wrong guesses.
async fn signed_in(tenant: &Tenant, user: &User) -> SessionId {
    let (db, store) = (&tenant.db, &tenant.db.store);
    enrolment::set_password(store, &db.hasher, &tenant.job(), user.id, PASSWORD.to_owned()).await.unwrap();
    let permit = db.nobody::<SignIn>("203.0.113.7").await;
    sign_in::password(store, &db.hasher, &permit, &user.email, PASSWORD.to_owned()).await.unwrap();
    let permit = db.nobody::<SignIn>("198.51.100.9").await;
    for _ in 0..5 {
        let wrong = sign_in::password(store, &db.hasher, &permit, &user.email, "not the password".to_owned());
        assert!(wrong.await.is_err());
    }
    let mut view = store.read(&tenant.job()).await.unwrap();
    stored::sessions::live_of(&mut view, user.id).await.unwrap()[0].id
}

/// The token that arrives when somebody is invited.
async fn letter(tenant: &Tenant, marker: &str, role: Role, number: u8) -> String {
    let store = &tenant.db.store;
    let email = format!("{marker}-reader{number}@{marker}.example");
    let new = NewInvitation { email: email.clone(), role: role.name().into(), expires_at: None };
    invitations::create(store, &tenant.owner().permit::<Invite>().await, new).await.unwrap();
    arrived(tenant, &email).await
}

/// The token that arrives when somebody forgot their password.
async fn forgotten(tenant: &Tenant, marker: &str, role: Role) -> String {
    let (db, email) = (&tenant.db, format!("{marker}-forgot@{marker}.example"));
    let address = SignInAddress::parse(&email).unwrap();
    let new = NewUser { email: email.clone(), name: format!("{marker} forgetful"), role };
    let user = users::create(&db.store, &tenant.job(), new).await.unwrap();
    enrolment::set_password(&db.store, &db.hasher, &tenant.job(), user.id, PASSWORD.into()).await.unwrap();
    reset::ask(&db.store, &db.nobody::<SignIn>("203.0.113.7").await, &address).await.unwrap();
    arrived(tenant, &email).await
}

/// The token in the letter to this address that has just left.
async fn arrived(tenant: &Tenant, email: &str) -> String {
    let store = &tenant.db.store;
    let mailbox = Mailbox::default();
    let base = LinkBase::parse("https://bailiwick.test").unwrap();
    let from = "no-reply@bailiwick.test".parse().unwrap();
    Mailroom::new(store.clone(), tenant.db.jobs(), Arc::new(mailbox.clone()), from, base)
        .round()
        .await
        .unwrap();
    let kept = mailbox.messages();
    // Letters to others leave in the same round.
    let own = kept.iter().find(|kept| kept.message.to.as_str() == email).unwrap();
    own.message.content.link.rsplit('/').next().unwrap().to_owned()
}
