//! The tree of heads: nobody takes a whole tenant away unseen, and no tenant learns of another from it.

use std::fs;

use bailiwick_domain::{rule::VerifyAudit, time::Span};
use bailiwick_proof::{
    checkpoint::{Checkpoint, SignedNote, Trust},
    heads::{HEAD_BYTES, Head},
    receipt::{About, Receipt},
    witness::{Seen, judge},
};
use bailiwick_store::audit::{self, SignError, VerifyError};
use bailiwick_testkit::{Db, Tenant, both_databases};

use crate::{raw, signing::file, support::raw::Raw, tampering::rename};

/// Everything that holds a row of the tenant, in an order that does not matter to a superuser.
const TABLES: [&str; 13] = [
    "audit_event",
    "audit_leaf",
    "audit_tile",
    "audit_tree",
    "audit_head",
    "audit_checkpoint",
    "audit_pending",
    "audit_personal",
    "audit_region_head",
    "audit_posting",
    "audit_tail",
    "audit_rollup",
    "tenant",
];

async fn take_away(db: &Db, tenant: &Tenant) {
    let mut raw = Raw::tampering(db).await;
    for table in TABLES {
        let column = if table == "tenant" { "id" } else { "tenant" };
        raw!(raw, format!("DELETE FROM {table} WHERE {column} = $1"), tenant.id().uuid()).unwrap();
    }
}

fn heads(db: &Db) -> u64 {
    let note = fs::read_to_string(db.outside().folder().join("heads.note")).unwrap();
    Checkpoint::parse(SignedNote::parse(note.as_bytes()).unwrap().text()).unwrap().size
}

async fn receipt(tenant: &Tenant) -> Receipt {
    let permit = tenant.owner().permit::<VerifyAudit>().await;
    let mut view = tenant.db.store.read(&permit).await.unwrap();
    audit::region_head(&mut view).await.unwrap().unwrap().receipt.parse().unwrap()
}

both_databases! {
    async fn tenant_that_vanished_with_its_log_and_its_checkpoint_is_named(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        db.sign().await;
        db.signer().check().await.unwrap();
        db.verify().await.unwrap();
        take_away(&db, &acme).await;
        fs::remove_file(file(&db, &acme)).unwrap();
        // Nothing is left of it: neither a row nor a file with its name.
        let error = db.signer().check().await.unwrap_err();
        assert!(matches!(&error, SignError::Vanished { tenant: Some(tenant), size, .. } if *tenant == acme.id() && *size > 0), "{error}");
        let said = error.to_string();
        assert!(said.contains(&format!("tenant {} vanished with its whole log", acme.id())) && said.contains("2026-01-02T03:04:05"), "{said}");
        let error = db.verify().await.map(drop).unwrap_err();
        assert!(matches!(&error, VerifyError::Sign(SignError::Vanished { tenant: Some(tenant), .. }) if *tenant == acme.id()), "{error}");
        // The others are signed as before.
        rename(&db.store, &globex.job(), &globex.owner().user, "Olive".into()).await;
        db.settle().await;
        assert_eq!(db.signer().run().await.unwrap(), 1);
    }

    async fn tenant_that_was_set_back_with_its_checkpoint_is_named(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let first = fs::read(file(&db, &acme)).unwrap();
        let backup = crate::signing::Backup::take(&db).await;
        for n in 0..3 {
            db.clock.advance(Span::minutes(11));
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
            db.sign().await;
        }
        assert_eq!(heads(&db), 4);
        db.release_lease().await;
        let old = backup.restore().await;
        fs::write(file(&db, &acme), first).unwrap();
        let error = db.signer_of(&old).check().await.unwrap_err();
        assert!(matches!(error, SignError::HeadAhead { tenant, noted, outside } if tenant == acme.id() && noted == outside + 3), "{error}");
    }

    async fn head_is_noted_at_first_and_then_once_in_a_while(db: Db) {
        let acme = db.tenant("acme").await;
        let signer = db.signer();
        let mut noted = Vec::new();
        for (minutes, n) in [(0, 0), (1, 1), (8, 2), (1, 3), (0, 4), (10, 5)] {
            db.clock.advance(Span::minutes(minutes));
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
            db.settle().await;
            signer.run().await.unwrap();
            noted.push(heads(&db));
        }
        assert_eq!(noted, [1, 1, 1, 2, 2, 3]);
        // What was signed and not noted is noted when its time has come, by whichever process.
        db.clock.advance(Span::minutes(1));
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive at last".into()).await;
        db.settle().await;
        signer.run().await.unwrap();
        db.clock.advance(Span::minutes(10));
        db.signer().run().await.unwrap();
        assert_eq!(heads(&db), 4);
        db.verify().await.unwrap();
    }

    async fn tenant_has_a_receipt_of_its_head_that_tells_of_nobody_else(db: Db) {
        let tenants = [db.tenant("acme").await, db.tenant("globex").await, db.tenant("initech").await];
        db.sign().await;
        let trust = Trust { logs: vec![db.signer().verifier().clone()], ..Trust::default() };
        for tenant in &tenants {
            let receipt = receipt(tenant).await;
            let (vouched, about) = receipt.verify(&trust).unwrap();
            let About::Head(head) = about else { panic!("{about:?}") };
            assert_eq!(vouched.checkpoint.origin, "bailiwick.test/heads");
            let newest = db.outside().latest(tenant.id(), "bailiwick.test", db.signer().verifier()).unwrap().unwrap();
            assert_eq!((head.size, head.root, head.epoch), (newest.checkpoint.size, newest.checkpoint.root, 1));
            let text = receipt.to_string();
            let octets = fs::read(db.outside().folder().join("heads.log")).unwrap();
            for other in &tenants {
                assert!(!text.contains(&other.id().to_string()));
                assert!(!octets.windows(16).any(|window| window == other.id().bytes()), "no id lies there in the clear");
            }
        }
    }

    async fn tree_of_heads_that_was_touched_or_taken_away_is_refused(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let folder = db.outside().folder().to_owned();
        let (log, note) = (folder.join("heads.log"), folder.join("heads.note"));
        let (octets, signed) = (fs::read(&log).unwrap(), fs::read(&note).unwrap());
        let refused = async |what: &str| {
            let error = db.signer().check().await.unwrap_err();
            assert!(matches!(error, SignError::Heads(_)), "{what}: {error}");
            let error = db.verify().await.map(drop).unwrap_err();
            assert!(matches!(error, VerifyError::Sign(SignError::Heads(_))), "{what}: {error}");
        };
        let mut flipped = octets.clone();
        flipped[50] ^= 1;
        fs::write(&log, &flipped).unwrap();
        refused("a flipped bit").await;
        db.clock.advance(Span::minutes(11));
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.settle().await;
        assert!(matches!(db.signer().run().await, Err(SignError::Heads(_))), "nothing is signed over it");
        fs::write(&log, &octets[..octets.len() - 1]).unwrap();
        refused("a shorter file").await;
        fs::remove_file(&log).unwrap();
        refused("no leaves").await;
        fs::write(&log, &octets).unwrap();
        fs::remove_file(&note).unwrap();
        refused("no checkpoint").await;
        assert!(matches!(db.signer().run().await, Err(SignError::Heads(_))), "no new one takes its place");
        fs::write(&note, String::from_utf8_lossy(&signed).replace("bailiwick-test ", "somebody ")).unwrap();
        refused("another signer").await;
        fs::write(&note, &signed).unwrap();
        db.signer().check().await.unwrap();
        db.signer().run().await.unwrap();
        db.verify().await.unwrap();
    }

    async fn leaves_that_a_crash_left_unsigned_make_way(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let log = db.outside().folder().join("heads.log");
        let octets = fs::read(&log).unwrap();
        // A whole head, and half of the next one, that no checkpoint covers.
        fs::write(&log, [octets.as_slice(), &octets, &octets[..HEAD_BYTES / 2]].concat()).unwrap();
        db.signer().check().await.unwrap();
        db.clock.advance(Span::minutes(11));
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.sign().await;
        let after = fs::read(&log).unwrap();
        assert_eq!((after.len(), &after[..HEAD_BYTES]), (2 * HEAD_BYTES, octets.as_slice()));
        assert!(Head::from_bytes(&after[HEAD_BYTES..]).unwrap().size > Head::from_bytes(&octets).unwrap().size);
        db.verify().await.unwrap();
    }

    async fn witness_of_the_tree_of_heads_sees_it_grow(db: Db) {
        let acme = db.tenant("acme").await;
        let (signer, mut seen) = (db.signer(), Seen::default());
        assert!(signer.ask_for_heads(0).await.unwrap().is_none());
        for n in 0..4 {
            db.clock.advance(Span::minutes(11));
            db.tenant(&format!("tenant-{n}")).await;
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
            db.sign().await;
            let request = signer.ask_for_heads(seen.size).await.unwrap().unwrap();
            let checkpoint = judge(&request, &[signer.verifier().clone()], seen).unwrap();
            assert_eq!(checkpoint.size, signer.heads().unwrap());
            seen = Seen { size: checkpoint.size, root: checkpoint.root };
        }
        assert!(signer.ask_for_heads(seen.size + 1).await.unwrap().is_none());
    }
}
