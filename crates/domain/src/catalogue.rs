//! The catalogue: every permission of the running program, built-in first, then the packs'.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;

use crate::{
    permission::{BUILT_IN, Definition, Origin, Permission, PermissionSet, is_permission_name},
    role::{Holds, Role},
};

/// The permissions a pack registers, as written in its `permissions.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackPermissions {
    /// The pack's name: lower-case letters and digits, at most 16.
    pub pack: String,
    /// The prefix of API keys issued where this pack is used; the same alphabet as the name.
    pub key_brand: Option<String>,
    /// The permissions, listed in this order after those already there.
    pub permissions: Vec<PackPermission>,
    /// Which of them each built-in role of a customer's tenant gains; the tenant owner holds all of them anyway.
    #[serde(default)]
    pub roles: BTreeMap<Role, Vec<String>>,
}

/// One permission of a pack; the guarded product asks for it by name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackPermission {
    /// The name, `noun:verb`.
    pub name: String,
    /// The heading it is listed under.
    pub group: String,
    /// What its holder may do, as one sentence.
    pub description: String,
}

/// Why packs do not make a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The pack's name or key brand is not one to sixteen lower-case letters and digits.
    #[error("{0:?} is no name of a pack or key brand: use one to sixteen lower-case letters and digits")]
    BadPackName(String),
    /// A name that stands for several permissions; permissions are always listed one by one.
    #[error("pack {pack}: {name:?} is a wildcard; list every permission by its name")]
    Wildcard {
        /// The pack at fault.
        pack: String,
        /// The name as written.
        name: String,
    },
    /// A name that is not `noun:verb`.
    #[error("pack {pack}: {name:?} is not a permission name; write noun:verb in lower case")]
    BadName {
        /// The pack at fault.
        pack: String,
        /// The name as written.
        name: String,
    },
    /// A name that is built in or that a pack before this one registered.
    #[error("pack {pack}: permission {name} exists already")]
    Duplicate {
        /// The pack at fault.
        pack: String,
        /// The name as written.
        name: String,
    },
    /// A pack gives a role a permission that the pack does not register itself.
    #[error("pack {pack}: role {role} may only gain permissions of the pack itself, and {name:?} is none")]
    NotItsOwn {
        /// The pack at fault.
        pack: String,
        /// The role it extends.
        role: Role,
        /// The name as written.
        name: String,
    },
    /// A pack extends a role of the platform.
    #[error("pack {pack}: role {role} belongs to the platform; a pack extends tenants' roles only")]
    PlatformRole {
        /// The pack at fault.
        pack: String,
        /// The role it extends.
        role: Role,
    },
    /// Two packs want different key brands.
    #[error("pack {pack}: the key brand is {brand:?} already")]
    SecondBrand {
        /// The pack at fault.
        pack: String,
        /// The brand that the earlier pack set.
        brand: String,
    },
    /// More permissions than fit.
    #[error("pack {0}: more than 256 permissions")]
    Full(String),
}

/// No permission has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no permission is named {0:?}")]
pub struct UnknownPermission(pub String);

/// Every permission of the running program, and what the built-in roles hold of them.
#[derive(Debug, Clone)]
pub struct Catalogue {
    definitions: Vec<Definition>,
    by_name: BTreeMap<Cow<'static, str>, Permission>,
    tenant: PermissionSet,
    platform: PermissionSet,
    /// What packs add to the built-in roles.
    gained: BTreeMap<Role, PermissionSet>,
    key_brand: Option<String>,
}

impl Catalogue {
    /// The built-in permissions followed by those of the packs, in the order given.
    ///
    /// # Errors
    /// Names the first pack that breaks a rule, and which.
    pub fn new(packs: &[PackPermissions]) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::built_in();
        for pack in packs {
            catalogue.add(pack)?;
        }
        Ok(catalogue)
    }

    /// The built-in permissions alone.
    pub fn built_in() -> Self {
        let rows = || (0..=u8::MAX).map(Permission::from_index).zip(BUILT_IN);
        let of_kind = |platform| {
            rows().filter(|(_, row)| row.platform == platform).map(|(permission, _)| permission).collect()
        };
        Self {
            definitions: BUILT_IN.to_vec(),
            by_name: rows().map(|(permission, row)| (row.name.clone(), permission)).collect(),
            tenant: of_kind(false),
            platform: of_kind(true),
            gained: BTreeMap::new(),
            key_brand: None,
        }
    }

    /// The permission of this name.
    pub fn find(&self, name: &str) -> Option<Permission> {
        self.by_name.get(name).copied()
    }

    /// The row of a permission; a permission of another catalogue that this one lacks has none.
    pub fn definition(&self, permission: Permission) -> Option<&Definition> {
        self.definitions.get(usize::from(permission.index()))
    }

    /// The name of a permission, or `unknown` for a permission of another catalogue that this one lacks.
    pub fn name(&self, permission: Permission) -> &str {
        self.definition(permission).map_or("unknown", |definition| &definition.name)
    }

    /// Every permission with its row, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Permission, &Definition)> {
        (0..=u8::MAX).map(Permission::from_index).zip(&self.definitions)
    }

    /// The headings in order of first appearance, each with its permissions.
    pub fn groups(&self) -> Vec<(&str, Vec<(Permission, &Definition)>)> {
        let mut groups: Vec<(&str, Vec<(Permission, &Definition)>)> = Vec::new();
        for (permission, definition) in self.iter() {
            match groups.iter_mut().find(|(group, _)| *group == definition.group) {
                Some((_, members)) => members.push((permission, definition)),
                None => groups.push((&definition.group, vec![(permission, definition)])),
            }
        }
        groups
    }

    /// The set of the permissions with these names.
    ///
    /// # Errors
    /// Names the first one that no permission has; a stored or requested name is never dropped in silence.
    pub fn parse_set<I, S>(&self, names: I) -> Result<PermissionSet, UnknownPermission>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let find =
            |name: S| self.find(name.as_ref()).ok_or_else(|| UnknownPermission(name.as_ref().to_owned()));
        names.into_iter().map(find).collect()
    }

    /// The names of a set's permissions, in order.
    pub fn names(&self, set: PermissionSet) -> Vec<&str> {
        set.iter().map(|permission| self.name(permission)).collect()
    }

    /// The permissions that people and keys of customers' tenants may hold.
    pub const fn tenant_permissions(&self) -> PermissionSet {
        self.tenant
    }

    /// The permissions that only people of the platform tenant may hold.
    pub const fn platform_permissions(&self) -> PermissionSet {
        self.platform
    }

    /// What a built-in role holds.
    pub fn role_set(&self, role: Role) -> PermissionSet {
        match role.holds() {
            Holds::EveryTenantPermission => self.tenant,
            Holds::EveryPlatformPermissionAnd(more) => self.platform.union(more),
            Holds::These(these) => these.union(self.gained.get(&role).copied().unwrap_or_default()),
        }
    }

    /// The prefix that a pack chose for API keys.
    pub fn key_brand(&self) -> Option<&str> {
        self.key_brand.as_deref()
    }

    fn add(&mut self, pack: &PackPermissions) -> Result<(), CatalogueError> {
        for name in [Some(&pack.pack), pack.key_brand.as_ref()].into_iter().flatten() {
            if !is_pack_name(name) {
                return Err(CatalogueError::BadPackName(name.clone()));
            }
        }
        match (&self.key_brand, &pack.key_brand) {
            (Some(brand), Some(second)) if brand != second => {
                return Err(CatalogueError::SecondBrand { pack: pack.pack.clone(), brand: brand.clone() });
            }
            (None, Some(brand)) => self.key_brand = Some(brand.clone()),
            _ => {}
        }
        let mut own = PermissionSet::empty();
        for permission in &pack.permissions {
            own = own.with(self.append(&pack.pack, permission)?);
        }
        self.tenant = self.tenant.union(own);
        for (role, names) in &pack.roles {
            if role.platform() {
                return Err(CatalogueError::PlatformRole { pack: pack.pack.clone(), role: *role });
            }
            let gained = self.gained.entry(*role).or_default();
            for name in names {
                match self.by_name.get(name.as_str()) {
                    Some(permission) if own.contains(*permission) => *gained = gained.with(*permission),
                    _ => {
                        return Err(CatalogueError::NotItsOwn {
                            pack: pack.pack.clone(),
                            role: *role,
                            name: name.clone(),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    fn append(&mut self, pack: &str, permission: &PackPermission) -> Result<Permission, CatalogueError> {
        let (pack, name) = (pack.to_owned(), permission.name.clone());
        if name.contains('*') {
            return Err(CatalogueError::Wildcard { pack, name });
        }
        if !is_permission_name(&name) {
            return Err(CatalogueError::BadName { pack, name });
        }
        if self.find(&name).is_some() {
            return Err(CatalogueError::Duplicate { pack, name });
        }
        let Ok(index) = u8::try_from(self.definitions.len()) else {
            return Err(CatalogueError::Full(pack));
        };
        self.by_name.insert(Cow::Owned(name.clone()), Permission::from_index(index));
        self.definitions.push(Definition {
            name: Cow::Owned(name),
            group: Cow::Owned(permission.group.clone()),
            description: Cow::Owned(permission.description.clone()),
            platform: false,
            origin: Origin::Pack(pack),
        });
        Ok(Permission::from_index(index))
    }
}

fn is_pack_name(name: &str) -> bool {
    (1..=16).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
