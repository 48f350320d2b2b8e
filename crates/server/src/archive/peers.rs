//! The archive with programs of other makers: in a bucket of SeaweedFS under Object Lock, in a container of Azure as Azurite plays it, and
//! read by DuckDB. `cargo xtask test` installs them; without one, its tests fail and say so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use bailiwick_domain::{
    role::Role,
    time::{Span, Timestamp},
};
use bailiwick_objects::{Bucket, Cloud, Lock, Options};
use bailiwick_peers::{Azurite, OWNER, SeaweedFs, WRITER, duckdb, now};
use bailiwick_proof::canonical;
use bailiwick_store::audit::archive::{self, Kept};
use bailiwick_testkit::{Db, Tenant, both_databases};
use serde_json::{Value, json};

use super::{
    place::{EVENTS, MANIFEST, Place, TILES, segments},
    verify,
    write::Archive,
};

/// Days for which segments are locked.
const DAYS: i64 = 30;
/// The statuses of what is refused, and of what is deleted.
const REFUSED: u16 = 403;
const DELETED: u16 = 204;

/// An archive in the bucket `archive`, below `audit/`.
fn in_bucket(db: &Db, service: &SeaweedFs) -> Archive {
    let options = Options {
        bucket: "archive".into(),
        prefix: "audit".into(),
        region: "us-east-1".into(),
        endpoint: Some(service.endpoint()),
        key: WRITER.id.into(),
        secret: WRITER.secret.into(),
        lock: Some(Lock { compliance: true, days: DAYS }),
    };
    let place = Place::Bucket(Bucket::new(options, Arc::clone(&db.clock) as _));
    Archive::new(db.store.clone(), db.jobs(), db.signer(), Arc::new(place))
}

/// Two segments of a log, the second of them long enough that tiles are completed in it.
async fn archived(db: &Db, acme: &Tenant, archive: &Archive) {
    db.sign().await;
    db.clock.advance(Span::hours(1));
    assert_eq!(archive.round().await.unwrap(), 1);
    for _ in 0..150 {
        acme.add(Role::Auditor).await;
    }
    db.sign().await;
    db.clock.advance(Span::hours(1));
    assert_eq!(archive.round().await.unwrap(), 1);
}

/// Copies the archive out of the bucket, each file in the version that `version` chooses among all, the newest of which is the first.
fn copied(service: &SeaweedFs, to: &Path, version: fn(&[String]) -> &String) {
    for name in service.names("archive", "audit/") {
        let place = format!("archive/{name}");
        let octets = service.read(&place, Some(version(&service.versions(&place)))).unwrap();
        let file = to.join(name.strip_prefix("audit/").unwrap());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, octets).unwrap();
    }
}

fn newest(versions: &[String]) -> &String {
    versions.first().unwrap()
}

fn oldest(versions: &[String]) -> &String {
    versions.last().unwrap()
}

both_databases! {
    async fn nobody_removes_shortens_or_replaces_an_archived_segment_before_its_time(db: Db) {
        let service = SeaweedFs::start();
        service.make("archive", true);
        // The service knows the present time alone.
        db.clock.set(now());
        let acme = db.tenant("acme").await;
        archived(&db, &acme, &in_bucket(&db, &service)).await;
        let key = [db.signer().verifier().clone()];
        let copy = db.folder().join("copy");
        copied(&service, &copy, newest);
        verify(&copy, &key, &[]).unwrap();
        let own = segments(&copy.join(acme.id().to_string())).unwrap();
        assert_eq!(own.len(), 2);

        let written: Timestamp = db.store.now();
        let below = format!("archive/audit/{}", acme.id());
        let files = own.iter().flat_map(|segment| [EVENTS, TILES, MANIFEST].map(|file| (segment, file)));
        for (segment, file) in files {
            let place = format!("{below}/{}/{file}", segment.folder());
            let [version] = <[String; 1]>::try_from(service.versions(&place)).unwrap();
            let (mode, until) = service.lock(&place, &version);
            assert_eq!(mode, "COMPLIANCE");
            let latest = written + Span::days(DAYS);
            assert!(until <= latest && until > latest - Span::hours(2), "{until}");
            for key in [WRITER, OWNER] {
                assert_eq!(service.delete(key, &place, Some(&version)), REFUSED, "{place}");
                let sooner = until - Span::days(1);
                assert_eq!(service.retain(key, &place, &version, "COMPLIANCE", sooner), REFUSED, "{place}");
            }
            assert_eq!(service.lock(&place, &version), (mode, until));
        }

        // What is put over a file is seen, and what was archived is found below it.
        let place = format!("{below}/{}/{EVENTS}", own[1].folder());
        let mut octets = service.read(&place, None).unwrap();
        let middle = octets.len() / 2;
        octets[middle] ^= 1;
        assert_eq!(service.write(WRITER, &place, &octets), 200);
        copied(&service, &copy, newest);
        assert!(format!("{:?}", verify(&copy, &key, &[]).unwrap_err()).contains(EVENTS));
        copied(&service, &copy, oldest);
        verify(&copy, &key, &[]).unwrap();
        let place = format!("{below}/{}/{MANIFEST}", own[0].folder());
        assert_eq!(service.delete(WRITER, &place, None), DELETED);
        assert!(service.read(&place, None).is_none());
        let manifest = fs::read(copy.join(acme.id().to_string()).join(own[0].folder()).join(MANIFEST));
        assert_eq!(service.read(&place, Some(newest(&service.versions(&place)))), manifest.ok());
    }

    async fn archive_in_a_container_of_azure_verifies_and_goes_on_and_the_first_manifest_stays(db: Db) {
        let service = Azurite::start("archive");
        let acme = db.tenant("acme").await;
        let cloud = Cloud::new("az://archive/audit", service.options()).unwrap();
        let archive = || {
            let place = Arc::new(Place::Cloud(cloud.clone()));
            Archive::new(db.store.clone(), db.jobs(), db.signer(), place)
        };
        archived(&db, &acme, &archive()).await;
        let (key, copy) = ([db.signer().verifier().clone()], db.folder().join("copy"));
        let names = cloud.names(&format!("{}/", acme.id())).await.unwrap();
        assert_eq!(names.len(), 6, "{names:?}");
        for name in &names {
            let file = copy.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            cloud.fetch(name, &file).await.unwrap();
        }
        verify(&copy, &key, &[]).unwrap();

        // Another server that archives the same at this moment.
        let (forged, back) = (db.folder().join("forged"), db.folder().join("back"));
        fs::write(&forged, b"forged").unwrap();
        let manifest = names.iter().find(|name| name.ends_with(MANIFEST)).unwrap();
        cloud.put_once(manifest, &forged).await.unwrap();
        cloud.fetch(manifest, &back).await.unwrap();
        assert_eq!(fs::read(&back).unwrap(), fs::read(copy.join(manifest)).unwrap());

        // What a killed server left without a manifest is no segment, and is written over.
        acme.add(Role::Auditor).await;
        db.sign().await;
        db.clock.advance(Span::hours(1));
        let due = archive::due(&mut db.store.read(&acme.job()).await.unwrap()).await.unwrap().unwrap();
        let half = format!("{}/{:016}-{:016}/{EVENTS}", acme.id(), due.first, due.size);
        cloud.put(&half, &forged).await.unwrap();
        assert_eq!(archive().round().await.unwrap(), 1);
        cloud.fetch(&half, &back).await.unwrap();
        assert_ne!(fs::read(&back).unwrap(), b"forged");
    }

    async fn duckdb_reads_the_archive_as_it_is_and_counts_and_proves_what_the_store_has(db: Db) {
        let acme = db.tenant("acme").await;
        let folder = db.folder().join("archive");
        let place = Arc::new(Place::Folder(folder.clone()));
        archived(&db, &acme, &Archive::new(db.store.clone(), db.jobs(), db.signer(), place)).await;
        let kept = whole(&db, &acme).await;
        let files = format!("'{}/*/*/events.parquet'", folder.display());

        let mut actions = BTreeMap::<String, i64>::new();
        for event in &kept {
            *actions.entry(event["action"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let counted =
            duckdb(&format!("SELECT action, count(*) AS events FROM {files} GROUP BY action ORDER BY action"));
        let row = |(action, events)| json!({"action": action, "events": events});
        let expected: Vec<_> = actions.iter().map(row).collect();
        assert!(actions.len() > 1 && counted == expected, "{counted:?}");

        let all = i64::try_from(kept.len()).unwrap();
        let range = duckdb(&format!(
            "SELECT count(*) AS events, count(DISTINCT leaf_index) AS places,
                min(leaf_index) AS first, max(leaf_index) AS last,
                count(DISTINCT sha256('\\x00'::BLOB || event)) AS hashes,
                count(*) FILTER (entity_id = json_extract_string(decode(event), '$.entity.id')) AS alike,
                count(*) FILTER (
                    recorded_at = CAST(json_extract_string(decode(event), '$.recorded_at') AS TIMESTAMPTZ)
                ) AS at_once
             FROM {files}"
        ));
        let (every, last) = (json!(all), json!(all - 1));
        let expected = json!({
            "events": every, "places": every, "first": 0, "last": last,
            "hashes": every, "alike": every, "at_once": every,
        });
        assert_eq!(range, [expected]);
        let some = duckdb(&format!(
            "SELECT json_extract_string(decode(event), '$.id') AS id, entity_id, sha256('\\x00'::BLOB || event) AS hash
             FROM {files} WHERE leaf_index BETWEEN 3 AND 5 ORDER BY leaf_index"
        ));
        // Canonical octets: writing a record down again gives the ones that were hashed.
        let hash = |event: &Value| bailiwick_proof::leaf_hash(&canonical::to_bytes(event).unwrap()).to_string();
        let row =
            |event: &Value| json!({"id": event["id"], "entity_id": event["entity"]["id"], "hash": hash(event)});
        assert_eq!(some, kept[3..=5].iter().map(row).collect::<Vec<_>>());
    }
}

/// Every record of a log that has its place, as the store has it.
async fn whole(db: &Db, tenant: &Tenant) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    loop {
        let next = i64::try_from(kept.len()).unwrap();
        let mut scope = db.store.read(&tenant.job()).await.unwrap();
        let records: Vec<Kept> = archive::records(&mut scope, next, i64::MAX).await.unwrap();
        if records.is_empty() {
            return kept;
        }
        kept.extend(records.iter().map(|record| serde_json::from_slice::<Value>(&record.octets).unwrap()));
    }
}
