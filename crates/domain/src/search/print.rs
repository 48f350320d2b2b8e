//! The one text of a query.

use std::fmt;

use super::{Clause, EntityValue, Key, Pattern, Query, Source, Test};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, clause) in self.clauses.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{clause}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not {
            f.write_str("-")?;
        }
        let key = self.test.key();
        let values = self.test.values();
        let one = if values.len() == 1 { values.first() } else { None };
        match one {
            // Text stands alone, unless it would be taken for a key or a minus.
            Some(text) if key == Key::Text => f.write_str(&standing_alone(text)),
            Some(value) => write!(f, "{}:{}", key.name(), quoted(value)),
            None => {
                let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
                write!(f, "{}:({})", key.name(), values.join("|"))
            }
        }
    }
}

impl Test {
    /// Its values as they are typed, without quotes.
    pub fn values(&self) -> Vec<String> {
        match self {
            Self::Actor(values) | Self::Text(values) => values.clone(),
            Self::Entity(values) => values.iter().map(ToString::to_string).collect(),
            Self::Action(values) => values.iter().map(ToString::to_string).collect(),
            Self::Outcome(values) => values.iter().map(|value| value.name().to_owned()).collect(),
            Self::Source(values) => values.iter().map(ToString::to_string).collect(),
            Self::Request(values) | Self::Session(values) => values.iter().map(ToString::to_string).collect(),
            Self::After(moment) | Self::Before(moment) | Self::On(moment) => vec![moment.to_string()],
        }
    }
}

impl fmt::Display for EntityValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "{kind}/"),
            Self::Thing(kind, id) => write!(f, "{kind}/{id}"),
            Self::Id(id) => write!(f, "{id}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(action) | Self::Noun(action) => f.write_str(action),
            Self::Begins(beginning) => write!(f, "{beginning}*"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Tag(tag) => tag.iter().try_for_each(|octet| write!(f, "{octet:02x}")),
        }
    }
}

/// A value as it stands after a colon: in quotes where it would be taken for something else.
pub fn quoted(value: &str) -> String {
    let special = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '(' | ')' | '|');
    if value.is_empty() || value.contains(special) {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}

fn standing_alone(text: &str) -> String {
    let taken = text.starts_with('-') || text.contains(':');
    let bare = quoted(text);
    if taken && bare == text { format!("\"{}\"", text.replace('\\', "\\\\")) } else { bare }
}
