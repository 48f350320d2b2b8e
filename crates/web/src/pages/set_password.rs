//! Choosing a password in a form: it is typed twice, and shown again never.

use askama::Template;
use askama_web::WebTemplate;

use super::refused::Refused;
use crate::{
    forms::{Field, Problem},
    shell::Shell,
};

/// The form behind a link with which a password is set.
#[derive(Template, WebTemplate)]
#[template(path = "enrol/set_password.html")]
pub(crate) struct SetPasswordPage {
    pub(crate) shell: Shell,
    pub(crate) title: String,
    pub(crate) sentence: String,
    pub(crate) problems: Vec<Problem>,
    /// Where it is posted.
    pub(crate) action: String,
    /// Whose password it is, for whatever keeps passwords.
    pub(crate) address: String,
    pub(crate) name: Option<Field>,
    pub(crate) new: Field,
    pub(crate) again: Field,
    pub(crate) button: &'static str,
}

/// What is said where the two differ.
pub(crate) fn typed_otherwise() -> Refused {
    Refused::unread(vec![Problem::new("again", "This is not the same password.")], &[])
}
