//! One thing that is wrong with what was sent.

/// One thing that is wrong with what was sent, for the person or program that sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's name, `scopes/0` for a part of it; empty when it concerns the whole.
    pub field: String,
    /// One sentence; never what was typed.
    pub text: String,
    /// What people call the field, for a summary that stands away from it; see [`in_order`].
    pub label: Option<&'static str>,
}

/// The problems of a form in the order of its fields, which are names and labels: first what concerns the whole, last what
/// concerns none of them.
pub(crate) fn in_order(mut problems: Vec<Problem>, fields: &[(&'static str, &'static str)]) -> Vec<Problem> {
    let place = |problem: &Problem| {
        let name = problem.field.split('/').next().unwrap_or_default();
        fields.iter().position(|(field, _)| *field == name)
    };
    for problem in &mut problems {
        problem.label = place(problem).and_then(|place| fields.get(place)).map(|(_, label)| *label);
    }
    problems.sort_by_key(|problem| match place(problem) {
        _ if problem.field.is_empty() => 0,
        Some(place) => place + 1,
        None => usize::MAX,
    });
    problems
}

impl Problem {
    /// A problem of one field.
    pub fn new(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self { field: field.into(), text: text.into(), label: None }
    }

    /// The field as a JSON pointer in a URI fragment (RFC 6901 §6): `#/scopes/0`.
    pub(crate) fn pointer(&self) -> String {
        if self.field.is_empty() {
            return "#".to_owned();
        }
        let encoded: String = form_urlencoded::byte_serialize(self.field.as_bytes()).collect();
        // The form encoding differs from that of fragments in the space, and hides the separators.
        format!("#/{}", encoded.replace("%2F", "/").replace('+', "%20").replace("%7E", "~"))
    }

    /// What a deserializer found, without the value that it found: that may be somebody's secret in the wrong field.
    pub(crate) fn found(path: &serde_path_to_error::Path, message: &str) -> Self {
        let mut parts: Vec<String> = path.iter().filter_map(segment).collect();
        let named = |prefix| message.strip_prefix(prefix).and_then(|rest: &str| rest.split('`').next());
        let text = if let Some(name) = named("missing field `") {
            parts.push(escaped(name));
            REQUIRED
        } else if message.starts_with("unknown field") {
            "This field is not known."
        } else if message.starts_with("unknown variant") {
            "This is not one of the values offered."
        } else if let Some(name) = named("duplicate field `") {
            // Some formats name the field in the path, some only in the message.
            if parts.last().is_none_or(|last| *last != escaped(name)) {
                parts.push(escaped(name));
            }
            "This field is there twice."
        } else {
            "This value does not have the expected form."
        };
        Self::new(parts.join("/"), text)
    }
}

/// What is said of a field that is not there.
pub(super) const REQUIRED: &str = "This field is required.";

fn segment(segment: &serde_path_to_error::Segment) -> Option<String> {
    use serde_path_to_error::Segment;
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// RFC 6901 §3.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_reads_the_problems_from_the_top_of_the_form_to_its_end() {
        let problems = ["lifetime", "other", "scopes/2", "", "name"].map(|field| Problem::new(field, "x"));
        let fields = [("name", "Name"), ("scopes", "Scopes"), ("lifetime", "Expires after")];
        let read: Vec<_> = in_order(problems.into(), &fields)
            .into_iter()
            .map(|problem| (problem.field, problem.label))
            .collect();
        let of = |field: &str, label| (field.to_owned(), label);
        assert_eq!(
            read,
            [
                of("", None),
                of("name", Some("Name")),
                of("scopes/2", Some("Scopes")),
                of("lifetime", Some("Expires after")),
                of("other", None),
            ]
        );
    }

    #[test]
    fn pointer_is_that_of_rfc_6901() {
        for (field, pointer) in [
            ("", "#"),
            ("email", "#/email"),
            ("scopes/0", "#/scopes/0"),
            ("a~1b", "#/a~1b"),
            ("c d", "#/c%20d"),
            ("é", "#/%C3%A9"),
        ] {
            assert_eq!(Problem::new(field, "x").pointer(), pointer);
        }
    }
}
