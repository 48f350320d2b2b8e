//! Tenants: creating, the link of their first owner, suspending, reactivating.

use bailiwick_domain::{
    entity::{Policy, Severity, Tenant, TenantKind, TenantStatus, User},
    ids::TenantId,
    role::Role,
    rule::{ByJob, CreateTenant, ReactivateTenant, Rule, SuspendTenant},
    time::Timestamp,
};
use bailiwick_store::{
    Event, Permit, Recorded, Scope, Store, Tx,
    keys::{self, FreshKey},
    tenants, users,
};
use bailiwick_vault::api_key::Brand;

use crate::{
    Error, Result, enrolment,
    step_up::{Answer, Change, Outcome, Told},
    valid::{self, Fields},
};

/// A tenant to be.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The short name in addresses.
    pub slug: String,
    /// The organisation's name.
    pub name: String,
    /// The region that holds its data.
    pub region: String,
    /// What its API keys begin with; the catalogue's brand or `bw` if not given.
    pub key_brand: Option<String>,
    /// The first owner.
    pub owner: NewOwner,
}

/// The first owner of a new tenant.
#[derive(Debug, Clone)]
pub struct NewOwner {
    /// The sign-in address.
    pub email: String,
    /// The name.
    pub name: String,
}

/// A tenant whose first owner was sent a link. The link is in the letter and nowhere else.
#[derive(Debug)]
pub struct OwnerInvited {
    /// The tenant.
    pub tenant: Tenant,
    /// Its first owner, who has not set a password yet.
    pub owner: User,
    /// When the link ceases to work.
    pub expires_at: Timestamp,
}

/// Creates a customer's tenant with its policy, its first key, its first owner and the letter with the link that enrols them.
///
/// All of it or nothing: a tenant whose owner has no link could be entered by nobody.
pub async fn create(store: &Store, permit: &Permit<CreateTenant>, new: NewTenant) -> Result<OwnerInvited> {
    let new = parse(store, new)?;
    let inside = permit.step_into(store.new_id());
    let key = first_key(store, &inside).await?;
    store
        .change(&inside, async |tx| {
            let (tenant, owner, created) = insert(store, tx, TenantKind::Customer, new, key).await?;
            tx.also(created);
            let (issued, enrolment) = enrolment::mail_link(store, tx, &owner).await?;
            Ok(tx.record(issued, OwnerInvited { tenant, owner, expires_at: enrolment.expires_at }))
        })
        .await
}

/// Mails another link to the owner of a customer in which no owner has set a password yet. The links before it die.
///
/// # Errors
/// `Conflict` once an owner has a password: from then on the platform has no way into the customer's accounts; `Limited` after
/// letters enough for a day.
pub async fn renew_owner_link(
    store: &Store,
    permit: &Permit<CreateTenant>,
    id: TenantId,
) -> Result<OwnerInvited> {
    const ENROLLED: Error =
        Error::Conflict("The owner has set a password. Another link can no longer be sent.");
    store
        .change(&permit.step_into(id), async |tx| {
            let tenant = tenants::lock(tx).await?;
            if tenant.kind == TenantKind::Platform {
                return Err(Error::Conflict("The platform's own owner is enrolled on its server."));
            }
            // The policy before people, as for every letter that is counted.
            tenants::lock_policy(tx).await?;
            let waiting = users::first_without_password(tx, Role::TenantOwner).await?.ok_or(ENROLLED)?;
            let owner = users::lock(tx, waiting.id).await?;
            // Whoever waits for the lock may have waited for the very link to be used.
            if users::first_without_password(tx, Role::TenantOwner).await?.as_ref() != Some(&owner) {
                return Err(ENROLLED);
            }
            let (issued, enrolment) = enrolment::mail_link(store, tx, &owner).await?;
            let issued =
                issued.raising(Severity::Warning, "The platform issued another link for the first owner");
            Ok(tx.record(issued, OwnerInvited { tenant, owner, expires_at: enrolment.expires_at }))
        })
        .await
}

/// Creates a tenant as the server itself, which also makes the one of the platform. Its owner still has to be enrolled.
pub async fn create_as(
    store: &Store,
    permit: &Permit<ByJob>,
    kind: TenantKind,
    new: NewTenant,
) -> Result<(Tenant, User)> {
    let new = parse(store, new)?;
    let inside = permit.step_into(store.new_id());
    let key = first_key(store, &inside).await?;
    store
        .change(&inside, async |tx| {
            let (tenant, owner, created) = insert(store, tx, kind, new, key).await?;
            Ok(tx.record(created, (tenant, owner)))
        })
        .await
}

/// A tenant to be, in its stored spelling.
struct Parsed {
    slug: String,
    name: String,
    region: String,
    brand: Brand,
    owner_email: String,
    owner_name: String,
}

fn parse(store: &Store, new: NewTenant) -> Result<Parsed> {
    let mut fields = Fields::default();
    let slug = fields.take("slug", valid::slug(&new.slug));
    let name = fields.take("name", valid::called(&new.name));
    let owner_email = fields.take("owner_email", valid::email(&new.owner.email));
    let owner_name = fields.take("owner_name", valid::called(&new.owner.name));
    let chosen = new.key_brand.as_deref().map(str::trim).filter(|brand| !brand.is_empty());
    let brand =
        chosen.or_else(|| store.catalogue().key_brand()).map_or_else(|| Some(Brand::default()), Brand::parse);
    if brand.is_none() {
        fields.refuse("key_brand", "Use 2 to 12 lower-case letters and digits.");
    }
    if new.region != bailiwick_store::regions::LOCAL {
        fields.refuse("region", "Choose one of the regions.");
    }
    fields.done()?;
    let (Some(slug), Some(name), Some(brand)) = (slug, name, brand) else { return Err(Error::NotFound) };
    let (Some(owner_email), Some(owner_name)) = (owner_email, owner_name) else {
        return Err(Error::NotFound);
    };
    Ok(Parsed { slug, name, region: new.region, brand, owner_email, owner_name })
}

/// The first key of a tenant to be, made before its transaction begins: where the holder of the root key is away, nobody waits in one.
async fn first_key<R: Rule>(store: &Store, inside: &Permit<R>) -> Result<FreshKey> {
    Ok(keys::fresh(store, inside.tenant().ok_or(Error::NotFound)?, 1).await?)
}

/// Writes tenant, policy and owner within a change, with the event of the owner to record.
async fn insert(
    store: &Store,
    tx: &mut Tx,
    kind: TenantKind,
    new: Parsed,
    key: FreshKey,
) -> Result<(Tenant, User, Event)> {
    let tenant = Tenant {
        id: tx.tenant(),
        slug: new.slug,
        name: new.name,
        kind,
        region: new.region,
        status: TenantStatus::Active,
        key_brand: new.brand.as_str().to_owned(),
        created_at: tx.now(),
    };
    let written = tenants::insert(tx, tenant.clone(), key).await.map_err(|error| match error {
        bailiwick_store::Error::Conflict(_) => Error::field("slug", "This short name is taken."),
        error => error.into(),
    })?;
    let created = Event::new("tenant.created", &written)?;
    tx.also(created);
    let written = tenants::insert_policy(tx, Policy::new(tenant.id, tx.now())).await?;
    let policy = Event::new("policy.created", &written)?;
    tx.also(policy);
    let role = if kind == TenantKind::Platform { Role::PlatformOwner } else { Role::TenantOwner };
    let (event, owner) =
        crate::users::insert(store, tx, new.owner_email, new.owner_name, role.into()).await?;
    Ok((tenant, owner, event))
}

/// Suspends a customer: every session and key of the tenant is refused from now on, on every path. A code is asked for first.
pub async fn suspend(
    store: &Store,
    permit: &Permit<SuspendTenant>,
    id: TenantId,
    reason: &str,
    answer: Option<Answer>,
) -> Result<Outcome<Tenant>> {
    let reason = valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    let inside = permit.step_into(id);
    let change = Change { store, home: permit, inside: &inside };
    // The difference is one plain line.
    let told = |tenant: &Tenant| Told { name: tenant.name.clone(), effects: Vec::new() };
    change.confirmed(answer, told, async |tx| set_status(tx, TenantStatus::Suspended, &reason).await).await
}

/// Serves a suspended customer again.
pub async fn reactivate(
    store: &Store,
    permit: &Permit<ReactivateTenant>,
    id: TenantId,
    reason: &str,
) -> Result<Tenant> {
    let reason = valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    store.change(&permit.step_into(id), async |tx| set_status(tx, TenantStatus::Active, &reason).await).await
}

async fn set_status(tx: &mut Tx, status: TenantStatus, reason: &str) -> Result<Recorded<Tenant>> {
    let before = tenants::lock(tx).await?;
    if before.kind == TenantKind::Platform {
        return Err(Error::Conflict("The platform's own tenant cannot be suspended."));
    }
    if before.status == status {
        return Err(Error::Conflict("The tenant has this status already."));
    }
    let after = Tenant { status, ..before.clone() };
    let written = tenants::replace(tx, before, after.clone()).await?;
    let (action, detail) = match status {
        TenantStatus::Suspended => ("tenant.suspended", "The platform suspended this organisation"),
        TenantStatus::Active => ("tenant.reactivated", "The platform reactivated this organisation"),
    };
    let event = Event::new(action, &written)?.because(reason).raising(Severity::Warning, detail);
    Ok(tx.record(event, after))
}
