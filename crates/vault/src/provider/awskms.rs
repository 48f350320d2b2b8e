//! A root key in the key management service of AWS: `Encrypt` and `Decrypt`, with the context as encryption context.
//!
//! The ARN in the name of a key is what the service itself says, so an alias that is led elsewhere later changes nothing. What
//! the service rotates within a key stays that key.

#[cfg(test)]
mod real;

use std::fmt;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyState, KeyUsageType};
use zeroize::Zeroizing;

use super::holder::{Fault, Holding, Holds};
use super::{BadHolder, Credential, Holder, KeyId, ProviderKind, ServiceUrl, Trouble};
use crate::secret::KeyBytes;

/// The name of the one pair in the encryption context. It stands in the service's own log, and the value is a digest.
const CONTEXT: &str = "bailiwick:context";
/// What stands before the ARN in the name of a key.
const PREFIX: &str = "awskms:";

/// Where the service is and which key is meant.
#[derive(Debug)]
pub struct AwsKmsSettings {
    /// An ARN, an id, or an alias that begins with `alias/`.
    pub key: String,
    /// The region's name.
    pub region: String,
    /// The service's address, where it is not the region's own.
    pub address: Option<ServiceUrl>,
    /// The id of the access key.
    pub access_key: String,
    /// Its secret.
    pub secret: Credential,
}

impl Holder {
    /// A key in the key management service of AWS. Nothing is connected yet.
    ///
    /// # Errors
    /// [`BadHolder::Name`] for what no key and no region is called.
    pub fn awskms(settings: AwsKmsSettings) -> Result<Self, BadHolder> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/:".contains(&byte);
        let whole = |name: &str| (1..=240).contains(&name.len()) && name.bytes().all(plain);
        if !whole(&settings.key) || !whole(&settings.region) || settings.access_key.is_empty() {
            return Err(BadHolder::Name);
        }
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            // What is tried again, and for how long, is the same for every holder.
            .retry_config(RetryConfig::disabled());
        let config = match &settings.address {
            Some(address) => config.endpoint_url(address.origin()),
            None => config,
        };
        Ok(Self(Box::new(AwsKms { client: Client::from_conf(config.build()), settings })))
    }
}

struct AwsKms {
    client: Client,
    settings: AwsKmsSettings,
}

impl AwsKms {
    /// Who asks, as the secret is now.
    async fn caller(&self) -> Result<aws_sdk_kms::config::Builder, Trouble> {
        let secret = self.settings.secret.read().await?;
        let credentials =
            Credentials::new(self.settings.access_key.as_str(), secret.as_str(), None, None, "bailiwick");
        Ok(aws_sdk_kms::Config::builder().credentials_provider(credentials))
    }

    async fn describe(&self) -> Result<KeyId, Fault> {
        let asked = self.client.describe_key().key_id(&self.settings.key).customize();
        let answer =
            asked.config_override(self.caller().await?).send().await.map_err(|error| fault(&error))?;
        let key = answer.key_metadata.ok_or(Trouble::Unexpected)?;
        match key.key_state() {
            Some(KeyState::Enabled | KeyState::Updating) => {}
            Some(KeyState::Creating) => return Err(Trouble::Busy.into()),
            _ => return Err(Trouble::Disabled.into()),
        }
        if key.key_spec() != Some(&KeySpec::SymmetricDefault)
            || key.key_usage() != Some(&KeyUsageType::EncryptDecrypt)
        {
            return Err(Trouble::Unfit("it is not symmetric, or not for encryption").into());
        }
        let arn = key.arn().ok_or(Trouble::Unexpected)?;
        KeyId::parse(&format!("{PREFIX}{arn}")).ok_or(Fault::Trouble(Trouble::Unexpected))
    }

    async fn seal(&self, id: &KeyId, key: &KeyBytes, context: &[u8; 32]) -> Result<Vec<u8>, Fault> {
        let arn = id.as_str().strip_prefix(PREFIX).ok_or(Trouble::Absent)?;
        let asked = self
            .client
            .encrypt()
            .key_id(arn)
            .plaintext(Blob::new(key.expose().as_slice()))
            .encryption_context(CONTEXT, hex::encode(context))
            .customize();
        let answer =
            asked.config_override(self.caller().await?).send().await.map_err(|error| fault(&error))?;
        // Another key's ciphertext would be believed for ever.
        match (answer.key_id.as_deref(), answer.ciphertext_blob) {
            (Some(used), Some(blob)) if used == arn => Ok(blob.into_inner()),
            _ => Err(Trouble::Unexpected.into()),
        }
    }

    async fn open(&self, id: &KeyId, sealed: &[u8], context: &[u8; 32]) -> Result<KeyBytes, Fault> {
        match self.decrypted(id, sealed, context).await {
            // Octets that name another key are refused in the words for a key that is not there, or may not be used. Whether
            // it is and may is seen by what it has just closed.
            Err(Fault::Trouble(Trouble::Denied | Trouble::Absent | Trouble::Unexpected))
                if self.works(id).await =>
            {
                Err(Fault::Rejected)
            }
            opened => opened,
        }
    }

    /// Whether the key opens what it closes.
    async fn works(&self, id: &KeyId) -> bool {
        let (probe, context) = (KeyBytes::zeroed(), [0xA5; 32]);
        match self.seal(id, &probe, &context).await {
            Ok(closed) => self.decrypted(id, &closed, &context).await.is_ok(),
            Err(_) => false,
        }
    }

    async fn decrypted(&self, id: &KeyId, sealed: &[u8], context: &[u8; 32]) -> Result<KeyBytes, Fault> {
        let arn = id.as_str().strip_prefix(PREFIX).ok_or(Trouble::Absent)?;
        // The service takes up to 6144 octets, and none is no ciphertext.
        if sealed.is_empty() || sealed.len() > 6144 {
            return Err(Fault::Rejected);
        }
        let asked = self
            .client
            .decrypt()
            .key_id(arn)
            .ciphertext_blob(Blob::new(sealed))
            .encryption_context(CONTEXT, hex::encode(context))
            .customize();
        let answer =
            asked.config_override(self.caller().await?).send().await.map_err(|error| fault(&error))?;
        let plaintext = Zeroizing::new(answer.plaintext.ok_or(Trouble::Unexpected)?.into_inner());
        KeyBytes::copy_from(&plaintext).ok_or(Fault::Rejected)
    }
}

/// What a refusal amounts to, by its class alone.
fn fault<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Fault {
    let trouble = match error {
        SdkError::TimeoutError(_) => Trouble::Silent,
        SdkError::DispatchFailure(_) => Trouble::Unreachable,
        SdkError::ServiceError(answer) => {
            match (answer.err().code().unwrap_or_default(), answer.raw().status().as_u16()) {
                ("InvalidCiphertextException" | "IncorrectKeyException", _) => return Fault::Rejected,
                ("NotFoundException", _) => Trouble::Absent,
                ("DisabledException" | "KMSInvalidStateException", _) => Trouble::Disabled,
                ("InvalidKeyUsageException" | "UnsupportedOperationException", _) => {
                    Trouble::Unfit("it is not for encryption")
                }
                (
                    "AccessDeniedException"
                    | "UnrecognizedClientException"
                    | "InvalidClientTokenId"
                    | "InvalidSignatureException"
                    | "SignatureDoesNotMatch"
                    | "IncompleteSignature"
                    | "MissingAuthenticationTokenException"
                    | "ExpiredTokenException",
                    _,
                )
                | (_, 401 | 403) => Trouble::Denied,
                (
                    "ThrottlingException"
                    | "KeyUnavailableException"
                    | "DependencyTimeoutException"
                    | "LimitExceededException",
                    _,
                )
                | (_, 408 | 429 | 500..=599) => Trouble::Busy,
                _ => Trouble::Unexpected,
            }
        }
        _ => Trouble::Unexpected,
    };
    trouble.into()
}

impl Holds for AwsKms {
    fn kind(&self) -> ProviderKind {
        ProviderKind::AwsKms
    }

    fn place(&self) -> String {
        let AwsKmsSettings { key, region, address, .. } = &self.settings;
        match address {
            Some(address) => format!("{key} at {}", address.origin()),
            None => format!("{key} in AWS region {region}"),
        }
    }

    fn name(&self) -> Holding<'_, KeyId> {
        Box::pin(self.describe())
    }

    fn means(&self, id: &KeyId) -> bool {
        let Some(arn) = id.as_str().strip_prefix(PREFIX) else { return false };
        let key = self.settings.key.as_str();
        // Where an alias leads is known to the service alone: the name that was taken up counts.
        let alias = key.starts_with("alias/") || key.contains(":alias/");
        alias || arn == key || arn.rsplit_once(":key/").is_some_and(|(_, id)| id == key)
    }

    fn encrypt<'a>(
        &'a self,
        id: &'a KeyId,
        key: &'a KeyBytes,
        context: &'a [u8; 32],
    ) -> Holding<'a, Vec<u8>> {
        Box::pin(self.seal(id, key, context))
    }

    fn decrypt<'a>(
        &'a self,
        id: &'a KeyId,
        sealed: &'a [u8],
        context: &'a [u8; 32],
    ) -> Holding<'a, KeyBytes> {
        Box::pin(self.open(id, sealed, context))
    }
}

/// The client knows the secret.
impl fmt::Debug for AwsKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsKms").field("place", &self.place()).finish_non_exhaustive()
    }
}
