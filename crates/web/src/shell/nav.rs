//! The navigation: one list, from which each person sees the pages that exist and that they may open.

use bailiwick_domain::rule::{Need, Rule};
use bailiwick_store::Permit;

use crate::routes::AccessRow;

/// A group of the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavGroup {
    /// What stands above the group.
    pub label: Option<String>,
    /// Its pages.
    pub items: Vec<NavItem>,
}

/// A page in the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavItem {
    /// What people read.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// The symbol beside it.
    pub icon: &'static str,
    /// Whether it is the present page, or the one above it.
    pub current: bool,
    /// How much there is to look at.
    pub count: Option<u64>,
}

type Group = (Option<&'static str>, &'static [(&'static str, &'static str, &'static str)]);

/// Label, path and icon of every page of the navigation. What a page needs is not said here: the access table knows.
const LIST: &[Group] = &[
    (
        None,
        &[
            ("Security controls", "/security", "shield"),
            ("Security events", "/security/events", "bell"),
            ("Security policy", "/policy", "sliders"),
        ],
    ),
    (
        Some("People and access"),
        &[
            ("Users", "/users", "users"),
            ("Sessions", "/sessions", "sign-in"),
            ("Invitations", "/invitations", "mail"),
            ("Outgoing mail", "/mail", "external"),
            ("Mailbox", "/mailbox", "inbox"),
            ("Roles and permissions", "/roles", "matrix"),
            ("Teams", "/teams", "users"),
            ("API keys", "/api-keys", "key"),
            ("Secrets", "/secrets", "lock"),
            ("Integrations", "/integrations", "link"),
            ("Encryption keys", "/keys", "key"),
            ("Who can do what", "/access/who", "search"),
            ("Unused permissions", "/access/unused", "clock"),
            ("Access table", "/access", "route"),
        ],
    ),
    (
        Some("Records"),
        &[
            ("Audit log", "/audit", "log"),
            ("Verify", "/audit/verify", "seal"),
            ("Exports", "/audit/exports", "external"),
            ("Archive", "/audit/archive", "inbox"),
            ("Retention", "/audit/retention", "clock"),
            ("Back from the archive", "/audit/restores", "inbox"),
            ("Tamper drills", "/audit/drills", "shield"),
            ("Anomalies", "/audit/anomalies", "pulse"),
            ("Streams", "/audit/streams", "external"),
            ("Data-subject requests", "/audit/subjects", "user"),
            ("Legal holds", "/audit/holds", "lock"),
            ("Product events", "/audit/intake", "inbox"),
            ("Documents", "/documents", "copy"),
            ("Document evidence", "/documents/evidence", "seal"),
        ],
    ),
    (
        Some("Platform"),
        &[
            ("Tenants", "/platform/tenants", "building"),
            ("Background jobs", "/platform/jobs", "clock"),
            ("System health", "/system-health", "pulse"),
        ],
    ),
];

/// What pages may know about the whole site.
#[derive(Debug, Default)]
pub(crate) struct Site {
    /// Every route with its rule.
    pub(crate) table: Vec<AccessRow>,
}

impl Site {
    /// The navigation of the holder of `permit` on the page at `path`.
    pub(crate) fn nav<R: Rule>(&self, path: &str, permit: &Permit<R>) -> Vec<NavGroup> {
        self.groups(path, |need| match need {
            Need::Nobody => false,
            Need::Anyone => true,
            Need::SignedIn | Need::Recent | Need::Enrolling | Need::Proving => permit.tenant().is_some(),
            // Whoever proved it too long ago is led to do so, and from there on.
            Need::Has(permission) | Need::RecentHas(permission) | Need::Confirmed(permission) => {
                permit.may(permission)
            }
        })
    }

    fn groups(&self, path: &str, may: impl Fn(Need) -> bool) -> Vec<NavGroup> {
        let opens =
            |href: &str| self.table.iter().any(|row| !row.writes && row.path == href && may(row.need));
        let paths = LIST.iter().flat_map(|(_, items)| items.iter()).map(|(_, href, _)| *href);
        let here = paths.filter(|href| opens(href) && is_below(path, href)).max_by_key(|href| href.len());
        let group = |(label, items): &Group| NavGroup {
            label: label.map(str::to_owned),
            items: items
                .iter()
                .filter(|(_, href, _)| opens(href))
                .map(|(label, href, icon)| NavItem {
                    label: (*label).to_owned(),
                    href: (*href).to_owned(),
                    icon,
                    current: here == Some(*href),
                    count: None,
                })
                .collect(),
        };
        LIST.iter().map(group).filter(|group| !group.items.is_empty()).collect()
    }
}

/// Whether `path`, which may go on with a query, is `top` or lies below it.
fn is_below(path: &str, top: &str) -> bool {
    path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use bailiwick_domain::permission::Permission;

    use super::*;

    fn row(path: &'static str, permission: Permission) -> AccessRow {
        AccessRow { method: Method::GET, path, rule: "", need: Need::Has(permission), writes: false }
    }

    fn site() -> Site {
        let write = AccessRow {
            method: Method::POST,
            writes: true,
            ..row("/invitations", Permission::INVITATION_CREATE)
        };
        Site {
            table: vec![
                row("/users", Permission::USER_READ),
                row("/audit", Permission::AUDIT_READ),
                row("/audit/verify", Permission::AUDIT_READ),
                write,
            ],
        }
    }

    fn labels(groups: &[NavGroup]) -> Vec<&str> {
        groups.iter().flat_map(|group| &group.items).map(|item| item.label.as_str()).collect()
    }

    #[test]
    fn auditor_sees_only_pages_that_exist_and_open() {
        let all = site().groups("/", |_| true);
        assert_eq!(labels(&all), ["Users", "Audit log", "Verify"]);
        let auditor = site().groups("/", |need| need == Need::Has(Permission::AUDIT_READ));
        assert_eq!(labels(&auditor), ["Audit log", "Verify"]);
        assert_eq!(auditor.len(), 1, "a group without pages is not shown");
    }

    #[test]
    fn exactly_the_nearest_page_is_the_current_one() {
        for (path, current) in [
            ("/audit", vec!["Audit log"]),
            ("/audit/verify", vec!["Verify"]),
            ("/audit/events/1", vec!["Audit log"]),
            ("/audit/verify?tenant=1", vec!["Verify"]),
            ("/users?q=plan", vec!["Users"]),
            ("/users/7/role", vec!["Users"]),
            ("/usersx", vec![]),
            ("/", vec![]),
        ] {
            let groups = site().groups(path, |_| true);
            let items = groups.iter().flat_map(|group| &group.items).filter(|item| item.current);
            assert_eq!(items.map(|item| item.label.as_str()).collect::<Vec<_>>(), current, "{path}");
        }
    }

    #[test]
    fn every_symbol_is_in_the_sprite() {
        let sprite = include_str!("../../assets/icons.svg");
        for (_, href, icon) in LIST.iter().flat_map(|(_, items)| items.iter()) {
            assert!(sprite.contains(&format!("id=\"{icon}\"")), "{href}: {icon}");
        }
    }

    #[test]
    fn no_page_is_listed_twice() {
        let mut paths: Vec<_> =
            LIST.iter().flat_map(|(_, items)| items.iter()).map(|(_, href, _)| href).collect();
        paths.sort();
        let all = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), all);
    }
}
