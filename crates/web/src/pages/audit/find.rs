//! Records, and what they are about, by the ids and hashes that people copy out of pages and reports.

use bailiwick_domain::{permission::Permission, rule::Rule};
use bailiwick_store::{
    Permit, Scope,
    audit::{self, Place, Sought},
};
use uuid::Uuid;

use super::{actors::Names, history, words};
use crate::{
    error::Result,
    when::{When, zone_of},
};

/// Something found.
pub(crate) struct Hit {
    pub(crate) icon: &'static str,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) href: String,
}

/// The records whose id or hash begins with `text`, and the thing whose id it is; nothing for whoever may not read the log.
pub(crate) async fn find<R: Rule>(
    scope: &mut impl Scope,
    permit: &Permit<R>,
    text: &str,
) -> Result<Vec<Hit>> {
    if !permit.may(Permission::AUDIT_READ) {
        return Ok(Vec::new());
    }
    let digits: String = text.trim().chars().filter(|c| *c != '-').flat_map(char::to_lowercase).collect();
    let (mut hits, zone) = (Vec::new(), zone_of(permit));
    for record in audit::by_prefix(scope, &digits).await? {
        hits.push(Hit {
            icon: words::icon(&record.entity_type),
            label: words::of_action(&record.action),
            hint: format!("Record, {}", When::moment(record.recorded_at).text(&zone)),
            href: format!("/audit/events/{}", record.event),
        });
    }
    let Ok(id) = Uuid::try_parse(&digits) else { return Ok(hits) };
    // The index of things is led by their kind; there are few of those.
    for kind in audit::known(scope).await?.kinds {
        let sought = Sought::default().about(vec![(kind.clone(), id)]);
        let found = audit::search(scope, &sought, Place::Newest).await?.items;
        if !found.is_empty() {
            let names = Names::of(scope, permit, &[(kind.as_str(), id)]).await?;
            let names = names.called_by_product(scope, &found).await?;
            hits.push(Hit {
                icon: words::icon(&kind),
                label: names.title(&kind, id),
                hint: format!("History of the {}", lower(&words::of_kind(&kind))),
                href: history(&kind, id),
            });
        }
    }
    Ok(hits)
}

/// A kind of thing within a sentence; abbreviations stay as they are.
fn lower(kind: &str) -> String {
    let mut letters = kind.chars();
    let first = letters.next();
    match letters.clone().next() {
        Some(second) if second.is_uppercase() => kind.to_owned(),
        _ => first.into_iter().flat_map(char::to_lowercase).chain(letters).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::lower;

    #[test]
    fn kinds_stand_within_a_sentence() {
        assert_eq!(
            (lower("Second factor").as_str(), lower("API key").as_str()),
            ("second factor", "API key")
        );
    }
}
