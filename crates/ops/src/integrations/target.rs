//! A configuration as it is tried, with the values of the secrets that it names.

use std::collections::HashMap;

use bailiwick_domain::{entity::IntegrationFault, reference::Reference};
use bailiwick_store::{Scope, Tx, secrets};
use bailiwick_stream::{Authentication, Bucketful, HttpService, MailServer, Protection};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Definition, FieldClass, Outside, definition::Look, outside::Target};
use crate::Result;

/// The values of the secrets that a configuration names, by field.
type Values = HashMap<String, Zeroizing<String>>;

/// Makes of a configuration what is tried. The values leave the transaction that records the test.
pub(super) async fn target(
    tx: &mut Tx,
    definition: &Definition,
    config: &Map<String, Value>,
    outside: &Outside,
) -> Result<Result<Target, IntegrationFault>> {
    let mut values = Values::new();
    for field in definition.fields.iter().filter(|field| field.class == FieldClass::Secret) {
        let Some(text) = config.get(&field.name).and_then(Value::as_str) else { continue };
        let Ok(reference) = text.parse::<Reference>() else { return Ok(Err(IntegrationFault::Unusable)) };
        let value = match reference {
            Reference::Stored(name) => match secrets::named(tx, &name).await? {
                Some(id) => {
                    let current = secrets::find(tx, id).await?.secret.current.number;
                    let value = secrets::open(tx, id, current).await?;
                    let Some(text) = value.as_str() else { return Ok(Err(IntegrationFault::Unusable)) };
                    Some(Zeroizing::new(text.to_owned()))
                }
                None => None,
            },
            Reference::Variable(name) => outside.variable(&name).cloned(),
            Reference::Aws(_) => None,
        };
        let Some(value) = value else { return Ok(Err(IntegrationFault::NoSecret)) };
        values.insert(field.name.clone(), value);
    }
    let now = tx.now().unix_seconds();
    Ok(match definition.test {
        Look::Http => Ok(Target::Http(http(config, &mut values))),
        Look::Smtp => smtp(config, &mut values).map(Target::Smtp),
        Look::S3 => bucket(config, &mut values, now).map(Target::Bucket),
    })
}

fn text<'c>(config: &'c Map<String, Value>, name: &str) -> &'c str {
    config.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn http(config: &Map<String, Value>, values: &mut Values) -> HttpService {
    let base = text(config, "base_url").trim_end_matches('/');
    let path = Some(text(config, "test_path")).filter(|path| !path.is_empty()).unwrap_or("/");
    let key = values.remove("api_key");
    let authentication = match (text(config, "authentication"), key) {
        ("bearer", Some(key)) => Authentication::Bearer(key),
        ("basic", Some(key)) => Authentication::Basic(key),
        ("header", Some(key)) => Authentication::Header(text(config, "header").to_owned(), key),
        _ => Authentication::None,
    };
    HttpService { url: format!("{base}{path}"), head: text(config, "method") == "head", authentication }
}

fn smtp(config: &Map<String, Value>, values: &mut Values) -> Result<MailServer, IntegrationFault> {
    let port = config.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    let user = text(config, "user").to_owned();
    Ok(MailServer {
        host: text(config, "host").to_owned(),
        port: port.ok_or(IntegrationFault::Unusable)?,
        protection: match text(config, "tls") {
            "starttls" => Protection::StartTls,
            "implicit" => Protection::Implicit,
            "none" => Protection::None,
            _ => return Err(IntegrationFault::Unusable),
        },
        sign_in: values.remove("password").map(|password| (user, password)),
        authorities: None,
    })
}

fn bucket(config: &Map<String, Value>, values: &mut Values, now: u64) -> Result<Bucketful, IntegrationFault> {
    let mut key = |name: &str| values.remove(name).ok_or(IntegrationFault::NoSecret);
    Ok(Bucketful {
        endpoint: text(config, "endpoint").to_owned(),
        region: text(config, "region").to_owned(),
        bucket: text(config, "bucket").to_owned(),
        access_key: key("access_key_id")?,
        secret_key: key("secret_access_key")?,
        now,
    })
}
