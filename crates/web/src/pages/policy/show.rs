//! The policy as it stands, with the form to change it for whoever may.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{MfaFloor, Policy},
    permission::Permission,
    role::Role,
    rule::{ReadPolicy, Rule},
};
use bailiwick_store::{Permit, Store, tenants};

use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Field, Problem, Select, Typed, in_order},
    pages::{audit::history, parts::counted, reach::opens},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "policy/show.html")]
pub(super) struct PolicyPage {
    shell: Shell,
    problems: Vec<Problem>,
    may_update: bool,
    /// The policy's history; nothing for whoever may not read the log.
    history: Option<String>,
    mfa_floor: Select,
    grace: Field,
    /// One for each role of the organisation.
    roles: Vec<Select>,
    idle: Field,
    absolute: Field,
    reauth: Field,
    invitation: Field,
    /// The policy in words, for whoever may only read it.
    facts: Vec<(&'static str, String)>,
}

pub(super) async fn show(
    Access(permit): Access<ReadPolicy>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<PolicyPage> {
    page(&permit, &visit, &store).await
}

/// The page of the policy as it stands.
pub(super) async fn page<R: Rule>(permit: &Permit<R>, visit: &Visit, store: &Store) -> Result<PolicyPage> {
    let mut view = store.read(permit).await?;
    let policy = tenants::policy(&mut view).await?;
    let platform = tenants::find(&mut view).await?.kind == bailiwick_domain::entity::TenantKind::Platform;
    let floors =
        MfaFloor::ALL.iter().map(|floor| Choice::new(floor.name(), title(*floor)).hint(meaning(*floor)));
    let level = policy.floor.level();
    Ok(PolicyPage {
        shell: if opens(visit, permit, "/security") {
            Shell::new(permit, visit, "Security policy").under("Security controls", "/security")
        } else {
            Shell::new(permit, visit, "Security policy")
        },
        problems: Vec::new(),
        may_update: permit.may(Permission::POLICY_UPDATE),
        history: permit.may(Permission::AUDIT_READ).then(|| history("policy", policy.id)),
        mfa_floor: Select::new("mfa_floor", "Everybody signs in with", floors, level.name()),
        grace: Field::new("mfa_grace_days", "Days that a person may do without")
            .value(policy.mfa_grace_days.to_string())
            .hint(
                "0 to 90, counted from when they joined or when it was first asked for, whichever is later.",
            ),
        roles: of_platform(platform).map(|role| select(role, &policy)).collect(),
        idle: Field::new("session_idle_minutes", "Minutes without a request until a session ends")
            .value(policy.session_idle_minutes.to_string())
            .hint("5 to 1,440. Takes effect with the next request of each session."),
        absolute: Field::new("session_absolute_hours", "Hours until a session ends whatever happens")
            .value(policy.session_absolute_hours.to_string())
            .hint("1 to 720. Sessions that are open keep the end they have."),
        reauth: Field::new("reauth_minutes", "Minutes until what proves a person is asked for again")
            .value(policy.reauth_minutes.to_string())
            .hint("1 to 60. Before changing a password or a second factor, and before ending one's own sessions."),
        invitation: Field::new("invitation_days", "Days that an invitation waits for its answer")
            .value(policy.invitation_days.to_string())
            .hint("1 to 90. Whoever invites may choose otherwise."),
        facts: facts(&policy),
    })
}

impl PolicyPage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [
            self.mfa_floor.named(),
            self.grace.named(),
            self.idle.named(),
            self.absolute.named(),
            self.reauth.named(),
            self.invitation.named(),
        ];
        Self {
            mfa_floor: self.mfa_floor.again(typed, &problems),
            grace: self.grace.again(typed, &problems),
            roles: self.roles.into_iter().map(|role| role.again(typed, &problems)).collect(),
            idle: self.idle.again(typed, &problems),
            absolute: self.absolute.again(typed, &problems),
            reauth: self.reauth.again(typed, &problems),
            invitation: self.invitation.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}

/// The field of a role's own floor.
const fn field(role: Role) -> &'static str {
    match role {
        Role::TenantOwner => "floor_tenant_owner",
        Role::OperationsManager => "floor_operations_manager",
        Role::PlanManager => "floor_plan_manager",
        Role::SupportCoordinator => "floor_support_coordinator",
        Role::Auditor => "floor_auditor",
        Role::Developer => "floor_developer",
        Role::PlatformOwner => "floor_platform_owner",
        Role::PlatformOperator => "floor_platform_operator",
        Role::PlatformSupport => "floor_platform_support",
    }
}

fn of_platform(platform: bool) -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().filter(move |role| role.platform() == platform)
}

fn select(role: Role, policy: &Policy) -> Select {
    let own = policy.role_floors.get(&role).map_or(MfaFloor::Any, |floor| floor.level());
    let choices = [
        Choice::new("any", "As everybody"),
        Choice::new("mfa", "A second factor"),
        Choice::new("passkey", "A passkey"),
    ];
    Select::new(field(role), role.title(), choices, own.name())
}

const fn title(floor: MfaFloor) -> &'static str {
    match floor {
        MfaFloor::Any => "A password",
        MfaFloor::Mfa => "A password and a second factor",
        MfaFloor::Passkey => "A passkey",
    }
}

const fn meaning(floor: MfaFloor) -> &'static str {
    match floor {
        MfaFloor::Any => {
            "A second factor is asked of those who have one. Choosing this raises a high-severity event."
        }
        MfaFloor::Mfa => "A verified authenticator, or single sign-on whose provider asserts one.",
        MfaFloor::Passkey => "Nothing less: a code can be typed into a copied page, a passkey cannot.",
    }
}

fn facts(policy: &Policy) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Everybody signs in with", title(policy.floor.level()).to_owned()),
        ("They may do without for", counted(policy.mfa_grace_days, "day")),
    ];
    facts.extend(
        policy.role_floors.iter().map(|(role, floor)| (role.title(), title(floor.level()).to_owned())),
    );
    facts.extend([
        ("A session ends without a request for", counted(policy.session_idle_minutes, "minute")),
        ("A session ends in any case after", counted(policy.session_absolute_hours, "hour")),
        ("What proves a person is asked for again after", counted(policy.reauth_minutes, "minute")),
        ("An invitation waits for", counted(policy.invitation_days, "day")),
    ]);
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_a_field_that_names_it() {
        for role in Role::ALL {
            assert_eq!(field(role).strip_prefix("floor_"), Some(role.name()));
        }
    }
}
