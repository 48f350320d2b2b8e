//! The passkeys of a person, as their account page lists them.

use bailiwick_domain::{entity::Passkey, ids::UserId, time::Timestamp};
use bailiwick_ops::passkeys::MOST;
use bailiwick_store::{Scope, View, passkeys};

use crate::{
    error::Result,
    forms::{Field, Problem},
    pages::parts::{Badge, counted},
    when::When,
};

/// The list, and what it takes to add one.
pub(super) struct Passkeys {
    pub(super) rows: Vec<PasskeyRow>,
    /// What the next one is called; nothing once there are enough.
    pub(super) name: Option<Field>,
}

pub(super) struct PasskeyRow {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) added: When,
    pub(super) last_used: Option<When>,
    pub(super) status: Badge,
    pub(super) href: String,
}

impl Passkeys {
    pub(super) async fn read(view: &mut View, user: UserId, problems: &[Problem]) -> Result<Self> {
        let (found, now) = (passkeys::of_user(view, user).await?, view.now());
        let more = found.len() < MOST;
        let name = Field::new("passkey_name", "Name of the new passkey")
            .value(format!("Passkey {}", found.len() + 1))
            .hint("By which you tell it from the others, such as the device that it is on.")
            .emptied(problems);
        Ok(Self {
            rows: found.iter().map(|passkey| PasskeyRow::of(passkey, now)).collect(),
            name: more.then_some(name),
        })
    }
}

impl PasskeyRow {
    fn of(passkey: &Passkey, now: Timestamp) -> Self {
        Self {
            name: passkey.name.clone(),
            about: about(passkey),
            added: When::day(passkey.created_at),
            last_used: passkey.last_used_at.map(|at| When::ago(at, now)),
            status: match passkey.suspected_at {
                Some(_) => Badge::new("bad", "Counter went back"),
                None => Badge::new("ok", "Verified"),
            },
            href: format!("/account/passkeys/{}", passkey.id),
        }
    }
}

/// Where it is kept, by its backup flags, and what it says of its own use.
pub(super) fn about(passkey: &Passkey) -> String {
    let kept = match (passkey.backup_eligible, passkey.backed_up) {
        (false, _) => "Bound to one device",
        (true, false) => "May be synced, is on one device",
        (true, true) => "Synced between devices",
    };
    match passkey.sign_count {
        0 => format!("{kept}, keeps no counter"),
        count => format!("{kept}, counter at {}", counted(count, "signature")),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_testkit::{Authenticator, both_databases};

    use crate::pages::browser::{Browser, href};

    both_databases! {
        async fn person_adds_names_and_removes_a_passkey(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            assert!(browser.get("/account").await.shows("No passkey yet"));
            let mut device = Authenticator::new();
            let (ceremony, credential) = owner.answered_registration(&mut device).await;
            let fields = [("ceremony", ceremony.as_str()), ("credential", credential.as_str())];
            let nameless = browser.post("/account/passkeys", &[fields[0], fields[1], ("passkey_name", " ")]).await;
            assert!(nameless.status == 422 && nameless.shows("Enter 1 to 100 visible characters"));
            let added = browser.post("/account/passkeys", &[fields[0], fields[1], ("passkey_name", "Laptop")]).await;
            assert_eq!(added.led(), (303, "/account"));
            let page = browser.get("/account").await;
            assert!(page.shows("Laptop") && page.shows("Bound to one device, counter at 1 signature"), "{}", page.body);
            let path = href(&page.body, "/account/passkeys/", "").to_owned();
            let again = browser.post("/account/passkeys", &[fields[0], fields[1], ("passkey_name", "Twice")]).await;
            assert!(again.status == 409 && again.shows("was not accepted"));
            assert!(browser.get(&path).await.shows("value=\"Laptop\""));
            assert_eq!(browser.post(&path, &[("name", "Desk")]).await.led(), (303, "/account"));
            assert!(browser.get("/account").await.shows("Desk"));
            assert!(browser.get(&format!("{path}/remove")).await.shows("Remove “Desk”?"));
            let kept = browser.post(&format!("{path}/remove"), &[]).await;
            assert!(kept.status == 409 && kept.shows("Your organisation asks for a second factor."));
            let policy = [("mfa_floor", "any"), ("mfa_grace_days", "14"), ("session_idle_minutes", "30"), ("session_absolute_hours", "12"), ("reauth_minutes", "10"), ("invitation_days", "14")];
            assert_eq!(browser.post("/policy", &policy).await.led(), (303, "/policy"));
            assert_eq!(browser.post(&format!("{path}/remove"), &[]).await.led(), (303, "/account"));
            assert!(browser.get("/account").await.shows("No passkey yet"));
            assert_eq!(browser.get(&path).await.status, 404);
        }

        async fn a_passkey_of_somebody_else_is_not_there(db: Db) {
            let acme = db.tenant("acme").await;
            let (owner, mut device) = (acme.owner(), Authenticator::new());
            let passkey = owner.add_passkey(&mut device, "Laptop").await;
            let mut other = Browser::of(&acme.user(bailiwick_domain::role::Role::Auditor).await);
            let path = format!("/account/passkeys/{}", passkey.id);
            for (answer, what) in [
                (other.get(&path).await, "reading"),
                (other.post(&path, &[("name", "Mine")]).await, "renaming"),
                (other.get(&format!("{path}/remove")).await, "asking"),
                (other.post(&format!("{path}/remove"), &[]).await, "removing"),
            ] {
                assert_eq!(answer.status, 404, "{what}");
            }
        }
    }
}
