//! The form with which a team is made.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::rule::UpdateTeam;
use bailiwick_store::Permit;

use crate::{
    access::Access,
    forms::{Field, Problem, Typed, in_order},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "teams/new.html")]
pub(super) struct NewTeamPage {
    shell: Shell,
    problems: Vec<Problem>,
    name: Field,
    description: Field,
}

pub(super) async fn new(Access(permit): Access<UpdateTeam>, visit: Visit) -> NewTeamPage {
    page(&permit, &visit)
}

/// The empty form.
pub(super) fn page(permit: &Permit<UpdateTeam>, visit: &Visit) -> NewTeamPage {
    let (name, description) = fields();
    NewTeamPage {
        shell: Shell::new(permit, visit, "New team").under("Teams", "/teams"),
        problems: Vec::new(),
        name,
        description,
    }
}

pub(super) fn fields() -> (Field, Field) {
    (Field::new("name", "Name"), Field::new("description", "Description").hint("What the team is there for."))
}

impl NewTeamPage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.name.named(), self.description.named()];
        Self {
            name: self.name.again(typed, &problems),
            description: self.description.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
