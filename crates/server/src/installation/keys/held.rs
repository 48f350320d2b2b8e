//! Root keys that are held elsewhere.

use std::path::Path;

#[cfg(feature = "awskms")]
use bailiwick_vault::provider::AwsKmsSettings;
#[cfg(feature = "pkcs11")]
use bailiwick_vault::provider::Pkcs11Settings;
use bailiwick_vault::provider::{BadHolder, Credential, Holder, ManagedError, TransitSettings, Trouble};

use crate::{
    config::{KeyCredential, Provider},
    exit::Refusal,
};

/// What holds the root key; nothing where a file does. Nothing is asked of it yet.
pub(super) fn holder(provider: &Provider) -> Result<Option<Holder>, Refusal> {
    let made = match provider {
        Provider::File => return Ok(None),
        Provider::Transit { url, mount, key, namespace, token, tls_root } => {
            Holder::transit(TransitSettings {
                address: url.clone(),
                mount: mount.clone(),
                key: key.clone(),
                namespace: namespace.clone(),
                token: credential(token),
                authorities: tls_root
                    .as_deref()
                    .map(|path| read(path, "keys.transit_tls_root"))
                    .transpose()?,
            })
        }
        #[cfg(feature = "awskms")]
        Provider::AwsKms { key, region, url, access_key, secret } => Holder::awskms(AwsKmsSettings {
            key: key.clone(),
            region: region.clone(),
            address: url.clone(),
            access_key: access_key.clone(),
            secret: credential(secret),
        }),
        #[cfg(feature = "pkcs11")]
        Provider::Pkcs11 { module, token, key, pin } => Holder::pkcs11(Pkcs11Settings {
            module: module.clone(),
            token: token.clone(),
            key: key.clone(),
            pin: credential(pin),
        }),
        #[cfg(not(feature = "awskms"))]
        Provider::AwsKms { .. } => return Err(left_out("awskms")),
        #[cfg(not(feature = "pkcs11"))]
        Provider::Pkcs11 { .. } => return Err(left_out("pkcs11")),
    };
    made.map(Some).map_err(|error: BadHolder| {
        Refusal::new(format_args!("`keys.provider`: {error}"), format_args!("correct {}", settings(provider)))
    })
}

#[cfg(not(all(feature = "awskms", feature = "pkcs11")))]
fn left_out(feature: &str) -> Refusal {
    Refusal::new(
        format_args!("`keys.provider` is \"{feature}\", and this program was built without it"),
        format_args!("use a program that was built with `--features bailiwick-server/{feature}`"),
    )
}

fn credential(given: &KeyCredential) -> Credential {
    match given {
        KeyCredential::Variable(secret) => secret.0.clone().into(),
        KeyCredential::File(path) => Credential::File(path.clone()),
    }
}

fn read(path: &Path, key: &str) -> Result<Vec<u8>, Refusal> {
    crate::read::octets(path).map_err(|error| {
        let remedy = format!("see that `{key}` names a file that this account may read");
        Refusal::new(format_args!("{}: {error}", path.display()), remedy)
    })
}

/// The settings that say where the key is.
const fn settings(provider: &Provider) -> &'static str {
    match provider {
        Provider::File => "`keys.root_key`",
        Provider::Transit { .. } => {
            "`keys.transit_url`, `keys.transit_mount`, `keys.transit_namespace` and `keys.transit_key`"
        }
        Provider::AwsKms { .. } => "`keys.awskms_url`, `keys.awskms_region` and `keys.awskms_key`",
        Provider::Pkcs11 { .. } => "`keys.pkcs11_module`, `keys.pkcs11_token` and `keys.pkcs11_key`",
    }
}

/// The settings that say what lets this server use it.
const fn credentials(provider: &Provider) -> &'static str {
    match provider {
        Provider::File => "`keys.root_key`",
        Provider::Transit { .. } => "`keys.transit_token_file` or `BAILIWICK_KEYS__TRANSIT_TOKEN`",
        Provider::AwsKms { .. } => {
            "`keys.awskms_access_key` and `keys.awskms_secret_file` or `BAILIWICK_KEYS__AWSKMS_SECRET`"
        }
        Provider::Pkcs11 { .. } => "`keys.pkcs11_pin_file` or `BAILIWICK_KEYS__PKCS11_PIN`",
    }
}

/// What to do about a root key that is held elsewhere and cannot be used.
pub(super) fn refusal(provider: &Provider, error: &ManagedError) -> Refusal {
    let (place, who) = (settings(provider), credentials(provider));
    let remedy = match error {
        ManagedError::Missing(_) => {
            "see that `keys.root_key` names the right file and that its disk is there, or restore the file from its copy".to_owned()
        }
        ManagedError::Exists(_) => "choose another folder for the new installation, or keep the one that is there".to_owned(),
        ManagedError::NotOne(_) => {
            "let `keys.root_key` name the file that this root key's `bailiwick init` wrote, or set `keys.provider` to what holds the \
             root key of this installation"
                .to_owned()
        }
        ManagedError::Version(_) => "use the version of the program that wrote the file, or a newer one".to_owned(),
        ManagedError::Damaged(_) => "restore the file from its copy".to_owned(),
        ManagedError::Other { .. } => format!("correct {place}, or let `keys.root_key` name the file of this key"),
        ManagedError::Rejected { .. } => {
            format!("another key stands there by the same name: correct {place}, or bring back the key that was there")
        }
        ManagedError::Unusable { trouble, .. } => match trouble {
            Trouble::Unreachable | Trouble::Silent | Trouble::Busy => {
                format!("see that it runs, is ready and can be reached from here, and that {place} are right")
            }
            Trouble::Tls => {
                "see that the address names the host of its certificate, and that its authority is trusted".to_owned()
            }
            Trouble::Denied | Trouble::Credential => format!("correct {who}, or let it use the key there"),
            Trouble::Absent => format!("correct {place}, or make the key there"),
            Trouble::Disabled => "enable the key there again: what it wrapped can be read with it alone".to_owned(),
            Trouble::Unfit(_) => "make a key there that never leaves, as the guide of root keys says".to_owned(),
            _ => format!("see what it logged, and that {place} are right"),
        },
        ManagedError::Cipher(_) => "this is a defect of the program; report it".to_owned(),
        _ => "see that this account may read and write the file".to_owned(),
    };
    Refusal::new(error, remedy)
}
