//! What others check of a log: proofs, tiles, receipts, and the history of one entity.

use bailiwick_domain::{ids::EventId, rule::ReadAudit};
use bailiwick_proof::{
    Hash,
    checkpoint::Trust,
    completeness::{Incomplete, Page},
    leaf_hash,
    receipt::About,
    tile::TilePath,
    tree::{Frontier, verify_consistency, verify_inclusion},
};
use bailiwick_store::{
    Error, Scope, View,
    audit::{self, log},
};
use bailiwick_testkit::{Db, Tenant, both_databases};

use crate::{raw, raw_rows, support::raw::Raw, tampering::rename};

/// One full tile, and a part of the next.
const EVENTS: usize = 300;

async fn busy(db: &Db) -> Tenant {
    let acme = db.tenant("acme").await;
    for n in 0..EVENTS {
        rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
        if n % 100 == 7 {
            db.sign().await;
        }
    }
    db.sign().await;
    acme
}

async fn leaves(db: &Db, tenant: &Tenant) -> Vec<Hash> {
    let rows: Vec<(Vec<u8>,)> = raw_rows!(
        Raw::superuser(db).await,
        "SELECT hash FROM audit_leaf WHERE tenant = $1 ORDER BY leaf_index",
        tenant.id().uuid()
    );
    rows.iter().map(|(hash,)| Hash::from_slice(hash).unwrap()).collect()
}

fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

async fn view(tenant: &Tenant) -> View {
    tenant.db.store.read(&tenant.owner().permit::<ReadAudit>().await).await.unwrap()
}

fn trust(db: &Db) -> Trust {
    Trust { logs: vec![db.signer().verifier().clone()], ..Trust::default() }
}

both_databases! {
    async fn proofs_lead_from_any_leaf_to_the_root_of_any_size(db: Db) {
        let acme = busy(&db).await;
        let leaves = leaves(&db, &acme).await;
        let mut view = view(&acme).await;
        let whole = i64::try_from(leaves.len()).unwrap();
        for size in [1, 2, 255, 256, 257, whole - 1, whole] {
            let tree = &leaves[..usize::try_from(size).unwrap()];
            for index in [0, 1, size / 2, size - 1] {
                let leaf = log::leaf_at(&mut view, index.min(size - 1)).await.unwrap().unwrap();
                let proof = log::inclusion(&mut view, leaf, size).await.unwrap();
                assert_eq!(proof.root, root(tree));
                verify_inclusion(&leaf.hash, leaf.index.unsigned_abs(), size.unsigned_abs(), &proof.path, &proof.root).unwrap();
                assert_eq!(log::leaf_of_hash(&mut view, &leaf.hash).await.unwrap(), Some(leaf));
            }
            for from in [0, 1, size / 2, size] {
                let proof = log::consistency(&mut view, from, size).await.unwrap();
                assert_eq!((proof.from_root, proof.to_root), (root(&leaves[..usize::try_from(from).unwrap()]), root(tree)));
                verify_consistency(from.unsigned_abs(), &proof.from_root, size.unsigned_abs(), &proof.to_root, &proof.path).unwrap();
            }
        }
        let last = log::leaf_at(&mut view, whole - 1).await.unwrap().unwrap();
        for (from, to) in [(-1, 5), (6, 5), (0, whole + 1)] {
            assert!(matches!(log::consistency(&mut view, from, to).await, Err(Error::NotFound)));
        }
        for size in [0, whole - 1, whole + 1] {
            assert!(matches!(log::inclusion(&mut view, last, size).await, Err(Error::NotFound)));
        }
        assert_eq!(log::leaf_at(&mut view, whole).await.unwrap(), None);
        assert_eq!(log::leaf_of_hash(&mut view, &leaf_hash(b"nobody's")).await.unwrap(), None);
    }

    async fn tiles_are_those_of_the_standard_and_end_where_the_signature_does(db: Db) {
        let acme = busy(&db).await;
        let leaves = leaves(&db, &acme).await;
        let rest = leaves.len() - 256;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive, unsigned".into()).await;
        db.settle().await;
        let mut view = view(&acme).await;
        let path = |text: &str| text.parse::<TilePath>().unwrap();
        let octets = |hashes: &[Hash]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
        let tile = log::tile(&mut view, path("0/000")).await.unwrap().unwrap();
        assert_eq!(tile, octets(&leaves[..256]));
        assert_eq!(log::tile(&mut view, path("0/000.p/7")).await.unwrap().unwrap(), octets(&leaves[..7]));
        assert_eq!(log::tile(&mut view, path("1/000.p/1")).await.unwrap().unwrap(), octets(&[root(&leaves[..256])]));
        assert_eq!(log::tile(&mut view, path(&format!("0/001.p/{rest}"))).await.unwrap().unwrap(), octets(&leaves[256..]));
        for beyond in [format!("0/001.p/{}", rest + 1), "0/001".into(), "1/000".into(), "2/000.p/1".into(), "63/000".into(), "0/x001/000".into()] {
            assert_eq!(log::tile(&mut view, path(&beyond)).await.unwrap(), None, "{beyond}");
        }
        let bundle = log::entries(&mut view, path(&format!("entries/001.p/{rest}"))).await.unwrap().unwrap();
        let (mut found, mut left) = (Vec::new(), bundle.as_slice());
        while let Some((length, after)) = left.split_first_chunk::<2>() {
            let (event, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            found.push(leaf_hash(event));
            left = after;
        }
        assert_eq!(found, leaves[256..]);
        assert_eq!(log::entries(&mut view, path(&format!("entries/001.p/{}", rest + 1))).await.unwrap(), None);
        assert_eq!(log::entries(&mut view, path("0/000")).await.unwrap(), None, "a tile of hashes is no bundle");
        assert_eq!(log::tile(&mut view, path("entries/000")).await.unwrap(), None);
    }

    async fn checkpoints_come_newest_first_and_none_twice(db: Db) {
        let acme = db.tenant("acme").await;
        for n in 0..60 {
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
            db.sign().await;
        }
        let mut view = view(&acme).await;
        let (first, next) = log::checkpoints(&mut view, None).await.unwrap();
        let (second, end) = log::checkpoints(&mut view, next).await.unwrap();
        assert_eq!((first.len(), end), (50, None));
        let sizes: Vec<_> = first.iter().chain(&second).map(|signed| signed.size).collect();
        assert!(sizes.windows(2).all(|pair| pair[0] > pair[1]) && sizes.len() == 60, "{sizes:?}");
        assert_eq!(log::checkpoint(&mut view).await.unwrap().unwrap().size, sizes[0]);
    }

    async fn stranger_verifies_the_receipt_of_every_record(db: Db) {
        let acme = busy(&db).await;
        let rows: Vec<(uuid::Uuid,)> = raw_rows!(Raw::superuser(&db).await, "SELECT event FROM audit_leaf WHERE tenant = $1 ORDER BY leaf_index", acme.id().uuid());
        let mut open = view(&acme).await;
        for (event,) in rows.iter().step_by(17) {
            let receipt = log::receipt(&mut open, EventId::from(*event)).await.unwrap().unwrap();
            let again = receipt.to_string().parse::<bailiwick_proof::receipt::Receipt>().unwrap();
            let (vouched, about) = again.verify(&trust(&db)).unwrap();
            let About::Event(fields) = about else { panic!("{about:?}") };
            assert_eq!((fields.id, fields.tenant), (event.to_string().as_str(), acme.id().to_string().as_str()));
            assert_eq!(vouched.checkpoint.origin, format!("bailiwick.test/tenant/{}", acme.id()));
        }
        assert_eq!(open.tenant(), acme.id());
        // One that was written a moment ago has none yet, and one that was altered none any more.
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive, unsigned".into()).await;
        db.settle().await;
        let rows: Vec<(uuid::Uuid,)> = raw_rows!(Raw::superuser(&db).await, "SELECT event FROM audit_leaf WHERE tenant = $1 ORDER BY leaf_index DESC LIMIT 2", acme.id().uuid());
        let mut open = view(&acme).await;
        assert!(log::receipt(&mut open, EventId::from(rows[0].0)).await.unwrap().is_none());
        drop(open);
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "UPDATE audit_event SET bytes = $1 WHERE id = $2", b"{}".to_vec(), rows[1].0).unwrap();
        let mut open = view(&acme).await;
        assert!(matches!(log::receipt(&mut open, EventId::from(rows[1].0)).await, Err(Error::Conflict(_))));
        assert!(matches!(log::receipt(&mut open, db.store.new_id()).await, Err(Error::NotFound)));
    }

    async fn stranger_sees_that_the_history_of_a_thing_has_no_gap_or_where_it_has_one(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.owner().user;
        for n in 0..520 {
            rename(&db.store, &acme.job(), &user, format!("Olive {n}")).await;
        }
        db.sign().await;
        let pages = async || {
            let (mut pages, mut before) = (Vec::new(), None);
            loop {
                let mut view = view(&acme).await;
                let page = audit::completeness(&mut view, "user", user.id.uuid(), before).await.unwrap().unwrap();
                before = page.next.as_ref().map(|next| next.parse().unwrap());
                pages.push(page);
                if before.is_none() {
                    return pages;
                }
            }
        };
        let whole = pages().await;
        assert_eq!(whole.len(), 2);
        let (complete, _) = Page::verify(&whole, &trust(&db)).unwrap();
        assert!(complete.revisions > 520 && complete.id == user.id.to_string(), "{complete:?}");
        let mut raw = Raw::tampering(&db).await;
        let rows: Vec<(uuid::Uuid,)> = raw_rows!(raw, "SELECT event FROM audit_leaf WHERE entity_type = 'user' AND entity_id = $1 AND revision = 100", user.id.uuid());
        raw!(raw, "DELETE FROM audit_leaf WHERE event = $1", rows[0].0).unwrap();
        raw!(raw, "DELETE FROM audit_event WHERE id = $1", rows[0].0).unwrap();
        assert_eq!(Page::verify(&pages().await, &trust(&db)).unwrap_err(), Incomplete::Broken(100));
        let mut view = view(&acme).await;
        assert!(audit::completeness(&mut view, "user", acme.id().uuid(), None).await.unwrap().is_none(), "there is no such thing");
    }
}
