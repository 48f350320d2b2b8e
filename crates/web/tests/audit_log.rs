//! The log as others check it: with a key, without a page, and within bounds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::http::StatusCode;
use bailiwick_domain::{entity::RefusalKind, role::Role};
use bailiwick_ops::{
    audit::refusals::{self, Refused},
    users::{self, NewUser},
};
use bailiwick_proof::{
    Hash,
    checkpoint::{Checkpoint, CosignerKey, NoteSigner, SignedNote, Trust, cosign},
    completeness::Page,
    leaf_hash,
    receipt::{About, Receipt},
    tree::{verify_consistency, verify_inclusion},
};
use bailiwick_store::audit::{
    self, Place, Sought,
    witness::{self, WitnessPolicy},
};
use bailiwick_testkit::{Db, Tenant, TestSigner, both_databases};
use bailiwick_vault::{entropy::SeededEntropy, provider::FileProvider};
use serde_json::Value;
use support::{Caller, Service, full_key};

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(|hash| hash.as_str().unwrap().parse().unwrap()).collect()
}

fn hash(value: &Value) -> Hash {
    value.as_str().unwrap().parse().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// Some people, so that there are some records, under several checkpoints.
async fn busy(tenant: &Tenant, prefix: &str) {
    for n in 0..6 {
        let new = NewUser {
            email: format!("{prefix}{n}@acme.example"),
            name: format!("Una {prefix}{n}"),
            role: Role::SupportCoordinator,
        };
        users::create(&tenant.db.store, &tenant.job(), new).await.unwrap();
        tenant.db.sign().await;
    }
}

fn trust(db: &Db) -> Trust {
    Trust { logs: vec![db.signer().verifier().clone()], ..Trust::default() }
}

both_databases! {
    async fn program_checks_the_log_by_what_it_is_handed(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        assert_eq!(service.get(&program, "/v1/audit/log/checkpoint").await.status, StatusCode::NOT_FOUND, "nothing was signed yet");
        busy(&acme, "a").await;
        let answer = service.get(&program, "/v1/audit/log/checkpoint").await;
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("text/plain; charset=utf-8", "private, max-age=2"));
        let note = SignedNote::parse(&answer.body).unwrap();
        note.verify(db.signer().verifier()).unwrap();
        let newest = Checkpoint::parse(note.text()).unwrap();
        assert_eq!(newest.origin, format!("bailiwick.test/tenant/{}", acme.id()));

        let listed = service.get(&program, "/v1/audit/log/checkpoints").await.json();
        let sizes: Vec<u64> = listed["items"].as_array().unwrap().iter().map(|item| number(&item["size"])).collect();
        assert!(sizes.len() >= 6 && sizes[0] == newest.size && sizes.windows(2).all(|pair| pair[0] > pair[1]), "{sizes:?}");
        let older = service.get(&program, &format!("/v1/audit/log/checkpoints?cursor={}", sizes[2])).await.json();
        assert_eq!(number(&older["items"][0]["size"]), sizes[3]);

        for event in service.get(&program, "/v1/audit/events").await.json()["items"].as_array().unwrap().iter().step_by(5) {
            let id = event["id"].as_str().unwrap();
            let Some(leaf) = event["leaf_index"].as_u64() else { continue };
            let by_event = service.get(&program, &format!("/v1/audit/log/inclusion?event={id}")).await.json();
            assert_eq!((number(&by_event["index"]), number(&by_event["size"])), (leaf, newest.size));
            verify_inclusion(&hash(&by_event["hash"]), leaf, newest.size, &hashes(&by_event["path"]), &newest.root).unwrap();
            let by_hash = service.get(&program, &format!("/v1/audit/log/inclusion?hash={}", by_event["hash"].as_str().unwrap())).await.json();
            let by_index = service.get(&program, &format!("/v1/audit/log/inclusion?index={leaf}")).await.json();
            assert_eq!((&by_hash, &by_index), (&by_event, &by_event));

            let receipt = service.get(&program, &format!("/v1/audit/events/{id}/receipt")).await;
            assert_eq!(receipt.header("content-type"), "text/plain; charset=utf-8");
            let receipt = Receipt::parse(&receipt.body).unwrap();
            let (_, about) = receipt.verify(&trust(&db)).unwrap();
            assert!(matches!(about, About::Event(fields) if fields.id == id));
        }
        for pair in sizes.windows(2) {
            let proof = service.get(&program, &format!("/v1/audit/log/consistency?from={}&to={}", pair[1], pair[0])).await.json();
            verify_consistency(pair[1], &hash(&proof["from_root"]), pair[0], &hash(&proof["to_root"]), &hashes(&proof["path"])).unwrap();
        }
        // A client of C2SP tlog-tiles: the checkpoint, then the partial tile that its size calls for.
        let tile = service.get(&program, &format!("/v1/audit/log/tile/0/000.p/{}", newest.size)).await;
        assert_eq!((tile.header("content-type"), tile.header("cache-control")), ("application/octet-stream", "private, max-age=31536000, immutable"));
        let mut frontier = bailiwick_proof::tree::Frontier::new();
        tile.body.as_chunks::<32>().0.iter().for_each(|leaf| frontier.push(Hash(*leaf)));
        assert_eq!((frontier.size(), frontier.root()), (newest.size, newest.root));
        let bundle = service.get(&program, &format!("/v1/audit/log/tile/entries/000.p/{}", newest.size)).await.body;
        let (length, rest) = bundle.split_first_chunk::<2>().unwrap();
        let first = &rest[..usize::from(u16::from_be_bytes(*length))];
        assert_eq!(leaf_hash(first).0, tile.body[..32]);

        let region = service.get(&program, "/v1/audit/log/region").await;
        let region = Receipt::parse(&region.body).unwrap();
        assert!(matches!(region.verify(&trust(&db)).unwrap().1, About::Head(_)));
        let owner = acme.owner().id();
        let page: Page = serde_json::from_value(service.get(&program, &format!("/v1/audit/entities/user/{owner}/completeness")).await.json()).unwrap();
        let (complete, _) = Page::verify(&[page], &trust(&db)).unwrap();
        assert_eq!((complete.kind.as_str(), complete.id), ("user", owner.to_string()));
    }

    async fn program_is_told_what_is_not_there_and_what_cannot_be(db: Db) {
        let acme = db.tenant("acme").await;
        busy(&acme, "a").await;
        let (service, program) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        let stranger = db.tenant("globex").await;
        busy(&stranger, "g").await;
        let mut view = db.store.read(&stranger.job()).await.unwrap();
        let theirs = audit::search(&mut view, &Sought::default(), Place::Newest).await.unwrap().items[0].event;
        drop(view);
        let status = async |path: &str| service.get(&program, &format!("/v1/audit/{path}")).await.status.as_u16();
        let none = Hash([7; 32]);
        for (path, expected) in [
            ("log/inclusion".to_owned(), 400),
            ("log/inclusion?index=0&hash=x".to_owned(), 400),
            ("log/inclusion?hash=x".to_owned(), 400),
            ("log/inclusion?event=x".to_owned(), 400),
            ("log/inclusion?index=x".to_owned(), 400),
            ("log/inclusion?leaf=0".to_owned(), 400),
            (format!("log/inclusion?event={theirs}"), 404),
            (format!("log/inclusion?hash={none}"), 404),
            ("log/inclusion?index=-1".to_owned(), 404),
            ("log/inclusion?index=100000".to_owned(), 404),
            ("log/inclusion?index=0&size=100000".to_owned(), 404),
            ("log/inclusion?index=0&size=0".to_owned(), 404),
            ("log/consistency?from=3&to=2".to_owned(), 400),
            ("log/consistency?from=-3&to=2".to_owned(), 404),
            ("log/consistency?from=0&to=100000".to_owned(), 404),
            ("log/consistency?from=x".to_owned(), 400),
            ("log/checkpoints?cursor=x".to_owned(), 400),
            ("log/tile/0/000".to_owned(), 404),
            ("log/tile/0/0".to_owned(), 404),
            ("log/tile/64/000.p/1".to_owned(), 404),
            ("log/tile/0/x000/000".to_owned(), 404),
            ("log/tile/0/x001/x234/067".to_owned(), 404),
            ("log/tile/0/x001/x234/067.p/8".to_owned(), 404),
            ("log/tile/0/000.p/0".to_owned(), 404),
            ("log/tile/0/000.p/256".to_owned(), 404),
            ("log/tile/data/000.p/1".to_owned(), 404),
            (format!("events/{theirs}/receipt"), 404),
            (format!("entities/user/{}/completeness", stranger.owner().id()), 404),
            ("entities/no%20kind/0193a7c2-7b1e-7000-8000-000000000001/completeness".to_owned(), 404),
            ("log/tile/0/000.p/1".to_owned(), 200),
            ("log/consistency".to_owned(), 200),
        ] {
            assert_eq!(status(&path).await, expected, "{path}");
        }
        // A record of a moment ago has no receipt yet, and then it has one.
        let new = NewUser { email: "late@acme.example".into(), name: "Lou Late".into(), role: Role::SupportCoordinator };
        let user = users::create(&db.store, &acme.job(), new).await.unwrap();
        db.settle().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let sought = Sought::default().about(vec![("user".into(), user.id.uuid())]);
        let late = audit::search(&mut view, &sought, Place::Newest).await.unwrap().items[0].event;
        drop(view);
        assert_eq!(status(&format!("events/{late}/receipt")).await, 409);
        db.sign().await;
        assert_eq!(status(&format!("events/{late}/receipt")).await, 200);
    }

    async fn auditor_sees_who_else_vouches_for_the_log_and_who_refuses(db: Db) {
        let acme = db.tenant("acme").await;
        busy(&acme, "a").await;
        let provider = FileProvider::create(&db.folder().join("witness.key"), std::sync::Arc::new(SeededEntropy::new(77))).unwrap();
        let key = TestSigner::generate(&provider, 78).await;
        let verifier = CosignerKey::new("bailiwick-test", &key.public_key()).unwrap();
        let other = CosignerKey::new("w2.example", &db.signer().verifier().public_key()).unwrap();
        db.store.decide_witnesses(WitnessPolicy { witnesses: vec![verifier.clone(), other], quorum: 1 });
        let witness::Next::Ask(ask) = witness::ask(&db.store, acme.id(), "bailiwick-test", None).await.unwrap() else { panic!("it is signed") };
        let line = cosign(ask.request.note.text(), 1_767_323_100, &key).unwrap();
        witness::keep(&db.store, acme.id(), "bailiwick-test", ask.size, &line, 1_767_323_100).await.unwrap();
        let refused = Refused { tenant: acme.id(), why: RefusalKind::Fork, size: ask.size, seen: Some(ask.size) };
        refusals::cosigning(&db.store, &db.jobs(), "w2.example", &refused).await.unwrap();
        let (service, program) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        let told = service.get(&program, "/v1/audit/log/witnesses").await.json();
        assert_eq!(told["quorum"], 1);
        assert_eq!(told["policy"], "A checkpoint counts as witnessed once 1 of 2 witnesses have cosigned it.");
        let standing: Vec<_> = told["witnesses"].as_array().unwrap().iter().map(|witness| (witness["standing"].as_str().unwrap(), witness["lag"].as_u64().unwrap())).collect();
        assert_eq!(standing, [("ok", 0), ("refused", ask.size)]);
        assert_eq!((told["refusals"][0]["by"].as_str(), told["refusals"][0]["why"].as_str()), (Some("w2.example"), Some("fork")));
        let note = SignedNote::parse(&service.get(&program, "/v1/audit/log/checkpoint").await.body).unwrap();
        assert_eq!(verifier.cosigned_note(&note), Some(1_767_323_100));
        let auditor = Caller::from(&acme.user(Role::Auditor).await);
        let page = service.get(&auditor, "/audit/verify").await.text();
        for shown in ["1 of 2 witnesses have cosigned", "bailiwick-test", "Cosigned", "Refused", "The witness w2.example did not cosign", "Noted in the tree of heads"] {
            assert!(page.contains(shown), "{shown}");
        }
        // The alarm is an event like any other.
        let events = service.get(&auditor, "/v1/security-events").await.json();
        assert!(events["items"].as_array().unwrap().iter().any(|event| event["kind"] == "audit_log.refused" && event["severity"] == "high"), "{events}");
    }

    async fn auditor_copies_a_receipt_and_sees_that_a_history_is_complete(db: Db) {
        let acme = db.tenant("acme").await;
        busy(&acme, "a").await;
        let service = Service::over(&db);
        let auditor = Caller::from(&acme.user(Role::Auditor).await);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let owner = acme.owner().id();
        let sought = Sought::default().about(vec![("user".into(), owner.uuid())]);
        let event = audit::search(&mut view, &sought, Place::Newest).await.unwrap().items[0].event;
        drop(view);
        let page = service.get(&auditor, &format!("/audit/events/{event}")).await.text();
        assert!(page.contains("c2sp.org/tlog-proof@v1") && page.contains("data-copy=\"receipt\"") && page.contains(&format!("/v1/audit/events/{event}/receipt")), "{page}");
        let page = service.get(&auditor, &format!("/audit/entities/user/{owner}")).await.text();
        assert!(page.contains("Complete") && page.contains("without a gap, the newest of them in the signed tree") && page.contains("completeness"), "{page}");
    }
}
