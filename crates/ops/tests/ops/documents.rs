//! Documents: what goes in comes back, what was altered does not, and what was deleted is gone.

use std::{fs, path::PathBuf};

use bailiwick_domain::{
    entity::{Document, DocumentVersion, DocumentVersionState},
    ids::{DocumentId, DocumentVersionId},
    rule::{DeleteDocument, DownloadDocument, PlaceHold, WriteDocuments},
    time::Span,
};
use bailiwick_ops::{
    Error,
    audit::hold::{self, NewHold},
    documents::{self, Cabinet, Documents, NewVersion, check_all},
};
use bailiwick_proof::certificate::Certificate;
use bailiwick_store::documents as stored;
use bailiwick_testkit::{Db, Tenant, both_databases};
use bailiwick_vault::document::{FRAME, SEALED_FRAME};
use sha2::{Digest as _, Sha256};

use crate::raised::raised;

pub(crate) fn cabinet(db: &Db) -> Cabinet {
    Cabinet::new(db.folder().join("documents"), 8 << 20, None)
}

fn job(db: &Db) -> Documents {
    Documents::new(db.store.clone(), db.jobs(), cabinet(db))
}

fn keeping_a_month(db: &Db) -> Documents {
    let kept = Cabinet::new(db.folder().join("documents"), 8 << 20, Some(Span::days(30)));
    Documents::new(db.store.clone(), db.jobs(), kept)
}

/// Text of this length that differs from frame to frame.
pub(crate) fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|at| b'a' + u8::try_from((at / 977 + at) % 26).unwrap()).collect()
}

async fn begun(tenant: &Tenant, octets: usize) -> DocumentVersionId {
    let permit = tenant.owner().permit::<WriteDocuments>().await;
    let new = NewVersion { name: Some("Plan of Ada.txt".into()), document: None, octets: octets as u64 };
    documents::begin(&tenant.db.store, &permit, &cabinet(&tenant.db), new).await.unwrap().id
}

async fn part(tenant: &Tenant, id: DocumentVersionId, at: usize, octets: &[u8]) -> Result<u64, Error> {
    let permit = tenant.owner().permit::<WriteDocuments>().await;
    let (store, cabinet) = (&tenant.db.store, cabinet(&tenant.db));
    Ok(documents::part(store, &permit, &cabinet, id, at as u64, octets.to_vec()).await?.received)
}

async fn finish(tenant: &Tenant, id: DocumentVersionId) -> Result<(Document, DocumentVersion), Error> {
    let permit = tenant.owner().permit::<WriteDocuments>().await;
    documents::finish(&tenant.db.store, &permit, &cabinet(&tenant.db), id).await
}

pub(crate) async fn added(tenant: &Tenant, octets: &[u8]) -> (Document, DocumentVersion) {
    let id = begun(tenant, octets.len()).await;
    part(tenant, id, 0, octets).await.unwrap();
    finish(tenant, id).await.unwrap()
}

pub(crate) async fn read(
    tenant: &Tenant,
    id: DocumentVersionId,
    from: usize,
    until: usize,
) -> Result<Vec<u8>, Error> {
    let permit = tenant.owner().permit::<DownloadDocument>().await;
    let (store, cabinet) = (&tenant.db.store, cabinet(&tenant.db));
    let (mut reading, mut all) =
        documents::reading(store, &permit, &cabinet, id, (from as u64, until as u64)).await?;
    while let Some(more) = reading.next().await.map_err(|_| Error::Conflict("it was cut"))? {
        all.extend(more);
    }
    Ok(all)
}

fn file(tenant: &Tenant, id: DocumentVersionId) -> PathBuf {
    cabinet(&tenant.db).path(tenant.id(), id)
}

fn flip(tenant: &Tenant, id: DocumentVersionId, at: usize) {
    let mut octets = fs::read(file(tenant, id)).unwrap();
    octets[at] ^= 1;
    fs::write(file(tenant, id), octets).unwrap();
}

async fn version(tenant: &Tenant, id: DocumentVersionId) -> DocumentVersion {
    stored::version(&mut tenant.db.store.read(&tenant.job()).await.unwrap(), id).await.unwrap().version
}

pub(crate) async fn checked(db: &Db) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let each = |one: &documents::Checked| found.push(one.error.map(|error| error.fault.to_string()));
    check_all(&db.store, &db.jobs(), &cabinet(db), each).await.unwrap();
    found
}

fn damaged<T>(outcome: Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Conflict(text)) if text.starts_with("What lies in the store is not what was stored."))
}

both_databases! {
    async fn document_arrives_in_parts_and_comes_back_whole_and_in_ranges(db: Db) {
        let acme = db.tenant("acme").await;
        let whole = plain(5 * FRAME + 17);
        let id = begun(&acme, whole.len()).await;
        assert_eq!(part(&acme, id, 0, &whole[..2 * FRAME]).await.unwrap(), 2 * FRAME as u64);
        // A crash in the middle of the next part leaves something on the disk that nobody noted.
        let unfinished = file(&acme, id).with_extension("part");
        let mut torn = fs::read(&unfinished).unwrap();
        torn.extend_from_slice(&[7; 1000]);
        fs::write(&unfinished, torn).unwrap();
        for (at, octets) in [(0, &whole[..FRAME]), (FRAME, &whole[..FRAME]), (3 * FRAME, &whole[..FRAME])] {
            assert!(matches!(part(&acme, id, at, octets).await, Err(Error::Conflict(_))), "from {at}");
        }
        for octets in [&whole[..5], &whole[..0], &whole[..]] {
            assert!(matches!(part(&acme, id, 2 * FRAME, octets).await, Err(Error::Invalid(_))));
        }
        assert!(matches!(finish(&acme, id).await, Err(Error::Conflict("The upload is not complete yet."))));
        part(&acme, id, 2 * FRAME, &whole[2 * FRAME..]).await.unwrap();
        let (document, version) = finish(&acme, id).await.unwrap();
        assert_eq!((document.versions, version.number, version.media.as_str()), (1, 1, "text/plain"));
        assert!(!unfinished.exists());
        let sealed = fs::read(file(&acme, id)).unwrap();
        assert_eq!(i64::try_from(sealed.len()).unwrap(), version.sealed_octets);
        let digest: String = Sha256::digest(&sealed).iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(digest, version.digest, "as it was computed from part to part");
        assert!(!sealed.windows(32).any(|window| window == &whole[..32]), "nothing lies in the clear");
        for (from, until) in [(0, whole.len()), (1, 2), (FRAME - 1, FRAME + 1), (5 * FRAME, whole.len()), (FRAME, 2 * FRAME)] {
            assert_eq!(read(&acme, id, from, until).await.unwrap(), &whole[from..until], "{from} to {until}");
        }
        assert_eq!(finish(&acme, id).await.unwrap().1.id, version.id, "asked again, it is the same version");
        assert!(!unfinished.exists());
        assert_eq!(checked(&db).await, [None]);
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn another_version_leaves_the_one_before_as_it_was(db: Db) {
        let acme = db.tenant("acme").await;
        let (document, first) = added(&acme, b"first").await;
        let permit = acme.owner().permit::<WriteDocuments>().await;
        let new = NewVersion { name: None, document: Some(document.id), octets: 6 };
        db.clock.advance(Span::seconds(1));
        let id = documents::begin(&db.store, &permit, &cabinet(&db), new).await.unwrap().id;
        part(&acme, id, 0, b"second").await.unwrap();
        let (document, second) = finish(&acme, id).await.unwrap();
        assert_eq!((document.versions, second.number), (2, 2));
        assert_eq!(read(&acme, first.id, 0, 5).await.unwrap(), b"first");
        assert_eq!(read(&acme, second.id, 0, 6).await.unwrap(), b"second");
    }

    async fn nothing_comes_out_of_a_file_that_was_altered_cut_or_swapped(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let whole = plain(40 * FRAME);
        let (_, own) = added(&acme, &whole).await;
        let (_, foreign) = added(&globex, &whole).await;
        let good = fs::read(file(&acme, own.id)).unwrap();
        let frame = |at: usize| at * SEALED_FRAME..(at + 1) * SEALED_FRAME;

        flip(&acme, own.id, 30 * SEALED_FRAME + 100);
        assert_eq!(read(&acme, own.id, 0, 16 * FRAME).await.unwrap(), &whole[..16 * FRAME], "before the bad frame");
        assert!(damaged(read(&acme, own.id, 30 * FRAME, 31 * FRAME).await), "a range opens its frames");
        assert!(matches!(read(&acme, own.id, 0, whole.len()).await, Err(Error::Conflict("it was cut"))));
        let mut swapped = good.clone();
        swapped[frame(0)].copy_from_slice(&good[frame(1)]);
        let others = fs::read(file(&globex, foreign.id)).unwrap();
        for bad in [good[..good.len() - 1].to_vec(), good[..39 * SEALED_FRAME].to_vec(), swapped, others, Vec::new()] {
            fs::write(file(&acme, own.id), bad).unwrap();
            assert!(damaged(read(&acme, own.id, 0, 1).await));
        }
        fs::remove_file(file(&acme, own.id)).unwrap();
        assert!(damaged(read(&acme, own.id, 0, 1).await));
        assert!(damaged(read(&acme, own.id, 0, 1).await));
        assert_eq!(version(&acme, own.id).await.damage.as_deref(), Some("it is not there"));
        assert_eq!(checked(&db).await.into_iter().flatten().collect::<Vec<_>>(), ["it is not there"]);
        fs::write(file(&acme, own.id), good).unwrap();
        assert_eq!(checked(&db).await, [None, None]);
        assert_eq!(version(&acme, own.id).await.state, DocumentVersionState::Available);
        assert_eq!(raised(&acme, "document_version.damaged").await, 5, "each finding once: a frame, the length, a frame, the length, missing");
    }

    async fn upload_that_was_cut_off_goes_after_a_day(db: Db) {
        let acme = db.tenant("acme").await;
        let whole = plain(2 * FRAME);
        let id = begun(&acme, whole.len()).await;
        part(&acme, id, 0, &whole[..FRAME]).await.unwrap();
        assert_eq!(job(&db).round().await.unwrap(), 0);
        db.clock.advance(Span::hours(25));
        assert_eq!(job(&db).round().await.unwrap(), 1);
        assert!(!file(&acme, id).with_extension("part").exists());
        let gone = stored::upload(&mut db.store.read(&acme.job()).await.unwrap(), id).await;
        assert!(matches!(gone, Err(bailiwick_store::Error::NotFound)), "there is nothing to go on with");
    }

    async fn deleted_document_has_no_key_and_soon_no_file(db: Db) {
        let acme = db.tenant("acme").await;
        let (document, version) = added(&acme, b"content").await;
        delete(&acme, document.id).await.unwrap();
        assert_eq!(raised(&acme, "document.deleted").await, 1);
        assert!(matches!(read(&acme, version.id, 0, 1).await, Err(Error::NotFound)));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let kept = stored::version(&mut view, version.id).await.unwrap();
        assert!(kept.sealed_key.is_none() && kept.version.state == DocumentVersionState::Deleted);
        assert_eq!(stored::find(&mut view, document.id).await.unwrap().name, "");
        drop(view);
        assert!(file(&acme, version.id).exists());
        assert_eq!(job(&db).round().await.unwrap(), 1);
        assert!(!file(&acme, version.id).exists());
        assert_eq!(job(&db).round().await.unwrap(), 0);
        assert!(checked(&db).await.is_empty());
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn legal_hold_keeps_a_document_from_everybody(db: Db) {
        let acme = db.tenant("acme").await;
        let (document, version) = added(&acme, b"content").await;
        let owner = acme.owner();
        let permit = owner.permit::<PlaceHold>().await;
        let new = NewHold {
            id: "0193a7c2-7b1e-7000-8000-00000000d0c5".into(),
            scope: "entity".into(),
            entity_type: "document".into(),
            entity_id: document.id.to_string(),
            reason: "A matter".into(),
            ..NewHold::default()
        };
        owner.confirmed(async |answer| hold::place(&db.store, &permit, &new, answer).await).await.unwrap();
        assert!(matches!(delete(&acme, document.id).await, Err(Error::Held(_))));
        db.clock.advance(Span::days(40));
        let job = keeping_a_month(&db);
        assert_eq!(job.round().await.unwrap(), 0);
        assert!(file(&acme, version.id).exists());
    }

    async fn document_goes_when_its_time_is_over(db: Db) {
        let acme = db.tenant("acme").await;
        let (document, version) = added(&acme, b"content").await;
        let job = keeping_a_month(&db);
        db.clock.advance(Span::days(29));
        assert_eq!(job.round().await.unwrap(), 0);
        db.clock.advance(Span::days(2));
        assert_eq!(job.round().await.unwrap(), 1);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(stored::kept(&mut view, document.id).await.is_err());
        drop(view);
        assert_eq!(job.round().await.unwrap(), 1);
        assert!(!file(&acme, version.id).exists());
    }

    async fn statement_says_how_a_version_lies_there_and_is_checked_with_the_key_alone(db: Db) {
        let acme = db.tenant("acme").await;
        let (_, version) = added(&acme, b"content").await;
        assert!(stored::statement(&mut db.store.read(&acme.job()).await.unwrap(), version.id).await.unwrap().is_none());
        db.sign().await;
        let text = stored::statement(&mut db.store.read(&acme.job()).await.unwrap(), version.id).await.unwrap().unwrap();
        assert!(text.starts_with("Statement of storage, version 1\n") && text.contains(&version.digest), "{text}");
        let signer = db.signer();
        Certificate::check(text.as_bytes(), signer.verifier()).unwrap();
        let forged = text.replacen("octets        7", "octets        8", 1);
        assert!(forged != text && Certificate::check(forged.as_bytes(), signer.verifier()).is_err());
    }
}

pub(crate) async fn delete(tenant: &Tenant, id: DocumentId) -> Result<(), Error> {
    let owner = tenant.owner();
    let permit = owner.permit::<DeleteDocument>().await;
    owner.confirmed(async |answer| documents::delete(&tenant.db.store, &permit, id, answer).await).await
}
