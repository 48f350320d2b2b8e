//! The tree of heads on the disk: its leaves one after the other, and its full tiles.
//!
//! The leaves are the tree. A tile is made of them again where its file is missing or is no tile, and a tile that was
//! altered leads to another root than the signed one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use bailiwick_proof::{
    Hash,
    heads::{HEAD_BYTES, Head},
    leaf_hash,
    tile::{Tile, TileId, complete_tiles},
    tree::HashReader,
};

const LEAVES: &str = "heads.log";
const TILES: &str = "heads-tiles";
const EACH: u64 = HEAD_BYTES as u64;

/// The leaves of the tree of heads.
pub(super) struct Leaves {
    file: File,
    tiles: PathBuf,
}

impl Leaves {
    /// Opens the leaves; nothing where there are none.
    pub(super) fn open(folder: &Path) -> io::Result<Option<Self>> {
        let opened = OpenOptions::new().read(true).write(true).open(folder.join(LEAVES));
        match opened {
            Ok(file) => Ok(Some(Self { file, tiles: folder.join(TILES) })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins a tree without leaves. What a crash left of an earlier attempt was never signed.
    pub(super) fn create(folder: &Path) -> io::Result<()> {
        File::create(folder.join(LEAVES))?.sync_all()
    }

    /// How many whole leaves there are.
    pub(super) fn count(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len() / EACH)
    }

    /// Every one of the first `size` leaves, in their order and constant memory.
    pub(super) fn each(&self, size: u64, mut take: impl FnMut(&[u8; HEAD_BYTES])) -> io::Result<()> {
        (&self.file).seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(1 << 16, (&self.file).take(size.saturating_mul(EACH)));
        let mut leaf = [0; HEAD_BYTES];
        for _ in 0..size {
            reader.read_exact(&mut leaf)?;
            take(&leaf);
        }
        Ok(())
    }

    /// Puts `heads` behind the first `size` leaves; whatever stood there was never signed. On disk when it returns.
    pub(super) fn append(&self, size: u64, heads: &[Head]) -> io::Result<()> {
        self.file.set_len(size.saturating_mul(EACH))?;
        (&self.file).seek(SeekFrom::End(0))?;
        let octets: Vec<u8> = heads.iter().copied().flat_map(Head::to_bytes).collect();
        (&self.file).write_all(&octets)?;
        self.file.sync_all()?;
        let hashes: Vec<Hash> = heads.iter().map(|head| leaf_hash(&head.to_bytes())).collect();
        fs::create_dir_all(&self.tiles)?;
        for (id, tile) in complete_tiles(self, size, &hashes)? {
            fs::write(self.tile_file(id), tile.to_bytes())?;
        }
        Ok(())
    }

    fn read(&self, from: u64, count: u64) -> io::Result<Vec<u8>> {
        let mut octets = vec![0; usize::try_from(count.saturating_mul(EACH)).map_err(io::Error::other)?];
        (&self.file).seek(SeekFrom::Start(from.saturating_mul(EACH)))?;
        (&self.file).read_exact(&mut octets)?;
        Ok(octets)
    }

    fn made(&self, id: TileId) -> io::Result<Tile> {
        let hashes = match id.level.checked_sub(1) {
            None => {
                let octets = self.read(id.first_leaf(0), 256)?;
                octets.as_chunks::<HEAD_BYTES>().0.iter().map(|leaf| leaf_hash(leaf)).collect()
            }
            Some(level) => {
                let below = |slot| TileId { level, index: id.index.saturating_mul(256).saturating_add(slot) };
                (0..256).map(|slot| Ok(self.tile(below(slot))?.root())).collect::<io::Result<_>>()?
            }
        };
        Tile::new(hashes).map_err(io::Error::other)
    }

    fn tile_file(&self, id: TileId) -> PathBuf {
        self.tiles.join(format!("{}-{}", id.level, id.index))
    }
}

impl HashReader for Leaves {
    type Error = io::Error;

    fn tile(&self, id: TileId) -> io::Result<Tile> {
        let kept = fs::read(self.tile_file(id)).ok().and_then(|octets| Tile::from_bytes(&octets).ok());
        kept.map_or_else(|| self.made(id), Ok)
    }

    fn leaf(&self, index: u64) -> io::Result<Hash> {
        Ok(leaf_hash(&self.read(index, 1)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_proof::tree::{Frontier, root_at};

    use super::*;

    fn head(n: u64) -> Head {
        Head { tag: [7; 32], epoch: 1, size: n, micros: n, root: leaf_hash(&n.to_be_bytes()) }
    }

    #[test]
    fn leaves_behind_the_signed_ones_make_way_and_tiles_are_made_again() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Leaves::open(folder.path()).unwrap().is_none());
        Leaves::create(folder.path()).unwrap();
        let leaves = Leaves::open(folder.path()).unwrap().unwrap();
        let mut frontier = Frontier::new();
        for batch in 0..5 {
            let heads: Vec<_> = (batch * 150..(batch + 1) * 150).map(head).collect();
            // What a crash left: another head, and half of one.
            leaves.append(batch * 150, &[head(9_999)]).unwrap();
            (&leaves.file).write_all(b"BWH1 half").unwrap();
            leaves.append(batch * 150, &heads).unwrap();
            heads.iter().for_each(|head| frontier.push(leaf_hash(&head.to_bytes())));
            assert_eq!(leaves.count().unwrap(), frontier.size());
            assert_eq!(root_at(&leaves, frontier.size()).unwrap(), frontier.root());
        }
        let tile = folder.path().join("heads-tiles/0-1");
        fs::write(&tile, "no tile").unwrap();
        assert_eq!(root_at(&leaves, frontier.size()).unwrap(), frontier.root());
        fs::remove_dir_all(folder.path().join("heads-tiles")).unwrap();
        assert_eq!(root_at(&leaves, frontier.size()).unwrap(), frontier.root());
        let mut seen = 0;
        leaves
            .each(750, |leaf| {
                assert_eq!(Head::from_bytes(leaf), Ok(head(seen)));
                seen += 1;
            })
            .unwrap();
        assert_eq!(seen, 750);
        assert!(leaves.each(751, |_| {}).is_err(), "there is no such leaf");
    }
}
