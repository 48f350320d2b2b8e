//! Alarms about the keeping of the logs: each is raised once, in the log of the platform, and ends when its cause is gone.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{AlarmKind, AuditAlarm, Severity},
    ids::TenantId,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Error as StoreError, Event, Job, Jobs, Scope, Store,
    audit::{self, alarms, archive},
    tenants,
};

use crate::{Error, Result, sign_in::attempts::Stop};

/// How long a record may wait for its place in the tree.
pub const UNSEQUENCED: Span = Span::seconds(60);
/// How old the oldest record may be that is not in the archive: an hour until its segment is due, and another one for whatever went wrong.
/// So long a server may also be at it before it says so: an archive that was just set up, or whose server was down, is behind and not late.
pub const ARCHIVE_LATE: Span = Span::hours(2);

/// Logs that are looked at in one round; the next round goes on behind them.
const LOGS: usize = 256;

/// Looks after the keeping of the logs.
#[derive(Clone)]
pub struct Watch {
    store: Store,
    jobs: Arc<Jobs>,
    /// Whether there is an archive that could be behind.
    archived: bool,
    /// When it first looked.
    since: Option<Timestamp>,
    sweep: Sweep,
}

/// What was found so far since the first log.
#[derive(Clone, Copy, Default)]
struct Sweep {
    after: Option<TenantId>,
    /// When the oldest record was recorded that is not archived.
    oldest: Option<Timestamp>,
    /// Logs in which something is missing, and the first of them.
    gaps: i64,
    first: Option<TenantId>,
}

impl Watch {
    /// Over `store`; `archived` says whether this server has an archive.
    pub const fn new(store: Store, jobs: Arc<Jobs>, archived: bool) -> Self {
        let sweep = Sweep { after: None, oldest: None, gaps: 0, first: None };
        Self { store, jobs, archived, since: None, sweep }
    }

    /// Looks at what waits, and at some of the logs; raises and ends alarms. Returns how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn round(&mut self) -> Result<usize> {
        let Some(platform) = tenants::platform(&self.store).await? else { return Ok(0) };
        let now = self.store.now();
        let since = *self.since.get_or_insert(now);
        let waits = audit::lag(&self.store).await?.oldest_waiting.filter(|at| *at + UNSEQUENCED < now);
        let waits = waits.map(|at| {
            format!(
                "The oldest record without a place in its log has waited for {} seconds.",
                now.since(at).as_seconds()
            )
        });
        let mut said = self.say(platform, AlarmKind::Unsequenced, waits).await?;
        let logs = alarms::tenants_after(&self.store, self.sweep.after, LOGS).await?;
        for tenant in &logs {
            self.look_at(*tenant).await?;
        }
        if logs.len() == LOGS {
            self.sweep.after = logs.last().copied();
            return Ok(said);
        }
        let found = std::mem::take(&mut self.sweep);
        let gap = found.first.map(|tenant| {
            format!(
                "In {} a record or an archived segment is missing, first in that of {tenant}: verify it.",
                logs_of(found.gaps)
            )
        });
        said += self.say(platform, AlarmKind::Gap, gap).await?;
        let late = found.oldest.filter(|at| self.archived && *at + ARCHIVE_LATE <= now);
        if late.is_some() && now < since + ARCHIVE_LATE {
            // Nor does an alarm end that stands from before.
            return Ok(said);
        }
        let late = late.map(|at| {
            format!(
                "The oldest record that is not archived is {} minutes old.",
                now.since(at).as_seconds() / 60
            )
        });
        said += self.say(platform, AlarmKind::ArchiveLag, late).await?;
        Ok(said)
    }

    async fn look_at(&mut self, tenant: TenantId) -> Result<()> {
        let permit = self.jobs.permit(Job::Alarms, tenant);
        let mut view = self.store.read(&permit).await?;
        match alarms::has_gap(&mut view).await {
            Ok(false) => {}
            // A log without its tree is missing as a whole.
            Ok(true) | Err(StoreError::NotFound) => {
                self.sweep.gaps += 1;
                self.sweep.first = self.sweep.first.or(Some(tenant));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
        if self.archived
            && let Some(due) = archive::due(&mut view).await?
        {
            self.sweep.oldest = Some(self.sweep.oldest.map_or(due.oldest, |oldest| oldest.min(due.oldest)));
        }
        Ok(())
    }

    /// Raises the alarm of a kind where there is something to say and none stands, and ends the one that stands where there is not.
    async fn say(&self, platform: TenantId, kind: AlarmKind, detail: Option<String>) -> Result<usize> {
        let permit = self.jobs.permit(Job::Alarms, platform);
        let stands = alarms::standing(&mut self.store.read(&permit).await?).await?;
        if stands.iter().any(|alarm| alarm.kind == kind) == detail.is_some() {
            return Ok(0);
        }
        let said: Result<(), Stop> = self
            .store
            .change(&permit, async |tx| {
                // Two servers that see the same meet here.
                tenants::lock_policy(tx).await?;
                let stands = alarms::standing(tx).await?.into_iter().find(|alarm| alarm.kind == kind);
                let event = match (stands, detail) {
                    (None, Some(detail)) => {
                        let now = tx.now();
                        let alarm = AuditAlarm {
                            id: self.store.new_id(),
                            kind,
                            detail,
                            raised_at: now,
                            ended_at: None,
                        };
                        let text = format!("{}. {}", kind.title(), alarm.detail);
                        let written = alarms::insert(tx, alarm).await?;
                        Event::new("audit_alarm.raised", &written)?.raising(severity(kind), text)
                    }
                    (Some(alarm), None) => {
                        let written = alarms::end(tx, alarm).await?;
                        Event::new("audit_alarm.ended", &written)?
                    }
                    _ => return Err(Stop::Unsaid(Error::Conflict("Another server has said so."))),
                };
                Ok(tx.record(event, ()))
            })
            .await;
        match said {
            Ok(()) => Ok(1),
            Err(Stop::Unsaid(_)) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

const fn severity(kind: AlarmKind) -> Severity {
    match kind {
        AlarmKind::Unsequenced | AlarmKind::ArchiveLag => Severity::Warning,
        AlarmKind::Gap => Severity::High,
    }
}

fn logs_of(number: i64) -> String {
    if number == 1 { "one log".to_owned() } else { format!("{number} logs") }
}
