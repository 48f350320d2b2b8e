//! The background jobs of this server: when each ran, and how it went.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::AuditAlarm,
    rule::ReadJobs,
    time::{Span, Timestamp},
};
use bailiwick_store::audit::{self, LAG_CAP, alarms};

use crate::{
    access::Access,
    error::Result,
    jobs::JobRound,
    pages::parts::{Badge, counted, grouped},
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

/// How long after its time a round may begin before the job counts as late.
const LATE: Span = Span::minutes(1);

#[derive(Template, WebTemplate)]
#[template(path = "platform/jobs.html")]
pub(super) struct JobsPage {
    shell: Shell,
    rows: Vec<JobRow>,
    keeping: Badge,
    /// How old the oldest record is that waits for its place.
    waits: String,
    unsigned: String,
    alarms: Vec<AlarmRow>,
}

struct AlarmRow {
    title: &'static str,
    detail: String,
    state: Badge,
    raised: When,
    ended: Option<When>,
}

struct JobRow {
    title: &'static str,
    name: &'static str,
    state: Badge,
    done: String,
    took: String,
    last: When,
    next: When,
}

pub(super) async fn jobs(
    Access(permit): Access<ReadJobs>,
    visit: Visit,
    State(state): State<AppState>,
) -> Result<JobsPage> {
    let now = state.store.now();
    let rows = state.jobs.rounds().into_iter().map(|(name, round)| row(name, round, now)).collect();
    let lag = audit::lag(&state.store).await?;
    let alarms = alarms::newest(&mut state.store.read(&permit).await?).await?;
    let stands = alarms.iter().any(|alarm| alarm.ended_at.is_none());
    Ok(JobsPage {
        shell: Shell::new(&permit, &visit, "Background jobs"),
        rows,
        keeping: if stands { Badge::new("bad", "Alarm") } else { Badge::new("ok", "Well") },
        waits: match lag.oldest_waiting {
            None => "no record".to_owned(),
            Some(at) => format!("{}, the oldest for {}", waiting(lag.waiting), took(now.since(at))),
        },
        unsigned: counted(lag.unsigned, "record"),
        alarms: alarms.into_iter().map(alarm).collect(),
    })
}

/// A number that is counted up to a bound.
fn waiting(records: i64) -> String {
    if records >= LAG_CAP { format!("{}+ records", grouped(LAG_CAP)) } else { counted(records, "record") }
}

fn alarm(alarm: AuditAlarm) -> AlarmRow {
    AlarmRow {
        title: alarm.kind.title(),
        detail: alarm.detail,
        state: match alarm.ended_at {
            None => Badge::new("bad", "Stands"),
            Some(_) => Badge::new("mute", "Over"),
        },
        raised: When::moment(alarm.raised_at),
        ended: alarm.ended_at.map(When::moment),
    }
}

fn row(name: &'static str, round: JobRound, now: Timestamp) -> JobRow {
    JobRow {
        title: title(name),
        name,
        state: badge(round, now),
        done: round.done.map_or_else(|| "nothing".to_owned(), |done| counted(done, "thing")),
        took: took(round.took),
        last: When::ago(round.ended_at, now),
        next: When::ago(round.next_at, now),
    }
}

/// Whether it goes well: a job that is late hangs in a round, or has ended.
fn badge(round: JobRound, now: Timestamp) -> Badge {
    if round.failures > 0 {
        Badge::new("bad", format!("Failed {}", counted(i64::from(round.failures), "time")))
    } else if round.next_at + LATE < now {
        Badge::new("warn", "Late")
    } else {
        Badge::new("ok", "Well")
    }
}

fn took(span: Span) -> String {
    match span.as_seconds() {
        0 => "less than a second".to_owned(),
        1 => "1 second".to_owned(),
        seconds => format!("{} seconds", grouped(seconds)),
    }
}

fn title(name: &str) -> &'static str {
    match name {
        "anomalies" => "Looking for what is unusual",
        "archive" => "Copying the log into the archive",
        "drills" => "Trying to alter the logs, in copies",
        "exports" => "Writing exports",
        "expiries" => "Ending invitations that were not answered",
        "key-cache" => "Forgetting API keys that other servers changed",
        "api-keys" => "Retiring API keys that were replaced",
        "grants" => "Recording that grants have ended",
        "integrations" => "Testing integrations",
        "images" => "Keeping images of things, for looking back",
        "kept-answers" => "Forgetting answers that were kept for a day",
        "keys" => "Rotating keys and wrapping anew",
        "log-alarms" => "Looking after the keeping of the logs",
        "locks" => "Recording that accounts take guesses again",
        "mail" => "Handing letters on",
        "permission-use" => "Noting which permissions and API keys were used",
        "reminders" => "Reminding of invitations",
        "root-key" => "Asking whether the root key can be used",
        "restores" => "Bringing segments back from the archive",
        "retention" => "Taking records whose time is over",
        "scrub" => "Emptying the write-ahead log of what was erased",
        "sequencer" => "Giving records their places",
        "signer" => "Signing the heads of the logs",
        "streams" => "Sending the log to other systems",
        "witnesses" => "Asking witnesses to cosign",
        _ => "Upkeep",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operator_sees_a_job_that_fails_and_one_that_hangs() {
        let at = Timestamp::from_micros(1_000_000_000);
        let round = JobRound {
            ended_at: at,
            took: Span::seconds(3),
            done: Some(2),
            failures: 0,
            next_at: at + Span::seconds(1),
        };
        assert_eq!(badge(round, at).kind, "ok");
        assert_eq!(badge(round, at + Span::minutes(2)).text, "Late");
        assert_eq!(badge(JobRound { failures: 3, done: None, ..round }, at).text, "Failed 3 times");
        assert_eq!(
            (took(round.took).as_str(), row("mail", round, at).done.as_str()),
            ("3 seconds", "2 things")
        );
    }
}

#[cfg(test)]
mod pages {
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn operator_of_the_platform_sees_jobs_and_no_customer_does(db: Db) {
            let mut owner = Browser::of(&db.platform().await.owner());
            assert!(owner.get("/platform/jobs").await.shows("No job has run yet"));
            let mut customer = Browser::of(&db.tenant("acme").await.owner());
            assert_eq!(customer.get("/platform/jobs").await.status, 403);
        }
    }
}
