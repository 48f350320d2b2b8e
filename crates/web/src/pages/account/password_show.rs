//! The form for another password of one's own, and for a first one.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::rule::{Me, Rule};
use bailiwick_store::Permit;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Problem},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "account/password.html")]
pub(super) struct PasswordPage {
    shell: Shell,
    problems: Vec<Problem>,
    address: String,
    /// Nothing where there is none so far.
    current: Option<Field>,
    new: Field,
    again: Field,
}

impl PasswordPage {
    /// # Errors
    /// [`Error::Forbidden`] for a key, which has no password.
    pub(super) fn new<R: Rule>(permit: &Permit<R>, visit: &Visit, problems: Vec<Problem>) -> Result<Self> {
        let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has a password."))?;
        Ok(Self {
            shell: Shell::new(permit, visit, "Change your password").under("Profile and sign-in", "/account"),
            address: caller.user.email.clone(),
            current: Some(Field::new("current", "Present password").emptied(&problems)),
            new: Field::new("new", "New password")
                .hint("At least 12 characters. Length beats symbols.")
                .emptied(&problems),
            again: Field::new("again", "New password again").emptied(&problems),
            problems,
        })
    }

    /// The form for a first password.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn first<R: Rule>(permit: &Permit<R>, visit: &Visit, problems: Vec<Problem>) -> Result<Self> {
        let shell = Shell::new(permit, visit, "Set a password").under("Profile and sign-in", "/account");
        Ok(Self { shell, current: None, ..Self::new(permit, visit, problems)? })
    }
}

pub(super) async fn password_show(Access(permit): Access<Me>, visit: Visit) -> Result<PasswordPage> {
    PasswordPage::new(&permit, &visit, Vec::new())
}
