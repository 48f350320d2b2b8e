//! Opening the personal values that are to be shown, with the salts that show them to be the recorded ones.

use std::collections::{HashMap, HashSet};

use bailiwick_domain::{disclosure::Disclosure, ids::EventId};
use bailiwick_proof::event::{Opening, commitments};
use uuid::Uuid;

use crate::{
    Result,
    audit::personal,
    conn::by_ids,
    tenant_keys::{self, Subject},
    tx::Scope,
};

/// Subject keys that are held at once.
const KEYS: usize = 1024;

/// Opens values of many records, remembering the keys of whom they are about.
#[derive(Default)]
pub(in crate::audit) struct Opener {
    keys: HashMap<Uuid, Subject>,
}

impl Opener {
    /// For each of the events, the values of it that are to be shown and can still be opened.
    ///
    /// # Errors
    /// Those of the database, and sealed values that cannot be read.
    pub(in crate::audit) async fn open(
        &mut self,
        scope: &mut impl Scope,
        events: &[(EventId, &[u8])],
        disclosure: &Disclosure,
    ) -> Result<Vec<Vec<Opening>>> {
        let mut opened = vec![Vec::new(); events.len()];
        if *disclosure == Disclosure::Nothing {
            return Ok(opened);
        }
        let mut wanted: HashMap<EventId, (usize, HashSet<String>)> = HashMap::new();
        for (place, (event, octets)) in events.iter().enumerate() {
            let shown = commitments(octets).into_iter().filter(|one| disclosure.shows(&one.path));
            let shown: HashSet<String> = shown.map(|one| one.commit).collect();
            if !shown.is_empty() {
                wanted.insert(*event, (place, shown));
            }
        }
        let asked: Vec<Uuid> = wanted.keys().map(|event| event.uuid()).collect();
        for (event, subject, bytes) in sealed(scope, &asked).await? {
            let event = EventId::from(event);
            let Some((place, shown)) = wanted.get(&event) else { continue };
            let Subject::Key(key) = self.key(scope, subject).await? else { continue };
            let openings = personal::openings(scope, event, key, bytes)?;
            if let Some(slot) = opened.get_mut(*place) {
                slot.extend(openings.into_iter().filter(|opening| shown.contains(&opening.commit)));
            }
        }
        Ok(opened)
    }

    async fn key(&mut self, scope: &mut impl Scope, subject: Uuid) -> Result<&Subject> {
        if !self.keys.contains_key(&subject) {
            if self.keys.len() >= KEYS {
                self.keys.clear();
            }
            let found = tenant_keys::subject(scope, subject).await?;
            self.keys.insert(subject, found);
        }
        Ok(self.keys.get(&subject).unwrap_or(&Subject::None))
    }
}

async fn sealed(scope: &mut impl Scope, events: &[Uuid]) -> Result<Vec<(Uuid, Uuid, Vec<u8>)>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    Ok(by_ids!(
        scope,
        events.iter().copied(),
        sqlite: "SELECT p.event, p.subject, p.sealed FROM json_each($2) AS n CROSS JOIN audit_personal p
                 WHERE p.tenant = $1 AND p.event = unhex(n.value)",
        postgres: "SELECT p.event, p.subject, p.sealed FROM unnest($2::uuid[]) AS n (event)
                 JOIN audit_personal p ON p.tenant = $1 AND p.event = n.event",
    )?)
}
