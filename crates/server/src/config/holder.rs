//! The section `[keys]`: what holds the root key.

use std::{path::Path, path::PathBuf, time::Duration};

use bailiwick_domain::time::Span;
use bailiwick_vault::provider::ServiceUrl;

use super::{
    Config, Problem, Settings,
    choice::{KeyProvider, KeyRotation},
    key::{AnyKey, Key},
    keys::*,
    mail::Secret,
    settings::{conflict, optional, value},
    value::{Origin, Setting},
};

/// `[keys]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) provider: Provider,
    pub(crate) root_key: PathBuf,
    pub(crate) timeout: Duration,
    pub(crate) rotation: KeyRotation,
    /// After so long the holder is asked again.
    pub(crate) cache: Span,
    /// For so long keys in memory are used where it does not answer.
    pub(crate) outage: Span,
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

impl Keys {
    /// What the configuration says.
    pub(super) fn of(config: &Config) -> Result<Self, Problem> {
        let provider = match value(config, &KEYS_PROVIDER)? {
            KeyProvider::File => Provider::File,
            KeyProvider::Transit => transit(config)?,
            KeyProvider::AwsKms => awskms(config)?,
            KeyProvider::Pkcs11 => pkcs11(config)?,
        };
        let timeout = Duration::from_secs(value(config, &KEYS_TIMEOUT_SECONDS)?.number().into());
        Ok(Self {
            provider,
            root_key: value(config, &KEYS_ROOT_KEY)?,
            timeout,
            rotation: value(config, &KEYS_ROTATION)?,
            cache: Span::minutes(value(config, &KEYS_CACHE_MINUTES)?.number().into()),
            outage: Span::hours(value(config, &KEYS_OUTAGE_HOURS)?.number().into()),
        })
    }
}

impl Settings {
    /// Whether keys are rotated by schedule.
    pub(crate) fn rotates(&self) -> bool {
        self.regions.values().all(|region| region.keys.rotation == KeyRotation::Schedule)
    }
}

fn transit(config: &Config) -> Result<Provider, Problem> {
    Ok(Provider::Transit {
        url: needed(config, &KEYS_TRANSIT_URL, "`keys.provider = \"transit\"` needs `keys.transit_url`")?.0,
        mount: value(config, &KEYS_TRANSIT_MOUNT)?.0,
        key: value(config, &KEYS_TRANSIT_KEY)?.0,
        namespace: optional(config, &KEYS_TRANSIT_NAMESPACE).map(|namespace| namespace.0),
        token: credential(
            config,
            (&KEYS_TRANSIT_TOKEN, &KEYS_TRANSIT_TOKEN_FILE),
            "`keys.provider = \"transit\"` needs a token: `keys.transit_token_file`, or the variable `BAILIWICK_KEYS__TRANSIT_TOKEN`",
        )?,
        tls_root: optional(config, &KEYS_TRANSIT_TLS_ROOT),
    })
}

fn awskms(config: &Config) -> Result<Provider, Problem> {
    Ok(Provider::AwsKms {
        key: needed(config, &KEYS_AWSKMS_KEY, "`keys.provider = \"awskms\"` needs `keys.awskms_key`")?.0,
        region: value(config, &KEYS_AWSKMS_REGION)?.0,
        url: optional(config, &KEYS_AWSKMS_URL).map(|url| url.0),
        access_key: needed(
            config,
            &KEYS_AWSKMS_ACCESS_KEY,
            "`keys.provider = \"awskms\"` needs `keys.awskms_access_key`",
        )?
        .0,
        secret: credential(
            config,
            (&KEYS_AWSKMS_SECRET, &KEYS_AWSKMS_SECRET_FILE),
            "`keys.provider = \"awskms\"` needs a secret: `keys.awskms_secret_file`, or the variable `BAILIWICK_KEYS__AWSKMS_SECRET`",
        )?,
    })
}

fn pkcs11(config: &Config) -> Result<Provider, Problem> {
    let module = "`keys.provider = \"pkcs11\"` needs `keys.pkcs11_module`";
    let token = "`keys.provider = \"pkcs11\"` needs `keys.pkcs11_token`";
    Ok(Provider::Pkcs11 {
        module: needed(config, &KEYS_PKCS11_MODULE, module)?,
        token: needed(config, &KEYS_PKCS11_TOKEN, token)?.0,
        key: value(config, &KEYS_PKCS11_KEY)?.0,
        pin: credential(
            config,
            (&KEYS_PKCS11_PIN, &KEYS_PKCS11_PIN_FILE),
            "`keys.provider = \"pkcs11\"` needs a PIN: `keys.pkcs11_pin_file`, or the variable `BAILIWICK_KEYS__PKCS11_PIN`",
        )?,
    })
}

fn needed<T: Setting>(config: &Config, key: &Key<T>, message: &'static str) -> Result<T, Problem> {
    optional(config, key).ok_or_else(|| conflict(config, &KEYS_PROVIDER, message))
}

/// A credential from the environment, or the file that it stands in. Files of settings are copied, and command lines are seen by
/// everybody on the machine.
fn credential(
    config: &Config,
    (text, file): (&Key<Secret>, &Key<PathBuf>),
    message: &'static str,
) -> Result<KeyCredential, Problem> {
    let from = config.given(text.path()).map(|given| &given.origin);
    if from.is_some_and(|origin| !matches!(origin, Origin::Variable(_))) {
        let message = "what lets this server use the root key does not stand here: give it as an environment variable, or name its file";
        return Err(conflict(config, text, message));
    }
    match (optional(config, text), optional(config, file)) {
        (Some(_), Some(_)) => {
            let message =
                "what lets this server use the root key is given twice: in this file, and by the environment";
            Err(conflict(config, file, message))
        }
        (Some(text), None) => Ok(KeyCredential::Variable(text)),
        (None, Some(file)) => Ok(KeyCredential::File(file)),
        (None, None) => Err(conflict(config, &KEYS_PROVIDER, message)),
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
