//! The fields of a configuration in a form that is made from its schema.

use bailiwick_domain::reference::Reference;
use bailiwick_ops::integrations::{Definition, FieldClass, FieldKind, FieldSpec};
use serde_json::{Map, Value};

use crate::forms::{Choice, Field, Problem, Select, Typed};

/// What every form of an integration holds besides its configuration.
const OTHERS: [&str; 4] = ["name", "provider", "revision", "store"];

/// A field of a configuration, as the template shows it.
pub(super) struct Entry {
    pub(super) field: Field,
    pub(super) select: Option<Select>,
    /// Whether it takes a reference alone.
    pub(super) secret: bool,
    pub(super) number: bool,
    pub(super) required: bool,
    pub(super) longest: usize,
}

/// The fields of a provider, with what is configured so far, or what the schema begins with.
pub(super) fn entries(definition: &'static Definition, config: Option<&Map<String, Value>>) -> Vec<Entry> {
    definition.fields.iter().map(|spec| entry(spec, config)).collect()
}

fn entry(spec: &'static FieldSpec, config: Option<&Map<String, Value>>) -> Entry {
    let value = match config {
        None => spec.default.clone(),
        Some(config) => config.get(&spec.name).map(shown).unwrap_or_default(),
    };
    let secret = spec.class == FieldClass::Secret;
    let hint = match (&spec.kind, spec.example.as_str()) {
        (FieldKind::Choice(_), _) | (_, "") => spec.help.clone(),
        (_, example) => format!("{} Such as {example}.", spec.help),
    };
    let select = match &spec.kind {
        FieldKind::Choice(all) => {
            let options = all.iter().map(|(value, label)| Choice::new(value.as_str(), label.as_str()));
            Some(Select::new(&spec.form, &spec.title, options, &value).hint(hint.clone()))
        }
        _ => None,
    };
    Entry {
        field: Field::new(&spec.form, &spec.title).value(value).hint(hint),
        select,
        secret,
        number: spec.kind == FieldKind::Number,
        required: spec.required,
        // What is typed may be a secret that is to be stored, which is longer than a reference.
        longest: if secret { 16_384 } else { spec.longest },
    }
}

/// A value as a form and a page show it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Entry {
    /// As it was typed, with what is wrong with it. What may be a secret does not come back.
    pub(super) fn again(self, typed: &Typed, problems: &[Problem]) -> Self {
        let kept = typed.value(self.field.name).trim();
        let may_come_back = if self.secret {
            kept.parse::<Reference>().is_ok()
        } else {
            !problems.iter().any(|problem| problem.field == self.field.name)
                || bailiwick_domain::sniff::sniff(self.field.name, kept).is_none()
        };
        let select = self.select.map(|select| select.again(typed, problems));
        let field = if may_come_back {
            self.field.again(typed, problems)
        } else {
            self.field.value("").emptied(problems)
        };
        Self { field, select, ..self }
    }

    /// Its name, and what people call it.
    pub(super) fn named(&self) -> (&'static str, &'static str) {
        self.field.named()
    }
}

/// The configuration that was typed. What is empty is left out; what is no number stays a text, which the schema then refuses.
pub(super) fn configuration(definition: &Definition, typed: &Typed) -> Value {
    let mut config = Map::new();
    for spec in &definition.fields {
        let text = typed.value(&spec.form);
        let trimmed = text.trim();
        if trimmed.is_empty() {
            continue;
        }
        let value = match (&spec.kind, spec.class) {
            (FieldKind::Number, _) => {
                trimmed.parse::<i64>().map_or_else(|_| Value::from(trimmed), Value::from)
            }
            // A secret that is to be stored is kept as it was typed.
            (_, FieldClass::Secret) if trimmed.parse::<Reference>().is_err() => Value::from(text),
            _ => Value::from(trimmed),
        };
        config.insert(spec.name.clone(), value);
    }
    Value::Object(config)
}

/// The field whose value is to be stored as a secret, where that button was pressed.
pub(super) fn store(typed: &Typed) -> Option<String> {
    let pressed = typed.value("store");
    (!pressed.is_empty()).then(|| pressed.strip_prefix("c_").unwrap_or(pressed).to_owned())
}

/// What of a form no page of ours sends.
pub(super) fn unknown<'f>(
    definition: &Definition,
    names: impl IntoIterator<Item = &'f String>,
) -> Vec<Problem> {
    let known = |name: &str| OTHERS.contains(&name) || definition.fields.iter().any(|spec| spec.form == name);
    let unknown = names.into_iter().filter(|name| !known(name));
    unknown.take(1).map(|_| Problem::new("", "The form holds a field that is not known.")).collect()
}

/// The names of problems, and those of the form's fields.
pub(super) fn names(definition: &'static Definition) -> Vec<(&'static str, &'static str)> {
    let fields = definition.fields.iter().map(|spec| (spec.place.as_str(), spec.form.as_str()));
    fields.chain([("config", ""), ("provider", "")]).collect()
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::entity::IntegrationProvider;
    use bailiwick_ops::integrations::{definition, definitions};

    use super::*;

    #[test]
    fn every_provider_has_a_form_that_begins_with_what_its_schema_says() {
        for definition in definitions() {
            let entries = entries(definition, None);
            assert_eq!(entries.len(), definition.fields.len());
            for (entry, spec) in entries.iter().zip(&definition.fields) {
                assert_eq!(entry.field.value, spec.default);
                assert_eq!(entry.select.is_some(), matches!(spec.kind, FieldKind::Choice(_)));
            }
        }
    }

    #[test]
    fn what_is_configured_comes_back_from_the_form_as_it_was() {
        let definition = definition(IntegrationProvider::Smtp).unwrap();
        let config = serde_json::json!({"host": "mail.example.com", "port": 587, "tls": "starttls"});
        let entries = entries(definition, config.as_object());
        let typed: Vec<_> =
            entries.iter().map(|entry| (entry.field.name, entry.field.value.as_str())).collect();
        assert!(typed.contains(&("c_port", "587")) && typed.contains(&("c_user", "")));
    }
}
