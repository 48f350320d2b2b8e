//! Whom and what the log's names stand for.

use uuid::Uuid;

use crate::{Result, lock::rows, tx::Scope};

/// Things at most that a filter is about.
pub const ABOUT_CAP: usize = 16;

/// The people, keys, invitations and other things whose name, address or prefix is `text`, or else those in which it
/// occurs. One more than [`ABOUT_CAP`] says that there are more than a filter takes.
///
/// Letters beyond ASCII are compared as they are: SQLite folds no others.
pub async fn named(scope: &mut impl Scope, text: &str) -> Result<Vec<Uuid>> {
    let folded = text.to_ascii_lowercase();
    let exact = folded.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let found = like(scope, &exact).await?;
    if !found.is_empty() || exact.is_empty() {
        return Ok(found);
    }
    like(scope, &format!("%{exact}%")).await
}

async fn like(scope: &mut impl Scope, pattern: &str) -> Result<Vec<Uuid>> {
    let tenant = scope.tenant();
    let found: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM (
             SELECT 0 AS place, id FROM users WHERE tenant = $1 AND (lower(email) LIKE $2 ESCAPE '\\' OR lower(name) LIKE $2 ESCAPE '\\')
             UNION ALL
             SELECT 1, id FROM api_key WHERE tenant = $1 AND (lower(name) LIKE $2 ESCAPE '\\' OR lower(prefix) LIKE $2 ESCAPE '\\')
             UNION ALL
             SELECT 2, id FROM invitation WHERE tenant = $1 AND lower(email) LIKE $2 ESCAPE '\\'
             UNION ALL
             SELECT 3, id FROM tenant WHERE id = $1 AND (lower(name) LIKE $2 ESCAPE '\\' OR lower(slug) LIKE $2 ESCAPE '\\')
         ) AS named ORDER BY place, id LIMIT $3",
        tenant.uuid(),
        pattern,
        i64::try_from(ABOUT_CAP + 1).unwrap_or(i64::MAX)
    )?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}
