//! Evidence bundles as they come out of the database.

use bailiwick_domain::{
    disclosure::Disclosure,
    role::Role,
    rule::{AskBundle, Invite},
};
use bailiwick_ops::invitations::{self, NewInvitation};
use bailiwick_proof::{
    bundle::{Bundle, Finding, MAX_RECORDS, Proven, read},
    checkpoint::Trust,
    receipt::Disclosed,
};
use bailiwick_store::{
    Error, View,
    audit::{
        self, Place, Sought,
        bundle::{Asked, Bundled, bundle},
        log,
    },
};
use bailiwick_testkit::{Db, Tenant, both_databases};

use crate::{raw, raw_rows, support::raw::Raw, tampering::rename};

const SECRET: &str = "prudence.private@acme.example";

/// Some people, an invitation, and more records than a tile holds, all of them signed.
async fn busy(db: &Db) -> Tenant {
    let acme = db.tenant("acme").await;
    acme.user(Role::Auditor).await;
    let invite = NewInvitation { email: SECRET.into(), role: "auditor".into(), expires_at: None };
    invitations::create(&db.store, &acme.owner().permit::<Invite>().await, invite).await.unwrap();
    for n in 0..300 {
        rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
        if n % 100 == 7 {
            db.sign().await;
        }
    }
    db.sign().await;
    acme
}

async fn view(tenant: &Tenant) -> View {
    tenant.db.store.read(&tenant.owner().permit::<AskBundle>().await).await.unwrap()
}

fn everything() -> Asked {
    Asked::Search { line: String::new(), sought: Sought::default() }
}

async fn made(tenant: &Tenant, asked: &Asked, disclosure: &Disclosure) -> Result<Bundled, Error> {
    bundle(&mut view(tenant).await, asked, disclosure).await
}

fn trust(db: &Db) -> Trust {
    Trust { logs: vec![db.signer().verifier().clone()], ..Trust::default() }
}

fn opened(db: &Db, made: &Bundled) -> (Bundle, Proven) {
    let bundle = read(made.file.as_bytes()).unwrap();
    let proven = bundle.verify(&trust(db)).unwrap();
    (bundle, proven)
}

both_databases! {
    async fn stranger_verifies_everything_that_a_search_found(db: Db) {
        let acme = busy(&db).await;
        let total = audit::total(&mut view(&acme).await).await.unwrap();
        let all = made(&acme, &everything(), &Disclosure::Nothing).await.unwrap();
        assert_eq!((all.records, all.size, all.values), (total, total, 0));
        let (bundle, proven) = opened(&db, &all);
        assert!(bundle.nodes.is_empty(), "the whole tree needs no hash beside it");
        assert!(proven.hidden > 300, "names are personal: {}", proven.hidden);
        assert!(!all.file.contains("Olive 7") && !all.file.contains(SECRET));
        let some = Asked::Search { line: "action:user.invited".into(), sought: Sought::default().action("user.invited") };
        let one = made(&acme, &some, &Disclosure::Nothing).await.unwrap();
        let (bundle, proven) = opened(&db, &one);
        assert_eq!((one.records, bundle.nodes.is_empty()), (1, false));
        assert_eq!(one.size, total, "what it says holds up to the newest checkpoint, not to the oldest that has the record");
        assert_eq!(proven.manifest.of.to_string(), "search action:user.invited");
        assert_eq!(one.selection, "search action:user.invited");
        // What is not signed yet is in no bundle.
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive, unsigned".into()).await;
        db.settle().await;
        assert_eq!(made(&acme, &everything(), &Disclosure::Nothing).await.unwrap().records, total);
        let none = Asked::Search { line: String::new(), sought: Sought::default().action("no.such") };
        assert!(matches!(made(&acme, &none, &Disclosure::Nothing).await, Err(Error::Conflict(_))));
    }

    async fn stranger_verifies_the_whole_history_of_a_thing(db: Db) {
        let acme = busy(&db).await;
        let id = acme.owner().id().uuid();
        let asked = Asked::Entity { kind: "user".into(), id };
        let history = made(&acme, &asked, &Disclosure::Nothing).await.unwrap();
        let (_, proven) = opened(&db, &history);
        let said = format!("entity user {id} {}", history.records);
        assert!(history.records > 300 && proven.manifest.of.to_string() == said, "{}", proven.manifest.of);
        for (kind, id) in [("user", acme.id().uuid()), ("no_such", id)] {
            let none = Asked::Entity { kind: kind.into(), id };
            assert!(matches!(made(&acme, &none, &Disclosure::Nothing).await, Err(Error::NotFound)), "{kind}");
        }
        let other = db.tenant("other").await;
        db.sign().await;
        assert!(matches!(made(&other, &asked, &Disclosure::Nothing).await, Err(Error::NotFound)), "of another tenant");
    }

    async fn personal_values_go_along_only_where_they_are_asked_for(db: Db) {
        let acme = busy(&db).await;
        let asked = Asked::Search { line: "action:user.invited".into(), sought: Sought::default().action("user.invited") };
        let hidden = made(&acme, &asked, &Disclosure::Nothing).await.unwrap();
        let (_, proven) = opened(&db, &hidden);
        let all = made(&acme, &asked, &Disclosure::Everything).await.unwrap();
        let (_, shown) = opened(&db, &all);
        assert!(all.file.contains(SECRET) && !hidden.file.contains(SECRET));
        assert_eq!((shown.disclosed, shown.hidden), (proven.hidden, 0));
        let some = made(&acme, &asked, &"/email".parse().unwrap()).await.unwrap();
        let (mut bundle, proven) = opened(&db, &some);
        assert!(some.file.contains(SECRET) && proven.disclosed == 1, "{proven:?}");
        assert_eq!(some.values, 1);
        assert!(!some.file.contains("203.0.113."), "the address was not asked for");
        // Another value in its place is noticed.
        bundle.records[0].disclosed[0].value = "eve@acme.example".into();
        let findings = bundle.verify(&trust(&db)).unwrap_err().named;
        assert!(matches!(findings[..], [Finding::Disclosed { record: 1, .. }]), "{findings:?}");

        let event = audit::search(&mut view(&acme).await, &Sought::default().action("user.invited"), Place::Newest).await.unwrap().items[0].event;
        let receipt = |text: &'static str| {
            let acme = acme.clone();
            async move { log::disclosed_receipt(&mut view(&acme).await, event, &text.parse().unwrap()).await.unwrap().unwrap() }
        };
        let plain = receipt("").await;
        assert!(plain.values.is_empty() && plain.to_string().starts_with("c2sp.org/tlog-proof@v1\n"));
        let values = Disclosed::parse(receipt("*").await.to_string().as_bytes()).unwrap();
        values.verify(&trust(&db)).unwrap();
        assert!(values.values.iter().any(|value| value.value == SECRET), "{values:?}");
    }

    async fn altered_records_are_in_no_bundle(db: Db) {
        let acme = busy(&db).await;
        let mut raw = Raw::tampering(&db).await;
        let rows: Vec<(uuid::Uuid,)> = raw_rows!(raw, "SELECT event FROM audit_leaf WHERE tenant = $1 AND leaf_index = 40", acme.id().uuid());
        raw!(raw, "UPDATE audit_event SET bytes = $1 WHERE id = $2", b"{}".to_vec(), rows[0].0).unwrap();
        let refused = made(&acme, &everything(), &Disclosure::Nothing).await;
        assert!(matches!(refused, Err(Error::Conflict(text)) if text.contains("Run a verification")), "{refused:?}");
    }

    async fn bundle_holds_as_many_records_as_it_says_and_no_more(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        assert_eq!(MAX_RECORDS, 10_000);
        let size = audit::total(&mut view(&acme).await).await.unwrap();
        assert!(made(&acme, &everything(), &Disclosure::Nothing).await.unwrap().records == size);
        // The log says it has more than a bundle holds; nothing of it is read before that is noticed.
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "UPDATE audit_checkpoint SET size = $1 WHERE tenant = $2", 50_000_i64, acme.id().uuid()).unwrap();
        raw!(raw, "UPDATE audit_tree SET size = $1 WHERE tenant = $2", 50_000_i64, acme.id().uuid()).unwrap();
        let refused = made(&acme, &everything(), &Disclosure::Nothing).await;
        assert!(matches!(refused, Err(Error::Conflict(text)) if text.starts_with("More than 10,000 ")), "{refused:?}");
    }
}
