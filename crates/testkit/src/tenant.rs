//! Tenants of tests, made through the operations.

use bailiwick_domain::{
    entity::{self, TenantKind},
    ids::TenantId,
    role::Role,
    rule::ByJob,
};
use bailiwick_ops::{
    tenants::{self, NewOwner, NewTenant},
    users::{self, NewUser},
};
use bailiwick_store::Permit;

use crate::{Actor, Db};

/// A tenant with an owner.
#[derive(Clone)]
pub struct Tenant {
    /// Where it lies.
    pub db: Db,
    /// The tenant as it was made.
    pub entity: entity::Tenant,
    owner: Actor,
}

impl Db {
    /// A customer's tenant, whose owner is signed in.
    pub async fn tenant(&self, slug: &str) -> Tenant {
        self.tenant_of(TenantKind::Customer, slug).await
    }

    /// The tenant of the platform, whose owner is signed in.
    pub async fn platform(&self) -> Tenant {
        self.tenant_of(TenantKind::Platform, "platform").await
    }

    async fn tenant_of(&self, kind: TenantKind, slug: &str) -> Tenant {
        let job = self.job(self.store.new_id());
        let new = NewTenant {
            slug: slug.to_owned(),
            name: format!("{slug} Pty Ltd"),
            region: "local".to_owned(),
            key_brand: None,
            owner: NewOwner { email: format!("owner@{slug}.example"), name: format!("Olive {slug}") },
        };
        let (entity, owner) = tenants::create_as(&self.store, &job, kind, new).await.expect("a tenant");
        let owner = Actor::sign_in(self, entity.id, owner).await;
        Tenant { db: self.clone(), entity, owner }
    }
}

impl Tenant {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> TenantId {
        self.entity.id
    }

    /// Its first owner, signed in.
    #[must_use]
    pub fn owner(&self) -> Actor {
        self.owner.clone()
    }

    /// Another user with this role, signed in.
    pub async fn user(&self, role: Role) -> Actor {
        let user = self.add(role).await;
        Actor::sign_in(&self.db, self.id(), user).await
    }

    /// Another user with this role and without any way to sign in.
    pub async fn add(&self, role: Role) -> entity::User {
        let number = self.db.seed();
        let new = NewUser {
            email: format!("user{number}@{}.example", self.entity.slug),
            name: format!("Una {number}"),
            role,
        };
        users::create(&self.db.store, &self.job(), new).await.expect("a user")
    }

    /// A permit of the server itself within this tenant.
    #[must_use]
    pub fn job(&self) -> Permit<ByJob> {
        self.db.job(self.id())
    }
}
