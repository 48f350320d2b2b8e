//! Users in the order in which they joined, all or those that fit a filter.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{MfaState, UserStatus},
    permission::Permission,
    role::{Role, RoleName},
    rule::ReadUsers,
};
use bailiwick_store::{
    Error as StoreError, Store,
    users::{self, Place, Sought},
};
use serde::Deserialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Choice, Field, Query, Select},
    pages::{
        parts::{Chip, Pager, address, counted, grouped},
        rows::UserRow,
        titles::Titles,
    },
    shell::{Shell, Visit},
};

/// What to show; every part narrows.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    q: Option<String>,
    role: Option<RoleName>,
    mfa: Option<Mfa>,
    status: Option<UserStatus>,
    after: Option<String>,
}

/// What people look for among second factors. Whether the policy asks for one is the same for everybody, so it is no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mfa {
    /// Verified here, required or not; an identity provider's word is no verified factor.
    Verified,
    Sso,
    Missing,
}

impl Mfa {
    const ALL: [Self; 3] = [Self::Verified, Self::Sso, Self::Missing];

    /// Its name in the address, and what people read.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Verified => ("verified", "Verified"),
            Self::Sso => ("sso", "SSO asserted"),
            Self::Missing => ("missing", "Missing"),
        }
    }

    const fn name(self) -> &'static str {
        self.names().0
    }

    const fn sought(self) -> users::Mfa {
        match self {
            Self::Verified => users::Mfa::Verified,
            Self::Sso => users::Mfa::Sso,
            Self::Missing => users::Mfa::Missing,
        }
    }
}

/// A list that is one click away, with how many it holds.
struct View {
    label: &'static str,
    href: String,
    count: String,
    current: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "users/list.html")]
pub(super) struct UsersPage {
    shell: Shell,
    may_invite: bool,
    query: Field,
    role: Select,
    mfa: Select,
    status: Select,
    views: Vec<View>,
    chips: Vec<Chip>,
    clear: &'static str,
    rows: Vec<UserRow>,
    /// What may be done to several people at once; without anything, nobody can be chosen.
    bulk: Vec<BulkAction>,
    pager: Pager,
}

/// A button below the list, which asks about the people who were chosen in it.
struct BulkAction {
    label: &'static str,
    icon: &'static str,
    href: &'static str,
}

/// What each of the permissions allows with several people at once.
const BULK: [(Permission, BulkAction); 5] = [
    (Permission::USER_DISABLE, BulkAction { label: "Disable", icon: "lock", href: "/users/bulk/disable" }),
    (Permission::USER_DISABLE, BulkAction { label: "Enable", icon: "unlock", href: "/users/bulk/enable" }),
    (
        Permission::SESSION_REVOKE,
        BulkAction { label: "End sessions", icon: "logout", href: "/users/bulk/end-sessions" },
    ),
    (
        Permission::USER_ASSIGN_ROLE,
        BulkAction { label: "Change role", icon: "users", href: "/users/bulk/role" },
    ),
    (
        Permission::FACTOR_RESET,
        BulkAction { label: "Remind of second factor", icon: "mail", href: "/users/bulk/remind" },
    ),
];

pub(super) async fn list(
    Access(permit): Access<ReadUsers>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<UsersPage> {
    const FOREIGN: Error = Error::BadRequest("The address holds a place that this list does not have.");
    let after: Option<Place> = filter.after.as_deref().map(str::parse).transpose().map_err(|_| FOREIGN)?;
    let mut view = store.read(&permit).await?;
    let found = match users::seek(&mut view, &filter.sought(), after).await {
        Err(StoreError::NotFound) => return Err(FOREIGN),
        found => found?,
    };
    let (found, next) = (found.items, found.next);
    let platform = permit.caller().is_some_and(|caller| caller.user.role.platform());
    let roles = Role::ALL.into_iter().filter(|role| role.platform() == platform);
    let roles = any("Any role").chain(roles.map(|role| Choice::new(role.name(), role.title())));
    let titles = Titles::read(&mut view).await?;
    let roles = roles.chain(titles.custom().map(|(name, label)| Choice::new(name.name(), label)));
    let states = Mfa::ALL.iter().map(|state| Choice::new(state.names().0, state.names().1));
    let statuses = [Choice::new("active", "Active"), Choice::new("disabled", "Disabled")];
    let shown = counted(found.len(), "user");
    Ok(UsersPage {
        shell: Shell::new(&permit, &visit, "Users"),
        may_invite: permit.may(Permission::INVITATION_CREATE),
        query: Field::new("q", "Find")
            .hint("Beginning of name or address")
            .value(filter.q.as_deref().unwrap_or_default()),
        role: Select::new("role", "Role", roles, filter.role.as_ref().map_or("", RoleName::name)),
        mfa: Select::new("mfa", "MFA", any("Any").chain(states), filter.mfa.map_or("", Mfa::name)),
        status: Select::new(
            "status",
            "Status",
            any("Any").chain(statuses),
            filter.status.map_or("", UserStatus::name),
        ),
        views: views(&filter, &users::tally(&mut view).await?),
        chips: filter.chips(&titles),
        clear: "/users",
        rows: found.iter().map(|row| UserRow::of(row).titled(&titles, row)).collect(),
        bulk: BULK.into_iter().filter(|(needs, _)| permit.may(*needs)).map(|(_, action)| action).collect(),
        pager: Pager::forward(
            if next.is_some() { format!("{shown} on this page, more follow") } else { shown },
            None,
            next.map(|next| filter.href("", Some(&next.to_string()))),
        ),
    })
}

/// Each counts what its own address shows. Those of second factors are of active users, as the posture counts them, so
/// that nobody is in two of the last four.
fn views(filter: &Filter, tally: &[(MfaState, UserStatus, i64)]) -> Vec<View> {
    let disabled = Filter { status: Some(UserStatus::Disabled), ..Filter::default() };
    let mfa = |mfa| Filter { mfa: Some(mfa), status: Some(UserStatus::Active), ..Filter::default() };
    let all = [
        ("Everybody", Filter::default()),
        ("MFA verified", mfa(Mfa::Verified)),
        ("SSO asserted", mfa(Mfa::Sso)),
        ("MFA missing", mfa(Mfa::Missing)),
        ("Disabled", disabled),
    ];
    let here = filter.href("", None);
    let view = |(label, one): (&'static str, Filter)| {
        let counts = tally.iter().filter(|(state, status, _)| one.fits_states(*state, *status));
        let href = one.href("", None);
        View { label, count: grouped(counts.map(|(_, _, count)| count).sum()), current: href == here, href }
    };
    all.into_iter().map(view).collect()
}

fn any(label: &str) -> impl Iterator<Item = Choice> {
    std::iter::once(Choice::new("", label))
}

impl Filter {
    fn sought(&self) -> Sought {
        let mut sought = Sought::text(self.q.as_deref().unwrap_or_default());
        (sought.role, sought.status, sought.mfa) = (self.role, self.status, self.mfa.map(Mfa::sought));
        sought
    }

    fn fits_states(&self, mfa: MfaState, status: UserStatus) -> bool {
        self.mfa.is_none_or(|wanted| wanted.sought().covers(mfa))
            && self.status.is_none_or(|wanted| wanted == status)
    }

    /// The list with these filters but `without`.
    fn href(&self, without: &str, after: Option<&str>) -> String {
        let pairs = [
            ("q", self.q.as_deref()),
            ("role", self.role.as_ref().map(RoleName::name)),
            ("mfa", self.mfa.map(Mfa::name)),
            ("status", self.status.map(UserStatus::name)),
            ("after", after),
        ];
        address("/users", &pairs.map(|(name, value)| (name, value.filter(|_| name != without))))
    }

    fn chips(&self, titles: &Titles) -> Vec<Chip> {
        let chip = |label: &str, name: &str, value: String| Chip {
            label: label.to_owned(),
            value,
            href: self.href(name, None),
        };
        let text = self.q.as_deref().map(|text| chip("Find", "q", text.to_owned()));
        let role = self.role.map(|role| chip("Role", "role", titles.of(role)));
        let state = self.mfa.map(|state| chip("MFA", "mfa", state.names().1.to_owned()));
        let status = self.status.map(|status| {
            let word = match status {
                UserStatus::Active => "Active",
                UserStatus::Disabled => "Disabled",
            };
            chip("Status", "status", word.to_owned())
        });
        [text, role, state, status].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{
        clock::Clock,
        rule::{ChangeMyProofs, DisableUser},
    };
    use bailiwick_ops::{factors, users};
    use bailiwick_testkit::both_databases;

    use super::{Filter, Mfa, Role, Titles};
    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_narrows_the_list_and_pages_through_it(db: Db) {
            let acme = db.tenant("acme").await;
            for _ in 0..51 {
                acme.add(Role::Auditor).await;
            }
            let mut browser = Browser::of(&acme.owner());
            let first = browser.get("/users?role=auditor").await;
            assert!(first.shows("50 users on this page, more follow") && !first.shows(&format!("/users/{}\"", acme.owner().id())));
            let next = first.between("/users?role=auditor&#38;after=", "\"").unwrap();
            let second = browser.get(&format!("/users?role=auditor&after={next}")).await;
            assert!(second.shows("1 user<") && !second.shows("after="));
            let found = browser.get("/users?q=OLIVE").await;
            assert!(found.shows("1 user<") && found.shows("owner@acme.example"));
            assert!(browser.get("/users?mfa=verified").await.shows("No one matches"));
        }

        async fn each_chip_shows_as_many_users_as_it_says(db: Db) {
            let acme = db.tenant("acme").await;
            let owner = acme.owner();
            let permit = owner.permit::<ChangeMyProofs>().await;
            let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
            let code = secret.code_at(db.clock.now().unix_seconds());
            factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
            let signs_on = acme.add(Role::Auditor).await;
            factors::sso_asserted(&db.store, &acme.job(), signs_on.id).await.unwrap();
            let leaver = acme.add(Role::PlanManager).await;
            users::disable(&db.store, &owner.permit::<DisableUser>().await, leaver.id).await.unwrap();
            let mut browser = Browser::of(&owner);
            // Under either floor: what the policy asks for changes the word beside a name, not who is verified.
            for floor in ["mfa", "any"] {
                let page = browser.get("/users").await;
                let chips: Vec<_> = page.body.split("data-view href=\"").skip(1).collect();
                let mut read = Vec::new();
                for chip in &chips {
                    let href = chip.split('"').next().unwrap().replace("&#38;", "&");
                    let count: usize = chip.split("<b>").nth(1).unwrap().split('<').next().unwrap().parse().unwrap();
                    let shown = browser.get(&href).await.body.matches("class=\"into\" href=\"/users/").count();
                    assert_eq!(shown, count, "{href} under {floor}");
                    read.push((href, count));
                }
                let count = |href: &str| read.iter().find(|(each, _)| each == href).map(|(_, count)| *count);
                let active = |mfa: &str| count(&format!("/users?mfa={mfa}&status=active"));
                assert_eq!((active("verified"), active("sso"), active("missing")), (Some(1), Some(1), Some(0)));
                assert_eq!((count("/users"), count("/users?status=disabled")), (Some(3), Some(1)), "each is counted once");
                assert!(browser.get("/security").await.shows(">1 has a verified MFA factor<"), "the tile says the same");
                let policy = [("mfa_floor", "any"), ("mfa_grace_days", "14"), ("session_idle_minutes", "30"), ("session_absolute_hours", "12"), ("reauth_minutes", "10"), ("invitation_days", "14")];
                browser.post("/policy", &policy).await;
            }
        }

        async fn owner_finds_people_by_beginnings_of_words_however_many_there_are(db: Db) {
            let acme = db.tenant("acme").await;
            for (email, name) in [("zoe@care.example", "Zoë O'Brien"), ("o.brien@home.example", "Ann Zola"), ("zoe.b@care.example", "Zoe Brown")] {
                let new = users::NewUser { email: email.into(), name: name.into(), role: Role::Auditor };
                users::create(&db.store, &acme.job(), new).await.unwrap();
            }
            let mut browser = Browser::of(&acme.owner());
            for (query, count) in [("zoe", 2), ("ZO%C3%8B", 2), ("zo", 3), ("brien", 2), ("zoe%20o'brien", 1), ("zoe%40care", 1), ("care.example", 2), ("rien", 0), ("%25", 0)] {
                let page = browser.get(&format!("/users?q={query}")).await;
                let shown = page.body.matches("class=\"into\" href=\"/users/").count();
                assert_eq!(shown, count, "{query}");
            }
            assert!(browser.get("/users?q=zo&role=auditor&status=active&mfa=missing").await.shows("3 users<"));
            assert!(browser.get("/users?q=zo&status=disabled").await.shows("No one matches"));
        }

        async fn search_of_more_than_a_page_shows_everybody_once(db: Db) {
            let acme = db.tenant("acme").await;
            // Several words of each begin with what is looked for.
            for n in 0..130 {
                let new = users::NewUser { email: format!("ann{n}@annex.example"), name: format!("Ann Anna {n}"), role: Role::Auditor };
                users::create(&db.store, &acme.job(), new).await.unwrap();
            }
            let mut browser = Browser::of(&acme.owner());
            let (mut seen, mut path) = (std::collections::BTreeSet::new(), "/users?q=ann".to_owned());
            for shown in [50, 50, 30] {
                let page = browser.get(&path).await;
                let ids: Vec<_> = page.body.split("class=\"into\" href=\"/users/").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
                assert_eq!(ids.len(), shown);
                seen.extend(ids);
                let Some(next) = page.between("/users?q=ann&#38;after=", "\"") else { break };
                path = format!("/users?q=ann&after={next}");
            }
            assert_eq!(seen.len(), 130);
            assert_eq!(browser.get(&path.replace("q=ann", "q=bob")).await.status, 400, "a place of another search");
        }

        async fn a_filter_that_is_none_is_refused(db: Db) {
            let acme = db.tenant("acme").await;
            let mut browser = Browser::of(&acme.owner());
            for query in ["role=root", "mfa=x", "after=x", "sort=name"] {
                assert_eq!(browser.get(&format!("/users?{query}")).await.status, 400, "{query}");
            }
        }

        async fn nobody_sees_people_of_another_tenant(db: Db) {
            db.tenant("acme").await;
            let page = Browser::of(&db.tenant("other").await.owner()).get("/users").await;
            assert!(page.shows("owner@other.example") && !page.shows("acme"));
        }
    }

    #[test]
    fn each_chip_leads_to_the_list_without_its_own_filter() {
        let filter = Filter {
            q: Some("ann".into()),
            role: Some(Role::Auditor.into()),
            mfa: Some(Mfa::Missing),
            ..Filter::default()
        };
        let chips: Vec<_> =
            filter.chips(&Titles::default()).into_iter().map(|chip| (chip.value, chip.href)).collect();
        assert_eq!(
            chips,
            [
                ("ann".to_owned(), "/users?role=auditor&mfa=missing".to_owned()),
                ("Auditor".to_owned(), "/users?q=ann&mfa=missing".to_owned()),
                ("Missing".to_owned(), "/users?q=ann&role=auditor".to_owned()),
            ]
        );
    }
}
