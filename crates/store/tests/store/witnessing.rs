//! Witnesses: what they are asked, and what is kept of what they say.

use std::sync::Arc;

use bailiwick_domain::{
    disclosure::Disclosure,
    entity::{RefusalKind, Severity},
    rule::ReadAudit,
    time::Span,
};
use bailiwick_ops::audit::refusals::{self, Refused};
use bailiwick_proof::{
    bundle::read,
    checkpoint::{CosignerKey, NoteSigner, Trust, cosign},
    witness::{AddCheckpoint, Refusal, Seen, judge},
};
use bailiwick_store::audit::{
    self,
    bundle::{Asked, bundle},
    log,
    witness::{self, Next, Standing, WitnessPolicy},
};
use bailiwick_testkit::{Db, Tenant, TestSigner, both_databases};
use bailiwick_vault::{entropy::SeededEntropy, provider::FileProvider};

use crate::{
    raw, raw_rows,
    signing::{Backup, settle},
    support::{raised, raw::Raw},
    tampering::rename,
};

/// A witness without a network between.
struct Witness {
    key: TestSigner,
    seen: Seen,
}

impl Witness {
    async fn new(db: &Db) -> Self {
        let path = db.folder().join("witness.key");
        let provider = FileProvider::create(&path, Arc::new(SeededEntropy::new(77))).unwrap();
        Self { key: TestSigner::generate(&provider, 78).await, seen: Seen::default() }
    }

    fn verifier(&self) -> CosignerKey {
        CosignerKey::new(self.key.name(), &self.key.public_key()).unwrap()
    }

    fn policy(&self) -> WitnessPolicy {
        WitnessPolicy { witnesses: vec![self.verifier()], quorum: 1 }
    }

    fn answer(&mut self, db: &Db, request: &AddCheckpoint) -> Result<String, Refusal> {
        let checkpoint = judge(request, &[db.signer().verifier().clone()], self.seen)?;
        self.seen = Seen { size: checkpoint.size, root: checkpoint.root };
        Ok(cosign(request.note.text(), 1_767_323_100, &self.key).unwrap().to_string())
    }
}

async fn next(db: &Db, tenant: &Tenant, old: Option<u64>) -> witness::Ask {
    match witness::ask(&db.store, tenant.id(), "bailiwick-test", old).await.unwrap() {
        Next::Ask(ask) => *ask,
        other => panic!("{other:?}"),
    }
}

async fn keep(db: &Db, tenant: &Tenant, size: u64, line: &str) {
    let line = line.parse().unwrap();
    witness::keep(&db.store, tenant.id(), "bailiwick-test", size, &line, 1_767_323_100).await.unwrap();
}

both_databases! {
    async fn log_that_waits_longest_is_the_next_that_is_asked_about(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        // The one whose id comes first is the one that signs all the time.
        let (busy, quiet) = if acme.id() < other.id() { (acme, other) } else { (other, acme) };
        let witness = Witness::new(&db).await;
        db.store.decide_witnesses(witness.policy());
        db.sign().await;
        assert_eq!(witness::waiting(&db.store, "bailiwick-test").await.unwrap(), [busy.id(), quiet.id()]);
        let cosigned = async |tenant: &Tenant| {
            db.clock.advance(Span::seconds(1));
            let ask = next(&db, tenant, None).await;
            let line = cosign(ask.request.note.text(), 1_767_323_100, &witness.key).unwrap().to_string();
            keep(&db, tenant, ask.size, &line).await;
            rename(&db.store, &tenant.job(), &tenant.owner().user, format!("Olive {}", ask.size)).await;
            db.sign().await;
        };
        cosigned(&busy).await;
        assert_eq!(witness::waiting(&db.store, "bailiwick-test").await.unwrap(), [quiet.id(), busy.id()], "one was never cosigned");
        cosigned(&quiet).await;
        assert_eq!(witness::waiting(&db.store, "bailiwick-test").await.unwrap(), [busy.id(), quiet.id()]);
        cosigned(&busy).await;
        assert_eq!(witness::waiting(&db.store, "bailiwick-test").await.unwrap(), [quiet.id(), busy.id()]);
    }

    async fn witness_cosigns_what_grew_and_receipts_carry_its_word(db: Db) {
        let acme = db.tenant("acme").await;
        let mut witness = Witness::new(&db).await;
        db.store.decide_witnesses(witness.policy());
        let trust = Trust { logs: vec![db.signer().verifier().clone()], witnesses: vec![witness.verifier()], quorum: 1 };
        assert!(matches!(witness::ask(&db.store, acme.id(), "bailiwick-test", None).await.unwrap(), Next::Nothing));
        assert!(witness::waiting(&db.store, "bailiwick-test").await.unwrap().is_empty(), "nothing was signed yet");
        for n in 0..3 {
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
            db.sign().await;
            assert_eq!(witness::waiting(&db.store, "bailiwick-test").await.unwrap(), [acme.id()]);
            let ask = next(&db, &acme, None).await;
            assert_eq!(ask.request.old, witness.seen.size);
            let line = witness.answer(&db, &ask.request).unwrap();
            keep(&db, &acme, ask.size, &line).await;
            // Noted twice is noted once.
            keep(&db, &acme, ask.size, &line).await;
            assert!(witness::waiting(&db.store, "bailiwick-test").await.unwrap().is_empty());
        }
        let permit = acme.owner().permit::<ReadAudit>().await;
        db.sign().await;
        let mut view = db.store.read(&permit).await.unwrap();
        let events = audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap().items;
        for listed in events.iter().filter(|listed| listed.leaf_index.is_some_and(|leaf| leaf.unsigned_abs() < witness.seen.size)) {
            let receipt = log::receipt(&mut view, listed.event).await.unwrap().unwrap();
            let (vouched, _) = receipt.verify(&trust).unwrap();
            assert_eq!(vouched.witnesses[0].seconds, 1_767_323_100);
        }
        let known = witness::witnesses(&mut view).await.unwrap();
        assert_eq!((known.len(), known[0].size.unsigned_abs(), known[0].standing), (1, witness.seen.size, Standing::Ok));
        drop(view);
        // A bundle takes neither the first checkpoint with their word nor the newest, which nobody has cosigned yet.
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive, unwitnessed".into()).await;
        db.sign().await;
        let mut view = db.store.read(&permit).await.unwrap();
        let sought = audit::Sought::default().action("user.created");
        let made = bundle(&mut view, &Asked::Search { line: "action:user.created".into(), sought }, &Disclosure::Nothing).await.unwrap();
        let proven = read(made.file.as_bytes()).unwrap().verify(&trust).unwrap();
        assert_eq!((proven.vouched.checkpoint.size, proven.vouched.witnesses.len()), (witness.seen.size, 1));
    }

    async fn witness_that_cosigned_before_a_crash_is_asked_from_where_it_is(db: Db) {
        let acme = db.tenant("acme").await;
        let mut witness = Witness::new(&db).await;
        db.sign().await;
        let ask = next(&db, &acme, None).await;
        witness.answer(&db, &ask.request).unwrap();
        // The cosignature was lost on the way, and the log went on.
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.sign().await;
        let ask = next(&db, &acme, None).await;
        let Err(Refusal::Stale(size)) = witness.answer(&db, &ask.request) else { panic!("it forgot") };
        let ask = next(&db, &acme, Some(size)).await;
        let line = witness.answer(&db, &ask.request).unwrap();
        keep(&db, &acme, ask.size, &line).await;
        // Nor does it harm to be asked about the very same checkpoint again.
        let again = next(&db, &acme, Some(ask.size)).await;
        assert!(again.request.proof.is_empty());
        witness.answer(&db, &again.request).unwrap();
    }

    async fn witness_does_not_cosign_a_second_history_and_its_refusal_is_an_alarm_once(db: Db) {
        let acme = db.tenant("acme").await;
        let mut witness = Witness::new(&db).await;
        db.sign().await;
        let backup = Backup::take(&db).await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive as it was".into()).await;
        db.sign().await;
        let ask = next(&db, &acme, None).await;
        witness.answer(&db, &ask.request).unwrap();
        db.release_lease().await;
        let old = backup.restore().await;
        // The intruder owns the key and the folder of checkpoints as well; the witness is somebody else's.
        for file in std::fs::read_dir(db.outside().folder()).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() { std::fs::remove_file(path).unwrap() } else { std::fs::remove_dir_all(path).unwrap() }
        }
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "DELETE FROM audit_checkpoint").unwrap();
        raw!(raw, "UPDATE audit_tree SET signed = 0").unwrap();
        drop(raw);
        rename(&old, &acme.job(), &acme.owner().user, "Olive as they say it was".into()).await;
        settle(&old).await;
        assert!(db.signer_of(&old).run().await.unwrap() >= 1);
        let asked = witness::ask(&old, acme.id(), "bailiwick-test", Some(witness.seen.size)).await.unwrap();
        let Next::Ask(forged) = asked else { panic!("{asked:?}") };
        let refusal = witness.answer(&db, &forged.request).unwrap_err();
        assert_eq!(refusal, Refusal::Fork(witness.seen.size), "as long as the true one");

        let refused = Refused { tenant: acme.id(), why: RefusalKind::Fork, size: forged.size, seen: Some(witness.seen.size) };
        for _ in 0..2 {
            refusals::cosigning(&old, &db.jobs(), "bailiwick-test", &refused).await.unwrap();
        }
        let rows: Vec<(String, String)> = raw_rows!(Raw::superuser(&db).await, "SELECT refuser, why FROM audit_refusal");
        assert_eq!(rows, [("bailiwick-test".to_owned(), "fork".to_owned())]);
    }

    async fn owner_is_told_that_the_log_is_not_signed_any_more(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let backup = Backup::take(&db).await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.sign().await;
        db.release_lease().await;
        let old = backup.restore().await;
        for _ in 0..3 {
            settle(&old).await;
            let round = db.signer_of(&old).round().await.unwrap();
            for refused in round.refused.iter().filter_map(refusals::by_signer) {
                refusals::signing(&old, &db.jobs(), &refused).await.unwrap();
            }
            rename(&old, &acme.job(), &acme.owner().user, "Olive, unsigned".into()).await;
        }
        let told = raised(&old, &acme, "audit_log.refused").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].severity == Severity::High && told[0].detail.contains("not signed any more"), "{told:?}");
    }

    async fn witness_that_is_gone_is_left_alone_for_a_while(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        for standing in [Standing::Unreachable, Standing::Unknown, Standing::Refused] {
            witness::stands(&db.store, acme.id(), "bailiwick-test", standing).await.unwrap();
            assert!(witness::waiting(&db.store, "bailiwick-test").await.unwrap().is_empty());
            assert_eq!(witness::waiting(&db.store, "another").await.unwrap(), [acme.id()], "nobody else waits for it");
            db.clock.advance(Span::minutes(1));
            assert_eq!(witness::waiting(&db.store, "bailiwick-test").await.unwrap(), [acme.id()]);
        }
    }
}
