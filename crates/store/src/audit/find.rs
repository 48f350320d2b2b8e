//! Finding records by the beginning of their id or hash, as people copy them from a page or a report.

use uuid::Uuid;

use super::search::Listed;
use crate::{Result, conn::on, tx::Scope};

/// Records at most.
const AT_MOST: i64 = 8;
/// Hashes have no index: only those of this many newest records are looked through.
pub const RECENT: i64 = 10_000;

/// The newest records whose id or hash begins with these hexadecimal digits; none for anything else, for fewer than eight
/// digits, and for more than a hash has. Hashes are looked for among the [`RECENT`] newest records.
pub async fn by_prefix(scope: &mut impl Scope, digits: &str) -> Result<Vec<Listed>> {
    let tenant = scope.tenant();
    if !(8..=64).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Vec::new());
    }
    let mut found: Vec<Listed> = match (bound::<16>(digits, '0'), bound::<16>(digits, 'f')) {
        (Some(first), Some(last)) => on!(scope, |c| {
            sqlx::query_as(
                "SELECT leaf_index, event, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision
                 FROM audit_leaf WHERE tenant = $1 AND event >= $2 AND event <= $3 ORDER BY event DESC LIMIT $4",
            )
            .bind(tenant.uuid())
            .bind(Uuid::from_bytes(first))
            .bind(Uuid::from_bytes(last))
            .bind(AT_MOST)
            .fetch_all(c)
            .await
        })?,
        _ => Vec::new(),
    };
    if let (Some(first), Some(last)) = (bound::<32>(digits, '0'), bound::<32>(digits, 'f')) {
        let hashes: Vec<Listed> = on!(scope, |c| {
            sqlx::query_as(
                "SELECT leaf_index, event, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision
                 FROM (SELECT leaf_index, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision
                       FROM audit_leaf WHERE tenant = $1 ORDER BY leaf_index DESC LIMIT $2) AS newest
                 WHERE hash >= $3 AND hash <= $4 ORDER BY leaf_index DESC LIMIT $5",
            )
            .bind(tenant.uuid())
            .bind(RECENT)
            .bind(&first[..])
            .bind(&last[..])
            .bind(AT_MOST)
            .fetch_all(c)
            .await
        })?;
        found.extend(hashes);
    }
    Ok(found)
}

/// The digits filled up to `N` bytes; nothing when there are more of them.
fn bound<const N: usize>(digits: &str, filling: char) -> Option<[u8; N]> {
    let text: String =
        digits.chars().chain(std::iter::repeat(filling)).take(digits.len().max(N * 2)).collect();
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::bound;

    #[test]
    fn a_beginning_stands_for_everything_that_begins_so() {
        assert_eq!((bound::<2>("a", '0'), bound::<2>("a", 'f')), (Some([0xa0, 0]), Some([0xaf, 0xff])));
        assert_eq!(bound::<2>("a1b2", '0'), Some([0xa1, 0xb2]));
        assert_eq!((bound::<2>("a1b2c", '0'), bound::<2>("xyz", '0')), (None, None));
    }
}
