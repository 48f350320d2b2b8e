//! Data-subject requests and legal holds: everything of a person is found and goes, the certificate proves it, and a hold wins.

use std::collections::BTreeSet;

use bailiwick_domain::{
    entity::{SubjectRequest, SubjectRequestState},
    ids::AuditHoldId,
    role::Role,
    rule::{
        DeleteUser, DiscloseSubject, EraseSubject, ExportAudit, Invite, KeepSearches, LiftHold, OpenSubject,
        PlaceHold, ReadSubjects,
    },
    search,
    subject::Kind,
    time::Span,
    zone::Zone,
};
use bailiwick_ops::{
    Error,
    audit::{
        erasure::{self, LookFor, Report},
        hold::{self, NewHold},
    },
    deletion,
    exports::{self, Exports, Spool},
    invitations::{self, NewInvitation},
    saved_searches::{self, NewSearch},
    step_up::{Answer, Outcome},
};
use bailiwick_proof::certificate::{Certificate, CertificateError};
use bailiwick_store::{
    audit::{
        self, Place, Sought, export,
        hold::{Target, held},
    },
    users,
};
use bailiwick_testkit::{Actor, Db, Place as Where, Tenant, both_databases, sqlite_only};

use crate::{
    erasure::{ADDRESS, busy, everything, holds, joined, readable},
    raw_rows,
    support::raw::Raw,
};

fn by(by: &str, value: &str) -> LookFor {
    LookFor { by: by.into(), value: value.into(), ..LookFor::default() }
}

async fn open(owner: &Actor, look_for: LookFor) -> Result<SubjectRequest, Error> {
    erasure::open(&owner.db.store, &owner.permit::<OpenSubject>().await, look_for).await
}

async fn look(owner: &Actor, request: &SubjectRequest) -> Report {
    let permit = owner.permit::<ReadSubjects>().await;
    erasure::look(&owner.db.store, &permit, request.id).await.unwrap()
}

async fn erase(owner: &Actor, request: &SubjectRequest) -> Result<SubjectRequest, Error> {
    let permit = owner.permit::<EraseSubject>().await;
    owner
        .confirmed(async |answer: Option<Answer>| {
            erasure::erase(&owner.db.store, &permit, request.id, answer).await
        })
        .await
}

async fn certificate(owner: &Actor, request: &SubjectRequest) -> Result<String, Error> {
    erasure::certificate(&owner.db.store, &owner.permit::<ReadSubjects>().await, request.id).await
}

fn matter(tenant: &Tenant, scope: &str) -> NewHold {
    let id: AuditHoldId = tenant.db.store.new_id();
    NewHold { id: id.to_string(), scope: scope.into(), reason: "Matter 12".into(), ..NewHold::default() }
}

async fn place(tenant: &Tenant, new: NewHold) -> AuditHoldId {
    let owner = tenant.owner();
    let permit = owner.permit::<PlaceHold>().await;
    let placed = owner.confirmed(async |answer| hold::place(&tenant.db.store, &permit, &new, answer).await);
    placed.await.unwrap().id
}

async fn lift(tenant: &Tenant, id: AuditHoldId) {
    let owner = tenant.owner();
    let permit = owner.permit::<LiftHold>().await;
    owner
        .confirmed(async |answer| hold::lift(&tenant.db.store, &permit, id, "Settled.", answer).await)
        .await
        .unwrap();
}

fn count(report: &Report, kind: Kind) -> i64 {
    report.counts.iter().find(|(of, _)| *of == kind).map_or(0, |(_, number)| *number)
}

/// The leaves that a search by actor and one by entity find.
async fn found_of(person: &Actor) -> BTreeSet<i64> {
    let mut view = person.db.store.read(&person.db.job(person.tenant)).await.unwrap();
    let mut found = BTreeSet::new();
    for field in ["actor", "entity"] {
        let query = search::parse(&format!("{field}:{}", person.id())).unwrap().query;
        let sought = audit::resolve(&mut view, &query, &Zone::UTC).await.unwrap().unwrap();
        let mut place = Place::Newest;
        loop {
            let page = audit::search(&mut view, &sought, place).await.unwrap();
            found.extend(page.items.iter().filter_map(|one| one.leaf_index));
            let Some(older) = page.older else { break };
            place = older;
        }
    }
    found
}

both_databases! {
    async fn owner_finds_everything_of_a_person_and_erases_it_with_a_certificate(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = joined(&acme, "Prudence First").await;
        busy(&leaver).await;
        db.sign().await;
        let owner = acme.owner();
        let request = open(&owner, by("address", "Prudence.Private@Leaver.Example")).await.unwrap();
        assert_eq!(request.person, leaver.id().uuid());
        let report = look(&owner, &request).await;
        for kind in [
            Kind::Account, Kind::SearchWords, Kind::Password, Kind::Authenticators, Kind::Passkeys, Kind::RecoveryCodes,
            Kind::Phones, Kind::Sessions, Kind::SignInAttempts, Kind::Invitations, Kind::Letters, Kind::Directory,
            Kind::LogValues, Kind::LogRecords, Kind::ApiKeys, Kind::InvitationsWritten,
        ] {
            assert!(count(&report, kind) > 0, "{}", kind.name());
        }
        let values = report.values.unwrap();
        let text = format!("{values:?}");
        for needle in [ADDRESS, "Prudence Private", "61491570156", "Prudence's laptop"] {
            assert!(text.contains(needle), "{needle}: {text}");
        }
        // Handed out as well, and that is recorded.
        let disclosure = erasure::disclose(&db.store, &owner.permit::<DiscloseSubject>().await, request.id).await.unwrap();
        assert!(disclosure.complete && serde_json::to_string(&disclosure).unwrap().contains(ADDRESS));
        assert!(matches!(certificate(&owner, &request).await, Err(Error::NotFound)));
        // What is counted is what is listed, and what a search by actor and by entity finds.
        let now = look(&owner, &request).await;
        assert_eq!(usize::try_from(count(&now, Kind::LogValues)).unwrap(), disclosure.records.len());
        assert_eq!(usize::try_from(count(&now, Kind::LogRecords)).unwrap(), found_of(&leaver).await.len());
        assert!(now.certified.is_none());

        db.clock.advance(Span::seconds(1));
        let done = erase(&owner, &request).await.unwrap();
        assert_eq!((done.state, done.erased.get("account")), (SubjectRequestState::Done, Some(&1)));
        // The page has the certificate's own counts, also before its record has a place in the tree.
        let waiting = look(&owner, &request).await.certified.unwrap();
        assert!(waiting.erased["letters"] > 0 && waiting.erased["log_values"] > 0 && waiting.kept["log_records"] > 0, "{waiting:?}");
        // Values and salts are gone with the keys.
        let mut raw = Raw::superuser(&db).await;
        let left: Vec<(i64,)> = raw_rows!(raw, "SELECT count(*) FROM audit_personal WHERE subject = $1", leaver.id().uuid());
        assert_eq!(left[0].0, 0);
        for (table, text) in everything(&db).await {
            // The last letter waits with the address, sealed.
            for needle in [ADDRESS, "prudence", "61491570"] {
                assert!(!holds(&text, needle), "{needle} in {table}: {text}");
            }
        }
        assert!(matches!(users::find(&mut db.store.read(&acme.job()).await.unwrap(), leaver.id()).await, Err(bailiwick_store::Error::NotFound)));

        // The log proves what it proved, and the certificate proves itself.
        db.sign().await;
        db.verify().await.unwrap();
        let text = certificate(&owner, &request).await.unwrap();
        let key = db.signer().verifier().clone();
        let (certified, checkpoint) = Certificate::check(text.as_bytes(), &key).unwrap();
        assert!(certified.index < checkpoint.size && text.contains(&request.id.to_string()));
        assert!(text.contains("passkeys") && text.contains("log_records"), "{text}");
        assert_eq!(look(&owner, &request).await.certified.unwrap(), waiting);
        for (kind, number) in waiting.erased.iter().chain(&waiting.kept) {
            assert!(text.contains(&format!("  {kind:<20} {number}\n")), "{kind} {number}: {text}");
        }
        for personal in [ADDRESS, "Prudence", "61491570", &leaver.id().to_string()] {
            assert!(!text.contains(personal), "{personal}: {text}");
        }
        // Each of its words is checked, and so is who signed it.
        let forged = text.replacen("account              1", "account              2", 1);
        assert_ne!(forged, text);
        assert_eq!(Certificate::check(forged.as_bytes(), &key), Err(CertificateError::OtherWords));
        let foreign = db.foreign_signer(db.outside()).await.verifier().clone();
        assert!(matches!(Certificate::check(text.as_bytes(), &foreign), Err(CertificateError::Note(_))));

        // The same question gets the same answer, by every name; it takes no code and changes nothing.
        for again in [by("address", ADDRESS), by("person", &leaver.id().to_string())] {
            assert_eq!(open(&owner, again).await.unwrap(), done);
        }
        let permit = owner.permit::<EraseSubject>().await;
        let repeated = erasure::erase(&db.store, &permit, request.id, None).await.unwrap();
        assert!(matches!(repeated, Outcome::Done(same) if same == done));
        assert_eq!(certificate(&owner, &request).await.unwrap(), text);
    }

    async fn an_address_without_an_account_is_erased_as_well(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        assert!(matches!(open(&owner, by("address", "guest@leaver.example")).await, Err(Error::Invalid(_))));
        let new = NewInvitation { email: "guest@leaver.example".into(), role: "auditor".into(), expires_at: None };
        invitations::create(&db.store, &owner.permit::<Invite>().await, new).await.unwrap();
        let request = open(&owner, by("address", "guest@leaver.example")).await.unwrap();
        let report = look(&owner, &request).await;
        assert!(count(&report, Kind::Account) == 0 && count(&report, Kind::Invitations) == 1);
        erase(&owner, &request).await.unwrap();
        for (table, text) in everything(&db).await {
            assert!(!holds(&text, "guest@leaver"), "{table}: {text}");
        }
        assert_eq!(open(&owner, by("address", "guest@leaver.example")).await.unwrap().id, request.id);
        db.sign().await;
        db.verify().await.unwrap();
        let text = certificate(&owner, &request).await.unwrap();
        Certificate::check(text.as_bytes(), db.signer().verifier()).unwrap();
    }

    async fn what_others_keep_that_names_the_person_goes_with_them(db: Db) {
        let acme = db.tenant("acme").await;
        joined(&acme, "Prudence Private").await;
        let owner = acme.owner();
        for (name, query) in [
            ("Leaver", "actor:\"PRUDENCE private\" -outcome:ok"),
            ("What Prudence Private did", "outcome:denied"),
            ("Address", "actor:Prudence.Private@LEAVER.example"),
            ("Refused", "outcome:denied"),
            ("Prudence", "actor:prudence"),
        ] {
            let new = NewSearch { name: name.into(), query: query.into(), shared: true };
            saved_searches::keep(&db.store, &owner.permit::<KeepSearches>().await, new).await.unwrap();
        }
        let spool = Spool::new(db.folder().join("exports"), None);
        let ask = async |line: &str| {
            let query = search::parse(line).unwrap().query;
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let sought = audit::resolve(&mut view, &query, &Zone::UTC).await.unwrap().unwrap();
            drop(view);
            let permit = owner.permit::<ExportAudit>().await;
            exports::ask(&db.store, &permit, &spool, "jsonl", &sought).await.unwrap()
        };
        let (about, other) = (ask("private prudence").await, ask("private").await);
        db.sign().await;
        let request = open(&owner, by("address", ADDRESS)).await.unwrap();
        let report = look(&owner, &request).await;
        assert_eq!((count(&report, Kind::SearchesAbout), count(&report, Kind::ExportsAbout)), (3, 1));
        let lines = report.values.unwrap().lines;
        let said: Vec<_> = lines.iter().filter(|line| line.kind == Kind::SearchesAbout).map(|line| line.value.as_str()).collect();
        assert!(said.contains(&"Leaver") && said.contains(&"Address") && said.len() == 3, "{said:?}");

        // Whoever keeps the search may be kept by a hold.
        let hold = place(&acme, NewHold { person: owner.id().to_string(), ..matter(&acme, "person") }).await;
        assert!(matches!(erase(&owner, &request).await, Err(Error::Held(_))));
        lift(&acme, hold).await;
        db.clock.advance(Span::seconds(1));
        let done = erase(&owner, &request).await.unwrap();
        let certified = look(&owner, &done).await.certified.unwrap();
        assert_eq!((certified.erased.get("searches_about"), certified.erased.get("exports_about")), (Some(&3), Some(&1)));

        let mut view = db.store.read(&acme.job()).await.unwrap();
        let left = bailiwick_store::saved_searches::of_user(&mut view, owner.id()).await.unwrap();
        let left: Vec<_> = left.into_iter().map(|search| search.name).collect();
        assert_eq!(left, ["Prudence", "Refused"], "less than the whole name is nobody's");
        assert_eq!(export::find(&mut view, about.id).await.unwrap().export.selection, export::ERASED);
        assert!(export::find(&mut view, other.id).await.unwrap().export.selection.contains("private"));
        drop(view);
        // Nothing is made of a search that is not there any more.
        db.sign().await;
        Exports::new(db.store.clone(), db.jobs(), spool.clone()).round().await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let ended = export::find(&mut view, about.id).await.unwrap().export;
        assert!(ended.state.name() == "failed" && ended.failure.unwrap().contains("erased"));
        assert_eq!(export::find(&mut view, other.id).await.unwrap().export.state.name(), "done");
        drop(view);

        // Nor can the records of what others kept be read any more; whoever made them still can.
        let log = readable(&db.store, &acme).await;
        for gone in ["prudence private", "prudence.private", "word:prudence"] {
            assert!(!log.contains(gone), "{gone}: {log}");
        }
        assert!(log.contains("outcome:denied") && log.contains("owner@acme.example"), "{log}");
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn somebody_whom_only_a_kept_search_names_is_found_by_address(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let new = NewSearch { name: "Stranger".into(), query: "actor:zoe@stranger.example".into(), shared: false };
        assert!(matches!(open(&owner, by("address", "zoe@stranger.example")).await, Err(Error::Invalid(_))));
        saved_searches::keep(&db.store, &owner.permit::<KeepSearches>().await, new).await.unwrap();
        let request = open(&owner, by("address", "Zoe@Stranger.example")).await.unwrap();
        assert_eq!(count(&look(&owner, &request).await, Kind::SearchesAbout), 1);
        erase(&owner, &request).await.unwrap();
        for (table, text) in everything(&db).await {
            assert!(!holds(&text, "zoe@stranger"), "{table}: {text}");
        }
        assert_eq!(open(&owner, by("address", "zoe@stranger.example")).await.unwrap().id, request.id);
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn somebody_of_the_product_nobody_heard_of_is_not_found(db: Db) {
        let owner = db.tenant("acme").await.owner();
        let look_for = LookFor { by: "product".into(), value: "u-17".into(), kind: "app.customer".into() };
        assert!(matches!(open(&owner, look_for).await, Err(Error::Invalid(_))));
    }

    async fn a_change_of_what_would_go_takes_another_code(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = acme.user(Role::Auditor).await;
        let owner = acme.owner();
        let request = open(&owner, by("person", &leaver.id().to_string())).await.unwrap();
        let permit = owner.permit::<EraseSubject>().await;
        let Outcome::Asked(asked) = erasure::erase(&db.store, &permit, request.id, None).await.unwrap() else { panic!("no code was asked for") };
        let code = owner.mailed_code(asked.id).await;
        bailiwick_ops::factors::totp_begin_for(&db.store, &acme.job(), leaver.id()).await.unwrap();
        let answer = Some(Answer { id: asked.id, code });
        let refused = erasure::erase(&db.store, &permit, request.id, answer).await.unwrap();
        assert!(matches!(refused, Outcome::Refused(_)), "{refused:?}");
        erase(&owner, &request).await.unwrap();
    }

    async fn a_hold_of_every_scope_wins_over_erasure_and_deletion(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = acme.user(Role::Auditor).await;
        db.sign().await;
        let owner = acme.owner();
        let id = leaver.id().to_string();
        let request = open(&owner, by("person", &id)).await.unwrap();
        let scopes = [
            matter(&acme, "tenant"),
            NewHold { person: id.clone(), ..matter(&acme, "person") },
            NewHold { entity_type: "user".into(), entity_id: id.clone(), ..matter(&acme, "entity") },
            NewHold { action: "user".into(), ..matter(&acme, "range") },
        ];
        for new in scopes {
            let scope = new.scope.clone();
            let hold = place(&acme, new).await;
            for refused in [
                erasure::erase(&db.store, &owner.permit::<EraseSubject>().await, request.id, None).await.map(drop),
                deletion::delete(&db.store, &owner.permit::<DeleteUser>().await, leaver.id(), None).await.map(drop),
            ] {
                assert!(matches!(&refused, Err(Error::Held(text)) if text.contains("legal hold …")), "{scope}: {refused:?}");
            }
            assert!(look(&owner, &request).await.held.is_some_and(|held| held.id == hold));
            lift(&acme, hold).await;
        }
        // What covers another time keeps nothing here.
        let until = Some(bailiwick_domain::time::Timestamp::from_micros(1));
        place(&acme, NewHold { until, ..matter(&acme, "range") }).await;
        erase(&owner, &request).await.unwrap();
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn a_hold_keeps_records_from_the_retention(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = acme.user(Role::Auditor).await;
        db.sign().await;
        let now = db.store.now();
        let (from, until) = (now - Span::hours(1), now + Span::hours(1));
        let kept = async |action: Option<&str>| {
            let mut view = db.store.read(&acme.job()).await.unwrap();
            held(&mut view, Target::Records { from, until, action }).await.unwrap().is_some()
        };
        assert!(!kept(None).await);
        let range = place(&acme, NewHold { action: "user".into(), from: Some(from), ..matter(&acme, "range") }).await;
        assert!(kept(Some("user.deleted")).await && kept(None).await && !kept(Some("invitation")).await);
        lift(&acme, range).await;
        let person = place(&acme, NewHold { person: leaver.id().to_string(), ..matter(&acme, "person") }).await;
        assert!(kept(None).await);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let before = Target::Records { from: from - Span::hours(1), until: from, action: None };
        assert!(held(&mut view, before).await.unwrap().is_none(), "they did nothing then");
        drop(view);
        lift(&acme, person).await;
        assert!(!kept(None).await);
    }

    async fn of_a_hold_and_an_erasure_at_once_the_first_decides(db: Db) {
        for round in 0..6 {
            let acme = db.tenant(&format!("acme{round}")).await;
            // Two people: an answered code outdates what else the same person has on the way.
            let (owner, other, leaver) = (acme.owner(), acme.user(Role::TenantOwner).await, acme.add(Role::Auditor).await);
            let request = open(&owner, by("person", &leaver.id.to_string())).await.unwrap();
            let new = NewHold { person: leaver.id.to_string(), ..matter(&acme, "person") };
            let (place, erase) = (other.permit::<PlaceHold>().await, owner.permit::<EraseSubject>().await);
            let Outcome::Asked(asked) = hold::place(&db.store, &place, &new, None).await.unwrap() else { panic!("no code") };
            let holding = Some(Answer { id: asked.id, code: other.mailed_code(asked.id).await });
            let Outcome::Asked(asked) = erasure::erase(&db.store, &erase, request.id, None).await.unwrap() else { panic!("no code") };
            let erasing = Some(Answer { id: asked.id, code: owner.mailed_code(asked.id).await });
            let second = db.another_if_several().await;
            let (held, erased) = tokio::join!(
                hold::place(&db.store, &place, &new, holding),
                erasure::erase(&second, &erase, request.id, erasing)
            );
            assert!(matches!(held, Ok(Outcome::Done(_))), "{held:?}");
            db.sign().await;
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let there = users::find(&mut view, leaver.id).await.is_ok();
            let log = audit::search(&mut view, &Sought::default(), Place::Newest).await.unwrap().items;
            drop(view);
            let place_of = |action: &str| log.iter().find(|one| one.action == action).and_then(|one| one.leaf_index);
            match erased {
                Ok(Outcome::Done(_)) => {
                    assert!(!there && place_of("subject_request.erased") < place_of("audit_hold.placed"), "round {round}");
                }
                Err(Error::Held(_)) => assert!(there && place_of("subject_request.erased").is_none(), "round {round}"),
                other => panic!("round {round}: {other:?}"),
            }
        }
        db.verify().await.unwrap();
    }

    async fn nobody_without_the_permissions_erases_or_is_handed_anything(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        assert!(auditor.try_permit::<OpenSubject>().await.is_err() && auditor.try_permit::<EraseSubject>().await.is_err());
        assert!(auditor.try_permit::<PlaceHold>().await.is_err() && auditor.try_permit::<LiftHold>().await.is_err());
        let owner = acme.owner();
        let request = open(&owner, by("person", &auditor.id().to_string())).await.unwrap();
        let stranger = db.tenant("other").await.owner();
        let permit = stranger.permit::<EraseSubject>().await;
        assert!(matches!(erasure::erase(&db.store, &permit, request.id, None).await, Err(Error::NotFound)));
        let permit = stranger.permit::<DiscloseSubject>().await;
        assert!(matches!(erasure::disclose(&db.store, &permit, request.id).await, Err(Error::NotFound)));
        assert!(open(&stranger, by("person", &auditor.id().to_string())).await.is_err(), "nobody of theirs");
    }
}

/// What lies in the files of the database on the disk.
fn on_disk(db: &Db) -> Vec<u8> {
    let Where::Sqlite(path) = db.place() else { return Vec::new() };
    let mut disk = Vec::new();
    for file in ["bailiwick.db", "bailiwick.db-wal"] {
        disk.extend(std::fs::read(path.with_file_name(file)).unwrap_or_default());
    }
    disk
}

// PostgreSQL's own files are not the service's to empty.
sqlite_only! {
    async fn no_file_of_the_database_holds_the_key_of_somebody_who_was_erased(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = joined(&acme, "Prudence First").await;
        busy(&leaver).await;
        let owner = acme.owner();
        let request = open(&owner, by("address", ADDRESS)).await.unwrap();
        let mut raw = Raw::superuser(&db).await;
        let keys: Vec<(Vec<u8>,)> = raw_rows!(raw, "SELECT wrapped FROM subject_key WHERE subject = $1", leaver.id().uuid());
        let sealed: Vec<(Vec<u8>,)> = raw_rows!(raw, "SELECT sealed FROM audit_personal WHERE subject = $1", leaver.id().uuid());
        drop(raw);
        let holds = |disk: &[u8], octets: &[u8]| disk.windows(octets.len()).any(|window| window == octets);
        let before = on_disk(&db);
        assert!(holds(&before, &keys[0].0) && sealed.iter().all(|(sealed,)| holds(&before, sealed)), "they are looked for as they lie there");

        // Whoever reads an older state all the while holds it up, and nothing is forgotten meanwhile.
        let mut view = db.store.read(&acme.job()).await.unwrap();
        users::find(&mut view, leaver.id()).await.unwrap();
        erase(&owner, &request).await.unwrap();
        drop(view);
        while !db.store.scrub().await.unwrap() {}
        let after = on_disk(&db);
        for (octets,) in keys.iter().chain(&sealed) {
            assert!(!holds(&after, octets), "what was erased lies in a file of the database");
        }
    }
}
