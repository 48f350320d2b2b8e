//! From record to record, each held against the one before.

use bailiwick_domain::{
    entity::Kind,
    ids::EventId,
    past::{Fault, Image, Revised, ValueOrigin},
    time::Timestamp,
};
use bailiwick_proof::hash::{Hash, leaf_hash};
use bailiwick_vault::keyed::same;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AsOf, MOST, Moment, Stood,
    read::{Kept, Read, Row, is_about, is_products},
};
use crate::{audit::append::stored_hash, tx::Scope};

/// Records of the guarded product that start from another value are named, up to so many of them.
const NAMED: usize = 16;

/// Where the following begins: at nothing, or behind the record of an image.
#[derive(Default)]
pub(super) struct Beginning {
    pub(super) revision: i64,
    hash: Option<Hash>,
    state: State,
}

/// What is kept of a thing at a revision.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct State {
    image: Image,
    /// What was named on the way.
    faults: Vec<Fault>,
}

impl From<AsOf> for State {
    fn from(AsOf { image, faults, .. }: AsOf) -> Self {
        Self { image, faults }
    }
}

/// What an image that was kept lets a reader begin with; nothing where it is not under our seal.
pub(super) fn beginning(scope: &impl Scope, kind: &str, id: Uuid, kept: &Kept) -> Option<Beginning> {
    let tenant = scope.tenant().bytes();
    let keys = &scope.shared().keys.directory;
    let seal = keys.image_seal(&tenant, kind, id.as_bytes(), kept.revision, &kept.hash, &kept.image);
    if !same(&seal, &kept.seal) {
        return None;
    }
    let hash = stored_hash(&kept.hash).ok()?;
    let state = serde_json::from_slice(&kept.image).ok()?;
    Some(Beginning { revision: kept.revision, hash: Some(hash), state })
}

/// The walk so far.
struct Walk<'a> {
    kind: &'a str,
    id: Uuid,
    quiet: &'static [&'static str],
    previous: Option<Hash>,
    state: State,
    last: Option<Stood>,
}

/// Takes the records up to the moment.
pub(super) fn follow(kind: &str, id: Uuid, from: Beginning, read: Read, moment: Moment) -> AsOf {
    let until = match moment {
        Moment::Revision(revision) => revision,
        // The last record that was there by then, whatever the clocks of others said about those before it.
        Moment::At(at) => {
            let there = read.records.iter().filter(|record| record.recorded_at <= at.micros());
            there.map(|record| record.revision).max().unwrap_or(from.revision)
        }
    };
    let first = from.revision;
    let mut walk = Walk {
        kind,
        id,
        quiet: Kind::find(kind).map_or(&[], Kind::quiet),
        previous: from.hash,
        state: from.state,
        last: None,
    };
    let mut known = true;
    if read.too_many {
        walk.state.faults.push(Fault::TooMany { most: MOST });
        known = false;
    }
    let mut expected = first.max(1);
    for record in &read.records {
        if !known || record.revision > until {
            break;
        }
        let step = if record.revision > expected {
            Err(Fault::Missing { revision: expected })
        } else if record.revision < expected {
            // Two records of one revision: only one of them can have the next behind it.
            Err(Fault::Unlinked { revision: record.revision })
        } else if record.revision == first {
            walk.begin(record)
        } else {
            walk.step(record)
        };
        if let Err(fault) = step {
            walk.state.faults.push(fault);
            known = false;
        }
        expected += 1;
    }
    let lacking = match moment {
        Moment::Revision(_) => (expected <= until).then_some(Fault::Missing { revision: expected }),
        Moment::At(_) => gap(&read, expected, until).or_else(|| walk.beyond(&read, until)),
    };
    if known && let Some(fault) = lacking {
        walk.state.faults.push(fault);
        known = false;
    }
    AsOf { image: walk.state.image, last: walk.last, faults: walk.state.faults, known, passed_over: false }
}

/// What is missing behind the last record that was taken, `expected` being the revision that would come next.
fn gap(read: &Read, expected: i64, until: i64) -> Option<Fault> {
    if let Some(next) = read.records.iter().find(|record| record.revision > until) {
        // One that is not there may have been made before the moment, too.
        return (next.revision != expected).then_some(Fault::Missing { revision: expected });
    }
    let newest = read.records.last();
    match (&read.head, read.last) {
        (Some((revision, _)), _) if *revision > until => Some(Fault::Missing { revision: expected }),
        (Some((revision, hash)), _) => {
            let same = newest.is_some_and(|newest| newest.revision == *revision && newest.hash == *hash);
            (!same).then_some(Fault::Head { revision: until })
        }
        (None, Some(last)) => (last > until).then_some(Fault::Missing { revision: expected }),
        (None, None) => Some(Fault::Head { revision: until }),
    }
}

impl Walk<'_> {
    /// The record of the image: it has to be the one that the image names.
    fn begin(&mut self, record: &Row) -> Result<(), Fault> {
        let (_, hash) = self.checked(record)?;
        if self.previous != Some(hash) {
            return Err(Fault::Altered { revision: record.revision });
        }
        self.stand(record);
        Ok(())
    }

    fn step(&mut self, record: &Row) -> Result<(), Fault> {
        let (said, hash) = self.checked(record)?;
        let revision = record.revision;
        if said.prev != self.previous.map(|previous| previous.to_string()) {
            return Err(Fault::Unlinked { revision });
        }
        // What was refused changed nothing; its difference is the note of what was asked for.
        if said.outcome == "ok" {
            self.take(&said, revision)?;
        }
        self.previous = Some(hash);
        self.stand(record);
        Ok(())
    }

    fn take(&mut self, said: &Revised, revision: i64) -> Result<(), Fault> {
        let origin = ValueOrigin { event: said.id, revision, at: said.recorded_at };
        let mut image = self.state.image.clone();
        let misfits = image.take(&said.changes, origin, self.quiet);
        let mut faults = misfits.into_iter().map(|path| Fault::Misfit { revision, path });
        if is_products(self.kind) {
            let room = NAMED.saturating_sub(self.state.faults.len());
            self.state.faults.extend(faults.take(room));
        } else if let Some(fault) = faults.next() {
            return Err(fault);
        }
        self.state.image = image;
        Ok(())
    }

    /// What is wrong with the record behind the moment: it alone says that the moment comes before it.
    fn beyond(&self, read: &Read, until: i64) -> Option<Fault> {
        let next = read.records.iter().find(|record| record.revision > until)?;
        self.checked(next).err()
    }

    /// What a record says, and its hash, if it is what was written and what the list says of it.
    fn checked(&self, record: &Row) -> Result<(Revised, Hash), Fault> {
        let revision = record.revision;
        let bytes = record.bytes.as_ref().ok_or(Fault::Missing { revision })?;
        let hash = leaf_hash(bytes);
        let said = Revised::read(bytes)
            .filter(|said| is_about(said, self.kind, self.id) && said.entity.revision == revision)
            .filter(|said| said.id.uuid() == record.event && said.recorded_at == record.at());
        match said {
            Some(said) if record.hash == hash.0 => Ok((said, hash)),
            _ => Err(Fault::Altered { revision }),
        }
    }

    fn stand(&mut self, record: &Row) {
        let (revision, event) = (record.revision, EventId::from(record.event));
        self.last = Some(Stood { revision, event, at: Timestamp::from_micros(record.recorded_at) });
    }
}
