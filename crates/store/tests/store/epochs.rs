//! Going on after signed events were lost for good.

use std::fs;

use bailiwick_domain::entity::Severity;
use bailiwick_ops::audit::epochs::{self, NoEpoch};
use bailiwick_proof::checkpoint::{Checkpoint, LogName, SignedNote};
use bailiwick_store::{
    Store,
    audit::{
        self, SignError,
        epoch::{self, EpochRefused},
        verify_everything,
    },
};
use bailiwick_testkit::{Db, Tenant, both_databases};

use crate::{
    raw,
    signing::{Backup, file, settle},
    support::{raised, raw::Raw},
    tampering::rename,
};

const REASON: &str = "The disk and its replica burned";

/// A tenant three of whose signed events are lost, and the store over what is left.
async fn burned(db: &Db) -> (Tenant, Store, u64) {
    let acme = db.tenant("acme").await;
    db.sign().await;
    let backup = Backup::take(db).await;
    for n in 0..3 {
        rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
    }
    db.sign().await;
    let signed = signed(db, &acme).size;
    db.release_lease().await;
    (acme, backup.restore().await, signed)
}

fn signed(db: &Db, tenant: &Tenant) -> Checkpoint {
    let note = fs::read_to_string(file(db, tenant)).unwrap();
    Checkpoint::parse(SignedNote::parse(note.as_bytes()).unwrap().text()).unwrap()
}

both_databases! {
    async fn operator_owns_up_to_a_loss_and_the_log_goes_on_under_another_name(db: Db) {
        let (acme, old, lost) = burned(&db).await;
        let signer = db.signer_of(&old);
        assert!(matches!(signer.check().await, Err(SignError::Rollback { .. })));
        let before = fs::read_to_string(file(&db, &acme)).unwrap();
        let plan = epochs::begin(&old, &signer, &acme.job(), REASON).await.unwrap();
        assert_eq!((plan.epoch, plan.statement.signed.size, plan.statement.kept.size), (2, lost, lost - 3));
        let now = signed(&db, &acme);
        assert_eq!(LogName::parse(&now.origin).unwrap(), LogName::tenant("bailiwick.test", &acme.id().to_string(), 2));
        let evidence = fs::read_to_string(db.outside().folder().join(format!("{}.epoch-2.last", acme.id()))).unwrap();
        assert_eq!(evidence, before, "what was signed stays as it was");
        signer.check().await.unwrap();
        rename(&old, &acme.job(), &acme.owner().user, "Olive, anew".into()).await;
        settle(&old).await;
        assert_eq!(signer.run().await.unwrap(), 1);
        assert_eq!(signed(&db, &acme).origin, now.origin, "and it keeps its name");
        // Both epochs verify, and both are named.
        let verdict = verify_everything(&old, &signer, |_| {}).await.unwrap();
        let report = verdict.reports.iter().find(|report| report.tenant == acme.id()).unwrap();
        assert_eq!(report.epochs, [plan.statement]);
        let told = raised(&old, &acme, "audit_log.epoch_begun").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].severity == Severity::High && told[0].detail.contains("3 signed records"), "{told:?}");
        let mut view = old.read(&acme.job()).await.unwrap();
        let begun = audit::Sought::default().action("audit_log.epoch_begun");
        let found = audit::search(&mut view, &begun, audit::Place::Newest).await.unwrap().items;
        let page = audit::event_page(&mut view, found[0].event).await.unwrap();
        assert!(page.bytes.contains(REASON) && page.bytes.contains("\"kind\":\"system\""), "{}", page.bytes);
        // Records of either epoch have receipts.
        for listed in audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap().items {
            assert!(audit::log::receipt(&mut view, listed.event).await.unwrap().is_some());
        }
    }

    async fn log_that_is_whole_has_no_other_epoch(db: Db) {
        let acme = db.tenant("acme").await;
        let begin = async |reason: &str| epochs::begin(&db.store, &db.signer(), &acme.job(), reason).await;
        assert!(matches!(begin(REASON).await, Err(NoEpoch::Refused(EpochRefused::NoCheckpoint(_)))));
        db.sign().await;
        assert!(matches!(begin(REASON).await, Err(NoEpoch::Refused(EpochRefused::Whole(_)))));
        assert!(matches!(begin("x").await, Err(NoEpoch::Ops(_))), "a reason is asked for before anything is looked at");
        assert_eq!(LogName::parse(&signed(&db, &acme).origin).unwrap(), LogName::tenant("bailiwick.test", &acme.id().to_string(), 1));
        db.verify().await.unwrap();
    }

    async fn what_a_crash_interrupts_is_gone_on_with_and_recorded_once(db: Db) {
        let (acme, old, _) = burned(&db).await;
        let signer = db.signer_of(&old);
        // Stated outside, and nothing else: the old epoch still stands, and the signer still refuses.
        let plan = signer.plan_epoch(acme.id()).await.unwrap();
        signer.state_epoch(&plan).unwrap();
        assert!(matches!(signer.check().await, Err(SignError::Rollback { .. })));
        rename(&old, &acme.job(), &acme.owner().user, "Olive in between".into()).await;
        settle(&old).await;
        assert!(matches!(signer.run().await, Err(SignError::Rollback { .. } | SignError::Fork { .. })));
        let again = epochs::begin(&old, &signer, &acme.job(), REASON).await.unwrap();
        assert_eq!(again.statement, plan.statement, "what was stated stays stated");
        // Recorded, and the file not in place yet.
        let opened = fs::read_to_string(file(&db, &acme)).unwrap();
        let last = fs::read_to_string(db.outside().folder().join(format!("{}.epoch-2.last", acme.id()))).unwrap();
        fs::write(file(&db, &acme), last).unwrap();
        assert!(signer.check().await.is_err());
        epochs::begin(&old, &signer, &acme.job(), REASON).await.unwrap();
        assert_eq!(fs::read_to_string(file(&db, &acme)).unwrap(), opened);
        let mut view = old.read(&acme.job()).await.unwrap();
        assert_eq!(epoch::list(&mut view).await.unwrap().len(), 1);
        drop(view);
        settle(&old).await;
        signer.run().await.unwrap();
        audit::verify_all(&old, &signer, |_| {}).await.unwrap();
    }

    async fn epoch_that_nobody_can_account_for_is_refused(db: Db) {
        let (acme, old, _) = burned(&db).await;
        let signer = db.signer_of(&old);
        epochs::begin(&old, &signer, &acme.job(), REASON).await.unwrap();
        settle(&old).await;
        signer.run().await.unwrap();
        let refused = async |what: &str| {
            let error = audit::verify_all(&old, &signer, |_| {}).await.map(drop).unwrap_err().to_string();
            assert!(error.contains("epoch 2") && error.contains(what), "{error}");
        };
        let statement = db.outside().folder().join(format!("{}.epoch-2", acme.id()));
        let last = db.outside().folder().join(format!("{}.epoch-2.last", acme.id()));
        let (stated, evidence) = (fs::read_to_string(&statement).unwrap(), fs::read_to_string(&last).unwrap());
        fs::remove_file(&statement).unwrap();
        refused("statement is missing").await;
        fs::write(&statement, stated.replace("kept ", "kept 1")).unwrap();
        refused("not accounted for").await;
        fs::write(&statement, &stated).unwrap();
        fs::remove_file(&last).unwrap();
        refused("last checkpoint").await;
        fs::write(&last, fs::read_to_string(file(&db, &acme)).unwrap()).unwrap();
        refused("another one").await;
        fs::write(&last, &evidence).unwrap();
        audit::verify_all(&old, &signer, |_| {}).await.unwrap();
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "DELETE FROM audit_epoch").unwrap();
        refused("the database does not tell").await;
    }
}
