//! Users as the lists show them: with the best verified factor and everything that asks for one.

use bailiwick_domain::{
    entity::{MfaFloor, MfaState, User},
    mfa::Held,
    time::Timestamp,
};
use sqlx::FromRow;

use super::Row;
use crate::{Error, Result, policies::AskedRow};

/// A user with what the lists show beside the name.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The user.
    pub user: User,
    /// What the page says of their second factor.
    pub mfa: MfaState,
    /// From when on they need more than they have; nothing if they have what is asked of them.
    pub mfa_due: Option<Timestamp>,
}

#[derive(FromRow)]
pub(super) struct ListedRow {
    #[sqlx(flatten)]
    user: Row,
    #[sqlx(flatten)]
    asked: AskedRow,
}

/// What is read of a user `u` of a tenant with the policy `p`.
macro_rules! columns {
    () => {
        "u.id, u.email, u.name, u.role, u.status, u.created_at, u.time_zone,
                    p.mfa_since, p.passkey_since, p.mfa_grace_days, u.factor,
                    (SELECT min(f.mfa_since) FROM role_floor f WHERE f.tenant = u.tenant AND (f.role = u.role OR EXISTS (
                    SELECT 1 FROM team_member m JOIN team_role g ON g.tenant = m.tenant AND g.team = m.team WHERE m.tenant = u.tenant AND m.user_id = u.id AND g.role = f.role))) AS role_mfa_since,
                    (SELECT min(f.passkey_since) FROM role_floor f WHERE f.tenant = u.tenant AND (f.role = u.role OR EXISTS (
                    SELECT 1 FROM team_member m JOIN team_role g ON g.tenant = m.tenant AND g.team = m.team WHERE m.tenant = u.tenant AND m.user_id = u.id AND g.role = f.role))) AS role_passkey_since"
    };
}
pub(super) use columns;

/// The users of one tenant, `$1`, of whom the rest of the text says which and in what order.
macro_rules! listed {
    ($tail:literal) => {
        concat!(
            "SELECT ",
            $crate::users::listed::columns!(),
            " FROM users u JOIN policy p ON p.tenant = u.tenant WHERE u.tenant = $1 ",
            $tail
        )
    };
}
pub(super) use listed;

impl TryFrom<ListedRow> for Listed {
    type Error = Error;
    fn try_from(row: ListedRow) -> Result<Self> {
        let user: User = row.user.try_into()?;
        let (asked, held) = (row.asked.asked(), row.asked.held());
        Ok(Self { mfa: mfa_state(held, asked.level()), mfa_due: asked.due(held, user.created_at), user })
    }
}

/// What the page says of a second factor: the best verified one, and whether one is asked of the person.
pub(super) fn mfa_state(held: Held, asked: MfaFloor) -> MfaState {
    match held {
        Held::Nothing => MfaState::Missing,
        Held::Sso => MfaState::Sso,
        Held::Own | Held::Passkey if asked == MfaFloor::Any => MfaState::Verified,
        Held::Own | Held::Passkey => MfaState::Required,
    }
}
