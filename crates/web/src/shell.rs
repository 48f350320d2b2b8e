//! What surrounds every page: navigation, breadcrumb, account, messages, theme.

mod flash;
mod nav;
mod see_other;
mod theme;
mod visit;

use bailiwick_domain::{mfa::Standing, rule::Rule, zone::Zone};
use bailiwick_store::Permit;

pub use flash::{Flash, Message};
pub(crate) use nav::Site;
pub use nav::{NavGroup, NavItem};
pub use see_other::SeeOther;
pub use theme::Theme;
pub(crate) use visit::NewToken;
pub use visit::{Visit, Wants};

use crate::{
    assets,
    when::{When, zone_of},
};

/// What surrounds every page, as the templates read it.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The page's title.
    pub title: String,
    /// The way to the page; the last is the page itself.
    pub crumbs: Vec<Crumb>,
    /// The pages that the actor may open.
    pub nav: Vec<NavGroup>,
    /// The organisation's name; empty before sign-in.
    pub tenant_name: String,
    /// Where its data is at rest; empty before sign-in.
    pub tenant_region: String,
    /// Who is signed in.
    pub person: Option<Person>,
    /// By when the person has to set up a second factor; nothing for whoever has what is asked of them.
    pub enrol_by: Option<When>,
    /// Where a person proves who they are whose last proof is too old for the forms of this page; nothing while it is fresh.
    pub prove_at: Option<String>,
    /// The CSRF token of this browser.
    pub csrf: String,
    /// The message of the action that led here.
    pub flash: Option<Flash>,
    /// The request's id, to be quoted to whoever helps.
    pub request_id: String,
    /// `auto`, `light` or `dark`.
    pub theme: &'static str,
    /// In which time zone times are shown; UTC before sign-in, and for whoever chose none.
    pub zone: Zone,
}

/// One step of the breadcrumb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    /// What people read.
    pub label: String,
    /// Where it leads; nothing for the page itself.
    pub href: Option<String>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their sign-in address.
    pub address: String,
    /// Their role's title.
    pub role: String,
    /// One or two letters that stand for them.
    pub initials: String,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What people read.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}

impl Shell {
    /// The shell of a page for whoever holds `permit`.
    pub fn new<R: Rule>(permit: &Permit<R>, visit: &Visit, title: impl Into<String>) -> Self {
        let mut shell = Self::card(visit, title);
        shell.nav = visit.site.nav(visit.path.as_str(), permit);
        if let Some(caller) = permit.caller() {
            if let Standing::Grace(until) = caller.mfa {
                shell.enrol_by = Some(When::day(until));
            }
            shell.prove_at = (!permit.proved_lately()).then(|| visit.path.after("/sign-in/again"));
            shell.zone = zone_of(permit);
            shell.tenant_name.clone_from(&caller.tenant.name);
            shell.tenant_region.clone_from(&caller.tenant.region);
            shell.person = Some(Person {
                name: caller.user.name.clone(),
                address: caller.user.email.clone(),
                role: caller.role.clone(),
                initials: initials(&caller.user.name),
            });
        }
        shell
    }

    /// The shell of a page without navigation: sign-in, enrolment, errors.
    pub fn card(visit: &Visit, title: impl Into<String>) -> Self {
        let title = title.into();
        Self {
            crumbs: vec![Crumb { label: title.clone(), href: None }],
            title,
            nav: Vec::new(),
            tenant_name: String::new(),
            tenant_region: String::new(),
            person: None,
            enrol_by: None,
            prove_at: None,
            csrf: visit.csrf.to_string(),
            flash: visit.flash.map(Message::flash),
            request_id: visit.client.id.to_string(),
            theme: visit.theme.name(),
            zone: Zone::UTC,
        }
    }

    /// Puts a page above this one in the breadcrumb, below those already there.
    #[must_use]
    pub fn under(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        let at = self.crumbs.len().saturating_sub(1);
        self.crumbs.insert(at, Crumb { label: label.into(), href: Some(href.into()) });
        self
    }

    /// Shows at a page of the navigation how much there is to look at; nothing for none.
    #[must_use]
    pub fn tally(mut self, href: &str, count: u64) -> Self {
        for item in self.nav.iter_mut().flat_map(|group| &mut group.items).filter(|item| item.href == href) {
            item.count = (count > 0).then_some(count);
        }
        self
    }

    /// Where an embedded file is served: `/assets/app-0123456789ab.css`.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::href(name)
    }

    /// Where a symbol of the icon sprite is found.
    pub fn icon(&self, name: &str) -> String {
        format!("{}#{name}", assets::href("icons.svg"))
    }
}

/// The first letters of the first and last word, upper case.
pub fn initials(name: &str) -> String {
    let mut words =
        name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_stand_for_a_person() {
        for (name, letters) in [
            ("Imran Owner", "IO"),
            ("Ann", "A"),
            ("Anna Maria de la Cruz", "AC"),
            ("  ", ""),
            ("(Ops) team", "OT"),
            ("élan vital", "ÉV"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    #[test]
    fn breadcrumb_ends_in_the_page_itself() {
        let shell = Shell::card(&Visit::sample(), "Ann").under("People", "/people").under("Users", "/users");
        let crumbs: Vec<_> =
            shell.crumbs.iter().map(|crumb| (crumb.label.as_str(), crumb.href.as_deref())).collect();
        assert_eq!(crumbs, [("People", Some("/people")), ("Users", Some("/users")), ("Ann", None)]);
    }
}
