//! Personal data of an event: commitments in the hashed bytes, values and salts sealed under their subject's key beside them.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use bailiwick_domain::{
    change::Change,
    clock::Entropy,
    ids::{EventId, TenantId},
};
use bailiwick_proof::{canonical, event::Opening};
use bailiwick_vault::{
    commit::{Commitment, Salt},
    envelope::Context,
    subject::{SubjectKey, SubjectSealed},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Error, Result,
    lock::{execute, rows},
    sealed::{self, Cell},
    tenant_keys::{self, Subject},
    tx::{Scope, Tx},
};

/// Salts and values in canonical form, keyed by the commitment that they give. It follows from the two, so it is not sealed with them.
type Opened = BTreeMap<String, ([u8; 16], Vec<u8>)>;

/// What is sealed begins with this: for each value its salt, its length (32 bits, big-endian, of which leading octets that are zero are
/// left out behind their number), and the value.
const SEALED: u8 = 1;

/// Collects an event's personal values.
pub(crate) struct Personal {
    tenant: TenantId,
    event: EventId,
    values: BTreeMap<Uuid, Opened>,
}

/// The personal values of one subject in one event, sealed.
pub(crate) struct Sealed {
    pub(crate) subject: Uuid,
    pub(crate) bytes: Vec<u8>,
    key: Arc<SubjectKey>,
    /// The subject's key is not remembered yet, and may be only once this transaction is committed: whoever wrote it may
    /// be a change of the same batch.
    new: bool,
}

/// A subject key that exists from now on.
pub(crate) type Learned = ((TenantId, Uuid), Arc<SubjectKey>);

impl Sealed {
    pub(crate) fn learned(&self, tenant: TenantId) -> Option<Learned> {
        self.new.then(|| ((tenant, self.subject), Arc::clone(&self.key)))
    }
}

impl Personal {
    pub(crate) const fn new(tenant: TenantId, event: EventId) -> Self {
        Self { tenant, event, values: BTreeMap::new() }
    }

    /// Replaces both values of a change by commitments.
    pub(crate) fn commit_change(
        &mut self,
        entropy: &dyn Entropy,
        subject: Uuid,
        change: Change,
    ) -> Result<Change> {
        let before = self.commit(entropy, subject, &change.before)?;
        let after = self.commit(entropy, subject, &change.after)?;
        Ok(Change { before, after, ..change })
    }

    /// A commitment to `value`; `null` stays `null`, it is nobody's.
    pub(crate) fn commit(&mut self, entropy: &dyn Entropy, subject: Uuid, value: &Value) -> Result<Value> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        let salt = Salt::random(entropy);
        let bytes = canonical::to_bytes(value).map_err(|e| Error::Proof(e.to_string()))?;
        let commitment = Commitment::new(&salt, &bytes).to_hex();
        self.values.entry(subject).or_default().insert(commitment.clone(), (*salt.as_bytes(), bytes));
        Ok(json!({"commit": commitment}))
    }

    /// Seals what was collected, one piece per subject; of those who were erased, nothing.
    pub(crate) async fn seal(&self, tx: &mut Tx) -> Result<Vec<Sealed>> {
        let mut sealed = Vec::with_capacity(self.values.len());
        for (&subject, values) in &self.values {
            // Nobody shall be able to open it: neither value nor salt is kept.
            if tx.erased.contains(&subject) {
                continue;
            }
            let known = tx.shared.subjects.find(self.tenant, subject);
            let (key, new) = match known {
                Some(key) => (key, false),
                None => match tenant_keys::subject_or_new(tx, subject).await? {
                    Some(key) => (Arc::new(key), true),
                    None => continue,
                },
            };
            let bytes = key
                .seal(&context(self.tenant, &self.event.bytes()), &written(values)?, &*tx.shared.entropy)
                .map_err(Error::vault)?;
            sealed.push(Sealed { subject, bytes: bytes.into_bytes(), key, new });
        }
        Ok(sealed)
    }
}

/// The values behind an event's commitments, for whoever may see them; those of erased subjects are missing.
///
/// What was not recorded gives a commitment that stands in no event, and so is the value of none.
pub(crate) async fn reveal(
    scope: &mut impl Scope,
    event: EventId,
    rows: Vec<(Uuid, Vec<u8>)>,
) -> Result<HashMap<String, Value>> {
    let mut revealed = HashMap::new();
    for (subject, bytes) in rows {
        let Subject::Key(key) = tenant_keys::subject(scope, subject).await? else { continue };
        let openings = openings(scope, event, &key, bytes)?;
        revealed.extend(openings.into_iter().map(|opening| (opening.commit, opening.value)));
    }
    Ok(revealed)
}

/// The sealed values of one subject in one event, with their salts and the commitments that they give.
pub(super) fn openings(
    scope: &impl Scope,
    event: EventId,
    key: &SubjectKey,
    sealed: Vec<u8>,
) -> Result<Vec<Opening>> {
    let mut openings = Vec::new();
    for (commit, (salt, bytes)) in opened(scope, event, key, sealed)? {
        let value = serde_json::from_slice(&bytes).map_err(|_| corrupt())?;
        openings.push(Opening { commit, salt: hex::encode(salt), value });
    }
    Ok(openings)
}

/// What is sealed of one subject in one event. A value that somebody tampered with is named and noted.
fn opened(scope: &impl Scope, event: EventId, key: &SubjectKey, sealed: Vec<u8>) -> Result<Opened> {
    let row = event.bytes();
    let plain =
        SubjectSealed::parse(sealed).and_then(|sealed| key.open(&context(scope.tenant(), &row), &sealed));
    let cell = Cell { table: "audit_personal", row: &row, column: "sealed" };
    let plain = plain.map_err(|wrong| sealed::refused(scope, &cell, wrong))?;
    read(plain.as_bytes()).ok_or_else(corrupt)
}

fn corrupt() -> Error {
    Error::Corrupt("audit_personal.sealed".into())
}

/// Values and salts as they are sealed.
fn written(values: &Opened) -> Result<Vec<u8>> {
    let mut plain = vec![SEALED];
    for (salt, bytes) in values.values() {
        let length =
            u32::try_from(bytes.len()).map_err(|_| Error::Proof("a value is too long".into()))?.to_be_bytes();
        let length: Vec<u8> = length.into_iter().skip_while(|octet| *octet == 0).collect();
        plain.extend_from_slice(salt);
        plain.push(u8::try_from(length.len()).unwrap_or_default());
        plain.extend(length);
        plain.extend_from_slice(bytes);
    }
    Ok(plain)
}

/// What was written so.
fn read(plain: &[u8]) -> Option<Opened> {
    let mut rest = plain.strip_prefix(&[SEALED])?;
    let mut values = Opened::new();
    while !rest.is_empty() {
        let (salt, behind) = rest.split_first_chunk::<16>()?;
        let (digits, behind) = behind.split_first()?;
        let (length, behind) = behind.split_at_checked(usize::from(*digits)).filter(|_| *digits <= 4)?;
        let length = length.iter().fold(0, |length, octet| (length << 8) | usize::from(*octet));
        let (bytes, behind) = behind.split_at_checked(length)?;
        values.insert(Commitment::new(&Salt::from_slice(salt)?, bytes).to_hex(), (*salt, bytes.to_vec()));
        rest = behind;
    }
    Some(values)
}

/// Takes the values behind these commitments, with their salts, from what is sealed beside an event. What else is sealed there stays.
pub(super) async fn forget(tx: &mut Tx, event: EventId, commits: &HashSet<String>) -> Result<()> {
    let tenant = tx.tenant();
    let stored: Vec<(Uuid, Vec<u8>)> = rows!(
        tx,
        "SELECT subject, sealed FROM audit_personal WHERE tenant = $1 AND event = $2",
        tenant.uuid(),
        event.uuid()
    )?;
    for (subject, sealed) in stored {
        let Subject::Key(key) = tenant_keys::subject(tx, subject).await? else { continue };
        let mut left = opened(tx, event, &key, sealed)?;
        let before = left.len();
        left.retain(|commit, _| !commits.contains(commit));
        if left.len() == before {
            continue;
        }
        execute!(
            tx,
            "DELETE FROM audit_personal WHERE tenant = $1 AND event = $2 AND subject = $3",
            tenant.uuid(),
            event.uuid(),
            subject
        )?;
        if left.is_empty() {
            continue;
        }
        let bytes = key
            .seal(&context(tenant, &event.bytes()), &written(&left)?, &*tx.shared.entropy)
            .map_err(Error::vault)?;
        execute!(
            tx,
            "INSERT INTO audit_personal (tenant, event, subject, sealed) VALUES ($1, $2, $3, $4)",
            tenant.uuid(),
            event.uuid(),
            subject,
            bytes.into_bytes()
        )?;
    }
    Ok(())
}

fn context(tenant: TenantId, event: &[u8; 16]) -> Context<'_> {
    Context { tenant: tenant.bytes(), table: "audit_personal", row: event, column: "sealed", version: 1 }
}

/// Subject keys kept unwrapped at most.
const LIMIT: usize = 4096;

/// A data subject of a tenant.
type Named = (TenantId, Uuid);

/// Recently used subject keys; the oldest leave first.
#[derive(Default)]
pub(crate) struct SubjectCache(Mutex<Known>);

#[derive(Default)]
struct Known {
    keys: HashMap<Named, Arc<SubjectKey>>,
    /// In the order in which they were learnt.
    order: VecDeque<Named>,
}

impl SubjectCache {
    fn find(&self, tenant: TenantId, subject: Uuid) -> Option<Arc<SubjectKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys.get(&(tenant, subject)).cloned()
    }

    /// Lets go of keys that were destroyed. What another process still holds seals values that nobody can open.
    pub(crate) fn forget(&self, tenant: TenantId, subjects: &[Uuid]) {
        if subjects.is_empty() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects {
            known.keys.remove(&(tenant, *subject));
        }
        known.order.retain(|(of, subject)| *of != tenant || !subjects.contains(subject));
    }

    pub(crate) fn learn(&self, learned: Vec<Learned>) {
        if learned.is_empty() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, key) in learned {
            if known.keys.insert(name, key).is_none() {
                known.order.push_back(name);
            }
            while known.order.len() > LIMIT {
                if let Some(oldest) = known.order.pop_front() {
                    known.keys.remove(&oldest);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn of(values: &[Vec<u8>]) -> Opened {
        let one = |(place, bytes): (usize, &Vec<u8>)| {
            let salt = Salt::from_slice(&[u8::try_from(place).unwrap(); 16]).unwrap();
            (Commitment::new(&salt, bytes).to_hex(), (*salt.as_bytes(), bytes.clone()))
        };
        values.iter().enumerate().map(one).collect()
    }

    proptest! {
        #[test]
        fn values_come_back_under_their_commitments(values in vec(vec(any::<u8>(), 0..600), 0..5)) {
            let values = of(&values);
            let plain = written(&values).unwrap();
            let whole = read(&plain);
            prop_assert_eq!(whole.as_ref(), Some(&values));
            for end in 1..plain.len() {
                let cut = read(&plain[..end]);
                prop_assert_ne!(cut.as_ref(), Some(&values));
            }
        }
    }

    #[test]
    fn one_value_takes_nineteen_octets_more_than_itself() {
        assert_eq!(written(&of(&[b"\"203.0.113.7\"".to_vec()])).unwrap().len(), 1 + 16 + 2 + 13);
        assert!(read(b"").is_none() && read(&[2]).is_none() && read(&[SEALED]).unwrap().is_empty());
    }
}
