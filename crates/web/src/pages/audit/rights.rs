//! The way from a record to all that decides what somebody may do: of a person's rights only a part lies in their own records.

use bailiwick_domain::{
    past::{Says, decides},
    rule::Rule,
};
use bailiwick_store::Permit;
use uuid::Uuid;

use super::{actors::Names, record::Record};
use crate::{pages::reach, shell::Visit};

/// What is said beside a change of rights.
pub(super) struct Rights {
    pub(super) label: &'static str,
    pub(super) href: String,
    /// What the page behind it is called.
    pub(super) title: &'static str,
    pub(super) sentence: &'static str,
}

/// Where all stands that gives a person what they may do; nothing for whoever may not look.
pub(super) fn access_of<R: Rule>(visit: &Visit, permit: &Permit<R>, person: Uuid) -> Option<String> {
    reach::link(visit, permit, "/users/{user}/access", || format!("/users/{person}/access"))
}

/// What is said beside this record; nothing where it changed no rights.
pub(super) fn rights<R: Rule>(
    visit: &Visit,
    permit: &Permit<R>,
    record: &Record,
    names: &Names,
) -> Option<Rights> {
    let kind = record.entity.kind.as_str();
    if !decides(kind) || Says::of(kind, &record.changes) != Says::Rights {
        return None;
    }
    if matches!(kind, "role" | "team") {
        return reach::link(visit, permit, "/access/who", || "/access/who".to_owned()).map(|href| Rights {
            label: "Whom it concerns",
            href,
            title: "Who can do what",
            sentence: "It changes what everybody with this role, or in this team, may do. The page of each person says what they may do, why, and since when.",
        });
    }
    // Whoever was deleted has no page any more.
    let person = person(record, names).filter(|person| names.of_person(*person).is_some())?;
    access_of(visit, permit, person).map(|href| Rights {
        label: "Their permissions",
        href,
        title: "Why, and since when",
        sentence: "All that gives or takes what this person may do, changes of their role and of their teams included.",
    })
}

/// Whose rights they are. What was taken away is not stored any more, and its record says whose it was.
fn person(record: &Record, names: &Names) -> Option<Uuid> {
    names.person(&record.entity.kind, record.entity.id).or_else(|| {
        let change = record.changes.iter().find(|change| change.path == "/user")?;
        [&change.after, &change.before].into_iter().find_map(|value| Uuid::try_parse(value.as_str()?).ok())
    })
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::{Browser, href};

    both_databases! {
        async fn responder_is_led_from_a_change_of_rights_to_all_that_decides_them(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let (id, mut owner) = (planner.id(), Browser::of(&acme.owner()));
            let role = [("label", "Night auditor"), ("description", ""), ("permission", "audit:read")];
            assert_eq!(owner.post("/roles", &role).await.status, 303);
            let made = owner.post("/teams", &[("name", "Night shift")]).await;
            let team = made.led().1.to_owned();
            for (path, name, value) in [
                (format!("{team}/members"), "address", planner.user.email.as_str()),
                (format!("{team}/roles"), "role", "custom-night-auditor"),
                (format!("/users/{id}/role"), "role", "support_coordinator"),
            ] {
                assert_eq!(owner.post(&path, &[(name, value)]).await.status, 303, "{path}");
            }
            assert_eq!(owner.post(&format!("{team}/members/{id}/remove"), &[]).await.status, 303);
            db.sign().await;
            let access = format!("href=\"/users/{id}/access\">Why, and since when</a>");
            for action in ["user.role_changed", "team.member_added", "team.member_removed"] {
                let list = owner.get(&format!("/audit?action={action}")).await.page();
                let event = owner.get(href(&list, "/audit/events/", "")).await.page();
                assert!(event.contains(&access), "{action}: {event}");
            }
            let list = owner.get("/audit?action=team.roles_changed").await.page();
            let event = owner.get(href(&list, "/audit/events/", "")).await.page();
            assert!(event.contains("everybody with this role, or in this team"), "{event}");
            assert!(event.contains("Gone: nothing. Come: Night auditor."), "{event}");
            let list = owner.get("/audit?action=session.created").await.page();
            let event = owner.get(href(&list, "/audit/events/", "")).await.page();
            assert!(!event.contains("Their permissions") && !event.contains("Whom it concerns"), "{event}");
        }

        async fn responder_is_led_from_a_person_to_all_that_is_theirs_and_all_that_they_did(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let (id, mut owner) = (planner.id(), Browser::of(&acme.owner()));
            let made = owner.post("/teams", &[("name", "Night shift")]).await;
            let team = made.led().1.to_owned();
            let member = [("address", planner.user.email.as_str())];
            assert_eq!(owner.post(&format!("{team}/members"), &member).await.status, 303);
            db.sign().await;
            let history = owner.get(&format!("/audit/entities/user/{id}")).await.page();
            assert!(history.contains(&format!("href=\"/users/{id}/access\"")), "{history}");
            assert!(!history.contains("Everything that happened") && !history.contains("team.member_added"), "{history}");
            let all = owner.get(href(&history, "/audit?q=entity:", "")).await.page();
            assert!(all.contains("<code>team.member_added</code>"), "{all}");
            let person = owner.get(&format!("/users/{id}")).await.page();
            assert!(person.contains(&format!("/audit?q=actor:{id}\"")) && person.contains(&format!("/audit/entities/user/{id}\"")), "{person}");
        }
    }
}
