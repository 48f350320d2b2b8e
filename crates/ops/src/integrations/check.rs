//! Whether a configuration can be taken: no raw secret anywhere in it, as its schema says, and leading where this server connects to.

use bailiwick_domain::{
    reference::Reference,
    secret::SecretName,
    sniff::{sniff, sniff_json},
};
use bailiwick_stream::{origin_of, service_address};
use serde_json::{Map, Value};

use super::{Definition, FieldClass, FieldSpec, Outside};
use crate::{Error, FieldError, Result};

/// Octets of a configuration at most.
const LONGEST: usize = 16 * 1024;

/// A configuration that can be stored, once the secrets that it names are seen to be there.
pub(super) struct Checked {
    pub(super) config: Map<String, Value>,
    /// Secrets of this tenant that it names, each with the field.
    pub(super) stored: Vec<(&'static FieldSpec, SecretName)>,
    /// Whether it names any secret at all.
    pub(super) refers: bool,
    pub(super) origin: String,
}

/// What is wrong, once for each field.
#[derive(Default)]
pub(super) struct Wrong(Vec<FieldError>);

impl Wrong {
    pub(super) fn at(&mut self, field: &'static str, text: impl Into<String>) {
        if !self.0.iter().any(|wrong| wrong.field == field) {
            self.0.push(FieldError { field, text: text.into() });
        }
    }

    pub(super) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// Looks at all of a configuration at once. What is wrong is noted by field, and never repeats a value.
pub(super) fn check(
    definition: &'static Definition,
    config: Value,
    outside: &Outside,
    wrong: &mut Wrong,
) -> Option<Checked> {
    let before = wrong.0.len();
    let long = config.to_string().len() > LONGEST;
    let Value::Object(members) = &config else {
        wrong.at("config", "A configuration is an object.");
        return None;
    };
    if long {
        wrong.at("config", "A configuration has 16 KiB at most.");
        return None;
    }
    raw_secrets(definition, &config, wrong);
    misfits(definition, members, &config, wrong);
    let (mut stored, mut refers) = (Vec::new(), false);
    for field in definition.fields.iter().filter(|field| field.class == FieldClass::Secret) {
        let Some(Ok(reference)) = members.get(&field.name).and_then(Value::as_str).map(str::parse) else {
            continue;
        };
        refers = true;
        match reference {
            Reference::Stored(name) => stored.push((field, name)),
            Reference::Variable(name) if outside.variable(&name).is_some() => {}
            Reference::Variable(_) => wrong.at(
                &field.place,
                "Whoever runs this server has not opened a variable of this name: see integrations.env_prefix.",
            ),
            Reference::Aws(_) => wrong.at(
                &field.place,
                "This server does not read from AWS Secrets Manager. Store the value as a secret, and name it with secret://.",
            ),
        }
    }
    for field in definition.fields.iter().filter(|field| field.class == FieldClass::Address) {
        if let Some(text) = members.get(&field.name).and_then(Value::as_str) {
            address(field, text, outside, wrong);
        }
    }
    key_is_there(definition, members, wrong);
    let origin = origin(members);
    let Value::Object(config) = config else { return None };
    (wrong.0.len() == before).then_some(Checked { config, stored, refers, origin })
}

/// Refuses what is taken for a secret, wherever it stands, and in a field for secrets whatever is no reference.
fn raw_secrets(definition: &'static Definition, config: &Value, wrong: &mut Wrong) {
    const INSTEAD: &str = "Store it as a secret, and put a reference here, such as";
    for field in definition.fields.iter().filter(|field| field.class == FieldClass::Secret) {
        let Some(value) = config.get(&field.name) else { continue };
        let text = value.as_str().unwrap_or_default();
        if text.parse::<Reference>().is_err() {
            // A scheme alone is a reference that was mistyped, and no secret.
            let why = match sniff(&field.name, text) {
                Some(why) => why.sentence(),
                None => "This field takes a reference to a secret, and nothing else.".to_owned(),
            };
            wrong.at(&field.place, format!("/{}: {why} {INSTEAD} {}.", field.name, field.example));
        }
    }
    for finding in sniff_json(config) {
        let top = finding.pointer.split('/').nth(1).unwrap_or_default();
        let why = finding.why.sentence();
        match definition.field(top) {
            Some(field) => wrong.at(
                &field.place,
                format!("{}: {why} A configuration holds no secret: leave it out here.", finding.pointer),
            ),
            None => wrong.at("config", format!("{}: {why}", finding.pointer)),
        }
    }
}

/// Says what of the configuration does not fit the schema, by places alone.
fn misfits(definition: &'static Definition, members: &Map<String, Value>, config: &Value, wrong: &mut Wrong) {
    let misfits = definition.schema.misfits(config);
    for field in definition.fields.iter().filter(|field| field.required) {
        if !members.contains_key(&field.name) {
            wrong.at(&field.place, "This field is required.");
        }
    }
    for misfit in &misfits {
        let name = misfit.pointer.split('/').nth(1).unwrap_or_default();
        if let Some(field) = definition.field(name) {
            wrong
                .at(&field.place, format!("This does not have the expected form, such as {}.", shape(field)));
        } else if misfit.keyword.ends_with("/additionalProperties") {
            wrong.at("config", "There is a member that this provider does not know.");
        } else if misfit.keyword.contains("/dependentRequired") {
            needs_both(definition, members, wrong);
        } else if !misfit.keyword.ends_with("/required") {
            wrong
                .at("config", format!("This does not fit the schema of the provider at {}.", misfit.keyword));
        }
    }
}

/// A user and a password come together.
fn needs_both(definition: &'static Definition, members: &Map<String, Value>, wrong: &mut Wrong) {
    for (there, missing) in [("user", "password"), ("password", "user")] {
        if let Some(field) = definition.field(missing)
            && members.contains_key(there)
            && !members.contains_key(missing)
        {
            wrong.at(&field.place, "User and password come together, or neither.");
        }
    }
}

fn shape(field: &FieldSpec) -> String {
    match &field.kind {
        super::FieldKind::Choice(all) => {
            all.iter().map(|(value, _)| value.as_str()).collect::<Vec<_>>().join(" or ")
        }
        _ => field.example.clone(),
    }
}

/// Where secrets would go in the clear, or a user and a password stand in the address, nothing leads.
fn address(field: &'static FieldSpec, text: &str, outside: &Outside, wrong: &mut Wrong) {
    if let Err(bad) = service_address(text, field.name == "endpoint", outside.reach()) {
        wrong.at(&field.place, bad.text);
    }
}

/// A key that is sent somehow is there, and so is the header that it has for itself.
fn key_is_there(definition: &'static Definition, members: &Map<String, Value>, wrong: &mut Wrong) {
    let way = members.get("authentication").and_then(Value::as_str);
    for (name, needed) in
        [("api_key", way.is_some_and(|way| way != "none")), ("header", way == Some("header"))]
    {
        if let Some(field) = definition.field(name)
            && needed
            && !members.contains_key(name)
        {
            wrong.at(&field.place, "This field is required with this way of sending the key.");
        }
    }
}

/// Scheme, host and port of the other side, and the bucket.
fn origin(members: &Map<String, Value>) -> String {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match (text("base_url"), text("endpoint"), text("host")) {
        (Some(url), _, _) => origin_of(url),
        (_, Some(url), _) => format!("{}/{}", origin_of(url), text("bucket").unwrap_or_default()),
        (_, _, Some(host)) => {
            format!("{host}:{}", members.get("port").and_then(Value::as_u64).unwrap_or_default())
        }
        _ => String::new(),
    }
}
