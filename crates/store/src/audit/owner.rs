//! Whose something is: the log names sessions, factors and links by opaque ids.

use bailiwick_domain::ids::UserId;
use uuid::Uuid;

use crate::{Result, lock::row, tx::Scope};

/// The person whose session, factor, passkey, recovery codes, enrolment link, attempt, single permission or membership this is;
/// nothing for other kinds of things, and for what is not stored any more.
pub async fn owner(scope: &mut impl Scope, kind: &str, id: Uuid) -> Result<Option<UserId>> {
    let text = match kind {
        "recovery_codes" => "SELECT id FROM users WHERE tenant = $1 AND id = $2",
        "session" => "SELECT user_id FROM session WHERE tenant = $1 AND id = $2",
        "passkey" => "SELECT user_id FROM passkey WHERE tenant = $1 AND id = $2",
        "factor" => "SELECT user_id FROM factor WHERE tenant = $1 AND id = $2",
        "enrolment" => "SELECT user_id FROM enrolment WHERE tenant = $1 AND id = $2",
        "password_reset" => "SELECT user_id FROM password_reset WHERE tenant = $1 AND id = $2",
        "sign_in_attempt" => "SELECT user_id FROM sign_in_attempt WHERE tenant = $1 AND id = $2",
        "phone" => "SELECT user_id FROM phone WHERE tenant = $1 AND user_id = $2",
        "phone_check" => "SELECT user_id FROM phone_check WHERE tenant = $1 AND id = $2",
        "step_up" => "SELECT user_id FROM step_up WHERE tenant = $1 AND id = $2",
        "grant" => "SELECT user_id FROM user_grant WHERE tenant = $1 AND id = $2",
        "team_member" => "SELECT user_id FROM team_member WHERE tenant = $1 AND id = $2",
        _ => return Ok(None),
    };
    let tenant = scope.tenant();
    let found: Option<(Uuid,)> = row!(scope, text, tenant.uuid(), id)?;
    Ok(found.map(|(user,)| user.into()))
}
