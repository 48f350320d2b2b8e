//! The form with which a secret is stored.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::rule::WriteSecrets;
use bailiwick_store::Permit;

use super::{LIST, value};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Problem, Typed, in_order},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "secrets/new.html")]
pub(super) struct NewSecretPage {
    shell: Shell,
    problems: Vec<Problem>,
    name: Field,
    value: Field,
}

pub(super) async fn new(Access(permit): Access<WriteSecrets>, visit: Visit) -> Result<NewSecretPage> {
    Ok(page(&permit, &visit))
}

/// The empty form.
pub(super) fn page(permit: &Permit<WriteSecrets>, visit: &Visit) -> NewSecretPage {
    NewSecretPage {
        shell: Shell::new(permit, visit, "Store a secret").under("Secrets", LIST),
        problems: Vec::new(),
        name: Field::new("name", "Name").hint("What programs ask for, such as gateway/stripe/api_key."),
        value: value(&[]),
    }
}

impl NewSecretPage {
    /// The form as it was filled in, without the value, and with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.name.named(), self.value.named()];
        Self {
            name: self.name.again(typed, &problems),
            value: value(&problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
