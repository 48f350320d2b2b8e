//! What can stand at a place of a query: keys, and values that occur.

use axum::extract::State;
use bailiwick_domain::{
    permission::Permission,
    rule::ReadAudit,
    search::{Completing, Expected, Key, MOST_CHARACTERS, Outcome, completing, quoted},
};
use bailiwick_store::{Permit, Store, View, audit, users};
use serde::{Deserialize, Serialize};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Json, Query},
};

/// Completions at most.
const MOST: usize = 12;
/// Moments that are offered; the first ones have a length, and [`SPANS`] says how many.
const MOMENTS: [(&str, &str); 6] = [
    ("today", "since midnight"),
    ("yesterday", "the day before"),
    ("last-month", "the month before this one"),
    ("24h", "24 hours ago"),
    ("7d", "7 days ago"),
    ("30d", "30 days ago"),
];
/// So many of [`MOMENTS`] can stand behind `on:`.
const SPANS: usize = 3;
/// Actors that are nobody by name.
const NOBODY: [(&str, &str); 3] =
    [("system", "the server itself"), ("anonymous", "nobody known"), ("operator", "people of the platform")];

/// The query as far as it is typed, and the character at which the caret stands, counted from 0; the end for none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    q: Option<String>,
    at: Option<usize>,
}

/// What can stand there.
#[derive(Serialize)]
pub(in crate::api) struct Body {
    /// The characters that a completion replaces: the first, and the one behind the last.
    start: usize,
    end: usize,
    items: Vec<Item>,
}

/// One completion.
#[derive(Serialize)]
struct Item {
    /// What is put in place, quoted where it has to be.
    text: String,
    label: String,
    hint: String,
}

impl Item {
    fn new(text: impl Into<String>, hint: impl Into<String>) -> Self {
        let text = text.into();
        Self { label: text.clone(), text, hint: hint.into() }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Body>> {
    let text = parameters.q.unwrap_or_default();
    if text.chars().count() > MOST_CHARACTERS {
        return Err(Error::BadRequest("`q` is longer than a query can be."));
    }
    let at = parameters.at.unwrap_or(usize::MAX);
    let Some(Completing { start, end, expected }) = completing(&text, at) else {
        let end = at.min(text.chars().count());
        return Ok(Json(Body { start: end, end, items: Vec::new() }));
    };
    let mut items = match expected {
        Expected::Key(typed) => keys(&typed),
        Expected::Value(key, typed) => {
            let mut view = store.read(&permit).await?;
            values(&mut view, &permit, key, &typed).await?
        }
    };
    items.truncate(MOST);
    Ok(Json(Body { start, end, items }))
}

fn begins(value: &str, typed: &str) -> bool {
    value.to_lowercase().starts_with(&typed.to_lowercase())
}

fn keys(typed: &str) -> Vec<Item> {
    let fitting = Key::ALL.into_iter().filter(|key| begins(key.name(), typed));
    fitting.map(|key| Item::new(format!("{}:", key.name()), key.sense())).collect()
}

fn fixed(pairs: &[(&str, &str)], typed: &str) -> Vec<Item> {
    let fitting = pairs.iter().filter(|(value, _)| begins(value, typed));
    fitting.map(|(value, sense)| Item::new(*value, *sense)).collect()
}

async fn values(view: &mut View, permit: &Permit<ReadAudit>, key: Key, typed: &str) -> Result<Vec<Item>> {
    Ok(match key {
        Key::Outcome => {
            let fitting = Outcome::ALL.into_iter().map(Outcome::name).filter(|name| begins(name, typed));
            fitting.map(|name| Item::new(name, "")).collect()
        }
        Key::After | Key::Before => fixed(&MOMENTS, typed),
        Key::On => fixed(MOMENTS.get(..SPANS).unwrap_or_default(), typed),
        Key::Action => {
            let actions = audit::known(view).await?.actions;
            let mut nouns: Vec<_> =
                actions.iter().filter_map(|action| action.split_once('.')).map(|(noun, _)| noun).collect();
            nouns.dedup();
            let nouns = nouns.into_iter().filter(|noun| begins(noun, typed));
            let all = nouns.map(|noun| Item::new(format!("{noun}.*"), "all of them"));
            let single = actions
                .iter()
                .filter(|action| begins(action, typed))
                .map(|action| Item::new(action.as_str(), ""));
            all.chain(single).collect()
        }
        Key::Entity => {
            let kinds = audit::known(view).await?.kinds;
            let mut items: Vec<_> = kinds
                .iter()
                .filter(|kind| begins(kind, typed))
                .map(|kind| Item::new(kind.as_str(), "type"))
                .collect();
            items.extend(people(view, permit, typed).await?);
            items
        }
        Key::Actor => {
            let mut items = fixed(&NOBODY, typed);
            items.extend(people(view, permit, typed).await?);
            items
        }
        Key::Source | Key::Request | Key::Session | Key::Text => Vec::new(),
    })
}

/// People whose name or address begins so, for those who may see who there is.
async fn people(view: &mut View, permit: &Permit<ReadAudit>, typed: &str) -> Result<Vec<Item>> {
    if typed.trim().is_empty() || !permit.may(Permission::USER_READ) {
        return Ok(Vec::new());
    }
    let found = users::matching(view, typed).await?;
    // Two people can have one name, and never one address.
    let item = |user: bailiwick_domain::entity::User| Item {
        text: quoted(&user.email),
        label: user.name,
        hint: user.email,
    };
    Ok(found.into_iter().map(item).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_moments_are_offered_by_their_beginning() {
        let texts = |items: Vec<Item>| items.into_iter().map(|item| item.text).collect::<Vec<_>>();
        assert_eq!(texts(keys("A")), ["actor:", "action:", "after:"]);
        assert_eq!(texts(keys("")).len(), Key::ALL.len());
        assert_eq!(texts(fixed(&MOMENTS, "y")), ["yesterday"]);
        assert_eq!(texts(fixed(&MOMENTS[..SPANS], "")), ["today", "yesterday", "last-month"]);
        assert!(keys("zzz").is_empty());
    }
}
