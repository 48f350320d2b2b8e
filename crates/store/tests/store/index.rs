//! What search goes along is held against the records, and whatever is done to it is named.

use bailiwick_domain::time::Span;
use bailiwick_store::audit::{self, VerifyError};
use bailiwick_testkit::{Db, Tenant, both_databases};

use crate::{raw, support::raw::Raw, tampering::rename};

/// One full block of leaves, and some behind it.
const EVENTS: usize = 540;

async fn busy(db: &Db) -> Tenant {
    let acme = db.tenant("acme").await;
    let owner = acme.owner().user;
    for n in 0..EVENTS {
        rename(&db.store, &acme.job(), &owner, format!("Olive {n}")).await;
        if n % 180 == 0 {
            db.clock.advance(Span::hours(1));
            db.settle().await;
        }
    }
    db.sign().await;
    acme
}

/// What does not fit; nothing where everything does.
async fn lie(db: &Db) -> Option<String> {
    match audit::verify_index(&db.store, |_| {}).await {
        Ok(()) => None,
        Err(VerifyError::Index { slug, what }) => {
            assert_eq!(slug, "acme");
            Some(what)
        }
        Err(other) => panic!("{other}"),
    }
}

both_databases! {
    async fn an_index_that_was_altered_is_named_and_the_log_still_holds(db: Db) {
        let acme = busy(&db).await;
        let tenant = acme.id().uuid();
        assert_eq!(lie(&db).await, None);
        let mut raw = Raw::tampering(&db).await;
        for (alter, undo, what) in [
            (
                "UPDATE audit_posting SET block = block + 7 WHERE tenant = $1 AND block = 0",
                "UPDATE audit_posting SET block = block - 7 WHERE tenant = $1 AND block = 7",
                "the leaves 3584 to 4095",
            ),
            (
                "UPDATE audit_tail SET leaf_index = leaf_index + 10000 WHERE tenant = $1",
                "UPDATE audit_tail SET leaf_index = leaf_index - 10000 WHERE tenant = $1",
                "the terms of leaf 512",
            ),
            (
                "UPDATE audit_rollup SET events = events - 1 WHERE tenant = $1 AND span = 24 AND action = 'user.renamed'",
                "UPDATE audit_rollup SET events = events + 1 WHERE tenant = $1 AND span = 24 AND action = 'user.renamed'",
                "the counts by hours and days",
            ),
        ] {
            raw!(raw, alter, tenant).unwrap();
            assert_eq!(lie(&db).await.as_deref(), Some(what), "{alter}");
            db.verify().await.unwrap();
            raw!(raw, undo, tenant).unwrap();
            assert_eq!(lie(&db).await, None, "{undo}");
        }
        for (alter, what) in [
            ("DELETE FROM audit_rollup WHERE tenant = $1", "the counts by hours and days"),
            ("DELETE FROM audit_tail WHERE tenant = $1", "the terms of leaf 512"),
        ] {
            raw!(raw, alter, tenant).unwrap();
            assert_eq!(lie(&db).await.as_deref(), Some(what), "{alter}");
        }
        db.verify().await.unwrap();
    }

    async fn one_set_that_is_gone_is_named_by_its_leaves(db: Db) {
        let acme = busy(&db).await;
        let mut raw = Raw::tampering(&db).await;
        raw!(
            raw,
            "DELETE FROM audit_posting WHERE tenant = $1 AND term = (SELECT p.term FROM audit_posting p WHERE p.tenant = $1 ORDER BY p.term DESC LIMIT 1)",
            acme.id().uuid()
        )
        .unwrap();
        assert_eq!(lie(&db).await.as_deref(), Some("the leaves 0 to 511"));
        db.verify().await.unwrap();
    }
}
