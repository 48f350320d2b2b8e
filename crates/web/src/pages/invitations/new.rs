//! The form with which people are invited.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{entity::TenantKind, rule::Invite};
use bailiwick_ops::roles::givable;
use bailiwick_store::{Permit, Store, tenants};

use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Field, Problem, Select, Typed, in_order},
    pages::parts::counted,
    shell::{Shell, Visit},
};

/// Days that are offered beside the policy's own number.
const DAYS: [i64; 5] = [3, 7, 14, 30, 90];

#[derive(Template, WebTemplate)]
#[template(path = "invitations/create.html")]
pub(super) struct InvitationCreatePage {
    shell: Shell,
    problems: Vec<Problem>,
    address: Field,
    role: Select,
    lifetime: Select,
}

pub(super) async fn new(
    Access(permit): Access<Invite>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<InvitationCreatePage> {
    page(&permit, &visit, &store).await
}

/// The empty form.
pub(super) async fn page(
    permit: &Permit<Invite>,
    visit: &Visit,
    store: &Store,
) -> Result<InvitationCreatePage> {
    Ok(InvitationCreatePage {
        shell: Shell::new(permit, visit, "Invite someone").under("Invitations", "/invitations"),
        problems: Vec::new(),
        address: Field::new("address", "E-mail address")
            .hint("Nobody else learns the link, not even whoever invites."),
        role: roles(permit, store).await?,
        lifetime: lifetimes(permit, store).await?,
    })
}

/// The roles that the permit may invite to.
pub(super) async fn roles(permit: &Permit<Invite>, store: &Store) -> Result<Select> {
    let platform = permit.caller().is_some_and(|caller| caller.tenant.kind == TenantKind::Platform);
    let roles = givable(store, &mut store.read(permit).await?, *permit.permissions(), platform).await?;
    let roles = roles.into_iter().map(|one| Choice::new(one.role.name(), one.title).hint(one.description));
    Ok(Select::new("role", "Role", roles, "").hint("Roles that hold more than you do are not offered."))
}

/// For how long an invitation waits.
pub(super) async fn lifetimes(permit: &Permit<Invite>, store: &Store) -> Result<Select> {
    let policy = tenants::policy(&mut store.read(permit).await?).await?;
    let mut days = DAYS.to_vec();
    days.push(policy.invitation_days);
    days.sort_unstable();
    days.dedup();
    let days = days.into_iter().map(|days| Choice::new(days.to_string(), counted(days, "day")));
    Ok(Select::new("lifetime", "Expires after", days, &policy.invitation_days.to_string()))
}

impl InvitationCreatePage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.address.named(), self.role.named(), self.lifetime.named()];
        Self {
            address: self.address.again(typed, &problems),
            role: self.role.again(typed, &problems),
            lifetime: self.lifetime.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
