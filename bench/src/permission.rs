//! The permission check: is this permission in what the permit holds? And what comes before it in every request of somebody
//! who is signed in: session, permissions, CSRF token.

use std::hint::black_box;

use bailiwick_domain::{permission::Permission, rule::ReadPosture};
use bailiwick_store::DatabaseKind;
use bailiwick_vault::token::SessionToken;

use crate::{
    Result,
    clock::Stopwatch,
    latency::median,
    report::{Line, Met, Section},
    stage::Stage,
};

const CHECKS: usize = 20_000_000;
const REQUESTS: usize = 2_000;
const ROUNDS: usize = 7;

/// Asks a permit that the gate made, as handlers and templates do.
pub(crate) async fn measure() -> Result<Section> {
    let stage = Stage::new(DatabaseKind::Sqlite, 1).await?;
    let tenant = stage.open.tenant().await?;
    let permit = stage.open.permit::<ReadPosture>(&tenant).await?;
    let asked =
        [Permission::USER_READ, Permission::AUDIT_READ, Permission::TENANT_CREATE, Permission::SYSTEM_READ];
    let mut rounds = Vec::with_capacity(ROUNDS);
    let mut allowed = 0_usize;
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        for permission in asked.iter().cycle().take(CHECKS) {
            allowed += usize::from(black_box(&permit).may(black_box(*permission)));
        }
        rounds.push(watch.elapsed().cpu / CHECKS as f64 * 1e9);
    }
    let form = SessionToken::parse(&tenant.token).map_err(|error| error.to_string())?.csrf();
    let mut requests = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        for _ in 0..REQUESTS {
            let token = SessionToken::parse(&tenant.token).map_err(|error| error.to_string())?;
            allowed += usize::from(token.csrf_matches(black_box(form.as_str())));
            let permit = stage.open.permit::<ReadPosture>(&tenant).await?;
            allowed += usize::from(permit.may(Permission::POSTURE_READ));
        }
        requests.push(watch.elapsed().wall / REQUESTS as f64 * 1e6);
    }
    black_box(allowed);
    stage.open.store.close().await;
    let (nanoseconds, microseconds) = (median(&rounds), median(&requests));
    Ok(Section {
        title: "The permission check".into(),
        lines: vec![
            Line {
                what: "permission check in process".into(),
                bar: "≤ 20 ns".into(),
                figure: format!("{nanoseconds:.1} ns"),
                met: Met::of(nanoseconds <= 20.0),
                close: "nothing is known that would: it is a shift and a mask",
            },
            Line {
                what: "session, permissions and CSRF token of a request, SQLite, without a write".into(),
                bar: "≤ 50 µs".into(),
                figure: format!("{microseconds:.1} µs"),
                met: Met::of(microseconds <= 50.0),
                close: "a driver that runs SQLite on the thread that asks: what is left is one statement without a transaction, on the driver's own thread and back",
            },
        ],
        body: format!(
            "`Permit::may` on a permit that the gate made, four permissions in turn, {ROUNDS} rounds of {} million checks, median; the optimiser can see neither the permit nor the permission. A request: the token is read, the CSRF token compared, the gate asked; {ROUNDS} rounds of {REQUESTS} one after the other, median, by the clock.\n",
            CHECKS / 1_000_000
        ),
    })
}
