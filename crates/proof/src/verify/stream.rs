//! The verifier: one walk in leaf order, constant memory.

use super::{
    EntityName, Finding, Place, Retired, StoredEvent,
    chain_sum::ChainSum,
    open::{open_event, place},
    running_tree::{Compared, RunningTree},
};
use crate::{
    checkpoint::{Checkpoint, VerifierKey},
    event::{Entity, EventFields},
    hash::Hash,
    tile::{Tile, TileId},
    tree::HashReader,
};

/// Checks one tenant's log.
///
/// Feed it, from one snapshot of the database:
///
/// 1. each checkpoint by [`checkpoint`](Self::checkpoint), before the walk passes its size; those kept *outside* the
///    database are the ones that prove something;
/// 2. every event by [`event`](Self::event): those with a leaf in leaf order, those still waiting for one in any place;
/// 3. when stored tiles are to be compared, the tiles that each event completes ([`due`](Self::due)) by
///    [`tile`](Self::tile). What is left of an event that the retention took stands in its place, by [`retired`](Self::retired);
/// 4. every recorded entity head by [`head`](Self::head), in ascending octet order of kind and id (`COLLATE "C"`), where that of
///    a product's entity has the id that [stands for it](crate::event::id_of);
/// 5. then [`finish`](Self::finish).
///
/// After the first finding nothing more is learnt: every later call returns that finding again.
/// Memory is constant apart from the checkpoints not yet reached.
#[derive(Debug)]
pub struct Verifier {
    tenant: String,
    tree: RunningTree,
    chains: ChainSum,
    /// The ids of the last 256 leaves, so that a tile that differs can name its event.
    ids: Vec<[u8; 36]>,
    due: Vec<TileId>,
    awaited: Vec<(u64, Hash)>,
    /// The least size that is awaited: at every other one, which is nearly every one, nothing is looked through.
    nearest: Option<u64>,
    last_head: Option<EntityName>,
    compare_tiles: bool,
    counts: Counts,
    failed: Option<Finding>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    waiting: u64,
    retired: u64,
    entities: u64,
    tiles: u64,
    checkpoints: u64,
}

/// What a verification without a finding has proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The leaves of the tree.
    pub size: u64,
    /// The root of those leaves, RFC 6962.
    pub root: Hash,
    /// Events with and without a leaf, and those of which only the hash is left.
    pub events: u64,
    /// Events of which only the hash is left: the retention took them.
    pub retired: u64,
    /// Events that wait to be given a leaf.
    pub waiting: u64,
    /// Entities whose chain leads from revision 1 to the recorded head.
    pub entities: u64,
    /// Stored tiles that agree with the events.
    pub tiles: u64,
    /// Checkpoints whose root the events have.
    pub checkpoints: u64,
}

impl Verifier {
    /// Starts a verification of `tenant` (a UUID in lower case), with stored tiles left aside.
    ///
    /// `key` is 32 random octets drawn for this run; whoever could alter the database must not know them beforehand.
    #[must_use]
    pub fn new(tenant: &str, key: &[u8; 32]) -> Self {
        Self {
            tenant: tenant.to_owned(),
            tree: RunningTree::default(),
            chains: ChainSum::new(key),
            ids: vec![[0; 36]; 256],
            due: Vec::new(),
            awaited: Vec::new(),
            nearest: None,
            last_head: None,
            compare_tiles: false,
            counts: Counts::default(),
            failed: None,
        }
    }

    /// Begins behind `size` leaves that are not read: stored hashes stand for them, of which only a checkpoint behind them proves
    /// anything. What [`Needs::edge`](crate::tree::Needs::edge) names is read.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn behind<R: HashReader + ?Sized>(mut self, reader: &R, size: u64) -> Result<Self, R::Error> {
        self.tree = RunningTree::behind(reader, size)?;
        Ok(self)
    }

    /// Takes it that an event which is not read made this revision: one that is read is the next. The id of a product's entity is the one
    /// that stands for it.
    pub fn known(&mut self, entity: &Entity<'_>, hash: &Hash) {
        self.chains.event(entity, hash, None);
    }

    /// Takes it that the event after this one, which is read, is not.
    pub fn left(&mut self, entity: &Entity<'_>, hash: &Hash) {
        self.chains.head(entity, hash);
    }

    /// Demands that every full tile is presented: one that is not becomes a finding.
    #[must_use]
    pub const fn with_tiles(mut self) -> Self {
        self.compare_tiles = true;
        self
    }

    /// The leaves read so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The tiles that the last leaf completed, lowest level first; those to present next.
    #[must_use]
    pub fn due(&self) -> &[TileId] {
        &self.due
    }

    /// Checks the next event: its octets against its hash, its form, its tenant, its place. Hands out its fields, for
    /// whatever copies of them lie elsewhere.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn event<'e>(&mut self, event: &StoredEvent<'e>) -> Result<EventFields<'e>, Finding> {
        self.go(|this| this.check_event(event))
    }

    /// Takes in what is left of an event whose octets were taken. It stands in the place of the event: its hash in the tree, its link
    /// in the chain. Whether it was taken rightly is nothing that the tree can say.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn retired(&mut self, retired: &Retired<'_>) -> Result<(), Finding> {
        self.go(|this| this.check_retired(retired))
    }

    /// Compares a stored tile with the events; it must be the latest full one of its level.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn tile(&mut self, id: TileId, tile: &Tile) -> Result<(), Finding> {
        self.go(|this| this.check_tile(id, tile))
    }

    /// Compares a checkpoint whose signature was already checked: now if the walk is at its size, otherwise when it
    /// gets there.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Finding> {
        self.go(|this| this.check_checkpoint(checkpoint))
    }

    /// Opens a signed checkpoint of the log `origin` and compares it as [`checkpoint`](Self::checkpoint) does.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn signed_checkpoint(
        &mut self,
        note: &[u8],
        origin: &str,
        keys: &[VerifierKey],
    ) -> Result<(), Finding> {
        self.go(|this| {
            let checkpoint = Checkpoint::open(note, origin, keys).map_err(Finding::CheckpointSignature)?;
            this.check_checkpoint(&checkpoint)
        })
    }

    /// Takes in an entity's recorded head: its newest revision and that event's hash.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn head(&mut self, kind: &str, id: &str, revision: u64, hash: &Hash) -> Result<(), Finding> {
        self.go(|this| this.check_head(kind, id, revision, hash))
    }

    /// Ends the verification.
    ///
    /// # Errors
    /// The first finding: an earlier one, a checkpoint that was never reached, a tile never presented, or chains that do
    /// not lead to the heads.
    pub fn finish(mut self) -> Result<Verified, Finding> {
        self.go(Self::check_end)?;
        Ok(Verified {
            size: self.tree.size(),
            root: self.tree.root(),
            events: self.tree.size() + self.counts.waiting,
            retired: self.counts.retired,
            waiting: self.counts.waiting,
            entities: self.counts.entities,
            tiles: self.counts.tiles,
            checkpoints: self.counts.checkpoints,
        })
    }

    fn go<T>(&mut self, check: impl FnOnce(&mut Self) -> Result<T, Finding>) -> Result<T, Finding> {
        if let Some(finding) = &self.failed {
            return Err(finding.clone());
        }
        check(self).inspect_err(|finding| self.failed = Some(finding.clone()))
    }

    fn check_event<'e>(&mut self, event: &StoredEvent<'e>) -> Result<EventFields<'e>, Finding> {
        self.check_place(event.leaf_index, || place(event))?;
        let fields = open_event(&self.tenant, event)?;
        let key = fields.entity.key();
        self.chains.event(&Entity { id: &key, ..fields.entity }, &event.hash, fields.prev.as_ref());
        if event.leaf_index.is_none() {
            self.counts.waiting += 1;
            return Ok(fields);
        }
        self.grow(fields.id, event.hash)?;
        Ok(fields)
    }

    fn check_retired(&mut self, retired: &Retired<'_>) -> Result<(), Finding> {
        let leaf = Some(retired.leaf_index);
        self.check_place(leaf, || Place { id: retired.id.to_owned(), leaf_index: leaf })?;
        retired.check()?;
        self.chains.event(&retired.entity, &retired.hash, retired.prev.as_ref());
        self.counts.retired += 1;
        self.grow(retired.id, retired.hash)
    }

    /// What has a leaf comes in the order of the leaves.
    fn check_place(&self, leaf: Option<u64>, place: impl FnOnce() -> Place) -> Result<(), Finding> {
        let size = self.tree.size();
        match leaf {
            Some(leaf) if leaf > size => Err(Finding::LeafIndexGap { expected: size, next: place() }),
            Some(leaf) if leaf < size => Err(Finding::LeafIndexRepeated(place())),
            _ => Ok(()),
        }
    }

    /// Takes the next leaf into the tree.
    fn grow(&mut self, id: &str, hash: Hash) -> Result<(), Finding> {
        let slot = self.ids.get_mut((self.tree.size() % 256) as usize);
        if let (Some(slot), Ok(id)) = (slot, id.as_bytes().try_into()) {
            *slot = id;
        }
        self.due.clear();
        let (due, mut missed) = (&mut self.due, None);
        self.tree.push(hash, |tile, before_was_compared| {
            due.push(tile);
            if !before_was_compared && missed.is_none() {
                missed = Some(TileId { index: tile.index - 1, ..tile });
            }
        });
        if let Some(tile) = missed.filter(|_| self.compare_tiles) {
            return Err(Finding::TileMissing(tile));
        }
        self.check_awaited()
    }

    fn check_tile(&mut self, tile: TileId, stored: &Tile) -> Result<(), Finding> {
        match self.tree.compare(tile, stored) {
            Compared::Same => {
                self.counts.tiles += 1;
                Ok(())
            }
            Compared::NotAtHand => Err(Finding::TileUnexpected { tile, size: self.tree.size() }),
            Compared::Differs(slot) => {
                let first_leaf = tile.first_leaf(slot);
                Err(Finding::TileMismatch { tile, first_leaf, id: self.id_of(tile, slot) })
            }
        }
    }

    /// The event in a level-0 tile's slot, if its id was not overwritten since.
    fn id_of(&self, tile: TileId, slot: u64) -> Option<String> {
        if tile.level != 0 || tile.first_leaf(slot) + 256 < self.tree.size() {
            return None;
        }
        let id = self.ids.get(usize::try_from(slot).ok()?)?;
        Some(String::from_utf8_lossy(id).into_owned())
    }

    fn check_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Finding> {
        let (checkpoint_size, log_size) = (checkpoint.size, self.tree.size());
        if checkpoint_size < log_size {
            return Err(Finding::CheckpointPassed { checkpoint_size, log_size });
        }
        self.awaited.push((checkpoint_size, checkpoint.root));
        self.nearest = Some(self.nearest.map_or(checkpoint_size, |nearest| nearest.min(checkpoint_size)));
        self.check_awaited()
    }

    fn check_awaited(&mut self) -> Result<(), Finding> {
        let size = self.tree.size();
        if self.nearest != Some(size) {
            return Ok(());
        }
        let root = self.tree.root();
        if self.awaited.iter().any(|(at, signed)| *at == size && *signed != root) {
            return Err(Finding::RootMismatch { size });
        }
        let before = self.awaited.len();
        self.awaited.retain(|(at, _)| *at != size);
        self.nearest = self.awaited.iter().map(|(at, _)| *at).min();
        self.counts.checkpoints += (before - self.awaited.len()) as u64;
        Ok(())
    }

    fn check_head(&mut self, kind: &str, id: &str, revision: u64, hash: &Hash) -> Result<(), Finding> {
        let name = EntityName { kind: kind.to_owned(), id: id.to_owned() };
        // Ascending order shows without memory that no entity has two heads, and hence two histories.
        if self.last_head.as_ref().is_some_and(|last| *last >= name) {
            return Err(Finding::HeadOrder(name));
        }
        self.last_head = Some(name);
        self.counts.entities += 1;
        self.chains.head(&Entity { id, revision, kind }, hash);
        Ok(())
    }

    fn check_end(&mut self) -> Result<(), Finding> {
        let log_size = self.tree.size();
        if let Some(checkpoint_size) = self.awaited.iter().map(|(at, _)| *at).max() {
            return Err(Finding::CheckpointAhead { checkpoint_size, log_size });
        }
        if let Some(tile) = self.tree.not_compared().filter(|_| self.compare_tiles) {
            return Err(Finding::TileMissing(tile));
        }
        if !self.chains.is_zero() {
            return Err(Finding::ChainBroken { tenant: self.tenant.clone() });
        }
        Ok(())
    }
}

impl From<&StoredEvent<'_>> for Place {
    fn from(event: &StoredEvent<'_>) -> Self {
        place(event)
    }
}
