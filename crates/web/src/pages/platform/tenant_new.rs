//! The form with which an organisation is created.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::rule::CreateTenant;
use bailiwick_store::{Permit, regions::LOCAL};

use crate::{
    access::Access,
    forms::{Choice, Field, Problem, Select, Typed, in_order},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "platform/tenant_create.html")]
pub(super) struct TenantCreatePage {
    shell: Shell,
    problems: Vec<Problem>,
    name: Field,
    slug: Field,
    region: Select,
    owner: Field,
    owner_name: Field,
}

pub(super) async fn tenant_new(Access(permit): Access<CreateTenant>, visit: Visit) -> TenantCreatePage {
    page(&permit, &visit)
}

/// The empty form.
pub(super) fn page(permit: &Permit<CreateTenant>, visit: &Visit) -> TenantCreatePage {
    TenantCreatePage {
        shell: Shell::new(permit, visit, "New tenant").under("Tenants", "/platform/tenants"),
        problems: Vec::new(),
        name: Field::new("name", "Name").hint("As its people read it."),
        slug: Field::new("slug", "Short name")
            .hint("2 to 40 lower-case letters, digits and hyphens. It cannot be changed later."),
        region: Select::new(
            "region",
            "Region",
            [Choice::new(LOCAL, "Local").hint("Kept on this installation.")],
            LOCAL,
        ),
        owner: Field::new("owner", "Address of the first owner").hint("They sign in with it."),
        owner_name: Field::new("owner_name", "Name of the first owner"),
    }
}

impl TenantCreatePage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [
            self.name.named(),
            self.slug.named(),
            self.region.named(),
            self.owner.named(),
            self.owner_name.named(),
        ];
        Self {
            name: self.name.again(typed, &problems),
            slug: self.slug.again(typed, &problems),
            region: self.region.again(typed, &problems),
            owner: self.owner.again(typed, &problems),
            owner_name: self.owner_name.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
