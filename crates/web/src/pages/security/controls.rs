//! The security controls page. Nothing on it is typed in or kept: every figure is computed while the page is made.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::SecurityEvent, permission::Permission, posture::Posture as Computed, rule::ReadPosture,
};
use bailiwick_ops::posture;
use bailiwick_store::{Scope, api_keys, invitations, security_events, users};

use super::{
    checklist::{Check, checklist, next_gap},
    panels::{Controls, InvitationRow, KeyRow},
    score::Posture,
    tiles::{Tile, tiles},
};
use crate::{
    access::Access,
    error::Result,
    pages::{
        audit::about,
        parts::grouped,
        reach::opens,
        rows::{SecurityEventRow, UserRow},
        titles::Titles,
    },
    shell::{Link, Shell, Visit},
    state::AppState,
};

/// Rows of each list on the page; the rest is a link away.
const ROWS: i64 = 5;

#[derive(Template, WebTemplate)]
#[template(path = "security/controls.html")]
pub(super) struct ControlsPage {
    shell: Shell,
    /// Where the largest gain is.
    next: Option<Link>,
    posture: Posture,
    tiles: Vec<Tile>,
    controls: Controls,
    checks: Vec<Check>,
    sees: Sees,
    events: Vec<SecurityEventRow>,
    users: Vec<UserRow>,
    /// How many of them there are, where the list does not hold all.
    users_shown: String,
    invitations: Vec<InvitationRow>,
    keys: Vec<KeyRow>,
    may_invite: bool,
    may_create_key: bool,
}

/// Which of the lists the person may see: each needs the permission that its own page needs.
struct Sees {
    events: bool,
    users: bool,
    invitations: bool,
    keys: bool,
}

impl ControlsPage {
    /// Whether the person may open the list at `href`; everything else on the page is theirs to open.
    fn may_open(&self, href: &str) -> bool {
        match href {
            "/security/events" => self.sees.events,
            "/users" => self.sees.users,
            "/invitations" => self.sees.invitations,
            "/api-keys" => self.sees.keys,
            _ => true,
        }
    }
}

pub(super) async fn controls(
    Access(permit): Access<ReadPosture>,
    visit: Visit,
    State(state): State<AppState>,
) -> Result<ControlsPage> {
    let mut view = state.store.read(&permit).await?;
    let now = view.now();
    let snapshot = posture::snapshot(&mut view, &state.environment).await?;
    let computed = Computed::of(&snapshot);
    let reach = |path: &str| opens(&visit, &permit, path);
    let sees = Sees {
        events: permit.may(Permission::SECURITY_EVENT_READ),
        users: permit.may(Permission::USER_READ),
        invitations: permit.may(Permission::INVITATION_READ),
        keys: permit.may(Permission::API_KEY_READ),
    };
    let mut page = ControlsPage {
        shell: Shell::new(&permit, &visit, "Security controls"),
        next: next_gap(&computed, reach),
        posture: Posture::new(&computed, &snapshot, now),
        tiles: tiles(&snapshot),
        controls: Controls::new(&computed, reach),
        checks: checklist(&computed, reach),
        sees,
        events: Vec::new(),
        users: Vec::new(),
        users_shown: String::new(),
        invitations: Vec::new(),
        keys: Vec::new(),
        may_invite: permit.may(Permission::INVITATION_CREATE),
        may_create_key: permit.may(Permission::API_KEY_CREATE),
    };
    if page.sees.events {
        let sees_records = permit.may(Permission::AUDIT_READ);
        let newest = security_events::list(&mut view, None, ROWS).await?;
        let records: Vec<_> = newest.items.iter().map(|event| event.audit_event).collect();
        let about = about(&mut view, &permit, &records).await?;
        let row =
            |event: &SecurityEvent| SecurityEventRow::of(event, about.get(&event.audit_event), sees_records);
        page.events = newest.items.iter().map(row).collect();
    }
    let titles = Titles::read(&mut view).await?;
    if page.sees.users {
        let first = users::exceptions_first(&mut view, ROWS).await?;
        let all: i64 = users::tally(&mut view).await?.iter().map(|(.., count)| count).sum();
        page.users = first.iter().map(|row| UserRow::of(row).titled(&titles, row)).collect();
        page.users_shown = shown(page.users.len(), all);
    }
    if page.sees.invitations {
        page.invitations = invitations::pending(&mut view, ROWS)
            .await?
            .iter()
            .map(|row| InvitationRow::of(row, &titles, now))
            .collect();
    }
    if page.sees.keys {
        page.keys =
            api_keys::ending_first(&mut view, ROWS).await?.iter().map(|row| KeyRow::of(row, now)).collect();
    }
    Ok(page)
}

/// `5 of 8`; nothing where all are shown.
fn shown(rows: usize, all: i64) -> String {
    match i64::try_from(rows) {
        Ok(rows) if rows < all => format!("{} of {}", grouped(rows), grouped(all)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{clock::Clock, role::Role, rule::ChangeMyProofs};
    use bailiwick_ops::factors;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn a_verified_factor_changes_the_page_at_once(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            let before = browser.get("/security").await;
            assert!(before.status == 200 && before.shows("0 of 1 active user") && before.shows("1 active user still needs MFA."));
            let permit = owner.permit::<ChangeMyProofs>().await;
            let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
            let code = secret.code_at(db.clock.now().unix_seconds());
            factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
            let after = browser.get("/security").await;
            assert!(after.shows("1 of 1 active user") && after.shows("Every active user has MFA."));
            assert!(after.shows("mfa.enabled") && after.shows("Tenant Owner verified TOTP factor"));
        }

        async fn owner_sees_first_who_lacks_a_second_factor_and_how_many_more_there_are(db: Db) {
            let acme = db.tenant("acme").await;
            let owner = acme.owner();
            let permit = owner.permit::<ChangeMyProofs>().await;
            let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
            let code = secret.code_at(db.clock.now().unix_seconds());
            factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
            let mut browser = Browser::of(&owner);
            assert!(!browser.get("/security").await.shows("1 of 1<"), "all are shown");
            for _ in 0..5 {
                acme.add(Role::Auditor).await;
            }
            let page = browser.get("/security").await;
            assert!(page.shows("5 of 6<"), "{}", page.body);
            let panel = page.body.split("id=\"users-title\"").nth(1).and_then(|rest| rest.split("</section>").next()).unwrap();
            assert_eq!(panel.matches(">Missing<").count(), 5, "{panel}");
            assert!(!panel.contains("owner@acme.example"), "who has one comes last: {panel}");
        }

        async fn auditor_sees_everything_and_nothing_to_press(db: Db) {
            let acme = db.tenant("acme").await;
            let page = Browser::of(&acme.user(Role::Auditor).await).get("/security").await;
            assert!(page.shows("owner@acme.example") && page.shows("Encryption at rest") && page.shows("44 × share"));
            assert!(!page.shows("/invitations/new") && !page.shows("/api-keys/new"));
        }

        async fn planner_may_not_see_the_posture(db: Db) {
            let acme = db.tenant("acme").await;
            assert_eq!(Browser::of(&acme.user(Role::PlanManager).await).get("/security").await.status, 403);
        }
    }
}
