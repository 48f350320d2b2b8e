//! The section `[keys]`: what holds the root key.

use std::{path::Path, path::PathBuf, time::Duration};

use bailiwick_domain::time::Span;
use bailiwick_vault::provider::ServiceUrl;

use super::{
    Config, Problem, Settings,
    choice::{KeyProvider, KeyRotation},
    key::{AnyKey, Key},
    keys::*,
    mail::{Secret, Word},
    settings::{conflict, optional, value},
    value::{Origin, Setting},
};

/// `[keys]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) present: RootKey,
    /// What is to take its place.
    pub(crate) next: Option<RootKey>,
    pub(crate) timeout: Duration,
    pub(crate) rotation: KeyRotation,
    /// After so long the holder is asked again.
    pub(crate) cache: Span,
    /// For so long keys in memory are used where it does not answer.
    pub(crate) outage: Span,
}

/// A root key: what holds it, and its file.
#[derive(Clone, Debug)]
pub(crate) struct RootKey {
    pub(crate) provider: Provider,
    pub(crate) file: PathBuf,
}

/// What holds the root key.
#[derive(Clone, Debug)]
pub(crate) enum Provider {
    File,
    Transit {
        url: ServiceUrl,
        mount: String,
        key: String,
        namespace: Option<String>,
        token: KeyCredential,
        tls_root: Option<PathBuf>,
    },
    #[cfg_attr(not(feature = "awskms"), expect(dead_code, reason = "a program without it only refuses"))]
    AwsKms {
        key: String,
        region: String,
        url: Option<ServiceUrl>,
        access_key: String,
        secret: KeyCredential,
    },
    #[cfg_attr(not(feature = "pkcs11"), expect(dead_code, reason = "a program without it only refuses"))]
    Pkcs11 {
        module: PathBuf,
        token: String,
        key: String,
        pin: KeyCredential,
    },
}

/// A token, secret or PIN, or where it is.
#[derive(Clone, Debug)]
pub(crate) enum KeyCredential {
    Variable(Secret),
    File(PathBuf),
}

/// The keys of one section that say where a root key is, each with what is said where it is missing.
struct Names {
    provider: &'static Key<KeyProvider>,
    transit_url: Needed<ServiceAddress>,
    transit_mount: &'static Key<Word>,
    transit_key: &'static Key<Word>,
    transit_namespace: &'static Key<Word>,
    transit_token: (&'static Key<Secret>, &'static Key<PathBuf>, &'static str),
    transit_tls_root: &'static Key<PathBuf>,
    awskms_key: Needed<Word>,
    awskms_region: &'static Key<Word>,
    awskms_url: &'static Key<ServiceAddress>,
    awskms_access_key: Needed<Word>,
    awskms_secret: (&'static Key<Secret>, &'static Key<PathBuf>, &'static str),
    pkcs11_module: Needed<PathBuf>,
    pkcs11_token: Needed<Word>,
    pkcs11_key: &'static Key<Word>,
    pkcs11_pin: (&'static Key<Secret>, &'static Key<PathBuf>, &'static str),
}

type Needed<T> = (&'static Key<T>, &'static str);

macro_rules! needs {
    ($section:literal, $variable:literal, $kind:literal, $name:literal) => {
        concat!("`", $section, ".provider = \"", $kind, "\"` needs `", $section, ".", $name, "`")
    };
    ($section:literal, $variable:literal, $kind:literal, $what:literal, $file:literal, $name:literal) => {
        concat!(
            "`",
            $section,
            ".provider = \"",
            $kind,
            "\"` needs a ",
            $what,
            ": `",
            $section,
            ".",
            $file,
            "`, or the variable `BAILIWICK_",
            $variable,
            "__",
            $name,
            "`"
        )
    };
}

macro_rules! names {
    ($section:literal, $variable:literal, $provider:ident,
        ($url:ident $mount:ident $tkey:ident $namespace:ident $ttoken:ident $ttoken_file:ident $tls_root:ident),
        ($akey:ident $region:ident $aurl:ident $access_key:ident $secret:ident $secret_file:ident),
        ($module:ident $ptoken:ident $pkey:ident $pin:ident $pin_file:ident)) => {
        Names {
            provider: &$provider,
            transit_url: (&$url, needs!($section, $variable, "transit", "transit_url")),
            transit_mount: &$mount,
            transit_key: &$tkey,
            transit_namespace: &$namespace,
            transit_token: (
                &$ttoken,
                &$ttoken_file,
                needs!($section, $variable, "transit", "token", "transit_token_file", "TRANSIT_TOKEN"),
            ),
            transit_tls_root: &$tls_root,
            awskms_key: (&$akey, needs!($section, $variable, "awskms", "awskms_key")),
            awskms_region: &$region,
            awskms_url: &$aurl,
            awskms_access_key: (&$access_key, needs!($section, $variable, "awskms", "awskms_access_key")),
            awskms_secret: (
                &$secret,
                &$secret_file,
                needs!($section, $variable, "awskms", "secret", "awskms_secret_file", "AWSKMS_SECRET"),
            ),
            pkcs11_module: (&$module, needs!($section, $variable, "pkcs11", "pkcs11_module")),
            pkcs11_token: (&$ptoken, needs!($section, $variable, "pkcs11", "pkcs11_token")),
            pkcs11_key: &$pkey,
            pkcs11_pin: (
                &$pin,
                &$pin_file,
                needs!($section, $variable, "pkcs11", "PIN", "pkcs11_pin_file", "PKCS11_PIN"),
            ),
        }
    };
}

static PRESENT: Names = names!(
    "keys", "KEYS", KEYS_PROVIDER,
    (KEYS_TRANSIT_URL KEYS_TRANSIT_MOUNT KEYS_TRANSIT_KEY KEYS_TRANSIT_NAMESPACE KEYS_TRANSIT_TOKEN KEYS_TRANSIT_TOKEN_FILE KEYS_TRANSIT_TLS_ROOT),
    (KEYS_AWSKMS_KEY KEYS_AWSKMS_REGION KEYS_AWSKMS_URL KEYS_AWSKMS_ACCESS_KEY KEYS_AWSKMS_SECRET KEYS_AWSKMS_SECRET_FILE),
    (KEYS_PKCS11_MODULE KEYS_PKCS11_TOKEN KEYS_PKCS11_KEY KEYS_PKCS11_PIN KEYS_PKCS11_PIN_FILE)
);

static NEXT: Names = names!(
    "keys_next", "KEYS_NEXT", KEYS_NEXT_PROVIDER,
    (KEYS_NEXT_TRANSIT_URL KEYS_NEXT_TRANSIT_MOUNT KEYS_NEXT_TRANSIT_KEY KEYS_NEXT_TRANSIT_NAMESPACE KEYS_NEXT_TRANSIT_TOKEN KEYS_NEXT_TRANSIT_TOKEN_FILE KEYS_NEXT_TRANSIT_TLS_ROOT),
    (KEYS_NEXT_AWSKMS_KEY KEYS_NEXT_AWSKMS_REGION KEYS_NEXT_AWSKMS_URL KEYS_NEXT_AWSKMS_ACCESS_KEY KEYS_NEXT_AWSKMS_SECRET KEYS_NEXT_AWSKMS_SECRET_FILE),
    (KEYS_NEXT_PKCS11_MODULE KEYS_NEXT_PKCS11_TOKEN KEYS_NEXT_PKCS11_KEY KEYS_NEXT_PKCS11_PIN KEYS_NEXT_PKCS11_PIN_FILE)
);

impl Keys {
    /// What the configuration says.
    pub(super) fn of(config: &Config) -> Result<Self, Problem> {
        let timeout = Duration::from_secs(value(config, &KEYS_TIMEOUT_SECONDS)?.number().into());
        Ok(Self {
            present: RootKey {
                provider: PRESENT.provider(config, value(config, &KEYS_PROVIDER)?)?,
                file: value(config, &KEYS_ROOT_KEY)?,
            },
            next: next(config)?,
            timeout,
            rotation: value(config, &KEYS_ROTATION)?,
            cache: Span::minutes(value(config, &KEYS_CACHE_MINUTES)?.number().into()),
            outage: Span::hours(value(config, &KEYS_OUTAGE_HOURS)?.number().into()),
        })
    }
}

fn next(config: &Config) -> Result<Option<RootKey>, Problem> {
    let file = optional(config, &KEYS_NEXT_ROOT_KEY);
    let Some(kind) = optional(config, &KEYS_NEXT_PROVIDER) else {
        return match file {
            None => Ok(None),
            Some(_) => {
                Err(conflict(config, &KEYS_NEXT_ROOT_KEY, "`keys_next.root_key` needs `keys_next.provider`"))
            }
        };
    };
    let message = "`keys_next.provider` needs `keys_next.root_key`";
    let file = file.ok_or_else(|| conflict(config, &KEYS_NEXT_PROVIDER, message))?;
    if file == value(config, &KEYS_ROOT_KEY)? {
        let message =
            "`keys_next.root_key` names the file of `keys.root_key`: the next root key has one of its own";
        return Err(conflict(config, &KEYS_NEXT_ROOT_KEY, message));
    }
    Ok(Some(RootKey { provider: NEXT.provider(config, kind)?, file }))
}

impl Settings {
    /// Whether keys are rotated by schedule.
    pub(crate) fn rotates(&self) -> bool {
        self.regions.values().all(|region| region.keys.rotation == KeyRotation::Schedule)
    }
}

impl Names {
    fn provider(&self, config: &Config, kind: KeyProvider) -> Result<Provider, Problem> {
        match kind {
            KeyProvider::File => Ok(Provider::File),
            KeyProvider::Transit => self.transit(config),
            KeyProvider::AwsKms => self.awskms(config),
            KeyProvider::Pkcs11 => self.pkcs11(config),
        }
    }

    fn transit(&self, config: &Config) -> Result<Provider, Problem> {
        Ok(Provider::Transit {
            url: self.needed(config, self.transit_url)?.0,
            mount: value(config, self.transit_mount)?.0,
            key: value(config, self.transit_key)?.0,
            namespace: optional(config, self.transit_namespace).map(|namespace| namespace.0),
            token: self.credential(config, self.transit_token)?,
            tls_root: optional(config, self.transit_tls_root),
        })
    }

    fn awskms(&self, config: &Config) -> Result<Provider, Problem> {
        Ok(Provider::AwsKms {
            key: self.needed(config, self.awskms_key)?.0,
            region: value(config, self.awskms_region)?.0,
            url: optional(config, self.awskms_url).map(|url| url.0),
            access_key: self.needed(config, self.awskms_access_key)?.0,
            secret: self.credential(config, self.awskms_secret)?,
        })
    }

    fn pkcs11(&self, config: &Config) -> Result<Provider, Problem> {
        Ok(Provider::Pkcs11 {
            module: self.needed(config, self.pkcs11_module)?,
            token: self.needed(config, self.pkcs11_token)?.0,
            key: value(config, self.pkcs11_key)?.0,
            pin: self.credential(config, self.pkcs11_pin)?,
        })
    }

    fn needed<T: Setting>(&self, config: &Config, (key, message): Needed<T>) -> Result<T, Problem> {
        optional(config, key).ok_or_else(|| conflict(config, self.provider, message))
    }

    /// A credential from the environment, or the file that it stands in. Files of settings are copied, and command lines are seen by
    /// everybody on the machine.
    fn credential(
        &self,
        config: &Config,
        (text, file, message): (&'static Key<Secret>, &'static Key<PathBuf>, &'static str),
    ) -> Result<KeyCredential, Problem> {
        let from = config.given(text.path()).map(|given| &given.origin);
        if from.is_some_and(|origin| !matches!(origin, Origin::Variable(_))) {
            let message = "what lets this server use the root key does not stand here: give it as an environment variable, or name its file";
            return Err(conflict(config, text, message));
        }
        match (optional(config, text), optional(config, file)) {
            (Some(_), Some(_)) => {
                let message = "what lets this server use the root key is given twice: in this file, and by the environment";
                Err(conflict(config, file, message))
            }
            (Some(text), None) => Ok(KeyCredential::Variable(text)),
            (None, Some(file)) => Ok(KeyCredential::File(file)),
            (None, None) => Err(conflict(config, self.provider, message)),
        }
    }
}

/// The address of a key service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceAddress(pub(crate) ServiceUrl);

impl Setting for ServiceAddress {
    fn expected() -> String {
        "an address such as \"https://bao.example.com:8200\", without path; http leads to this machine only"
            .into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok().map(Self)
    }
    fn shown(&self) -> toml::Value {
        self.0.origin().into()
    }
}
