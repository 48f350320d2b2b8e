//! One pass over the octets.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Body, Fault, Item, Limits, MOST_FAULTS, Unreadable, pointer::escaped};

/// Reads a body of one value or an array of values.
///
/// # Errors
/// [`Unreadable`] where the octets are no JSON, or hold more items than are read.
pub fn read(octets: &[u8], limits: &Limits) -> Result<Body, Unreadable> {
    let mut reader = Reader::new(octets, limits);
    reader.space();
    let body =
        if reader.peek() == Some(b'[') { Body::Many(reader.items()?) } else { Body::One(reader.item()?) };
    reader.space();
    if reader.at < octets.len() { Err(reader.wrong("something follows the value")) } else { Ok(body) }
}

/// A step on the way to the present value.
enum Step {
    Name(String),
    Place(usize),
}

/// A place in the octets, and what was found wrong before it.
pub(super) struct Reader<'a> {
    pub(super) octets: &'a [u8],
    pub(super) at: usize,
    pub(super) limits: Limits,
    way: Vec<Step>,
    faults: Vec<Fault>,
    values: usize,
}

impl<'a> Reader<'a> {
    fn new(octets: &'a [u8], limits: &Limits) -> Self {
        Self { octets, at: 0, limits: *limits, way: Vec::new(), faults: Vec::new(), values: 0 }
    }

    fn items(&mut self) -> Result<Vec<Item>, Unreadable> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.eat(b']') {
            return Ok(items);
        }
        loop {
            if items.len() >= self.limits.items {
                return Err(Unreadable::TooMany);
            }
            items.push(self.item()?);
            self.space();
            if self.eat(b']') {
                return Ok(items);
            }
            self.expect(b',', "a comma or the end of the array was expected")?;
        }
    }

    fn item(&mut self) -> Result<Item, Unreadable> {
        self.values = 0;
        self.space();
        let start = self.at;
        let mut value = self.value(0)?;
        if self.at - start > self.limits.item {
            value = Value::Null;
            self.note(format!("This is larger than {} octets.", self.limits.item));
        }
        Ok(Item { value, faults: std::mem::take(&mut self.faults) })
    }

    /// Reads a value; `level` counts the objects and arrays that are open around it.
    fn value(&mut self, level: usize) -> Result<Value, Unreadable> {
        self.space();
        self.values += 1;
        if self.values > self.limits.values {
            if self.values == self.limits.values + 1 {
                self.note(format!("There are more than {} values.", self.limits.values));
            }
            self.skip()?;
            return Ok(Value::Null);
        }
        match self.peek() {
            Some(b'{' | b'[') if level >= self.limits.levels => {
                self.note(format!("This is nested deeper than {} levels.", self.limits.levels));
                self.skip()?;
                Ok(Value::Null)
            }
            Some(b'{') => self.object(level),
            Some(b'[') => self.array(level),
            Some(b'"') => Ok(self.text(self.limits.text)?.map_or(Value::Null, Value::String)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
            None => Err(self.wrong("a value was expected")),
        }
    }

    fn object(&mut self, level: usize) -> Result<Value, Unreadable> {
        self.at += 1;
        let mut members = Map::new();
        self.space();
        if self.eat(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("the name of a member was expected"));
            }
            // What is wrong with a name is said of the object that it stands in.
            let name = self.text(self.limits.name)?.unwrap_or_default();
            let plain =
                name.bytes().all(|octet| matches!(octet, 0x20..=0x7e) && !matches!(octet, b'"' | b'\\'));
            if !plain {
                self.note("The name of a member is not plain printable ASCII.");
            }
            self.space();
            self.expect(b':', "a colon was expected")?;
            self.way.push(Step::Name(if plain { name.clone() } else { String::new() }));
            let value = self.value(level + 1)?;
            if members.contains_key(&name) {
                self.note("This name is there twice.");
            } else {
                members.insert(name, value);
            }
            self.way.pop();
            self.space();
            if self.eat(b'}') {
                return Ok(Value::Object(members));
            }
            self.expect(b',', "a comma or the end of the object was expected")?;
        }
    }

    fn array(&mut self, level: usize) -> Result<Value, Unreadable> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.eat(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            self.way.push(Step::Place(items.len()));
            items.push(self.value(level + 1)?);
            self.way.pop();
            self.space();
            if self.eat(b']') {
                return Ok(Value::Array(items));
            }
            self.expect(b',', "a comma or the end of the array was expected")?;
        }
    }

    fn word(&mut self) -> Result<Value, Unreadable> {
        for (word, value) in
            [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))]
        {
            if self.begins(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        for word in ["NaN", "Infinity"] {
            if self.begins(word) {
                self.at += word.len();
                self.note("NaN and infinity are no numbers of JSON.");
                return Ok(Value::Null);
            }
        }
        Err(self.wrong("a value was expected"))
    }

    /// Passes over any value without keeping it, at no cost of stack: the item that it stands in is refused already.
    fn skip(&mut self) -> Result<(), Unreadable> {
        let mut open = 0_usize;
        loop {
            self.space();
            match self.peek() {
                Some(b'{' | b'[') => {
                    open += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                Some(b'"') => self.skip_text()?,
                Some(b',' | b':') if open > 0 => self.at += 1,
                Some(octet) if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'+' | b'.') => {
                    let rest = self.octets.get(self.at..).unwrap_or_default();
                    let word =
                        |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'+' | b'.');
                    self.at += rest.iter().take_while(|octet| word(octet)).count();
                }
                _ => return Err(self.wrong("a value was expected")),
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// Notes what is wrong with the present value.
    pub(super) fn note(&mut self, text: impl Into<Cow<'static, str>>) {
        if self.faults.len() < MOST_FAULTS {
            let pointer = self.way.iter().map(|step| match step {
                Step::Name(name) => format!("/{}", escaped(name)),
                Step::Place(place) => format!("/{place}"),
            });
            self.faults.push(Fault::new(pointer.collect::<String>(), text));
        }
    }

    pub(super) fn begins(&self, word: &str) -> bool {
        self.octets.get(self.at..).unwrap_or_default().starts_with(word.as_bytes())
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    pub(super) fn eat(&mut self, octet: u8) -> bool {
        let there = self.peek() == Some(octet);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, octet: u8, what: &'static str) -> Result<(), Unreadable> {
        if self.eat(octet) { Ok(()) } else { Err(self.wrong(what)) }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    pub(super) const fn wrong(&self, what: &'static str) -> Unreadable {
        Unreadable::Syntax { offset: self.at, what }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const LIMITS: Limits = Limits { items: 4, item: 4096, levels: 8, text: 64, name: 16, values: 64 };

    fn one(octets: &[u8]) -> Item {
        match read(octets, &LIMITS) {
            Ok(Body::One(item)) => item,
            other => panic!("{other:?}"),
        }
    }

    fn faults(octets: &[u8]) -> Vec<(String, String)> {
        one(octets).faults.into_iter().map(|fault| (fault.pointer, fault.text.into_owned())).collect()
    }

    #[test]
    fn program_is_told_where_each_thing_is_that_cannot_be_taken() {
        for (body, pointer, says) in [
            (&br#"{"a":1,"a":2}"#[..], "/a", "twice"),
            (br#"{"a":{"b":[0,NaN]}}"#, "/a/b/1", "no numbers"),
            (br#"{"a":-Infinity}"#, "/a", "no numbers"),
            (br#"{"a":9007199254740992}"#, "/a", "2^53"),
            (br#"{"a":-9007199254740992}"#, "/a", "2^53"),
            (br#"{"a":123456789012345678901234567890}"#, "/a", "2^53"),
            (br#"{"a":1.5}"#, "/a", "text"),
            (br#"{"a":1e3}"#, "/a", "text"),
            (br#"{"a":-0}"#, "/a", "minus zero"),
            (b"{\"a\":\"\xff\"}", "/a", "UTF-8"),
            (b"{\"\xff\":1}", "", "UTF-8"),
            (br#"{"a":"\ud800"}"#, "/a", "surrogate"),
            (br#"{"a":"\u0000"}"#, "/a", "U+0000"),
            (br#"{"a/b~c":{"\u00e9":1}}"#, "/a~1b~0c", "ASCII"),
        ] {
            let found = faults(body);
            assert_eq!(found.len(), 1, "{} {found:?}", String::from_utf8_lossy(body));
            assert_eq!(found[0].0, pointer, "{found:?}");
            assert!(found[0].1.contains(says), "{found:?}");
        }
    }

    #[test]
    fn what_is_too_much_is_named_and_the_rest_is_read() {
        let long = format!(r#"{{"a":"{}","b":1.5}}"#, "x".repeat(65));
        assert_eq!(
            faults(long.as_bytes()).iter().map(|fault| fault.0.as_str()).collect::<Vec<_>>(),
            ["/a", "/b"]
        );
        let many = format!("[{}]", vec!["1"; 65].join(","));
        assert_eq!(faults(format!(r#"{{"a":{many}}}"#).as_bytes())[0].0, "/a/62");
        let large = format!(r#"{{"a":1{}}}"#, " ".repeat(4096));
        assert_eq!(one(large.as_bytes()).value, Value::Null);
        assert!(faults(large.as_bytes())[0].1.contains("4096 octets"));
    }

    #[test]
    fn ten_thousand_levels_cost_no_stack() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let body = format!("{{\"deep\":{}1{}}}", open.repeat(10_000), close.repeat(10_000));
            let found = read(body.as_bytes(), &Limits { item: 1 << 20, ..LIMITS });
            let Ok(Body::One(item)) = found else { panic!("{found:?}") };
            assert!(item.faults[0].text.contains("8 levels"), "{:?}", item.faults);
            assert!(item.faults[0].pointer.starts_with("/deep/"));
        }
        assert!(matches!(read(&b"[".repeat(1_000_000), &LIMITS), Err(Unreadable::Syntax { .. })));
    }

    #[test]
    fn one_of_many_spoils_only_itself() {
        let Ok(Body::Many(items)) = read(br#"[{"a":1},{"a":1,"a":1},{"a":"b"}]"#, &LIMITS) else { panic!() };
        let spoilt: Vec<_> = items.iter().map(|item| item.faults.len()).collect();
        assert_eq!(spoilt, [0, 1, 0]);
        assert_eq!(items[2].value, json!({"a": "b"}));
        assert_eq!(items[1].faults[0].pointer, "/a", "the pointer begins at the item");
        assert_eq!(read(b"[1,2,3,4,5]", &LIMITS), Err(Unreadable::TooMany));
        assert_eq!(read(b" [ ] ", &LIMITS), Ok(Body::Many(Vec::new())));
    }

    #[test]
    fn what_is_no_json_is_refused_as_a_whole() {
        for body in [
            "",
            " ",
            "{",
            "[1",
            "[1,]",
            "[,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "01",
            "-",
            "1.",
            "1e",
            "nul",
            "tru e",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "{} {}",
            "\u{feff}{}",
            "+1",
            ".5",
        ] {
            assert!(matches!(read(body.as_bytes(), &LIMITS), Err(Unreadable::Syntax { .. })), "{body:?}");
        }
    }

    #[test]
    fn faults_of_one_item_are_bounded() {
        let body = format!("[{}]", vec!["0.5"; 60].join(","));
        assert_eq!(faults(format!(r#"{{"a":{body}}}"#).as_bytes()).len(), MOST_FAULTS);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-crate::json::MAX_INTEGER..=crate::json::MAX_INTEGER).prop_map(Value::from),
            "[^\u{0}]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[ !#-\\[\\]-~]{0,6}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_taken_is_what_any_reader_takes(value in any_value(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let body = format!("[{text}]");
            let Ok(Body::Many(items)) = read(body.as_bytes(), &LIMITS) else { panic!("{body}") };
            prop_assert_eq!(&items[0].faults, &Vec::new());
            prop_assert_eq!(&items[0].value, &value);
        }

        #[test]
        fn no_octets_make_it_panic_and_what_it_takes_others_take(octets in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:\\0123456789.eE-+tfnu aNI".to_vec())], 0..80)) {
            if let Ok(Body::One(Item { value, faults })) = read(&octets, &LIMITS)
                && faults.is_empty()
            {
                prop_assert_eq!(serde_json::from_slice::<Value>(&octets).ok(), Some(value));
            }
        }
    }
}
