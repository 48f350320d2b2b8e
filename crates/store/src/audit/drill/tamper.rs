//! What is done to a copy, and whether a finding names it.

use bailiwick_domain::entity::DrillKind;
use bailiwick_proof::{canonical, leaf_hash, tile::TileId, verify::Finding};
use serde_json::Value;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{copy::LogCopy, dice::Dice};
use crate::{
    Error, Result,
    audit::{
        VerifyError,
        integrate::{insert_leaves, leaf_of},
        pack::{EventOctets, pack},
    },
    conn::Driver,
    tx::Scope,
};

/// What was touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A record, and the leaf where it stands or stood.
    Record { event: Uuid, leaf: i64 },
    /// A full tile of the lowest level.
    Tile(i64),
    /// The published checkpoint of this size.
    Checkpoint(i64),
}

impl LogCopy {
    /// What can be done to this copy.
    pub(super) fn possible(&self) -> Vec<DrillKind> {
        let able = |kind: &DrillKind| match kind {
            DrillKind::Tile => self.tiles > 0,
            DrillKind::Checkpoint => !self.checkpoints.is_empty(),
            // Where the retention took records, neighbours are no neighbours any more.
            DrillKind::Reordered => self.length() > 1 && self.records == self.length(),
            DrillKind::Record | DrillKind::Removed | DrillKind::Inserted => self.records > 0,
        };
        DrillKind::ALL.iter().copied().filter(able).collect()
    }

    /// Leaves within the copy.
    const fn length(&self) -> i64 {
        self.size - self.part.first
    }

    /// Alters the copy.
    pub(super) async fn tamper(&mut self, kind: DrillKind, dice: &mut Dice) -> Result<Target> {
        let tenant = self.view.tenant().uuid();
        match kind {
            DrillKind::Record => {
                let (event, leaf, EventOctets(mut bytes)) = self.record(self.aim).await?;
                dice.damage(&mut bytes);
                sqlx::query("UPDATE audit_event SET bytes = ? WHERE tenant = ? AND id = ?")
                    .bind(pack(&bytes))
                    .bind(tenant)
                    .bind(event)
                    .execute(self.connection()?)
                    .await?;
                Ok(Target::Record { event, leaf })
            }
            DrillKind::Tile => self.tile(dice).await,
            DrillKind::Checkpoint => self.checkpoint(dice).await,
            DrillKind::Removed => {
                let (event, leaf, _) = self.record(self.aim).await?;
                let c = self.connection()?;
                for text in [
                    "DELETE FROM audit_leaf WHERE tenant = ? AND event = ?",
                    "DELETE FROM audit_event WHERE tenant = ? AND id = ?",
                ] {
                    sqlx::query(text).bind(tenant).bind(event).execute(&mut *c).await?;
                }
                Ok(Target::Record { event, leaf })
            }
            DrillKind::Inserted => self.insert(dice).await,
            DrillKind::Reordered => self.swap().await,
        }
    }

    async fn tile(&mut self, dice: &mut Dice) -> Result<Target> {
        let (tenant, index) = (self.view.tenant().uuid(), self.part.first / 256 + dice.below(self.tiles));
        let c = self.connection()?;
        let (mut hashes,): (Vec<u8>,) =
            sqlx::query_as("SELECT hashes FROM audit_tile WHERE tenant = ? AND level = 0 AND idx = ?")
                .bind(tenant)
                .bind(index)
                .fetch_one(&mut *c)
                .await?;
        dice.damage(&mut hashes);
        sqlx::query("UPDATE audit_tile SET hashes = ? WHERE tenant = ? AND level = 0 AND idx = ?")
            .bind(hashes)
            .bind(tenant)
            .bind(index)
            .execute(c)
            .await?;
        Ok(Target::Tile(index))
    }

    async fn checkpoint(&mut self, dice: &mut Dice) -> Result<Target> {
        let tenant = self.view.tenant().uuid();
        let place = dice.place(self.checkpoints.len());
        let size = self.checkpoints.get(place).copied().unwrap_or_default();
        let c = self.connection()?;
        let (note,): (String,) =
            sqlx::query_as("SELECT note FROM audit_checkpoint WHERE tenant = ? AND size = ?")
                .bind(tenant)
                .bind(size)
                .fetch_one(&mut *c)
                .await?;
        sqlx::query("UPDATE audit_checkpoint SET note = ? WHERE tenant = ? AND size = ?")
            .bind(misspelt(&note, dice))
            .bind(tenant)
            .bind(size)
            .execute(c)
            .await?;
        Ok(Target::Checkpoint(size))
    }

    /// Puts a record in that nobody recorded: one that is there with another id and a reason of its own.
    async fn insert(&mut self, dice: &mut Dice) -> Result<Target> {
        let tenant = self.view.tenant();
        // Before the one that is aimed at, or behind it.
        let leaf = self.aim + dice.below(2);
        let (_, _, model) = self.record(leaf.min(self.size - 1)).await?;
        let event = Uuid::from_u64_pair(dice.next(), dice.next());
        let unreadable = |_| Error::Corrupt("audit_event.bytes".into());
        let mut forged: Value = serde_json::from_slice(&model).map_err(unreadable)?;
        if let Some(fields) = forged.as_object_mut() {
            fields.insert("id".into(), event.to_string().into());
            fields.insert("reason".into(), "forged by a drill".into());
        }
        let bytes = canonical::to_bytes(&forged).map_err(|error| Error::Proof(error.to_string()))?;
        let hash = leaf_hash(&bytes);
        let place = leaf_of(event, &hash.0, &bytes, None, None)?;
        let c = self.connection()?;
        // Below zero and back, so that no two rows ever have one place.
        sqlx::query(
            "UPDATE audit_leaf SET leaf_index = -1 - leaf_index WHERE tenant = ? AND leaf_index >= ?",
        )
        .bind(tenant.uuid())
        .bind(leaf)
        .execute(&mut *c)
        .await?;
        sqlx::query("UPDATE audit_leaf SET leaf_index = -leaf_index WHERE tenant = ? AND leaf_index < 0")
            .bind(tenant.uuid())
            .execute(&mut *c)
            .await?;
        sqlx::query(
            "UPDATE audit_retired SET leaf_index = -1 - leaf_index WHERE tenant = ? AND leaf_index >= ?",
        )
        .bind(tenant.uuid())
        .bind(leaf)
        .execute(&mut *c)
        .await?;
        sqlx::query("UPDATE audit_retired SET leaf_index = -leaf_index WHERE tenant = ? AND leaf_index < 0")
            .bind(tenant.uuid())
            .execute(&mut *c)
            .await?;
        sqlx::query("INSERT INTO audit_event (tenant, id, hash, bytes) VALUES (?, ?, ?, ?)")
            .bind(tenant.uuid())
            .bind(event)
            .bind(hash.0.to_vec())
            .bind(pack(&bytes))
            .execute(&mut *c)
            .await?;
        insert_leaves(&mut Driver::Sqlite(c), tenant, leaf, &[place]).await?;
        Ok(Target::Record { event, leaf })
    }

    async fn swap(&mut self) -> Result<Target> {
        let (tenant, leaf) = (self.view.tenant().uuid(), self.aim.min(self.size - 2));
        let (event, ..) = self.record(leaf + 1).await?;
        let c = self.connection()?;
        for (from, to) in [(leaf, -1), (leaf + 1, leaf), (-1, leaf + 1)] {
            sqlx::query("UPDATE audit_leaf SET leaf_index = ? WHERE tenant = ? AND leaf_index = ?")
                .bind(to)
                .bind(tenant)
                .bind(from)
                .execute(&mut *c)
                .await?;
        }
        Ok(Target::Record { event, leaf })
    }

    /// The record at this leaf; where the retention took that one, the nearest behind it, or else before it.
    async fn record(&mut self, leaf: i64) -> Result<(Uuid, i64, EventOctets)> {
        let tenant = self.view.tenant().uuid();
        Ok(sqlx::query_as(
            "SELECT e.id, l.leaf_index, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = ?1 ORDER BY l.leaf_index < ?2, abs(l.leaf_index - ?2) LIMIT 1",
        )
        .bind(tenant)
        .bind(leaf)
        .fetch_one(self.connection()?)
        .await?)
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection> {
        match self.view.driver() {
            Driver::Sqlite(c) => Ok(c),
            Driver::Postgres(_) => Err(Error::Unrecorded),
        }
    }
}

/// The note with another letter or digit somewhere in its text.
fn misspelt(note: &str, dice: &mut Dice) -> String {
    let text = note.split("\n\n").next().unwrap_or_default();
    let letters: Vec<usize> = text
        .bytes()
        .enumerate()
        .filter(|(_, octet)| octet.is_ascii_alphanumeric())
        .map(|(at, _)| at)
        .collect();
    let Some(at) = letters.get(dice.place(letters.len())).copied() else { return String::new() };
    let other = |letter: char| if letter == 'A' { 'B' } else { 'A' };
    note.char_indices().map(|(place, letter)| if place == at { other(letter) } else { letter }).collect()
}

impl Target {
    /// What was touched, for people.
    pub(super) fn sentence(self) -> String {
        match self {
            Self::Record { event, leaf } => format!("event {event} at leaf {leaf}"),
            Self::Tile(index) => format!("hash tile at level 0 number {index}"),
            Self::Checkpoint(size) => format!("checkpoint at {size} events"),
        }
    }

    /// Whether this says exactly what was touched.
    pub(super) fn is_named_by(self, error: &VerifyError) -> bool {
        match (self, error) {
            (Self::Record { event, leaf }, VerifyError::Finding { finding, .. }) => match &**finding {
                Finding::LeafIndexGap { expected, .. } => *expected == leaf.unsigned_abs(),
                Finding::CheckpointAhead { log_size, .. } => *log_size == leaf.unsigned_abs(),
                Finding::TileMismatch { tile: TileId { level: 0, .. }, first_leaf, .. } => {
                    *first_leaf == leaf.unsigned_abs()
                }
                other => other.to_string().contains(&event.to_string()),
            },
            (
                Self::Record { event, .. },
                VerifyError::Projection { event: found, .. }
                | VerifyError::Missing { event: found, .. }
                | VerifyError::Stray { event: found, .. },
            ) => *found == event,
            (Self::Tile(index), VerifyError::Finding { finding, .. }) => {
                matches!(&**finding, Finding::TileMismatch { tile, .. } if tile.level == 0 && tile.index == index.unsigned_abs())
            }
            (Self::Checkpoint(size), VerifyError::Published { size: found, .. }) => *found == size,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_note_differs_in_one_letter_of_its_text() {
        let note = "a.example/tenant/1\n7\nAAAA\n\n\u{2014} a.example c2ln\n";
        for seed in 0..200 {
            let other = misspelt(note, &mut Dice::new(seed));
            let differ: Vec<_> = note
                .chars()
                .zip(other.chars())
                .enumerate()
                .filter(|(_, (a, b))| a != b)
                .map(|(at, _)| at)
                .collect();
            assert!(differ.len() == 1 && differ.iter().all(|at| *at < 25), "{other}");
            assert_eq!(note.len(), other.len());
        }
    }
}
