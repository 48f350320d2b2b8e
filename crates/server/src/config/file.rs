//! The configuration file.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    collect::{Collected, Layer, is_key, is_section},
    key::AnyKey,
    problem::Problem,
    value::{Origin, Raw},
};

/// Reads the file.
pub(crate) fn read(path: &Path) -> Result<String, Problem> {
    crate::read::text(path).map_err(|source| Problem::Unreadable { path: path.to_owned(), source })
}

/// Collects what the text of a file gives. Relative paths in it start from the folder of the file.
pub(crate) fn collect(path: &Path, text: &str, collected: &mut Collected) {
    let base = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut layer = collected.layer(base, |key: &dyn AnyKey| key.path().into());
    let at = |start: usize| Origin::File { path: path.to_owned(), line: line_of(text, start) };
    match DeTable::parse(text) {
        Ok(table) => walk(&mut layer, &at, "", table.get_ref()),
        Err(error) => {
            let at = at(error.span().map_or(0, |span| span.start));
            // The parser's own display would quote the line, and with it perhaps a password.
            layer.wrong(Problem::Syntax { at, message: error.message().replace('\n', ", ") });
        }
    }
}

fn walk(layer: &mut Layer<'_>, at: &impl Fn(usize) -> Origin, parent: &str, table: &DeTable<'_>) {
    for (name, value) in table {
        let path = if parent.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{parent}.{}", name.get_ref())
        };
        let place = at(name.span().start);
        match value.get_ref() {
            DeValue::Table(_) if is_key(&path) => layer.give(&path, Raw::Other("a table"), place),
            // An empty table of an unknown name would otherwise go unnoticed.
            DeValue::Table(inner) if inner.is_empty() && !is_section(&path) => layer.unknown(&path, place),
            // Nothing is nested deeper than `regions.local.database.url`.
            DeValue::Table(inner) if path.split('.').count() < 4 => walk(layer, at, &path, inner),
            _ if is_section(&path) => layer.wrong(Problem::Section { at: place, section: path }),
            _ => layer.give(&path, raw(value), place),
        }
    }
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a number out of range"), Raw::Integer),
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => places(items),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts
                .collect::<Option<Vec<_>>>()
                .map_or(Raw::Other("a list of something else than strings"), Raw::List)
        }
        DeValue::Float(_) => Raw::Other("a number with a fraction"),
        DeValue::Boolean(_) => Raw::Other("true or false"),
        DeValue::Datetime(_) => Raw::Other("a date or time"),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

/// Tables of places, each with an address, a key and perhaps a name, as the texts that say the same elsewhere.
fn places(items: &[Spanned<DeValue<'_>>]) -> Raw {
    let place = |item: &Spanned<DeValue<'_>>| {
        let table = item.get_ref().as_table()?;
        let text = |name: &str| {
            let found = table.iter().find(|(key, _)| key.get_ref() == name)?;
            // A space would shift one into the place of another.
            found.1.get_ref().as_str().filter(|text| !text.contains(char::is_whitespace)).map(str::to_owned)
        };
        let (url, key, name) = (text("url")?, text("key")?, text("name"));
        let known = 2 + usize::from(name.is_some());
        (table.len() == known)
            .then(|| [Some(url), Some(key), name].into_iter().flatten().collect::<Vec<_>>().join(" "))
    };
    let texts: Option<Vec<_>> = items.iter().map(place).collect();
    texts.map_or(Raw::Other("tables of something else than url, key and name"), Raw::List)
}

/// The line of a place in the text, counted from 1.
fn line_of(text: &str, start: usize) -> usize {
    let before = text.as_bytes().get(..start).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
