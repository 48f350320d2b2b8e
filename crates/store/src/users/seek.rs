//! Finding people in a tenant of any size: by the beginnings of words of name and address, and by role, second factor and
//! status. Each page costs the same wherever it stands, and looks at a bounded number of rows.

use std::{fmt, str::FromStr};

use bailiwick_domain::{
    entity::{MfaState, UserStatus},
    ids::BadId,
    role::RoleName,
    time::Timestamp,
    words,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Listed, ListedRow, joined::joined, listed::columns};
use crate::{
    Cursor, Error, Result,
    lock::{row, rows},
    page::LIMIT,
    tx::Scope,
};

/// Rows that one page looks at, at most: a rare combination is then spread over several pages, each of which says that more
/// may follow.
pub(super) const LOOKED_AT: i64 = 2_000;
/// Rows of one statement, where not every row has to fit.
pub(super) const BATCH: i64 = 250;

/// What people look for among second factors. Whether the policy asks for one is the same for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mfa {
    /// Verified here; an identity provider's word is no verified factor.
    Verified,
    /// Asserted by the identity provider.
    Sso,
    /// None.
    Missing,
}

impl Mfa {
    /// Whether it is what a page says of somebody.
    pub const fn covers(self, state: MfaState) -> bool {
        match self {
            Self::Verified => matches!(state, MfaState::Required | MfaState::Verified),
            Self::Sso => matches!(state, MfaState::Sso),
            Self::Missing => matches!(state, MfaState::Missing),
        }
    }
}

/// Whom to look for; every part narrows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Beginnings of words, all of which somebody has to have; nothing where no text was given. Without any word in it,
    /// nobody fits.
    words: Option<Vec<String>>,
    /// With this role.
    pub role: Option<RoleName>,
    /// With this second factor.
    pub mfa: Option<Mfa>,
    /// With this status.
    pub status: Option<UserStatus>,
}

impl Sought {
    /// Whoever has all words of `text`; everybody for an empty one.
    pub fn text(text: &str) -> Self {
        Self { words: (!text.trim().is_empty()).then(|| words::sought(text)), ..Self::default() }
    }

    pub(super) fn fits(&self, one: &Listed) -> bool {
        self.role.is_none_or(|role| one.user.role == role)
            && self.status.is_none_or(|status| one.user.status == status)
            && self.mfa.is_none_or(|mfa| mfa.covers(one.mfa))
    }
}

/// Where a page begins: after somebody, in the order in which they joined or in that of the words that were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// After whoever joined then.
    Joined(Cursor),
    /// After a word of somebody.
    Word {
        /// Which of the words that were looked for leads.
        by: usize,
        /// The word that begins with it.
        word: String,
        /// Whose.
        user: Uuid,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined(cursor) => cursor.fmt(f),
            Self::Word { by, word, user } => write!(f, "w{by}.{}.{}", hex::encode(word), user.simple()),
        }
    }
}

impl FromStr for Place {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let Some(rest) = text.strip_prefix('w') else { return text.parse().map(Self::Joined) };
        let mut parts = rest.splitn(3, '.');
        let mut part = || parts.next().ok_or(BadId);
        let by = part()?.parse().map_err(|_| BadId)?;
        let word = hex::decode(part()?).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let word = word.filter(|word| !word.contains('\0')).ok_or(BadId)?;
        Ok(Self::Word { by, word, user: Uuid::try_parse(part()?).map_err(|_| BadId)? })
    }
}

/// One page of people.
#[derive(Debug, Clone)]
pub struct Found {
    /// At most fifty.
    pub items: Vec<Listed>,
    /// Where to look on; nothing once everybody was looked at.
    pub next: Option<Place>,
}

/// The people who fit, after `after`: with a text in the order of their words, otherwise in the order in which they joined.
///
/// # Errors
/// [`Error::NotFound`] for a place of another list than this one.
pub async fn seek(scope: &mut impl Scope, sought: &Sought, after: Option<Place>) -> Result<Found> {
    match (&sought.words, after) {
        (Some(words), None) if words.is_empty() => Ok(Found { items: Vec::new(), next: None }),
        (Some(words), None) => {
            let by = rarest(scope, words).await?;
            let word = words.get(by).ok_or(Error::NotFound)?.clone();
            // Nobody has this id, so that the word itself is among those after.
            named(scope, sought, words, by, (word, Uuid::nil())).await
        }
        (Some(words), Some(Place::Word { by, word, user })) => {
            named(scope, sought, words, by, (word, user)).await
        }
        (None, None) => {
            joined(scope, sought, Cursor { at: Timestamp::from_micros(0), id: Uuid::nil() }).await
        }
        (None, Some(Place::Joined(cursor))) => joined(scope, sought, cursor).await,
        (Some(_), Some(Place::Joined(_))) | (None, Some(Place::Word { .. })) => Err(Error::NotFound),
    }
}

/// The word that the fewest people have, as far as one page looks.
async fn rarest(scope: &mut impl Scope, words: &[String]) -> Result<usize> {
    let mut best = (i64::MAX, 0);
    // One word leads whether it is rare or not.
    for (place, word) in words.iter().enumerate().filter(|_| words.len() > 1) {
        let tenant = scope.tenant();
        let count: Option<(i64,)> = row!(
            scope,
            "SELECT count(*) FROM (SELECT 1 AS one FROM user_word WHERE tenant = $1 AND word >= $2 AND word < $3 LIMIT $4) AS few",
            tenant.uuid(),
            word.as_str(),
            words::end_of(word),
            LOOKED_AT
        )?;
        best = best.min((count.map_or(0, |(n,)| n), place));
    }
    Ok(best.1)
}

#[derive(FromRow)]
struct NamedRow {
    word: String,
    #[sqlx(flatten)]
    listed: ListedRow,
}

/// The people with a word that begins with the one of number `by`, and the other words.
async fn named(
    scope: &mut impl Scope,
    sought: &Sought,
    words: &[String],
    by: usize,
    mut after: (String, Uuid),
) -> Result<Found> {
    let lead = words.get(by).ok_or(Error::NotFound)?;
    if !after.0.starts_with(lead.as_str()) {
        return Err(Error::NotFound);
    }
    let (tenant, end) = (scope.tenant(), words::end_of(lead));
    let mut items = Vec::new();
    for _ in 0..LOOKED_AT / BATCH {
        // CROSS JOIN: SQLite then begins with the words, whatever it knows of the tables.
        let found: Vec<NamedRow> = rows!(
            scope,
            concat!(
                "SELECT w.word, ",
                columns!(),
                " FROM user_word w CROSS JOIN users u CROSS JOIN policy p WHERE u.tenant = w.tenant AND u.id = w.user_id AND p.tenant = w.tenant AND w.tenant = $1 AND (w.word, w.user_id) > ($2, $3) AND w.word < $4 ORDER BY w.word, w.user_id LIMIT $5"
            ),
            tenant.uuid(),
            after.0.as_str(),
            after.1,
            end.as_str(),
            BATCH
        )?;
        let last = found.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
        let mut left = found.into_iter();
        while let Some(NamedRow { word, listed }) = left.next() {
            let one = Listed::try_from(listed)?;
            after = (word, one.user.id.uuid());
            if sought.fits(&one) && has(&one, words, lead, &after.0) {
                items.push(one);
            }
            if full(&items) {
                let more = !last || left.len() > 0;
                let next = more.then_some(Place::Word { by, word: after.0, user: after.1 });
                return Ok(Found { items, next });
            }
        }
        if last {
            return Ok(Found { items, next: None });
        }
    }
    Ok(Found { items, next: Some(Place::Word { by, word: after.0, user: after.1 }) })
}

/// Whether somebody has all the words, and this is the first of theirs that begins with the leading one: they stand in the
/// list once.
fn has(one: &Listed, words: &[String], lead: &str, word: &str) -> bool {
    let own = words::of_person(&one.user.name, &one.user.email);
    own.iter().find(|own| own.starts_with(lead)).is_some_and(|first| first == word)
        && words.iter().all(|wanted| own.iter().any(|own| own.starts_with(wanted.as_str())))
}

/// Whether a page holds no more.
pub(super) fn full(items: &[Listed]) -> bool {
    items.len() >= usize::try_from(LIMIT).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_text() {
        let user = Uuid::from_u128(7);
        for place in [
            Place::Joined(Cursor { at: Timestamp::from_micros(5), id: user }),
            Place::Word { by: 1, word: "zoë@x".into(), user },
        ] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for text in
            ["", "w", "w0", "w0.zz.07", "w0.00.00000000000000000000000000000007", "wx.61.7", "1", "w0.61"]
        {
            assert_eq!(text.parse::<Place>(), Err(BadId), "{text}");
        }
    }
}
