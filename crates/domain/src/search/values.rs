//! The values of each key: what was typed, and what it means.

use std::net::IpAddr;

use uuid::Uuid;

use super::{
    Clause, EntityValue, Key, MOST_VALUES, Moment, Outcome, Pattern, SOURCE, Source, Test, nearest::nearest,
};
use crate::{product::is_kind, words};

/// Characters of a value at most.
const LONGEST: usize = 200;

/// Whether the text can be the name of an action or a kind of thing.
pub fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=64).contains(&text.len())
        && text.bytes().all(fits)
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
}

/// The clause of `key` with these values, or what is wrong: with which of them, and why.
///
/// # Errors
/// The place among `values`, or behind them where it is the condition that is wrong, and a sentence, which repeats nothing of what was
/// typed.
pub fn clause(not: bool, key: Key, values: &[String]) -> Result<Clause, (usize, String)> {
    if let Some(place) = values.iter().position(|value| value.trim().is_empty()) {
        return Err((place, format!("Give a value after \"{}:\".", key.name())));
    }
    if let Some(place) =
        values.iter().position(|v| v.chars().count() > LONGEST || v.chars().any(char::is_control))
    {
        return Err((place, format!("A value has {LONGEST} characters at most, all of which can be seen.")));
    }
    if values.is_empty() || values.len() > MOST_VALUES {
        return Err((values.len().saturating_sub(1), format!("Give 1 to {MOST_VALUES} alternatives.")));
    }
    if key.is_time() && (not || values.len() > 1) {
        let place = if not { values.len() } else { 0 };
        return Err((place, format!("\"{}:\" takes one value, and no minus.", key.name())));
    }
    let test = match key {
        Key::Actor => Test::Actor(values.iter().map(|value| value.trim().to_owned()).collect()),
        Key::Entity => Test::Entity(each(values, entity)?),
        Key::Action => Test::Action(each(values, action)?),
        Key::Outcome => Test::Outcome(each(values, outcome)?),
        Key::Source => Test::Source(each(values, source)?),
        Key::Request => Test::Request(each(values, |value| {
            id(value).ok_or_else(|| "This is not the id of a request.".to_owned())
        })?),
        Key::Session => Test::Session(each(values, |value| {
            id(value).ok_or_else(|| "This is not the id of a session.".to_owned())
        })?),
        Key::Text => Test::Text(text(not, values)?),
        Key::After => Test::After(moment(values)?),
        Key::Before => Test::Before(moment(values)?),
        Key::On => Test::On(span(values)?),
    };
    Ok(Clause { not, test })
}

fn each<T>(values: &[String], read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, (usize, String)> {
    values.iter().enumerate().map(|(place, value)| read(value.trim()).map_err(|why| (place, why))).collect()
}

fn id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == 36)
}

fn entity(value: &str) -> Result<EntityValue, String> {
    if let Some(id) = id(value) {
        return Ok(EntityValue::Id(id));
    }
    match value.split_once('/') {
        Some((kind, "")) if is_word(kind) => Ok(EntityValue::Kind(kind.to_owned())),
        Some((kind, rest)) if is_word(kind) => match id(rest).filter(|id| !is_kind(kind) || stands(*id)) {
            Some(id) => Ok(EntityValue::Thing(kind.to_owned(), id)),
            None => Ok(EntityValue::Named(value.to_owned())),
        },
        _ => Ok(EntityValue::Named(value.to_owned())),
    }
}

/// Whether the id is one that stands for a product's own, as links have it: what a product calls its things has no reason to be a
/// UUID of version 8.
fn stands(id: Uuid) -> bool {
    id.get_version_num() == 8
}

fn action(value: &str) -> Result<Pattern, String> {
    let wrong = || "This is not an action: write user.invited, user.* or user.".to_owned();
    match value.strip_suffix('*') {
        Some(beginning) if is_word(beginning) => Ok(Pattern::Begins(beginning.to_owned())),
        Some(_) => Err(wrong()),
        None if !is_word(value) => Err(wrong()),
        None if value.contains('.') => Ok(Pattern::Exactly(value.to_owned())),
        None => Ok(Pattern::Noun(value.to_owned())),
    }
}

fn outcome(value: &str) -> Result<Outcome, String> {
    Outcome::named(value).ok_or_else(|| {
        let meant = nearest(value, Outcome::ALL.map(Outcome::name));
        let meant = meant.map(|word| format!(" Did you mean {word}?")).unwrap_or_default();
        format!("An outcome is ok, denied or failed.{meant}")
    })
}

fn source(value: &str) -> Result<Source, String> {
    if value.len() == 2 * SOURCE && value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f')) {
        let mut tag = [0; SOURCE];
        for (to, pair) in tag.iter_mut().zip(value.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(pair).unwrap_or_default();
            *to = u8::from_str_radix(digits, 16).unwrap_or_default();
        }
        return Ok(Source::Tag(tag));
    }
    let address = value.parse::<IpAddr>().map(|ip| Source::Address(ip.to_canonical()));
    address.map_err(|_| "A source is an IP address, or the 16 digits of its tag.".to_owned())
}

fn text(not: bool, values: &[String]) -> Result<Vec<String>, (usize, String)> {
    for (place, value) in values.iter().enumerate() {
        match words::of_text(value).count() {
            0 => return Err((place, "Give a word with a letter or a digit.".to_owned())),
            1 => {}
            _ if not || values.len() > 1 => {
                return Err((
                    place,
                    "Give one word here: leave out, or choose among, one word at a time.".to_owned(),
                ));
            }
            _ => {}
        }
    }
    Ok(values.iter().map(|value| value.trim().to_owned()).collect())
}

fn moment(values: &[String]) -> Result<Moment, (usize, String)> {
    let found = values.first().and_then(|value| Moment::parse(value.trim()));
    found.ok_or_else(|| {
        (
            0,
            "Use a day (2026-01-31), a month (2026-01), a moment (2026-01-31T09:30), or how long ago (7d, 24h, 30m, 2w)."
                .to_owned(),
        )
    })
}

fn span(values: &[String]) -> Result<Moment, (usize, String)> {
    match moment(values) {
        Ok(Moment::Now | Moment::Ago(..)) | Err(_) => {
            Err((0, "Use a day (2026-01-31, today, yesterday), a month (2026-01, last-month) or a minute (2026-01-31T09:30).".to_owned()))
        }
        Ok(found) => Ok(found),
    }
}
