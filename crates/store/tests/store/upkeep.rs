//! A request is served although the use of its session cannot be noted.

use bailiwick_domain::{
    rule::ReadUsers,
    time::{Span, Timestamp},
};
use bailiwick_store::{DatabaseKind, Error, Refusal, Result};
use bailiwick_testkit::{Actor, Db, both_databases, sqlite_only};
use tokio::sync::oneshot;

use crate::{raw, raw_rows, support::raw::Raw};

/// When the owner's session was seen last, and when it ends for want of use.
async fn session(raw: &mut Raw) -> (i64, i64) {
    let rows: Vec<(i64, i64)> = raw_rows!(
        *raw,
        "SELECT last_seen_at, idle_until FROM session WHERE ended_at IS NULL ORDER BY created_at DESC"
    );
    rows[0]
}

/// Reads once as `owner` while nothing can be noted, and sees that this extends nothing.
async fn reads_without_a_note(db: &Db, owner: &Actor, raw: &mut Raw) {
    let before = session(raw).await;
    db.clock.advance(Span::minutes(2));
    let permit = owner.try_permit::<ReadUsers>().await.expect("a read is served");
    db.store.read(&permit).await.unwrap();
    assert_eq!(session(raw).await, before);
    let end = Timestamp::from_micros(before.1);
    db.clock.set(end);
    let late = owner.try_permit::<ReadUsers>().await;
    assert!(matches!(late, Err(Refusal::SignIn)), "a session is not extended by what was not written");
    db.clock.set(Timestamp::from_micros(before.0) + Span::minutes(2));
}

both_databases! {
    async fn signed_in_reader_is_served_although_their_session_cannot_be_written(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let mut raw = Raw::tampering(&db).await;
        // Stands in for a full disk.
        let (fail, heal) = match db.kind() {
            DatabaseKind::Sqlite => (
                "CREATE TRIGGER full BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
                "DROP TRIGGER full",
            ),
            DatabaseKind::Postgres => {
                ("REVOKE UPDATE ON session FROM bailiwick_app", "GRANT UPDATE ON session TO bailiwick_app")
            }
        };
        raw!(raw, fail).unwrap();
        reads_without_a_note(&db, &owner, &mut raw).await;
        raw!(raw, heal).unwrap();
        let before = session(&mut raw).await;
        assert!(owner.try_permit::<ReadUsers>().await.is_ok());
        let (seen, until) = session(&mut raw).await;
        assert!(seen == db.store.now().micros() && until > before.1, "the next request is noted again");
    }
}

sqlite_only! {
    async fn signed_in_reader_is_served_while_somebody_holds_the_writer(db: Db) {
        let acme = db.tenant("acme").await;
        let mut raw = Raw::owner(&db).await;
        let (go, wait) = oneshot::channel::<()>();
        let (held, holds) = oneshot::channel::<()>();
        let (store, permit) = (db.store.clone(), acme.job());
        let holder = tokio::spawn(async move {
            let outcome: Result<()> = store
                .change(&permit, async |_| {
                    held.send(()).unwrap();
                    wait.await.unwrap();
                    Err(Error::Corrupt("nothing to keep".into()))
                })
                .await;
            outcome
        });
        holds.await.unwrap();
        reads_without_a_note(&db, &acme.owner(), &mut raw).await;
        go.send(()).unwrap();
        assert!(holder.await.unwrap().is_err());
        let before = session(&mut raw).await;
        assert!(acme.owner().try_permit::<ReadUsers>().await.is_ok());
        assert!(session(&mut raw).await > before, "the next request is noted again");
    }
}
