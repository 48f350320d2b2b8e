//! Noting what is unusual about new records, and raising a security event for each.

use std::{collections::HashMap, sync::Arc};

use bailiwick_domain::{
    entity::{Anomaly, AnomalyKind, Severity},
    habit::{Countries, Habit, Seen, Thresholds, Unusual},
    ids::TenantId,
    rule::ByJob,
    zone::Zone,
};
use bailiwick_store::{
    Event, Job, Jobs, Permit, Store,
    audit::{self, Batch, Record, Watched},
};

use crate::{Error, Result};

/// Batches of one log in one round at most.
const BATCHES: usize = 16;

/// Looks at new records, each once.
#[derive(Clone)]
pub struct Watch {
    store: Store,
    jobs: Arc<Jobs>,
    thresholds: Thresholds,
    countries: Option<Arc<Countries>>,
}

/// What a batch taught, and what is to be noted of it.
struct Judged {
    learnt: Vec<Watched>,
    notes: Vec<Anomaly>,
}

impl Watch {
    /// Over `store`. Without `countries` a place is a kind of network.
    pub const fn new(
        store: Store,
        jobs: Arc<Jobs>,
        thresholds: Thresholds,
        countries: Option<Arc<Countries>>,
    ) -> Self {
        Self { store, jobs, thresholds, countries }
    }

    /// Looks at what is new, up to a bound, and returns how many notes were made.
    ///
    /// # Errors
    /// The first failure; the other logs were looked at all the same.
    pub async fn round(&self) -> Result<usize> {
        let (mut noted, mut failed) = (0, None);
        for tenant in audit::unwatched(&self.store).await? {
            match self.log(tenant).await {
                Ok(notes) => noted += notes,
                // Another server was quicker.
                Err(Error::Conflict(_)) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(noted), Err)
    }

    async fn log(&self, tenant: TenantId) -> Result<usize> {
        let permit = self.jobs.permit(Job::Anomalies, tenant);
        let mut noted = 0;
        for _ in 0..BATCHES {
            let mut view = self.store.read(&permit).await?;
            let batch = audit::watched(&mut view, self.countries.is_some()).await?;
            drop(view);
            if batch.from == Some(batch.next) {
                break;
            }
            let Judged { learnt, notes } = self.judge(&batch);
            if notes.is_empty() {
                audit::pass(&self.store, &permit, &batch, &learnt).await?;
            } else {
                noted += notes.len();
                self.note(&permit, &batch, &learnt, &notes).await?;
            }
        }
        Ok(noted)
    }

    fn judge(&self, batch: &Batch) -> Judged {
        let utc = Zone::UTC;
        let mut habits: HashMap<_, Watched> = HashMap::new();
        let mut notes = Vec::new();
        for record in &batch.records {
            let known = batch.habits.get(&record.actor);
            let watched = habits.entry(record.actor).or_insert_with(|| Watched {
                actor: record.actor,
                user: record.user,
                habit: known.cloned().unwrap_or_else(|| Habit::new(record.at)),
            });
            let zone = batch.zones.get(&record.user).unwrap_or(&utc);
            let seen = Seen {
                at: record.at,
                action: &record.action,
                place: self.place(record),
                device: record.device.as_deref(),
                zone,
            };
            let unusual = watched.habit.observe(&seen, &self.thresholds);
            notes.extend(unusual.into_iter().map(|unusual| self.anomaly(record, unusual)));
        }
        Judged { learnt: habits.into_values().collect(), notes }
    }

    /// The country, where the list knows it; else the kind of network, where there is no list.
    fn place<'a>(&'a self, record: &'a Record) -> Option<&'a str> {
        match &self.countries {
            Some(countries) => record.ip.and_then(|ip| countries.of(ip)),
            None => record.network.as_deref(),
        }
    }

    fn anomaly(&self, record: &Record, unusual: Unusual) -> Anomaly {
        let action = (unusual.kind == AnomalyKind::Action).then_some(record.action.as_str());
        let query = match action {
            Some(action) => {
                format!(
                    "/audit?actor={}&action={action}&from={}&to={}",
                    record.actor, unusual.from, record.at
                )
            }
            None => format!("/audit?actor={}&from={}&to={}", record.actor, unusual.from, record.at),
        };
        Anomaly {
            id: self.store.new_id(),
            kind: unusual.kind,
            actor: record.actor,
            user: record.user,
            what: unusual.what,
            leaf: record.leaf,
            query,
            at: record.at,
        }
    }

    async fn note(
        &self,
        permit: &Permit<ByJob>,
        batch: &Batch,
        learnt: &[Watched],
        notes: &[Anomaly],
    ) -> Result<()> {
        self.store
            .change(permit, async |tx| {
                if !audit::advance(tx, batch).await? {
                    return Err(Error::Conflict("Another server has looked at these records."));
                }
                audit::keep(tx, learnt).await?;
                let mut last = None;
                for note in notes {
                    let written = audit::insert_anomaly(tx, note.clone()).await?;
                    let event = Event::new("audit_anomaly.noted", &written)?
                        .raising(severity(note.kind), note.kind.sentence());
                    if let Some(before) = last.replace(event) {
                        tx.also(before);
                    }
                }
                let event = last.ok_or(Error::NotFound)?;
                Ok(tx.record(event, ()))
            })
            .await
    }
}

const fn severity(kind: AnomalyKind) -> Severity {
    match kind {
        AnomalyKind::Place | AnomalyKind::Burst => Severity::Warning,
        AnomalyKind::Device | AnomalyKind::Action | AnomalyKind::Hour => Severity::Info,
    }
}
