//! Reading a query, with the place of everything that is wrong in it.

use super::{Clause, Key, MOST_CLAUSES, MOST_VALUES, Query, nearest::nearest, values};

/// Characters of a query at most.
pub const MOST_CHARACTERS: usize = 1_000;

/// A query with the place of each of its clauses.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Parsed {
    /// The query.
    pub query: Query,
    /// Where each clause begins: the column of its first character, counted from 1.
    pub columns: Vec<usize>,
}

/// Why a text is no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {text}")]
pub struct Wrong {
    /// The character at which the fault lies, counted from 1.
    pub column: usize,
    /// A sentence for people, with the nearest key where one was probably meant. Repeats nothing of what was typed.
    pub text: String,
}

impl Wrong {
    pub(super) fn at(place: usize, text: impl Into<String>) -> Self {
        Self { column: place + 1, text: text.into() }
    }
}

/// Reads a query.
///
/// # Errors
/// The first fault, with its column.
pub fn parse(text: &str) -> Result<Parsed, Wrong> {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() > MOST_CHARACTERS {
        return Err(Wrong::at(MOST_CHARACTERS, format!("A query has {MOST_CHARACTERS} characters at most.")));
    }
    let mut reader = Reader { letters: &letters, place: 0 };
    let mut parsed = Parsed::default();
    loop {
        reader.skip_space();
        if reader.peek().is_none() {
            return Ok(parsed);
        }
        let begins = reader.place;
        if parsed.columns.len() == MOST_CLAUSES {
            return Err(Wrong::at(begins, format!("A query has {MOST_CLAUSES} conditions at most.")));
        }
        parsed.query.clauses.push(reader.clause()?);
        parsed.columns.push(begins + 1);
    }
}

struct Reader<'a> {
    letters: &'a [char],
    place: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.place).copied()
    }

    fn take(&mut self, letter: char) -> bool {
        let there = self.peek() == Some(letter);
        self.place += usize::from(there);
        there
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.place += 1;
        }
    }

    fn clause(&mut self) -> Result<Clause, Wrong> {
        let not = self.take('-');
        let begins = self.place;
        let key = match self.key()? {
            Some(key) => key,
            None if self.peek() == Some('(') => {
                return Err(Wrong::at(
                    self.place,
                    "Parentheses hold the alternatives of a key: outcome:(denied|failed).",
                ));
            }
            None if not && self.peek().is_none_or(char::is_whitespace) => {
                return Err(Wrong::at(begins, "Nothing follows the minus."));
            }
            None => Key::Text,
        };
        let (values, places) = self.values(key)?;
        if self.peek().is_some_and(|letter| !letter.is_whitespace()) {
            return Err(Wrong::at(self.place, "A space belongs between two conditions."));
        }
        values::clause(not, key, &values)
            .map_err(|(which, why)| Wrong::at(places.get(which).copied().unwrap_or(begins), why))
    }

    /// The key in front of a colon; nothing where text stands alone.
    fn key(&mut self) -> Result<Option<Key>, Wrong> {
        let rest = self.letters.get(self.place..).unwrap_or_default();
        let length = rest.iter().take_while(|l| l.is_ascii_alphabetic() || **l == '_').count();
        if length == 0 || rest.get(length) != Some(&':') {
            return Ok(None);
        }
        let name: String = rest.iter().take(length).flat_map(|letter| letter.to_lowercase()).collect();
        let Some(key) = Key::named(&name) else {
            let meant = nearest(&name, Key::ALL.map(Key::name));
            let text = match meant {
                Some(meant) => format!("There is no key of this name. Did you mean \"{meant}:\"?"),
                None => {
                    let all = Key::ALL.map(Key::name).join(", ");
                    format!("There is no key of this name. There are {all}. Put text with a colon in quotes.")
                }
            };
            return Err(Wrong::at(self.place, text));
        };
        self.place += length + 1;
        Ok(Some(key))
    }

    /// One value, or alternatives in parentheses, with the place of each.
    fn values(&mut self, key: Key) -> Result<(Vec<String>, Vec<usize>), Wrong> {
        let (mut values, mut places) = (Vec::new(), Vec::new());
        let opened = self.place;
        if !self.take('(') {
            places.push(self.place);
            values.push(self.value(key)?);
            return Ok((values, places));
        }
        loop {
            self.skip_space();
            if values.len() == MOST_VALUES {
                return Err(Wrong::at(self.place, format!("Give {MOST_VALUES} alternatives at most.")));
            }
            places.push(self.place);
            values.push(self.value(key)?);
            self.skip_space();
            if self.take(')') {
                return Ok((values, places));
            }
            if !self.take('|') {
                return Err(match self.peek() {
                    None => Wrong::at(opened, "This parenthesis is not closed."),
                    Some(_) => Wrong::at(self.place, "A | belongs between two alternatives."),
                });
            }
        }
    }

    fn value(&mut self, key: Key) -> Result<String, Wrong> {
        let begins = self.place;
        if self.take('"') {
            return self.quoted(begins);
        }
        let bare = |letter: char| !letter.is_whitespace() && !matches!(letter, '"' | '(' | ')' | '|');
        let rest = self.letters.get(begins..).unwrap_or_default();
        let value: String = rest.iter().take_while(|letter| bare(**letter)).collect();
        self.place += value.chars().count();
        if !value.is_empty() {
            return Ok(value);
        }
        Err(match self.peek() {
            Some(letter) if !letter.is_whitespace() => {
                Wrong::at(begins, "Put text with this character in quotes.")
            }
            _ => Wrong::at(begins, format!("Give a value after \"{}:\".", key.name())),
        })
    }

    fn quoted(&mut self, begins: usize) -> Result<String, Wrong> {
        let mut value = String::new();
        loop {
            let Some(letter) = self.peek() else {
                return Err(Wrong::at(begins, "This quotation mark is not closed."));
            };
            self.place += 1;
            match letter {
                '"' => return Ok(value),
                '\\' => match self.peek() {
                    Some(escaped @ ('"' | '\\')) => {
                        self.place += 1;
                        value.push(escaped);
                    }
                    _ => {
                        return Err(Wrong::at(
                            self.place - 1,
                            "In quotes, a backslash stands before a quotation mark or another backslash.",
                        ));
                    }
                },
                other => value.push(other),
            }
        }
    }
}
