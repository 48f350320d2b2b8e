//! Everything that can be done to a stored log, and the finding that names it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use bailiwick_proof::{
    Hash,
    checkpoint::Checkpoint,
    leaf_hash,
    tile::{Tile, TileId},
    tree::{Fetched, HashReader},
    verify::{EntityName, Finding, Located, Place, StoredEvent, Verifier, locate},
};
use serde_json::json;
use support::log::{Log, LogKey, ORIGIN, TENANT, entity_id, event_id, log};

const COUNT: u64 = 600;

fn place(number: u64) -> Place {
    Place { id: event_id(number), leaf_index: Some(number) }
}

fn refused(log: &Log) -> Finding {
    log.verify().unwrap_err()
}

#[test]
fn an_untouched_log_verifies() {
    for count in [0, 1, 2, 255, 256, 257, 511, 512, COUNT] {
        let log = log(count);
        let verified = log.verify().unwrap();
        assert_eq!((verified.size, verified.events, verified.waiting), (count, count, 0));
        assert_eq!(verified.root, log.root());
        assert_eq!((verified.tiles, verified.checkpoints), (count / 256, 1));
        assert_eq!(verified.entities, log.heads.len() as u64);
        assert_eq!(log.walk(), Ok(()));
    }
}

#[test]
fn a_large_log_verifies_with_tiles_of_two_levels() {
    let log = log(65_536 + 300);
    let verified = log.verify().unwrap();
    assert_eq!((verified.root, verified.tiles), (log.root(), 258));
}

#[test]
fn events_that_wait_for_a_leaf_belong_to_the_chains() {
    let mut log = log(COUNT);
    for number in COUNT..COUNT + 5 {
        let row = log.next_row(number, None);
        log.rows.push(row);
    }
    let verified = log.verify().unwrap();
    assert_eq!((verified.size, verified.events, verified.waiting), (COUNT, COUNT + 5, 5));
    assert_eq!(log.walk(), Ok(()));

    let mut cut = log.clone();
    let lost = cut.rows.pop().unwrap();
    assert_eq!(refused(&cut), Finding::ChainBroken { tenant: TENANT.into() });
    assert!(matches!(cut.walk(), Err(Finding::MissingEvent { revision, .. }) if revision == lost.revision()));

    let mut flipped = log;
    let last = flipped.rows.last_mut().unwrap();
    last.bytes[40] ^= 1;
    let waiting = Place { id: last.id.clone(), leaf_index: None };
    assert_eq!(refused(&flipped), Finding::EventBytes(waiting));
}

#[test]
fn auditor_sees_which_event_had_a_byte_flipped() {
    let good = log(3);
    for (number, row) in (0..).zip(&good.rows) {
        for byte in 0..row.bytes.len() {
            let mut log = good.clone();
            log.rows[number as usize].bytes[byte] ^= 1 << (byte % 8);
            assert_eq!(refused(&log), Finding::EventBytes(place(number)), "byte {byte}");
        }
    }
}

#[test]
fn auditor_sees_which_hash_column_was_changed() {
    let mut log = log(COUNT);
    log.rows[300].hash.0[31] ^= 0x80;
    assert_eq!(refused(&log), Finding::EventBytes(place(300)));
}

#[test]
fn auditor_sees_where_an_event_was_removed() {
    let mut log = log(COUNT);
    log.rows.remove(300);
    assert_eq!(refused(&log), Finding::LeafIndexGap { expected: 300, next: place(301) });
    let walked = log.walk().unwrap_err();
    assert!(matches!(walked, Finding::MissingEvent { next: Some(_), .. }), "{walked}");
}

#[test]
fn auditor_sees_a_removal_that_was_renumbered() {
    let mut log = log(COUNT);
    log.rows.remove(300);
    log.renumber();
    // Event 301 now stands where the tile has 300.
    let tile = TileId { level: 0, index: 1 };
    assert_eq!(refused(&log), Finding::TileMismatch { tile, first_leaf: 300, id: Some(event_id(301)) });
    log.rebuild_tiles();
    assert_eq!(refused(&log), Finding::CheckpointAhead { checkpoint_size: COUNT, log_size: COUNT - 1 });
}

#[test]
fn auditor_sees_where_an_event_was_inserted() {
    let mut log = log(COUNT);
    let mut row = log.rows[300].clone();
    row.rewrite(|value| value["id"] = json!(event_id(9_999)));
    row.forge_hash();
    row.id = event_id(9_999);
    log.rows.insert(300, row);
    assert_eq!(refused(&log), Finding::LeafIndexRepeated(place(300)));
    let walked = log.walk().unwrap_err();
    assert!(
        matches!(&walked, Finding::RevisionRepeated { place, .. } if place.leaf_index == Some(300)),
        "{walked}"
    );

    log.renumber();
    let tile = TileId { level: 0, index: 1 };
    assert_eq!(refused(&log), Finding::TileMismatch { tile, first_leaf: 300, id: Some(event_id(9_999)) });
    log.rebuild_tiles();
    assert_eq!(refused(&log), Finding::RootMismatch { size: COUNT });
    log.checkpoints.clear();
    assert_eq!(refused(&log), Finding::ChainBroken { tenant: TENANT.into() });
}

#[test]
fn auditor_sees_where_events_were_reordered() {
    let mut log = log(COUNT);
    log.rows.swap(300, 301);
    assert_eq!(refused(&log), Finding::LeafIndexGap { expected: 300, next: place(301) });
    log.renumber();
    let tile = TileId { level: 0, index: 1 };
    assert_eq!(refused(&log), Finding::TileMismatch { tile, first_leaf: 300, id: Some(event_id(301)) });
    log.rebuild_tiles();
    assert_eq!(refused(&log), Finding::RootMismatch { size: COUNT });
}

#[test]
fn auditor_sees_two_events_whose_bytes_were_swapped() {
    let mut log = log(COUNT);
    let (first, second) = (log.rows[300].clone(), log.rows[400].clone());
    (log.rows[300].bytes, log.rows[400].bytes) = (second.bytes, first.bytes);
    assert_eq!(refused(&log), Finding::EventBytes(place(300)));
    (log.rows[300].hash, log.rows[400].hash) = (second.hash, first.hash);
    assert_eq!(refused(&log), Finding::EventId { place: place(300), found: event_id(400) });
    (log.rows[300].id, log.rows[400].id) = (second.id, first.id);
    let tile = TileId { level: 0, index: 1 };
    assert_eq!(refused(&log), Finding::TileMismatch { tile, first_leaf: 300, id: Some(event_id(400)) });
}

#[test]
fn auditor_sees_a_forgery_at_each_depth_the_forger_goes_to() {
    let mut log = log(COUNT);
    log.rows[300].rewrite(|value| value["outcome"] = json!("denied"));
    assert_eq!(refused(&log), Finding::EventBytes(place(300)));

    // The hash column, too: the tile still knows.
    log.rows[300].forge_hash();
    let tile = TileId { level: 0, index: 1 };
    assert_eq!(refused(&log), Finding::TileMismatch { tile, first_leaf: 300, id: Some(event_id(300)) });
    // The next event of the same entity quotes the hash that was.
    let Finding::PrevMismatch { place, entity, .. } = log.walk().unwrap_err() else {
        panic!("the link is broken")
    };
    assert_eq!(place.leaf_index, Some(310));
    assert_eq!(entity, EntityName { kind: "invitation".into(), id: entity_id(0) });

    // The tiles, too: the signed root still knows.
    log.rebuild_tiles();
    assert_eq!(refused(&log), Finding::RootMismatch { size: COUNT });

    // Without any checkpoint the chain still knows.
    let mut without = log.clone();
    without.checkpoints.clear();
    assert_eq!(refused(&without), Finding::ChainBroken { tenant: TENANT.into() });

    // Everything in the database: only the checkpoint kept elsewhere is left, and it is enough.
    log.forge_chains();
    log.rebuild_tiles();
    assert_eq!(log.walk(), Ok(()));
    assert_eq!(refused(&log), Finding::RootMismatch { size: COUNT });

    // A checkpoint signed by another key does not help the forger.
    log.checkpoints.clear();
    assert!(log.verify().is_ok());
    log.sign(&LogKey::new(2));
    assert!(matches!(refused(&log), Finding::CheckpointSignature(_)));
}

#[test]
fn an_older_checkpoint_bounds_the_change_from_below() {
    let mut log = log(COUNT);
    log.checkpoints.clear();
    for size in [100, 256, 512, COUNT] {
        let mut part = log.clone();
        part.rows.truncate(size as usize);
        part.checkpoints.clear();
        part.sign(&LogKey::new(1));
        log.checkpoints.extend(part.checkpoints);
    }
    assert_eq!(log.verify().unwrap().checkpoints, 4);
    log.rows[300].rewrite(|value| value["outcome"] = json!("denied"));
    log.rows[300].forge_hash();
    log.rebuild_tiles();
    assert_eq!(refused(&log), Finding::RootMismatch { size: 512 });
}

#[test]
fn auditor_sees_a_tile_that_was_forged() {
    let good = log(COUNT);
    let id = TileId { level: 0, index: 1 };
    for slot in [0, 44, 255] {
        let mut log = good.clone();
        let mut hashes = log.tiles[&id].hashes().to_vec();
        hashes[slot].0[0] ^= 1;
        log.tiles.insert(id, Tile::new(hashes).unwrap());
        let number = 256 + slot as u64;
        assert_eq!(
            refused(&log),
            Finding::TileMismatch { tile: id, first_leaf: number, id: Some(event_id(number)) }
        );
    }
}

#[test]
fn auditor_sees_a_tile_that_is_missing() {
    for index in [0, 1] {
        let mut log = log(COUNT);
        let id = TileId { level: 0, index };
        log.tiles.remove(&id);
        assert_eq!(refused(&log), Finding::TileMissing(id));
    }
}

#[test]
fn a_tile_out_of_step_is_not_taken_for_checked() {
    let log = log(COUNT);
    let mut verifier = Verifier::new(TENANT, &[1; 32]);
    let early = TileId { level: 0, index: 0 };
    let finding = verifier.tile(early, &log.tiles[&early]).unwrap_err();
    assert_eq!(finding, Finding::TileUnexpected { tile: early, size: 0 });
    // And what was found once stays found.
    assert_eq!(verifier.event(&log.rows[0].stored()), Err(finding.clone()));
    assert_eq!(verifier.finish(), Err(finding));
}

#[test]
fn a_database_older_than_its_checkpoint_is_refused() {
    let mut log = log(COUNT);
    let older = support::log::log(COUNT - 50);
    (log.rows, log.tiles, log.heads) = (older.rows, older.tiles, older.heads);
    assert_eq!(refused(&log), Finding::CheckpointAhead { checkpoint_size: COUNT, log_size: COUNT - 50 });
}

#[test]
fn a_checkpoint_under_the_wrong_key_is_refused() {
    let log = log(COUNT);
    let finding = log.verify_with(&LogKey::new(2).verifier()).unwrap_err();
    assert!(matches!(finding, Finding::CheckpointSignature(_)));
    assert_eq!(finding.to_string(), "The checkpoint is refused: the note is not signed by a known key.");
}

#[test]
fn a_checkpoint_presented_too_late_is_not_taken_for_checked() {
    let log = log(5);
    let mut verifier = Verifier::new(TENANT, &[1; 32]);
    for row in &log.rows {
        verifier.event(&row.stored()).unwrap();
    }
    let finding = verifier.checkpoint(&Checkpoint::new(ORIGIN, 3, log.root())).unwrap_err();
    assert_eq!(finding, Finding::CheckpointPassed { checkpoint_size: 3, log_size: 5 });
}

#[test]
fn an_event_of_another_tenant_is_refused() {
    let mut log = log(COUNT);
    let other = "01930000-0000-7000-8000-00000000beef";
    log.rows[300].rewrite(|value| value["tenant"] = json!(other));
    log.rows[300].forge_hash();
    assert_eq!(refused(&log), Finding::WrongTenant { place: place(300), found: other.into() });
}

#[test]
fn octets_that_are_no_event_are_refused() {
    let mut log = log(COUNT);
    log.rows[300].bytes.insert(1, b' ');
    log.rows[300].forge_hash();
    let finding = refused(&log);
    assert!(matches!(&finding, Finding::Malformed { place: named, .. } if *named == place(300)), "{finding}");
}

#[test]
fn a_head_that_was_moved_is_named() {
    let good = log(COUNT);
    let key = ("user".to_owned(), entity_id(3));
    let entity = EntityName { kind: key.0.clone(), id: key.1.clone() };
    let (revision, hash) = good.heads[&key];

    let mut back = good.clone();
    let before = back
        .rows
        .iter()
        .find(|row| row.value()["entity"] == json!({"id": key.1, "revision": revision - 1, "type": key.0}));
    let before = before.unwrap().hash;
    back.heads.insert(key.clone(), (revision - 1, before));
    let mut forward = good.clone();
    forward.heads.insert(key.clone(), (revision + 1, hash));
    let mut other = good.clone();
    other.heads.insert(key.clone(), (revision, leaf_hash(b"other")));
    let mut gone = good.clone();
    gone.heads.remove(&key);
    let mut invented = good.clone();
    invented.heads.insert(("user".into(), "ghost".into()), (1, hash));

    for log in [&back, &forward, &other, &gone, &invented] {
        assert_eq!(refused(log), Finding::ChainBroken { tenant: TENANT.into() });
    }
    let named = |finding: &Finding| match finding {
        Finding::HeadMismatch { entity, .. } | Finding::HeadMissing { entity, .. } => entity.clone(),
        other => panic!("{other}"),
    };
    assert_eq!(named(&back.walk().unwrap_err()), entity);
    assert_eq!(named(&other.walk().unwrap_err()), entity);
    assert_eq!(named(&gone.walk().unwrap_err()), entity);
    assert_eq!(forward.walk(), Err(Finding::MissingEvent { entity, revision: revision + 1, next: None }));
    let ghost = EntityName { kind: "user".into(), id: "ghost".into() };
    assert_eq!(invented.walk(), Err(Finding::MissingEvent { entity: ghost, revision: 1, next: None }));
}

#[test]
fn an_entity_cannot_have_two_histories() {
    // Two complete chains under one entity, each with its head, balance the sum; the order of heads gives them away.
    let (one, hash) = (log(1), leaf_hash(b"twin"));
    let mut verifier = Verifier::new(TENANT, &[1; 32]);
    verifier.event(&one.rows[0].stored()).unwrap();
    verifier.head("invitation", &entity_id(0), 1, &one.rows[0].hash).unwrap();
    let entity = EntityName { kind: "invitation".into(), id: entity_id(0) };
    assert_eq!(verifier.head("invitation", &entity_id(0), 1, &hash), Err(Finding::HeadOrder(entity)));
}

#[test]
fn every_single_row_matters() {
    let good = log(40);
    for number in 0..40 {
        let mut removed = good.clone();
        removed.rows.remove(number);
        removed.renumber();
        removed.rebuild_tiles();
        removed.checkpoints.clear();
        assert_eq!(refused(&removed), Finding::ChainBroken { tenant: TENANT.into() }, "event {number}");
        assert!(removed.walk().is_err(), "event {number}");
    }
}

#[test]
fn the_key_of_a_run_does_not_change_its_outcome() {
    let log = log(20);
    for key in [[0; 32], [1; 32], [255; 32]] {
        let mut verifier = Verifier::new(TENANT, &key);
        for row in &log.rows {
            verifier.event(&row.stored()).unwrap();
        }
        for ((kind, id), (revision, hash)) in &log.heads {
            verifier.head(kind, id, *revision, hash).unwrap();
        }
        assert!(verifier.finish().is_ok());
    }
}

#[test]
fn a_row_that_names_an_id_of_another_length_is_refused() {
    let log = log(1);
    let mut verifier = Verifier::new(TENANT, &[1; 32]);
    let row = StoredEvent { id: "short", ..log.rows[0].stored() };
    assert!(matches!(verifier.event(&row), Err(Finding::EventId { .. })));
}

/// The tiles as stored, the leaves as they are now.
struct Copies<'a>(&'a Log, Vec<Hash>);

impl HashReader for Copies<'_> {
    type Error = &'static str;

    fn tile(&self, id: TileId) -> Result<Tile, Self::Error> {
        self.0.tiles.get(&id).cloned().ok_or("no such tile")
    }

    fn leaf(&self, index: u64) -> Result<Hash, Self::Error> {
        self.1.get(index as usize).copied().ok_or("no such leaf")
    }
}

fn located(log: &Log, root: &Hash) -> Located {
    locate(&Copies(log, log.hashes()), log.rows.len() as u64, root).unwrap()
}

fn forge_tile(log: &mut Log, id: TileId, slot: usize) {
    let mut hashes = log.tiles[&id].hashes().to_vec();
    hashes[slot].0[0] ^= 1;
    log.tiles.insert(id, Tile::new(hashes).unwrap());
}

#[test]
fn locate_tells_a_leaf_from_a_tile() {
    let good = log(65_536 + 600);
    let root = good.root();
    assert_eq!(located(&good, &root), Located::Same);

    for leaf_index in [0, 700, 65_535, 65_536, 65_536 + 511] {
        let mut altered = good.clone();
        altered.rows[leaf_index as usize].hash.0[5] ^= 1;
        assert_eq!(located(&altered, &root), Located::Leaf { leaf_index });
    }
    for (tile, slot) in [
        (TileId { level: 0, index: 2 }, 9),
        (TileId { level: 0, index: 257 }, 0),
        (TileId { level: 1, index: 0 }, 7),
    ] {
        let mut altered = good.clone();
        forge_tile(&mut altered, tile, slot);
        assert_eq!(
            located(&altered, &root),
            Located::Tile { tile, first_leaf: tile.first_leaf(slot as u64) }
        );
    }

    // A tile forged together with its parent is still the tile's fault, not the leaf's.
    let mut both = good.clone();
    let (child, parent) = (TileId { level: 0, index: 2 }, TileId { level: 1, index: 0 });
    forge_tile(&mut both, child, 9);
    let mut hashes = both.tiles[&parent].hashes().to_vec();
    hashes[2] = both.tiles[&child].root();
    both.tiles.insert(parent, Tile::new(hashes).unwrap());
    assert_eq!(located(&both, &root), Located::Tile { tile: child, first_leaf: 521 });

    // Where all copies were rewritten only the root knows.
    let mut rewritten = good.clone();
    rewritten.rows[700].hash.0[5] ^= 1;
    rewritten.rebuild_tiles();
    assert_eq!(located(&rewritten, &root), Located::Rewritten { tail: 65_536 + 512 });
    let mut edge = good;
    edge.rows[65_536 + 599].hash.0[5] ^= 1;
    assert_eq!(located(&edge, &root), Located::Rewritten { tail: 65_536 + 512 });
}

#[test]
fn locate_says_what_it_could_not_read() {
    let log = log(COUNT);
    assert!(locate(&Fetched::default(), COUNT, &log.root()).is_err());
}
