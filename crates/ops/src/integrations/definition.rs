//! What each kind of integration is configured with: read from the schemas of the pack.

use std::{collections::BTreeMap, sync::LazyLock};

use bailiwick_domain::entity::IntegrationProvider;
use bailiwick_schema::Schema;
use serde::Deserialize;

use crate::{Error, Result};

/// What an integration of one provider is configured with.
#[derive(Debug)]
pub struct Definition {
    /// The provider.
    pub provider: IntegrationProvider,
    /// The provider as people read it.
    pub title: String,
    /// What it is there for, and what a test does.
    pub description: String,
    /// Its fields in the order of the form.
    pub fields: Vec<FieldSpec>,
    /// The schema as it stands in the pack (JSON Schema 2020-12).
    pub text: &'static str,
    pub(super) test: Look,
    pub(super) schema: Schema,
}

/// One field of a configuration.
#[derive(Debug)]
pub struct FieldSpec {
    /// Its name in the configuration.
    pub name: String,
    /// Its name in problems of the API: `config/…`.
    pub place: String,
    /// Its name in the form.
    pub form: String,
    /// What people read.
    pub title: String,
    /// What helps to fill it in.
    pub help: String,
    /// What it may hold.
    pub class: FieldClass,
    /// How it is filled in.
    pub kind: FieldKind,
    /// Whether there has to be something in it.
    pub required: bool,
    /// What stands in it at first.
    pub default: String,
    /// A value that fits.
    pub example: String,
    /// Characters at most.
    pub longest: usize,
}

/// What a field may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldClass {
    /// Anything but a secret.
    Plain,
    /// An address of the web to which this server may connect.
    Address,
    /// A reference to a secret, and nothing else.
    Secret,
}

/// How a field is filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FieldKind {
    /// One line of text.
    Text,
    /// A whole number.
    Number,
    /// One of these values, each with what people read.
    Choice(Vec<(String, String)>),
}

/// What a test of an integration does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Look {
    Http,
    Smtp,
    S3,
}

static TEXTS: &[(IntegrationProvider, &str)] = &[
    (
        IntegrationProvider::PaymentGateway,
        include_str!("../../../../packs/integrations/payment_gateway.json"),
    ),
    (IntegrationProvider::Smtp, include_str!("../../../../packs/integrations/smtp.json")),
    (IntegrationProvider::Sms, include_str!("../../../../packs/integrations/sms.json")),
    (IntegrationProvider::Storage, include_str!("../../../../packs/integrations/storage.json")),
    (IntegrationProvider::Accounting, include_str!("../../../../packs/integrations/accounting.json")),
    (IntegrationProvider::Http, include_str!("../../../../packs/integrations/http.json")),
];

/// Each of them is read by a test, so none is missing here.
static DEFINITIONS: LazyLock<Vec<Definition>> =
    LazyLock::new(|| TEXTS.iter().filter_map(|(provider, text)| read(*provider, text)).collect());

/// Every definition, in the order in which they are offered.
pub fn definitions() -> &'static [Definition] {
    &DEFINITIONS
}

/// What an integration of this provider is configured with.
///
/// # Errors
/// Never, with the schemas of this version.
pub fn definition(provider: IntegrationProvider) -> Result<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.provider == provider).ok_or(Error::NotFound)
}

impl Definition {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A schema of the pack, as far as more is read of it than whether a value fits.
#[derive(Deserialize)]
struct File {
    title: String,
    description: String,
    #[serde(rename = "x-test")]
    test: Look,
    #[serde(rename = "x-order")]
    order: Vec<String>,
    properties: BTreeMap<String, Property>,
    required: Vec<String>,
}

#[derive(Deserialize)]
struct Property {
    title: String,
    description: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "x-class")]
    class: FieldClass,
    #[serde(rename = "oneOf", default)]
    choices: Vec<Constant>,
    #[serde(rename = "maxLength")]
    longest: Option<usize>,
    default: Option<serde_json::Value>,
    #[serde(default)]
    examples: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Constant {
    #[serde(rename = "const")]
    value: String,
    title: String,
}

fn read(provider: IntegrationProvider, text: &'static str) -> Option<Definition> {
    let schema = Schema::parse(text).ok()?;
    let mut file: File = serde_json::from_str(text).ok()?;
    let fields = file.order.iter().map(|name| {
        let property = file.properties.remove(name)?;
        Some(field(name, property, file.required.contains(name)))
    });
    let fields = fields.collect::<Option<Vec<_>>>()?;
    file.properties.is_empty().then_some(Definition {
        provider,
        title: file.title,
        description: file.description,
        fields,
        text,
        test: file.test,
        schema,
    })
}

fn field(name: &str, property: Property, required: bool) -> FieldSpec {
    let shown = |value: Option<&serde_json::Value>| match value {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (default, example) = (shown(property.default.as_ref()), shown(property.examples.first()));
    let kind = match property.kind.as_str() {
        "integer" => FieldKind::Number,
        _ if property.choices.is_empty() => FieldKind::Text,
        _ => FieldKind::Choice(property.choices.into_iter().map(|one| (one.value, one.title)).collect()),
    };
    FieldSpec {
        place: format!("config/{name}"),
        form: format!("c_{name}"),
        name: name.to_owned(),
        title: property.title,
        help: property.description,
        class: property.class,
        kind,
        required,
        default,
        example,
        longest: property.longest.unwrap_or(200),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_domain::sniff::sniff;
    use serde_json::{Map, Value};

    use super::*;

    fn example(field: &FieldSpec) -> Value {
        match &field.kind {
            FieldKind::Number => field.example.parse::<i64>().unwrap().into(),
            FieldKind::Text => field.example.clone().into(),
            FieldKind::Choice(all) => all.first().unwrap().0.clone().into(),
        }
    }

    #[test]
    fn every_provider_has_a_schema_whose_examples_fit_and_which_takes_nothing_unknown() {
        for provider in IntegrationProvider::ALL {
            let definition = definition(*provider).unwrap();
            assert!(!definition.fields.is_empty() && definition.description.contains("test"));
            let whole: Map<_, _> =
                definition.fields.iter().map(|field| (field.name.clone(), example(field))).collect();
            let misfits = definition.schema.misfits(&Value::Object(whole.clone()));
            assert!(misfits.is_empty(), "{provider:?}: {misfits:?}");
            let mut more = whole.clone();
            more.insert("unknown".into(), 1.into());
            assert!(!definition.schema.misfits(&Value::Object(more)).is_empty(), "{provider:?}");
            for field in definition.fields.iter().filter(|field| field.required) {
                let mut less = whole.clone();
                less.remove(&field.name);
                assert!(!definition.schema.misfits(&Value::Object(less)).is_empty(), "{}", field.name);
            }
        }
        assert_eq!(definitions().len(), IntegrationProvider::ALL.len());
    }

    #[test]
    fn no_field_for_a_secret_is_plain_and_no_example_is_taken_for_one() {
        for field in definitions().iter().flat_map(|definition| &definition.fields) {
            let named = bailiwick_domain::sniff::is_secret_field(&field.name);
            assert!(!named || field.class == FieldClass::Secret, "{}", field.name);
            assert_eq!(sniff(&field.name, &field.example), None, "{}", field.name);
            let reference = field.example.parse::<bailiwick_domain::reference::Reference>();
            assert_eq!(reference.is_ok(), field.class == FieldClass::Secret, "{}", field.name);
            assert!(!field.title.is_empty() && field.help.ends_with('.'), "{}", field.name);
            let FieldKind::Choice(all) = &field.kind else { continue };
            assert!(all.iter().any(|(value, _)| *value == field.default), "{}", field.name);
        }
    }
}
