//! Streams as they are stored: nothing that opens a door there lies in clear, and nobody takes one that is taken.

use bailiwick_domain::{
    ids::StreamId,
    rule::{PlaceStream, UpdateStreams},
};
use bailiwick_ops::audit::stream::{self, Beginning, NewPlace, NewStream};
use bailiwick_store::{Job, audit::stream as stored};
use bailiwick_testkit::{Tenant, both_databases};

use crate::erasure::{everything, holds};

async fn made(acme: &Tenant, name: &str, place: NewPlace) -> (StreamId, Option<String>) {
    let permit = acme.owner().permit::<UpdateStreams>().await;
    let new = NewStream { name: name.into(), place, from: Beginning::Index(0), ..NewStream::default() };
    let made = stream::create(&acme.db.store, &permit, new).await.unwrap();
    (made.stream.id, made.secret.map(|secret| secret.to_string()))
}

async fn started(acme: &Tenant) -> StreamId {
    let place =
        NewPlace { kind: "webhook".into(), url: "https://siem.example.com/".into(), ..NewPlace::default() };
    let (id, _) = made(acme, "Desk", place).await;
    let owner = acme.owner();
    let permit = owner.permit::<PlaceStream>().await;
    owner.confirmed(async |answer| stream::start(&acme.db.store, &permit, id, answer).await).await.unwrap();
    id
}

both_databases! {
    async fn reader_of_the_database_finds_no_token_no_key_and_no_secret(db: Db) {
        let acme = db.tenant("acme").await;
        let hook = NewPlace { kind: "webhook".into(), url: "https://siem.example.com/t0ken-in-path".into(), ..NewPlace::default() };
        let (_, secret) = made(&acme, "Desk", hook).await;
        let bucket = NewPlace {
            kind: "s3".into(),
            endpoint: "https://s3.example.com".into(),
            region: "eu-central-1".into(),
            bucket: "audit-log".into(),
            access_key: "akid-of-the-bucket".into(),
            secret_key: "key-of-the-bucket".into(),
            ..NewPlace::default()
        };
        made(&acme, "Bucket", bucket).await;
        db.settle().await;
        let secret = secret.unwrap().to_lowercase();
        for (table, text) in everything(&db).await {
            for needle in ["t0ken-in-path", "akid-of-the-bucket", "key-of-the-bucket", "whsec_", &secret] {
                assert!(!holds(&text, needle), "{needle} in {table}");
            }
            if table == "audit_stream" {
                assert!(text.contains("https://siem.example.com") && text.contains("https://s3.example.com/audit-log"));
            }
        }
    }

    async fn of_two_processes_one_takes_a_stream(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        db.settle().await;
        let other = db.another_if_several().await;
        let (ours, theirs) = (db.jobs().permit(Job::Streams, acme.id()), db.jobs().permit(Job::Streams, acme.id()));
        let (one, two) = tokio::join!(stored::claim(&db.store, &ours, id), stored::claim(&other, &theirs, id));
        assert_eq!([one.unwrap(), two.unwrap()].iter().flatten().count(), 1);
        assert!(stored::due(&db.store, 10).await.unwrap().is_empty(), "it is nobody else's");
    }

    async fn another_tenants_stream_is_not_there(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let id = started(&acme).await;
        db.settle().await;
        let theirs = db.jobs().permit(Job::Streams, globex.id());
        assert!(stored::claim(&db.store, &theirs, id).await.unwrap().is_none());
        let mut view = db.store.read(&globex.job()).await.unwrap();
        assert!(stored::find(&mut view, id).await.is_err() && stored::list(&mut view).await.unwrap().is_empty());
        drop(view);
        let due = stored::due(&db.store, 10).await.unwrap();
        assert_eq!(due.iter().map(|due| (due.tenant, due.stream)).collect::<Vec<_>>(), [(acme.id(), id)]);
    }
}
