//! Documents that come in one request, previews that would be too much, and holds that keep documents.

use std::fs;

use bailiwick_domain::{
    ids::{DocumentId, DocumentVersionId},
    rule::{DownloadDocument, PlaceHold, WriteDocuments},
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    Error,
    audit::hold::{self, NewHold},
    documents::{self, NewVersion, Pieces, preview},
};
use bailiwick_store::documents as stored;
use bailiwick_testkit::{Tenant, both_databases};
use bailiwick_vault::document::FRAME;

use crate::documents::{added, cabinet, delete, plain, read};

/// What comes in pieces of some length, and may break off.
struct Coming<'a> {
    left: &'a [u8],
    size: usize,
    breaks: bool,
}

impl Pieces for Coming<'_> {
    type Error = Error;

    async fn next(&mut self, into: &mut Vec<u8>) -> Result<bool, Error> {
        if self.left.is_empty() && self.breaks {
            return Err(Error::Conflict("it broke off"));
        }
        let (now, later) = self.left.split_at(self.size.min(self.left.len()));
        into.extend_from_slice(now);
        self.left = later;
        Ok(!now.is_empty())
    }
}

async fn came(
    tenant: &Tenant,
    octets: &[u8],
    size: usize,
    most: u64,
    breaks: bool,
) -> Result<DocumentVersionId, Error> {
    let permit = tenant.owner().permit::<WriteDocuments>().await;
    let new = NewVersion { name: Some("Form.txt".into()), document: None, octets: most };
    let mut coming = Coming { left: octets, size, breaks };
    let store = &tenant.db.store;
    Ok(documents::whole(store, &permit, &cabinet(&tenant.db), new, &mut coming).await?.1.id)
}

fn nothing_lies(tenant: &Tenant) -> bool {
    let folder = tenant.db.folder().join("documents").join(tenant.id().to_string());
    fs::read_dir(folder).map_or(0, Iterator::count) == 0
}

async fn open_uploads(tenant: &Tenant) -> i64 {
    stored::open_uploads(&mut tenant.db.store.read(&tenant.job()).await.unwrap()).await.unwrap()
}

async fn shown(tenant: &Tenant, octets: &[u8]) -> Result<documents::Preview, Error> {
    let (_, version) = added(tenant, octets).await;
    let permit = tenant.owner().permit::<DownloadDocument>().await;
    preview(&tenant.db.store, &permit, &cabinet(&tenant.db), version.id).await
}

/// The head of a PNG of this size, which says that it is a picture and holds none.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend_from_slice(&width.to_be_bytes());
    png.extend_from_slice(&height.to_be_bytes());
    png.extend_from_slice(&[8, 6, 0, 0, 0]);
    png
}

async fn held(tenant: &Tenant, new: NewHold) -> NewHold {
    let owner = tenant.owner();
    let permit = owner.permit::<PlaceHold>().await;
    owner.confirmed(async |answer| hold::place(&tenant.db.store, &permit, &new, answer).await).await.unwrap();
    new
}

async fn is_kept(tenant: &Tenant, id: DocumentId) -> bool {
    match delete(tenant, id).await {
        Err(Error::Held(_)) => true,
        Ok(()) => false,
        Err(other) => panic!("{other}"),
    }
}

both_databases! {
    async fn document_of_any_length_comes_in_one_request(db: Db) {
        let acme = db.tenant("acme").await;
        for (length, size) in [(1, 7), (FRAME, 1000), (16 * FRAME, 16 * FRAME), (16 * FRAME + 1, 777), (40 * FRAME + 3, 3 * FRAME), (32 * FRAME, FRAME)] {
            let whole = plain(length);
            let id = came(&acme, &whole, size, 8 << 20, false).await.unwrap();
            assert!(read(&acme, id, 0, length).await.unwrap() == whole, "{length}");
            let version = stored::version(&mut db.store.read(&acme.job()).await.unwrap(), id).await.unwrap().version;
            assert_eq!((usize::try_from(version.octets).unwrap(), version.media.as_str()), (length, "text/plain"));
        }
        let checked = crate::documents::checked(&db).await;
        assert_eq!(checked, vec![None; 6]);
        assert_eq!(open_uploads(&acme).await, 0);
    }

    async fn request_that_breaks_off_or_is_too_long_leaves_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let whole = plain(40 * FRAME);
        assert!(matches!(came(&acme, &whole, 9999, 8 << 20, true).await, Err(Error::Conflict("it broke off"))));
        assert!(nothing_lies(&acme) && open_uploads(&acme).await == 0);
        for (octets, most) in [(&whole[..], 39 * FRAME as u64), (&whole[..11], 10), (&whole[..0], 10)] {
            let refused = came(&acme, octets, 9999, most, false).await;
            assert!(matches!(&refused, Err(Error::Invalid(fields)) if fields[0].field == "file"), "{refused:?}");
            assert!(nothing_lies(&acme) && open_uploads(&acme).await == 0);
        }
        came(&acme, &whole[..10], 3, 10, false).await.unwrap();
    }

    async fn preview_shows_nothing_that_would_unfold_into_too_much(db: Db) {
        let acme = db.tenant("acme").await;
        assert_eq!(shown(&acme, &png(512, 256)).await.unwrap().media, "image/png");
        for (width, height) in [(40_000, 40_000), (16_385, 1), (1, u32::MAX), (0, 5), (8_000, 6_000)] {
            assert!(matches!(shown(&acme, &png(width, height)).await, Err(Error::Conflict(_))), "{width} x {height}");
        }
        let mut webp = b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
        webp.extend_from_slice(&[0xff; 6]);
        assert!(matches!(shown(&acme, &webp).await, Err(Error::Conflict(_))), "16,777,216 pixels a side");
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03";
        assert!(matches!(shown(&acme, jpeg).await, Err(Error::Conflict(_))), "65,535 pixels a side");
        // What is packed is never unpacked here, however small it looks.
        for packed in [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], b"\x1f\x8b\x08\0\0\0\0\0", b"\x28\xb5\x2f\xfd\x04\0", b"%PDF-1.7\n", b"BZh91AY", b"\xfd7zXZ\0\0"] {
            assert!(matches!(shown(&acme, packed).await, Err(Error::Conflict(_))), "{packed:?}");
        }
        let text = shown(&acme, &plain(300 * 1024)).await.unwrap();
        assert_eq!(text.octets.len(), 256 * 1024, "its beginning");
        let umlauts = "ü".repeat(150 * 1024);
        let cut = shown(&acme, format!("a{umlauts}").as_bytes()).await.unwrap();
        assert_eq!(cut.octets.len(), 256 * 1024 - 1, "no letter is cut");
    }

    async fn hold_of_a_time_keeps_the_documents_of_that_time(db: Db) {
        let acme = db.tenant("acme").await;
        let start = db.store.now();
        let (early, _) = added(&acme, b"early").await;
        db.clock.advance(Span::minutes(10));
        let (late, version) = added(&acme, b"late").await;
        let (free, _) = added(&acme, b"free").await;
        let range = |id: &str, action: &str, from: Timestamp, until: Timestamp| NewHold {
            id: format!("0193a7c2-7b1e-7000-8000-0000000000{id}"),
            scope: "range".into(),
            from: Some(from),
            until: Some(until),
            action: action.into(),
            reason: "A matter".into(),
            ..NewHold::default()
        };
        held(&acme, range("a1", "", start, start + Span::minutes(5))).await;
        assert!(is_kept(&acme, early.id).await, "it was added in that time");
        // Records of another class say nothing of documents.
        held(&acme, range("a2", "user", start, start + Span::days(9))).await;
        held(&acme, NewHold {
            id: "0193a7c2-7b1e-7000-8000-0000000000a3".into(),
            scope: "entity".into(),
            entity_type: "document_version".into(),
            entity_id: version.id.to_string(),
            reason: "A matter".into(),
            ..NewHold::default()
        }).await;
        assert!(is_kept(&acme, late.id).await, "one of its versions is held");
        assert!(!is_kept(&acme, free.id).await);
    }

    async fn hold_of_a_time_keeps_a_document_that_somebody_read_in_it(db: Db) {
        let acme = db.tenant("acme").await;
        let (document, version) = added(&acme, b"content").await;
        let (other, _) = added(&acme, b"other").await;
        db.clock.advance(Span::minutes(10));
        let from = db.store.now();
        let permit = acme.owner().permit::<DownloadDocument>().await;
        documents::note_download(&db.store, &permit, version.id).await.unwrap();
        db.settle().await;
        held(&acme, NewHold {
            id: "0193a7c2-7b1e-7000-8000-0000000000b1".into(),
            scope: "range".into(),
            from: Some(from),
            until: Some(from + Span::minutes(5)),
            action: "document_version".into(),
            reason: "A matter".into(),
            ..NewHold::default()
        }).await;
        assert!(is_kept(&acme, document.id).await);
        db.clock.advance(Span::minutes(10));
        assert!(!is_kept(&acme, other.id).await);
    }
}
