//! Searches of the audit log that people keep, for themselves or for all in the tenant who may read it.

mod change;
mod keep;
mod remove;

use bailiwick_domain::{
    entity::SavedSearch,
    ids::{SavedSearchId, UserId},
    rule::{KeepSearches, Rule},
    search,
};
use bailiwick_store::{Permit, Scope, Tx, saved_searches, users};

pub use change::change;
pub use keep::keep;
pub use remove::remove;

use crate::{
    Error, Result,
    valid::{self, Fields},
};

/// Searches at most that one person keeps.
pub const MOST: i64 = 50;

/// A search to be kept, or what one is to become.
#[derive(Clone, Debug, Default)]
pub struct NewSearch {
    /// 1 to 100 characters, unique among the person's own.
    pub name: String,
    /// A query; see [`search`].
    pub query: String,
    /// Whether everybody who may read the log sees it.
    pub shared: bool,
}

impl NewSearch {
    fn parse(&self) -> Result<Self> {
        let mut fields = Fields::default();
        let name = fields.take("name", valid::name(&self.name));
        let query = match search::parse(&self.query) {
            Ok(parsed) => Some(parsed.query.to_string()),
            Err(wrong) => {
                fields.refuse("query", format!("Column {}: {}", wrong.column, wrong.text));
                None
            }
        };
        // Quotes can make the canonical text longer than what was typed.
        if query.as_ref().is_some_and(|query| query.chars().count() > search::MOST_CHARACTERS) {
            fields.refuse("query", "This query is too long to be kept.");
        }
        fields.done()?;
        let (Some(name), Some(query)) = (name, query) else { return Err(Error::NotFound) };
        Ok(Self { name, query, shared: self.shared })
    }
}

/// The searches that the caller sees: their own, and those that others share; of a key, the shared ones.
pub async fn visible<R: Rule>(scope: &mut impl Scope, permit: &Permit<R>) -> Result<Vec<SavedSearch>> {
    let me = permit.caller().map(|caller| caller.user.id);
    let mut found = match me {
        Some(me) => saved_searches::of_user(scope, me).await?,
        None => Vec::new(),
    };
    let shared = saved_searches::shared(scope).await?;
    found.extend(shared.into_iter().filter(|search| Some(search.user) != me));
    Ok(found)
}

/// One search that the caller sees.
///
/// # Errors
/// `NotFound` for one that somebody else keeps to themselves.
pub async fn find<R: Rule>(
    scope: &mut impl Scope,
    permit: &Permit<R>,
    id: SavedSearchId,
) -> Result<SavedSearch> {
    let found = saved_searches::find(scope, id).await?;
    let mine = permit.caller().is_some_and(|caller| caller.user.id == found.user);
    if mine || found.shared { Ok(found) } else { Err(Error::NotFound) }
}

/// Reads one of the caller's own searches for changing it. Whoever keeps two at once meets at their own row; a key has none.
async fn own(tx: &mut Tx, permit: &Permit<KeepSearches>, id: SavedSearchId) -> Result<SavedSearch> {
    let me = permit.caller().map(|caller| caller.user.id).ok_or(Error::NotFound)?;
    users::lock(tx, me).await?;
    let found = saved_searches::lock(tx, id).await?;
    if found.user == me { Ok(found) } else { Err(Error::NotFound) }
}

async fn unused_name(tx: &mut Tx, me: UserId, name: &str) -> Result<()> {
    match saved_searches::named(tx, me, name).await? {
        Some(_) => Err(Error::field("name", "You keep a search with this name already.")),
        None => Ok(()),
    }
}
