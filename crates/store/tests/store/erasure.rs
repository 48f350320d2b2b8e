//! Deleting a person: nothing of them is left in any table, and what is left proves what it proved before.

use bailiwick_domain::{
    entity::{Mail, MailChannel, MailKind, MailState, User},
    ids::{EventId, UserId},
    role::Role,
    rule::{ByJob, ChangeMe, ChangeMyProofs, CreateApiKey, DeleteUser, Invite, ResendInvitation, SignIn},
    time::Span,
};
use bailiwick_ops::{
    Error as Refused,
    api_keys::NewApiKey,
    deletion, factors,
    invitations::{self, Joining, NewInvitation},
    phones::{self, Codes},
    profile::Profile,
    sign_in,
    step_up::Answer,
};
use bailiwick_store::{
    Credential, DatabaseKind, Error, Event, Outbox, Permit, Refusal, RequestContext, Store, accounts,
    api_keys, audit, invitations as stored, mail, users,
};
use bailiwick_testkit::{Actor, Authenticator, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::token::InvitationToken;
use uuid::Uuid;

use crate::{raw_rows, support::raw::Raw};

pub(super) const ADDRESS: &str = "prudence.private@leaver.example";
/// Where a program of theirs runs.
const PROGRAM: &str = "198.51.100.77";
const NUMBERS: [&str; 2] = ["+61491570156", "+61491570157"];

/// Somebody who was invited, joined and did what people do.
pub(super) async fn joined(acme: &Tenant, name: &str) -> Actor {
    let (db, store) = (&acme.db, &acme.db.store);
    let new = NewInvitation { email: ADDRESS.into(), role: "tenant_owner".into(), expires_at: None };
    let invitation = invitations::create(store, &acme.owner().permit::<Invite>().await, new).await.unwrap();
    // Its first link is one of those that are remembered as replaced.
    db.clock.advance(Span::seconds(1));
    invitations::resend(store, &acme.owner().permit::<ResendInvitation>().await, invitation.id)
        .await
        .unwrap();
    let mut view = store.read(&acme.job()).await.unwrap();
    let letter = mail::newest_about(&mut view, invitation.id.uuid()).await.unwrap().unwrap().mail;
    drop(view);
    let claimed = mail::claim(store, &acme.job(), letter.id).await.unwrap().unwrap();
    let content: serde_json::Value = serde_json::from_slice(claimed.content.as_bytes()).unwrap();
    let token = content["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    sent(store, acme, letter).await;
    let joining = Joining { name: name.into(), password: PASSWORD.into() };
    let permit = db.nobody::<SignIn>("203.0.113.9").await;
    let token = InvitationToken::parse(&token).unwrap();
    let session = invitations::accept(store, &db.hasher, &permit, &token, joining).await.unwrap();
    let mut view = store.read(&acme.job()).await.unwrap();
    let user = users::by_email(&mut view, ADDRESS).await.unwrap().unwrap();
    let (db, ip) = (db.clone(), "203.0.113.9".parse().unwrap());
    Actor { db, tenant: acme.id(), user, token: session.expose().to_string(), ip }
}

/// A letter that a mail server took.
async fn sent(store: &Store, acme: &Tenant, letter: Mail) {
    let permit: Permit<ByJob> = acme.job();
    store
        .change(&permit, async |tx| {
            let before = mail::lock(tx, letter.id).await?;
            let now = bailiwick_store::Scope::now(tx);
            let after = Mail { state: MailState::Sent, settled_at: Some(now), ..before.clone() };
            let written = mail::settle(tx, before, after).await?;
            let event = Event::new("mail.sent", &written)?;
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await
        .unwrap();
}

pub(super) async fn busy(leaver: &Actor) {
    let store = &leaver.db.store;
    let profile = Profile { name: "Prudence Private".into(), time_zone: "Australia/Sydney".into() };
    bailiwick_ops::profile::change_mine(store, &leaver.permit::<ChangeMe>().await, profile).await.unwrap();
    let key = NewApiKey {
        name: "Sync".into(),
        scopes: vec!["user:read".into()],
        expires_at: None,
        tag: None,
        ..NewApiKey::default()
    };
    let permit = leaver.permit::<CreateApiKey>().await;
    let (_, secret) = bailiwick_ops::api_keys::create(store, &permit, key).await.unwrap();
    // A program of theirs, on a computer of theirs, asks for what it may not do.
    let request = RequestContext { ip: Some(PROGRAM.parse().unwrap()), ..leaver.request() };
    let refused = store.gate().admit::<DeleteUser>(Credential::Key(secret.hash()), request).await;
    assert!(matches!(refused, Err(Refusal::Forbidden)), "{refused:?}");
    let new = NewInvitation { email: "later@acme.example".into(), role: "auditor".into(), expires_at: None };
    invitations::create(store, &leaver.permit::<Invite>().await, new).await.unwrap();
    factors::totp_begin_for(store, &leaver.db.job(leaver.tenant), leaver.id()).await.unwrap();
    for password in ["quite another password", PASSWORD] {
        let permit = leaver.db.nobody::<SignIn>("203.0.113.9").await;
        let step = sign_in::password(store, &leaver.db.hasher, &permit, ADDRESS, password.into()).await;
        assert_eq!(step.is_ok(), password == PASSWORD);
    }
    leaver.add_passkey(&mut Authenticator::new(), "Prudence's laptop").await;
    factors::make_recovery_codes(store, &leaver.permit::<ChangeMyProofs>().await).await.unwrap();
    two_numbers(leaver).await;
}

/// Proves a phone number, and names another one that waits.
async fn two_numbers(leaver: &Actor) {
    let (store, job) = (&leaver.db.store, leaver.db.job(leaver.tenant));
    store.decide_outbox(Outbox { codes: MailChannel::Webhook, ..Outbox::default() });
    let permit = leaver.permit::<ChangeMyProofs>().await;
    phones::begin(store, &permit, NUMBERS[0]).await.unwrap();
    let mut view = store.read(&job).await.unwrap();
    let waiting = mail::list(&mut view, Some(MailState::Waiting), None).await.unwrap().items;
    drop(view);
    let mut codes = Codes { message: String::new(), letter: String::new() };
    for letter in waiting.into_iter().map(|one| one.mail).filter(|mail| mail.kind == MailKind::PhoneCode) {
        let claimed = mail::claim(store, &job, letter.id).await.unwrap().unwrap();
        let content: serde_json::Value = serde_json::from_slice(claimed.content.as_bytes()).unwrap();
        let code = content["code"].as_str().unwrap().to_owned();
        match letter.channel {
            MailChannel::Mail => codes.letter = code,
            MailChannel::Webhook => codes.message = code,
        }
    }
    phones::verify(store, &permit, codes).await.unwrap();
    phones::begin(store, &permit, NUMBERS[1]).await.unwrap();
}

async fn delete(actor: &Actor, user: UserId) -> Result<User, Refused> {
    let permit = actor.permit::<DeleteUser>().await;
    actor
        .confirmed(async |answer: Option<Answer>| {
            deletion::delete(&actor.db.store, &permit, user, answer).await
        })
        .await
}

/// Every value of every table as text, octets in hexadecimal digits; by table.
pub(super) async fn everything(db: &Db) -> Vec<(String, String)> {
    let mut raw = Raw::superuser(db).await;
    let mut all = Vec::new();
    let tables: Vec<(String,)> = match raw.kind() {
        DatabaseKind::Sqlite => raw_rows!(raw, "SELECT name FROM sqlite_schema WHERE type = 'table'"),
        DatabaseKind::Postgres => raw_rows!(
            raw,
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        ),
    };
    assert!(tables.len() > 25, "{tables:?}");
    for (table,) in tables {
        let rows: Vec<(String,)> = match raw.kind() {
            DatabaseKind::Sqlite => {
                let columns: Vec<(String,)> =
                    raw_rows!(raw, format!("SELECT name FROM pragma_table_info('{table}')"));
                let quoted: Vec<_> = columns.iter().map(|(name,)| format!("quote(\"{name}\")")).collect();
                raw_rows!(raw, format!("SELECT {} FROM \"{table}\"", quoted.join(" || ' ' || ")))
            }
            DatabaseKind::Postgres => {
                raw_rows!(raw, format!("SELECT row_to_json(t)::text FROM \"{table}\" t"))
            }
        };
        let text: String = rows.into_iter().map(|(row,)| row.to_lowercase() + "\n").collect();
        all.push((table, text));
    }
    all
}

pub(super) fn holds(text: &str, needle: &str) -> bool {
    text.contains(needle) || text.contains(&hex::encode(needle))
}

/// Whatever of the log can still be read by whoever may read it.
pub(super) async fn readable(store: &Store, acme: &Tenant) -> String {
    let mut raw = Raw::superuser(&acme.db).await;
    let events: Vec<(Uuid,)> = raw_rows!(raw, "SELECT id FROM audit_event");
    let events: Vec<EventId> = events.into_iter().map(|(id,)| EventId::from(id)).collect();
    let mut view = store.read(&acme.job()).await.unwrap();
    let mut text = String::new();
    for event in events {
        let page = audit::event_page(&mut view, event).await.unwrap();
        text.push_str(&page.bytes);
        text.push_str(&serde_json::to_string(&page.personal).unwrap());
    }
    text.to_lowercase()
}

both_databases! {
    async fn deleted_person_is_in_no_table_and_every_proof_holds(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = joined(&acme, "Prudence First").await;
        busy(&leaver).await;
        db.sign().await;
        let log = readable(&db.store, &acme).await;
        assert!(log.contains(ADDRESS) && log.contains(PROGRAM), "the search itself works");
        let before = everything(&db).await;
        assert!(before.iter().any(|(table, text)| table == "users" && holds(text, ADDRESS)), "the search itself works");
        let tag = hex::encode(db.store.keys().directory.address_tag(ADDRESS));
        assert!(before.iter().any(|(table, text)| table == "directory_address" && text.contains(&tag)));

        let numbers = NUMBERS.map(|number| hex::encode(db.store.keys().directory.address_tag(number)));
        for tag in &numbers {
            assert!(before.iter().any(|(table, text)| table == "mail" && text.to_lowercase().contains(tag)), "{tag}");
        }

        // So that the last letter is the newest.
        db.clock.advance(Span::seconds(1));
        delete(&acme.owner(), leaver.id()).await.unwrap();

        // The last letter waits with their address, sealed; nothing else does.
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let last = mail::newest_about(&mut view, leaver.id().uuid()).await.unwrap().unwrap();
        assert_eq!((last.mail.kind.name(), last.mail.to.as_str()), ("account_deleted", ADDRESS));
        drop(view);
        let with_tag: Vec<_> = everything(&db).await.into_iter().filter(|(_, text)| text.contains(&tag)).map(|(table, _)| table).collect();
        assert_eq!(with_tag, ["mail"]);
        db.clock.advance(Span::seconds(1));
        mail::claim(&db.store, &acme.job(), last.mail.id).await.unwrap().unwrap();
        sent(&db.store, &acme, last.mail).await;
        db.sign().await;

        for (table, text) in everything(&db).await {
            for needle in [ADDRESS, "prudence", "australia/sydney", "61491570", &tag, &numbers[0], &numbers[1]] {
                assert!(!holds(&text, needle), "{needle} in {table}: {text}");
            }
        }
        let mut raw = Raw::superuser(&db).await;
        let theirs: Vec<(String,)> = match raw.kind() {
            DatabaseKind::Sqlite => raw_rows!(raw, "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'user_id'"),
            DatabaseKind::Postgres => raw_rows!(raw, "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'user_id'"),
        };
        assert!(theirs.len() >= 16, "{theirs:?}");
        for (table,) in theirs {
            let left: Vec<(i64,)> = raw_rows!(raw, format!("SELECT count(*) FROM {table} WHERE user_id = $1"), leaver.id().uuid());
            assert_eq!(left[0].0, 0, "{table}");
        }

        // Whoever reads the log, in this process or another, reads nothing of them; and the log proves what it proved.
        for store in [db.store.clone(), db.another().await] {
            let log = readable(&store, &acme).await;
            for needle in ["prudence", "australia/sydney", "61491570", PROGRAM] {
                assert!(!log.contains(needle), "{needle}: {log}");
            }
            assert!(log.contains("owner@acme.example"), "of others everything can be read");
        }
        let reports = db.verify().await.unwrap();
        assert!(reports.iter().all(|report| report.signed == Some(report.verified.size)), "{reports:?}");
    }

    async fn what_a_deleted_person_made_ends_with_them(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = joined(&acme, "Prudence First").await;
        busy(&leaver).await;
        delete(&acme.owner(), leaver.id()).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let keys = api_keys::list(&mut view, None).await.unwrap().items;
        assert!(keys.len() == 1 && keys.iter().all(|key| key.revoked_at.is_some()), "{keys:?}");
        let open = stored::list(&mut view, None).await.unwrap().items;
        assert!(open.iter().all(|one| one.state.name() == "revoked") && open.len() == 1, "{open:?}");
        assert!(accounts::password(&mut view, leaver.id()).await.unwrap().is_none());
        assert!(leaver.try_permit::<ChangeMe>().await.is_err(), "their session is over");
    }

    async fn deleted_person_is_invited_again_as_somebody_new(db: Db) {
        let acme = db.tenant("acme").await;
        let first = joined(&acme, "Prudence First").await;
        delete(&acme.owner(), first.id()).await.unwrap();
        db.clock.advance(Span::minutes(1));
        let second = joined(&acme, "Quentin Second").await;
        assert_ne!(first.id(), second.id());
        db.sign().await;
        assert!(!readable(&db.store, &acme).await.contains("prudence first"), "what was erased stays so");
        assert!(readable(&db.store, &acme).await.contains("quentin second"));
        db.verify().await.unwrap();
    }

    async fn nothing_is_deleted_without_the_code_nor_by_whoever_may_not(db: Db) {
        let acme = db.tenant("acme").await;
        let member = acme.user(Role::Auditor).await;
        let owner = acme.owner();
        let permit = owner.permit::<DeleteUser>().await;
        deletion::delete(&db.store, &permit, member.id(), None).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(users::find(&mut view, member.id()).await.unwrap(), member.user, "asking changes nothing");
        drop(view);
        let own = deletion::delete(&db.store, &permit, owner.id(), None).await;
        assert!(matches!(own, Err(Refused::Conflict(text)) if text.contains("Somebody else")), "{own:?}");
        assert!(acme.user(Role::OperationsManager).await.try_permit::<DeleteUser>().await.is_err());
        let stranger = db.tenant("other").await.owner();
        let foreign = deletion::delete(&db.store, &stranger.permit::<DeleteUser>().await, member.id(), None).await;
        assert!(matches!(foreign, Err(Refused::NotFound)), "{foreign:?}");
    }

    async fn no_key_is_made_again_for_somebody_who_was_erased(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = acme.user(Role::Auditor).await;
        // A request of theirs that passed the gate before, and ends after.
        let late = leaver.permit::<ChangeMe>().await;
        delete(&acme.owner(), leaver.id()).await.unwrap();
        let profile = Profile { name: "Una Late".into(), time_zone: String::new() };
        for store in [db.store.clone(), db.another_if_several().await] {
            assert!(bailiwick_ops::profile::change_mine(&store, &late, profile.clone()).await.is_err());
        }
        let mut raw = Raw::superuser(&db).await;
        let keys: Vec<(i64,)> = raw_rows!(raw, "SELECT count(*) FROM subject_key WHERE subject = $1 AND wrapped IS NOT NULL", leaver.id().uuid());
        assert_eq!(keys[0].0, 0);
        // Their refused request stands in the log; where it came from is nobody's to read.
        db.sign().await;
        db.verify().await.unwrap();
    }
}
