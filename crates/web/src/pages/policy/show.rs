//! The policy as it stands, with the form to change it for whoever may.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{MfaFloor, Policy},
    permission::Permission,
    role::{CustomName, Role, RoleName},
    rule::{ReadPolicy, Rule},
};
use bailiwick_store::{Permit, Store, tenants, users};

use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Field, Problem, Select, Typed, in_order},
    pages::{
        audit::history,
        parts::{counted, people},
        reach::opens,
        titles::Titles,
    },
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
    /// One for each built-in role of the organisation.
    roles: Vec<Select>,
    /// One for each role that it made.
    own: Vec<OwnRole>,
    idle: Field,
    absolute: Field,
    reauth: Field,
    invitation: Field,
    keys: Field,
    /// The policy in words, for whoever may only read it.
    facts: Vec<(String, String)>,
}

/// The floor of a role that the organisation made.
struct OwnRole {
    id: String,
    label: String,
    /// Values of one field, which has as many as there are such roles.
    options: Vec<Choice>,
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
    let bare = users::without_passkey(&mut view).await?;
    let floors = MfaFloor::ALL.iter().map(|floor| {
        let hint = match floor {
            MfaFloor::Passkey => format!("{} {}", meaning(*floor), affected(bare)),
            _ => meaning(*floor).to_owned(),
        };
        Choice::new(floor.name(), title(*floor)).hint(hint)
    });
    let level = policy.floor.level();
    let titles = Titles::read(&mut view).await?;
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
        grace: Field::new("mfa_grace_days", "Days that people have to set up what is asked of them")
            .value(policy.mfa_grace_days.to_string())
            .hint(
                "0 to 90, counted from when they joined or when it was first asked for, whichever is later.",
            ),
        roles: of_platform(platform).map(|role| select(role, &policy)).collect(),
        own: titles.custom().map(|(name, label)| own(name, label, &policy)).collect(),
        idle: Field::new("session_idle_minutes", "Minutes without a request until a session ends")
            .value(policy.session_idle_minutes.to_string())
            .hint("5 to 1,440. Takes effect with the next request of each session."),
        absolute: Field::new("session_absolute_hours", "Hours until a session ends whatever happens")
            .value(policy.session_absolute_hours.to_string())
            .hint("1 to 720. Sessions that are open keep the end they have."),
        reauth: Field::new("reauth_minutes", "Minutes until what proves a person is asked for again")
            .value(policy.reauth_minutes.to_string())
            .hint(PROOFS),
        invitation: Field::new("invitation_days", "Days that an invitation waits for its answer")
            .value(policy.invitation_days.to_string())
            .hint("1 to 90. Whoever invites may choose otherwise."),
        keys: Field::new("api_key_days", "Days that a new API key works at most")
            .value(policy.api_key_days.map(|days| days.to_string()).unwrap_or_default())
            .hint("1 to 366. Empty: as long as its maker chooses, also without an end."),
        facts: facts(&policy, &titles),
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
            self.keys.named(),
        ];
        let own = self.own.into_iter().map(|mut role| {
            for option in &mut role.options {
                option.selected = typed.has("role_floor", &option.value);
            }
            role
        });
        Self {
            own: own.collect(),
            mfa_floor: self.mfa_floor.again(typed, &problems),
            grace: self.grace.again(typed, &problems),
            roles: self.roles.into_iter().map(|role| role.again(typed, &problems)).collect(),
            idle: self.idle.again(typed, &problems),
            absolute: self.absolute.again(typed, &problems),
            reauth: self.reauth.again(typed, &problems),
            invitation: self.invitation.again(typed, &problems),
            keys: self.keys.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}

/// Everything that asks for a fresh proof.
const PROOFS: &str = "1 to 60. It is asked for before changing one's own password, second factors, passkeys, recovery codes and phone, and before ending one's own sessions; before giving roles and permissions and making, changing and removing roles; before inviting and sending an invitation again; and before making API keys and changing this policy.";

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
    let choices = LEVELS.map(|(value, label)| Choice::new(value, label));
    Select::new(field(role), role.title(), choices, level_of(role.into(), policy).name())
}

/// What a role's own floor may be.
const LEVELS: [(&str, &str); 3] =
    [("any", "As everybody"), ("mfa", "A second factor"), ("passkey", "A passkey")];

fn level_of(role: RoleName, policy: &Policy) -> MfaFloor {
    policy.role_floors.get(&role).map_or(MfaFloor::Any, |floor| floor.level())
}

fn own(name: CustomName, label: String, policy: &Policy) -> OwnRole {
    let level = level_of(name.into(), policy);
    let option = |(value, label)| Choice {
        selected: value == level.name(),
        ..Choice::new(format!("{name} {value}"), label)
    };
    OwnRole { id: format!("floor_{name}"), label, options: LEVELS.map(option).into() }
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

/// Whom a floor of passkeys concerns, said before it is chosen.
fn affected(without: i64) -> String {
    let lack = match without {
        0 => "Everybody here has one.".to_owned(),
        1 => "1 person here has none, and has to set one up within the days below.".to_owned(),
        many => format!("{} here have none, and have to set one up within the days below.", people(many)),
    };
    format!("{lack} Whoever has one must show it, once those days are over, with their next request.")
}

fn facts(policy: &Policy, titles: &Titles) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Everybody signs in with".to_owned(), title(policy.floor.level()).to_owned()),
        ("Time to set it up".to_owned(), counted(policy.mfa_grace_days, "day")),
    ];
    facts.extend(
        policy.role_floors.iter().map(|(role, floor)| (titles.of(*role), title(floor.level()).to_owned())),
    );
    let others = [
        ("A session ends without a request for", counted(policy.session_idle_minutes, "minute")),
        ("A session ends in any case after", counted(policy.session_absolute_hours, "hour")),
        ("What proves a person is asked for again after", counted(policy.reauth_minutes, "minute")),
        ("An invitation waits for", counted(policy.invitation_days, "day")),
        (
            "A new API key works for at most",
            policy
                .api_key_days
                .map_or_else(|| "as long as its maker chooses".to_owned(), |days| counted(days, "day")),
        ),
    ];
    facts.extend(others.map(|(name, value)| (name.to_owned(), value)));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_reads_whom_passkeys_would_concern() {
        assert!(affected(0).starts_with("Everybody here has one."));
        assert!(affected(1).starts_with("1 person here has none"));
        assert!(
            affected(1_204).starts_with("1,204 people here have none")
                && affected(2).contains("next request")
        );
    }

    #[test]
    fn each_role_has_a_field_that_names_it() {
        for role in Role::ALL {
            assert_eq!(field(role).strip_prefix("floor_"), Some(role.name()));
        }
    }
}
