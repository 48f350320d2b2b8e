//! What somebody took out of an archive, put into it, or gave in its place is named.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::{fs, path::PathBuf, sync::Arc};

use bailiwick_domain::{role::Role, time::Span};
use bailiwick_proof::checkpoint::{Checkpoint, SignedNote, VerifierKey};
use bailiwick_store::audit::log;
use bailiwick_testkit::{Db, Tenant, both_databases};

use super::{
    Archive, Place,
    place::{self, EVENTS, MANIFEST},
    verify,
};
use crate::exit::Failure;

/// A log of three segments in an archive, and the checkpoint at the end of each.
struct Filled {
    folder: PathBuf,
    own: PathBuf,
    segments: Vec<PathBuf>,
    keys: [VerifierKey; 1],
    signed: Vec<Checkpoint>,
}

async fn filled(db: &Db, tenant: &Tenant) -> Filled {
    let folder = db.folder().join("archive");
    let place = Arc::new(Place::Folder(folder.clone()));
    let archive = Archive::new(db.store.clone(), db.jobs(), db.signer(), place);
    let mut signed = Vec::new();
    for _ in 0..3 {
        tenant.add(Role::Auditor).await;
        db.sign().await;
        let newest =
            log::checkpoint(&mut db.store.read(&tenant.job()).await.unwrap()).await.unwrap().unwrap();
        let note = SignedNote::parse(newest.note.as_bytes()).unwrap();
        signed.push(Checkpoint::parse(note.text()).unwrap());
        db.clock.advance(Span::hours(1));
        assert_eq!(archive.round().await.unwrap(), 1);
    }
    let own = folder.join(tenant.id().to_string());
    let names = place::segments(&own).unwrap();
    let segments: Vec<_> = names.into_iter().map(|name| own.join(name.folder())).collect();
    assert_eq!(segments.len(), 3);
    Filled { folder, own, segments, keys: [db.signer().verifier().clone()], signed }
}

impl Filled {
    fn refused(&self, kept: &[Checkpoint]) -> String {
        verify(&self.folder, &self.keys, kept).unwrap_err().to_string()
    }

    fn named(&self, segment: usize) -> String {
        self.segments[segment].file_name().unwrap().to_str().unwrap().to_owned()
    }
}

both_databases! {
    async fn segment_without_its_manifest_is_named_wherever_it_lies(db: Db) {
        let acme = db.tenant("acme").await;
        let filled = filled(&db, &acme).await;
        verify(&filled.folder, &filled.keys, &[]).unwrap();
        for segment in 0..3 {
            let manifest = filled.segments[segment].join(MANIFEST);
            let octets = fs::read(&manifest).unwrap();
            fs::remove_file(&manifest).unwrap();
            let said = filled.refused(&[]);
            assert!(said.contains(&filled.named(segment)) && said.contains("its manifest is missing"), "{said}");
            assert!(said.contains(&acme.id().to_string()), "{said}");
            fs::write(&manifest, octets).unwrap();
        }
        // What a server left that was stopped while it wrote counts for nothing where others hold its leaves.
        let (first, size) = filled.named(0).split_once('-').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let half = size.parse::<u64>().unwrap() - 1;
        let left = filled.own.join(format!("{first}-{half:016}"));
        fs::create_dir(&left).unwrap();
        fs::write(left.join(EVENTS), b"x").unwrap();
        verify(&filled.folder, &filled.keys, &[]).unwrap();
        fs::remove_dir_all(&left).unwrap();
        // With all of them gone the tenant is named, not passed over.
        filled.segments.iter().for_each(|segment| fs::remove_dir_all(segment).unwrap());
        let said = filled.refused(&[]);
        assert!(said.contains(&acme.id().to_string()) && said.contains("there is no segment"), "{said}");
    }

    async fn gap_and_a_renamed_segment_and_a_renamed_tenant_are_named(db: Db) {
        let acme = db.tenant("acme").await;
        let filled = filled(&db, &acme).await;
        let aside = db.folder().join("aside");
        fs::rename(&filled.segments[1], &aside).unwrap();
        let said = filled.refused(&[]);
        assert!(said.contains(&filled.named(2)) && said.contains("does not go on where the one before ended"), "{said}");
        fs::rename(&aside, &filled.segments[1]).unwrap();
        let (last, longer) = (filled.named(2), filled.own.join(format!("{}-9999999999999999", &filled.named(2)[..16])));
        fs::rename(&filled.segments[2], &longer).unwrap();
        let said = filled.refused(&[]);
        assert!(said.contains("name of another one"), "{last}: {said}");
        fs::rename(&longer, &filled.segments[2]).unwrap();
        let elsewhere = filled.folder.join("somebody");
        fs::rename(&filled.own, &elsewhere).unwrap();
        let said = filled.refused(&[]);
        assert!(said.contains("somebody") && said.contains("another tenant"), "{said}");
        fs::rename(&elsewhere, &filled.own).unwrap();
        // What is of no archive is a remark.
        fs::write(filled.own.join("notes.txt"), b"x").unwrap();
        fs::create_dir(filled.folder.join("photographs")).unwrap();
        verify(&filled.folder, &filled.keys, &[]).unwrap();
        for part in [&filled.own, &filled.segments[0]] {
            let refused = verify(part, &filled.keys, &[]).unwrap_err();
            assert!(matches!(refused, Failure::Asked(_)), "{refused}");
            assert!(refused.to_string().contains("give the folder of the archive"), "{refused}");
        }
        let refused = verify(&filled.folder.join("photographs"), &filled.keys, &[]).unwrap_err();
        assert!(refused.to_string().contains("no segment of an archive"), "{refused}");
    }

    async fn end_that_was_cut_off_is_seen_against_a_checkpoint(db: Db) {
        let acme = db.tenant("acme").await;
        let filled = filled(&db, &acme).await;
        verify(&filled.folder, &filled.keys, &filled.signed).unwrap();
        let forged = Checkpoint { root: filled.signed[0].root, ..filled.signed[1].clone() };
        assert!(filled.refused(&[forged]).contains("do not lead to the root of the checkpoint"));
        fs::remove_dir_all(&filled.segments[2]).unwrap();
        verify(&filled.folder, &filled.keys, &[]).unwrap();
        verify(&filled.folder, &filled.keys, &filled.signed[..2]).unwrap();
        let said = filled.refused(&filled.signed);
        assert!(said.contains("at the end are missing") && said.contains(&acme.id().to_string()), "{said}");
        fs::create_dir(filled.folder.join("0193a7c2-7b1e-7000-8000-000000000001")).unwrap();
        fs::remove_dir_all(&filled.own).unwrap();
        assert!(filled.refused(&filled.signed[..1]).contains("nothing is here"));
    }
}
