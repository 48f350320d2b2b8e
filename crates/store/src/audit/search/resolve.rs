//! From what somebody wrote to what can be looked for: names become ids, days become instants, within the tenant alone.

use std::{collections::HashSet, net::IpAddr};

use bailiwick_domain::{
    ids::TenantId,
    product::{is_id, is_kind},
    search::{self, EntityValue, Moment, Pattern, Query, SOURCE, Source, Test},
    words,
    zone::Zone,
};
use bailiwick_proof::event::ACTOR;
use uuid::Uuid;

use super::{
    ANY_KIND, Clause, Sought,
    known::{known, occurring_actions},
    of_any_kind,
    terms::{Sort, Term},
};
use crate::{
    Keys, Result,
    audit::{
        about::{ABOUT_CAP, named},
        integrate::id_of,
    },
    tx::Scope,
    users,
};

/// Kinds of actors that are nobody by name.
const KINDS: [&str; 6] = ["system", "anonymous", "operator", "user", "api_key", "product"];
/// Kinds of things whose id is that of somebody or something with a name; no two of those have the same.
const NAMED: [&str; 9] =
    ["user", "password", "recovery_codes", "phone", "api_key", "invitation", "role", "team", "tenant"];

/// A clause that names what is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// Its place among the clauses.
    pub clause: usize,
    /// A sentence for people, which repeats nothing of what was typed.
    pub text: &'static str,
}

/// Understands `query` for whoever reads the clocks of `zone`; or says which clause means nothing.
pub async fn resolve(
    scope: &mut impl Scope,
    query: &Query,
    zone: &Zone,
) -> Result<Result<Sought, Unresolved>> {
    let now = scope.now();
    let mut sought = Sought { zone: zone.clone(), ..Sought::default() };
    for (place, one) in query.clauses.iter().enumerate() {
        let mut clause = Clause { not: one.not, ..Clause::default() };
        let understood = match &one.test {
            Test::Actor(values) => actors(scope, values, &mut clause).await?,
            Test::Entity(values) => entities(scope, values, &mut clause).await?,
            Test::Action(patterns) => {
                for pattern in patterns {
                    clause.terms.extend(actions(scope, pattern).await?);
                }
                Ok(())
            }
            Test::Outcome(values) => {
                clause.terms.extend(values.iter().map(|value| Term::outcome(value.name())));
                Ok(())
            }
            Test::Source(values) => {
                clause.terms.extend(values.iter().map(|value| match value {
                    Source::Tag(tag) => Term::source(*tag),
                    Source::Address(ip) => Term::source(source_tag(scope, *ip)),
                }));
                Ok(())
            }
            Test::Request(values) => {
                clause.terms.extend(values.iter().map(|id| Term::request(*id)));
                Ok(())
            }
            Test::Session(values) => {
                clause.terms.extend(values.iter().map(|id| Term::credential(*id)));
                Ok(())
            }
            Test::Text(values) => {
                let mut found: Vec<_> = values.iter().map(|value| words::of_text(value)).collect();
                match found.as_mut_slice() {
                    // Of several words every one has to occur.
                    [only] if !one.not => {
                        sought.clauses.extend(only.map(|word| Clause::of(vec![Term::word(&word)])))
                    }
                    several => {
                        clause.terms.extend(several.iter_mut().flatten().map(|word| Term::word(&word)))
                    }
                }
                if clause.terms.is_empty() {
                    sought.meant.clauses.push(one.clone());
                    continue;
                }
                Ok(())
            }
            Test::After(moment) => {
                let from = moment.start(zone, now);
                sought.from = Some(sought.from.map_or(from, |other| other.max(from)));
                sought.meant.clauses.push(search::Clause::is(Test::After(Moment::Instant(from))));
                continue;
            }
            Test::Before(moment) => {
                let to = moment.start(zone, now);
                sought.to = Some(sought.to.map_or(to, |other| other.min(to)));
                sought.meant.clauses.push(search::Clause::is(Test::Before(Moment::Instant(to))));
                continue;
            }
            Test::On(moment) => {
                let (from, to) = (moment.start(zone, now), moment.end(zone, now).unwrap_or(now));
                sought.from = Some(sought.from.map_or(from, |other| other.max(from)));
                sought.to = Some(sought.to.map_or(to, |other| other.min(to)));
                let bounds = [Test::After(Moment::Instant(from)), Test::Before(Moment::Instant(to))];
                sought.meant.clauses.extend(bounds.map(search::Clause::is));
                continue;
            }
        };
        if let Err(text) = understood {
            return Ok(Err(Unresolved { clause: place, text }));
        }
        sought.meant.clauses.push(search::Clause { not: one.not, test: meant(&one.test, &clause) });
        sought.clauses.push(clause);
    }
    Ok(Ok(sought))
}

/// What was written, with ids in the place of names. What names nothing that could be called otherwise tomorrow stays as it is.
fn meant(test: &Test, clause: &Clause) -> Test {
    match test {
        Test::Actor(_) => {
            let actor = |term: &Term| match term.sort() {
                Some(Sort::Actor) => term.id().map(|id| id.to_string()),
                _ => term.text().map(str::to_owned),
            };
            Test::Actor(clause.terms.iter().filter_map(actor).collect())
        }
        Test::Entity(_) => {
            let kinds = clause.terms.iter().filter(|term| term.sort() == Some(Sort::Kind));
            let kinds = kinds.filter_map(|term| Some(EntityValue::Kind(term.text()?.to_owned())));
            let of_any: HashSet<Uuid> =
                clause.things.iter().filter(|(kind, _)| kind == ANY_KIND).map(|(_, id)| *id).collect();
            // What is known by its id alone stands here once, and not as the thing of each kind that it may be.
            let things = clause.things.iter().filter(|(kind, id)| kind == ANY_KIND || !of_any.contains(id));
            let things = things.map(|(kind, id)| match kind.as_str() {
                ANY_KIND => EntityValue::Id(*id),
                kind => EntityValue::Thing(kind.to_owned(), *id),
            });
            Test::Entity(kinds.chain(things).collect())
        }
        other => other.clone(),
    }
}

/// The tag by which the log's index knows an address: the beginning of that of sign-in attempts. No two tenants have the same.
pub fn source_tag(scope: &impl Scope, ip: IpAddr) -> [u8; SOURCE] {
    tag_of(&scope.shared().keys, scope.tenant(), ip)
}

/// The same outside any transaction.
pub(crate) fn tag_of(keys: &Keys, tenant: TenantId, ip: IpAddr) -> [u8; SOURCE] {
    beginning(&keys.directory.ip_tag(&tenant.bytes(), ip))
}

/// The octets of a whole tag that the index keeps.
fn beginning(tag: &[u8; 32]) -> [u8; SOURCE] {
    let mut short = [0; SOURCE];
    short.iter_mut().zip(tag).for_each(|(to, from)| *to = *from);
    short
}

type Understood = Result<(), &'static str>;

async fn actors(scope: &mut impl Scope, values: &[String], clause: &mut Clause) -> Result<Understood> {
    for value in values {
        if KINDS.contains(&value.as_str()) {
            clause.terms.push(Term::actor_kind(value));
            continue;
        }
        match actor(scope, value).await? {
            Ok(id) => clause.terms.push(Term::actor(id)),
            Err(text) => return Ok(Err(text)),
        }
    }
    Ok(Ok(()))
}

/// The id of who was asked for, by itself or by their name or address, an API key's by its name or prefix; or why nobody is
/// meant.
async fn actor(scope: &mut impl Scope, text: &str) -> Result<Result<Uuid, &'static str>> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(Ok(id));
    }
    // Whom the product names stands behind the kind: `product:u-17`.
    if let Some((_, name)) = text.split_once(':').filter(|(kind, name)| *kind == ACTOR && is_id(name)) {
        return Ok(id_of(ACTOR, name).ok_or("This is no id of the product's."));
    }
    let people = users::matching(scope, text).await?;
    Ok(match people.as_slice() {
        [one] => Ok(one.id.uuid()),
        [_, _, ..] => Err("Several people fit. Use the address of one of them."),
        // Whatever else has a name: keys act as well, and of the rest there are no records.
        [] => match named(scope, unabridged(text)).await?.as_slice() {
            [] => Err("Nobody here has this name or address, and it is no id."),
            [one] => Ok(*one),
            _ => Err("Several keys fit. Use the prefix of one of them."),
        },
    })
}

async fn entities(scope: &mut impl Scope, values: &[EntityValue], clause: &mut Clause) -> Result<Understood> {
    for value in values {
        match value {
            EntityValue::Kind(kind) => clause.terms.push(Term::kind(kind)),
            EntityValue::Thing(kind, id) => clause.things.push((kind.clone(), *id)),
            EntityValue::Id(id) => by_id(scope, *id, clause).await?,
            EntityValue::Named(name) => {
                if let Err(text) = by_name(scope, name, clause).await? {
                    return Ok(Err(text));
                }
            }
        }
    }
    Ok(Ok(()))
}

/// A person stands for everything that is or was theirs, erased or not; anything else for itself, of whatever kind it is.
async fn by_id(scope: &mut impl Scope, id: Uuid, clause: &mut Clause) -> Result<()> {
    clause.things.extend(of_any_kind(scope, id).await?);
    clause.terms.push(Term::owner(id));
    Ok(())
}

/// A kind that occurs, or what is called so: a name that several share stands for all of them. What the product has is named by
/// its kind and the product's own id: `app.plan/PL-1`.
async fn by_name(scope: &mut impl Scope, name: &str, clause: &mut Clause) -> Result<Understood> {
    let of_product = name.split_once('/').filter(|(kind, id)| is_kind(kind) && is_id(id));
    if let Some((kind, id)) = of_product {
        clause.things.extend(id_of(kind, id).map(|id| (kind.to_owned(), id)));
        return Ok(Ok(()));
    }
    if known(scope).await?.kinds.iter().any(|kind| kind == name) {
        clause.terms.push(Term::kind(name));
        return Ok(Ok(()));
    }
    if name.eq_ignore_ascii_case("security policy") {
        clause.things.push(("policy".to_owned(), scope.tenant().uuid()));
        return Ok(Ok(()));
    }
    let found = named(scope, unabridged(name)).await?;
    Ok(match found.len() {
        0 => Err("Nothing here is of this kind or has this name or address, and it is no id."),
        1..=ABOUT_CAP => {
            found.into_iter().for_each(|id| theirs(id, clause));
            Ok(())
        }
        _ => Err("Too many things fit. Give more of the name or address, or an id."),
    })
}

/// The thing with this id, of whatever kind with a name it is, and what is theirs where it is a person: that is what their events
/// said when they were written, so what was taken away since is found like what is still there.
fn theirs(id: Uuid, clause: &mut Clause) {
    clause.things.extend(NAMED.map(|kind| (kind.to_owned(), id)));
    clause.terms.push(Term::owner(id));
}

async fn actions(scope: &mut impl Scope, pattern: &Pattern) -> Result<Vec<Term>> {
    Ok(match pattern {
        Pattern::Exactly(action) => vec![Term::action(action)],
        Pattern::Noun(noun) => vec![Term::noun(noun), Term::action(noun)],
        Pattern::Begins(beginning) => match beginning.strip_suffix('.') {
            Some(noun) if !noun.contains('.') => vec![Term::noun(noun)],
            _ => {
                occurring_actions(scope, beginning).await?.iter().map(|action| Term::action(action)).collect()
            }
        },
    })
}

/// A prefix without the mark that the lists put behind it.
fn unabridged(text: &str) -> &str {
    text.trim_end_matches('…')
}
