//! Numbers: whole, and within what every reader holds exactly.

use serde_json::Value;

use super::{MAX_INTEGER, Unreadable, reader::Reader};

impl Reader<'_> {
    /// Reads a number.
    pub(super) fn number(&mut self) -> Result<Value, Unreadable> {
        let negative = self.eat(b'-');
        if negative && self.begins("Infinity") {
            return self.infinity();
        }
        let start = self.at;
        let digits = self.digits();
        match (self.octets.get(start), digits) {
            (_, 0) => return Err(self.wrong("a digit was expected")),
            (Some(b'0'), 2..) => return Err(self.wrong("a number has no leading zero")),
            _ => {}
        }
        let mut whole = true;
        if self.eat(b'.') {
            whole = false;
            if self.digits() == 0 {
                return Err(self.wrong("a digit was expected"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if !self.eat(b'-') {
                self.eat(b'+');
            }
            if self.digits() == 0 {
                return Err(self.wrong("a digit was expected"));
            }
        }
        if !whole {
            self.note("A number is whole here. Send a fraction as a text, such as \"12.50\".");
            return Ok(Value::Null);
        }
        if negative && self.octets.get(start) == Some(&b'0') {
            self.note("There is no minus zero here.");
            return Ok(Value::Null);
        }
        let text = self.octets.get(start..start + digits).unwrap_or_default();
        let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
        match value.filter(|value| *value <= MAX_INTEGER) {
            Some(value) => Ok(Value::from(if negative { -value } else { value })),
            None => {
                self.note("A number lies within 2^53 - 1 either side of zero. Send a larger one as a text.");
                Ok(Value::Null)
            }
        }
    }

    fn infinity(&mut self) -> Result<Value, Unreadable> {
        self.at += "Infinity".len();
        self.note("NaN and infinity are no numbers of JSON.");
        Ok(Value::Null)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }
}
