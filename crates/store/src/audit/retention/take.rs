//! Taking records of which a stub stands.

use bailiwick_proof::{
    event::scan,
    hash::{Hash, leaf_hash},
};
use uuid::Uuid;

use crate::{
    Error, Result,
    audit::{
        append::stored_hash,
        integrate::{Leaf, leaf_of},
        pack::EventOctets,
    },
    conn::{Driver, id_list},
    tx::{Scope, Tx},
};

/// Records whose octets are read at once.
const AT_ONCE: usize = 256;

/// A record that is about to go.
pub(in crate::audit) struct Octets {
    pub(in crate::audit) leaf_index: i64,
    pub(in crate::audit) leaf: Leaf,
    /// The hash of the same thing's record before it.
    pub(in crate::audit) prev: Option<Hash>,
}

/// What the octets of these leaves say. One whose octets do not give its hash goes nowhere: it is for the verifier to name.
pub(in crate::audit) async fn octets(tx: &mut Tx, leaves: &[i64]) -> Result<Vec<Octets>> {
    let tenant = tx.tenant();
    let mut all = Vec::with_capacity(leaves.len());
    for some in leaves.chunks(AT_ONCE) {
        let rows: Vec<(i64, Uuid, Vec<u8>, EventOctets)> = match tx.driver() {
            Driver::Sqlite(c) => {
                sqlx::query_as(
                    "SELECT l.leaf_index, l.event, l.hash, e.bytes FROM json_each($2) AS n CROSS JOIN audit_leaf l
                     JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event WHERE l.tenant = $1 AND l.leaf_index = n.value ORDER BY l.leaf_index",
                )
                .bind(tenant.uuid())
                .bind(serde_json::Value::from(some).to_string())
                .fetch_all(c)
                .await?
            }
            Driver::Postgres(c) => {
                sqlx::query_as(
                    "SELECT l.leaf_index, l.event, l.hash, e.bytes FROM unnest($2::bigint[]) AS n (leaf) JOIN audit_leaf l ON l.tenant = $1 AND l.leaf_index = n.leaf
                     JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event ORDER BY l.leaf_index",
                )
                .bind(tenant.uuid())
                .bind(some)
                .fetch_all(c)
                .await?
            }
        };
        for (leaf_index, event, hash, bytes) in rows {
            let altered = || Error::Corrupt(format!("the record at leaf {leaf_index}"));
            if leaf_hash(&bytes) != stored_hash(&hash)? {
                return Err(altered());
            }
            let prev = scan(&bytes).map_err(|_| altered())?.prev;
            all.push(Octets { leaf_index, leaf: leaf_of(event, &hash, &bytes, None, None)?, prev });
        }
    }
    if all.len() == leaves.len() { Ok(all) } else { Err(Error::Busy) }
}

/// Takes the records of these leaves, of each of which a stub stands, and the personal values beside them. The triggers judge each one.
pub(in crate::audit) async fn take(tx: &mut Tx, leaves: &[i64]) -> Result<()> {
    let tenant = tx.tenant();
    let events: Vec<Uuid> = match tx.driver() {
        Driver::Sqlite(c) => {
            let text = serde_json::Value::from(leaves).to_string();
            let events = sqlx::query_scalar(
                "SELECT r.event FROM json_each($2) AS n CROSS JOIN audit_retired r WHERE r.tenant = $1 AND r.leaf_index = n.value",
            )
            .bind(tenant.uuid())
            .bind(text.as_str())
            .fetch_all(&mut *c)
            .await?;
            sqlx::query(
                "DELETE FROM audit_event WHERE tenant = $1
                 AND id IN (SELECT r.event FROM json_each($2) AS n CROSS JOIN audit_retired r WHERE r.tenant = $1 AND r.leaf_index = n.value)",
            )
            .bind(tenant.uuid())
            .bind(text.as_str())
            .execute(&mut *c)
            .await?;
            sqlx::query("DELETE FROM audit_leaf WHERE tenant = $1 AND leaf_index IN (SELECT n.value FROM json_each($2) AS n)")
                .bind(tenant.uuid())
                .bind(text)
                .execute(&mut *c)
                .await?;
            events
        }
        Driver::Postgres(c) => {
            sqlx::query("SELECT bailiwick_take($1)").bind(leaves).execute(&mut *c).await?;
            sqlx::query_scalar("SELECT event FROM audit_retired WHERE tenant = $1 AND leaf_index = ANY ($2)")
                .bind(tenant.uuid())
                .bind(leaves)
                .fetch_all(&mut *c)
                .await?
        }
    };
    if events.len() != leaves.len() {
        return Err(Error::Busy);
    }
    match tx.driver() {
        Driver::Sqlite(c) => {
            sqlx::query("DELETE FROM audit_personal WHERE tenant = $1 AND event IN (SELECT unhex(n.value) FROM json_each($2) AS n)")
                .bind(tenant.uuid())
                .bind(id_list(events.iter().copied()))
                .execute(c)
                .await?;
        }
        Driver::Postgres(c) => {
            sqlx::query("DELETE FROM audit_personal WHERE tenant = $1 AND event = ANY ($2)")
                .bind(tenant.uuid())
                .bind(events)
                .execute(c)
                .await?;
        }
    }
    Ok(())
}
