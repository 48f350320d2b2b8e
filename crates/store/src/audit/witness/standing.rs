//! How the witnesses stand, for whoever reads the log's own page.

use bailiwick_domain::time::Timestamp;
use bailiwick_proof::checkpoint::SignedNote;

use crate::{Result, lock::rows, tx::Scope};

/// Cosignatures read under one checkpoint at most.
const LINES: i64 = 32;

/// How a witness stands with one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It cosigned when it was asked last.
    Ok,
    /// It did not answer.
    Unreachable,
    /// It does not know the log, or not the key that signs it.
    Unknown,
    /// It refused: what it was shown does not extend what it had seen.
    Refused,
}

impl Standing {
    /// The stored spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [Self::Ok, Self::Unreachable, Self::Unknown, Self::Refused]
            .into_iter()
            .find(|standing| standing.name() == text)
    }
}

/// What is known of a witness of the tenant's log.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Its name.
    pub name: String,
    /// The events under the newest checkpoint that it cosigned.
    pub size: i64,
    /// How it stands.
    pub standing: Standing,
    /// When it was asked last.
    pub at: Timestamp,
}

/// Everything that is known of witnesses of the tenant's log, also of those that are asked no more.
pub async fn witnesses(scope: &mut impl Scope) -> Result<Vec<Witness>> {
    let tenant = scope.tenant();
    let rows: Vec<(String, i64, String, i64)> = rows!(
        scope,
        "SELECT witness, size, standing, at FROM audit_witness WHERE tenant = $1 ORDER BY witness LIMIT 100",
        tenant.uuid()
    )?;
    let witness = |(name, size, standing, at): (String, i64, String, i64)| {
        let standing = Standing::of(&standing)?;
        Some(Witness { name, size, standing, at: Timestamp::from_micros(at) })
    };
    Ok(rows.into_iter().filter_map(witness).collect())
}

/// A published note with the cosignatures that are kept of it.
pub async fn cosigned(scope: &mut impl Scope, size: i64, note: String) -> Result<String> {
    let tenant = scope.tenant();
    let lines: Vec<(String,)> = rows!(
        scope,
        "SELECT line FROM audit_cosignature WHERE tenant = $1 AND size = $2 ORDER BY witness LIMIT $3",
        tenant.uuid(),
        size,
        LINES
    )?;
    let Ok(mut signed) = SignedNote::parse(note.as_bytes()) else { return Ok(note) };
    for (line,) in lines {
        if let Ok(line) = line.parse() {
            // A note that is full has more signatures than anybody asks for.
            let _ = signed.add_line(line);
        }
    }
    Ok(signed.to_string())
}
