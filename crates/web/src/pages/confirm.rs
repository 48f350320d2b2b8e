//! The question before an act that is not easily undone. With script it is shown in a dialog, without as a page.

use askama::Template;
use askama_web::WebTemplate;

use crate::{forms::Field, shell::Shell};

/// The question, what will happen, and the form that does it.
#[derive(Template, WebTemplate)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage {
    pub(crate) shell: Shell,
    pub(crate) question: String,
    pub(crate) sentence: String,
    /// What will happen, one sentence each.
    pub(crate) effects: Vec<String>,
    pub(crate) danger: bool,
    /// Where the form is posted.
    pub(crate) action: String,
    /// Hidden fields: name and value.
    pub(crate) hidden: Vec<(String, String)>,
    pub(crate) reason: Option<Field>,
    pub(crate) button: &'static str,
    pub(crate) cancel: String,
}
