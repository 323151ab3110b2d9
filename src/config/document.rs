//! Reads a TOML document so that every fault is found in one run, each with line, column and what was expected.
//! Shared by `hub.toml` and the plan.

use std::cell::RefCell;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use toml::de::{DeTable, DeValue};

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key with its sections, `store.path`; empty for the document itself.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What should be there.
    pub expected: String,
}

/// All that is wrong with a document: one line each, `path:line:col: key: problem; expected …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// The file, as the user named it.
    pub path: String,
    /// Never empty; in the order of the document.
    pub list: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.list.iter().enumerate() {
            let end = if index + 1 < self.list.len() { "\n" } else { "" };
            let Fault { line, column, key, problem, expected } = fault;
            let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
            write!(f, "{}:{line}:{column}: {key}{problem}; expected {expected}{end}", self.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Parses `text` and lets `build` take it apart; `path` is only named in faults.
///
/// # Errors
/// All faults, when there is at least one; what `build` returned is dropped then.
pub fn read<T>(
    path: &str,
    text: &str,
    build: impl FnOnce(&mut Section<'_, '_>) -> Option<T>,
) -> Result<T, Faults> {
    let faults = Collector { text, list: RefCell::default() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        faults.push(at, String::new(), error.message().replace('\n', ", "), "valid TOML".into());
    }
    let mut built = None;
    if faults.list.borrow().is_empty() {
        let mut root = Section::new(table.get_ref(), String::new(), 0, &faults);
        built = build(&mut root);
        root.finish();
    }
    let mut list = faults.list.into_inner();
    list.sort_by_key(|fault| (fault.line, fault.column));
    match built {
        Some(built) if list.is_empty() => Ok(built),
        _ => Err(Faults { path: path.into(), list }),
    }
}

struct Collector<'i> {
    text: &'i str,
    list: RefCell<Vec<Fault>>,
}

impl Collector<'_> {
    fn push(&self, at: usize, key: String, problem: String, expected: String) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        self.list.borrow_mut().push(Fault { line, column, key, problem, expected });
    }
}

/// One table of a document. Every getter notes the key as known and faults what it cannot use; [`Section::finish`]
/// then faults the keys that nobody asked for.
pub struct Section<'d, 'i> {
    table: &'d DeTable<'i>,
    path: String,
    at: usize,
    known: Vec<&'static str>,
    faults: &'d Collector<'i>,
}

impl<'d, 'i> Section<'d, 'i> {
    fn new(table: &'d DeTable<'i>, path: String, at: usize, faults: &'d Collector<'i>) -> Self {
        Self { table, path, at, known: Vec::new(), faults }
    }

    /// Notes a fault at `key`, or at the section where the key is not there.
    pub fn fault(&self, key: &str, problem: impl Into<String>, expected: impl Into<String>) {
        let at = self.table.get(key).map_or(self.at, |value| value.span().start);
        self.faults.push(at, self.name(key), problem.into(), expected.into());
    }

    /// Whether the document has `key`.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Notes `key` as known although nobody reads it: what it means depends on a value that was faulted.
    pub fn note(&mut self, key: &'static str) {
        self.value(key);
    }

    /// The table `[key]`, if it is there.
    pub fn section(&mut self, key: &'static str) -> Option<Section<'d, 'i>> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.fault(key, describe(value.get_ref()), format!("a section [{}]", self.name(key)));
            return None;
        };
        Some(Section::new(table, self.name(key), value.span().start, self.faults))
    }

    /// The tables `[[key]]`, in order; none is fine.
    pub fn sections(&mut self, key: &'static str) -> Vec<Section<'d, 'i>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let expected = format!("sections [[{}]]", self.name(key));
        let Some(array) = value.get_ref().as_array() else {
            self.fault(key, describe(value.get_ref()), expected);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, entry) in array.iter().enumerate() {
            let name = format!("{}[{index}]", self.name(key));
            match entry.get_ref().as_table() {
                Some(table) => sections.push(Section::new(table, name, entry.span().start, self.faults)),
                None => {
                    self.faults.push(entry.span().start, name, describe(entry.get_ref()), expected.clone())
                }
            }
        }
        sections
    }

    /// A text.
    pub fn text(&mut self, key: &'static str, expected: &str) -> Option<String> {
        self.take(key, expected, |value| value.as_str().map(str::to_owned))
    }

    /// A text that is parsed; the parser's own message becomes the fault.
    pub fn parsed<T: FromStr>(&mut self, key: &'static str, expected: &str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        let text = self.text(key, expected)?;
        match text.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let error: T::Err = error;
                self.fault(key, error.to_string(), expected);
                None
            }
        }
    }

    /// One of several words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let expected = format!("one of {}", words.join(", "));
        let text = self.text(key, &expected)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.fault(key, format!("{text:?} is not known"), expected);
        }
        found
    }

    /// A whole number inside `range`.
    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self.take(key, &expected, |value| match value {
            DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok(),
            _ => None,
        })?;
        self.inside(key, number, &range, expected)
    }

    /// A number inside `range`, written with or without a decimal point.
    pub fn number(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        let number = self.take(key, &expected, as_f64)?;
        self.inside(key, number, &range, expected)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.take(key, "true or false", DeValue::as_bool)
    }

    /// A list of numbers.
    pub fn numbers(&mut self, key: &'static str, expected: &str) -> Option<Vec<f64>> {
        self.take(key, expected, |value| value.as_array()?.iter().map(|v| as_f64(v.get_ref())).collect())
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &'static str, expected: &str) -> Option<Vec<String>> {
        self.take(key, expected, |value| {
            value.as_array()?.iter().map(|v| v.get_ref().as_str().map(str::to_owned)).collect()
        })
    }

    /// Faults a key that is not there; says whether it is.
    pub fn require(&mut self, key: &'static str, expected: &str) -> bool {
        if !self.has(key) {
            self.fault(key, "missing", expected);
        }
        self.has(key)
    }

    /// Faults every key that no getter asked for.
    pub fn finish(self) {
        for (key, _) in self.table {
            if !self.known.contains(&key.get_ref().as_ref()) {
                let mut known = self.known.clone();
                known.sort_unstable();
                let at = key.span().start;
                let name = self.name(key.get_ref());
                self.faults.push(at, name, "unknown key".into(), format!("one of {}", known.join(", ")));
            }
        }
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }

    fn value(&mut self, key: &'static str) -> Option<&'d toml::Spanned<DeValue<'i>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.get(key)
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&DeValue<'i>) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let taken = read(value.get_ref());
        if taken.is_none() {
            self.fault(key, describe(value.get_ref()), expected);
        }
        taken
    }

    fn inside<T: PartialOrd + fmt::Display>(
        &self,
        key: &str,
        number: T,
        range: &RangeInclusive<T>,
        expected: String,
    ) -> Option<T> {
        if range.contains(&number) {
            return Some(number);
        }
        self.fault(key, format!("{number} is out of range"), expected);
        None
    }
}

fn as_f64(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok().map(|i| i as f64),
        DeValue::Float(f) => f.as_str().parse().ok(),
        _ => None,
    }
}

/// What stands there, as a person would say it.
fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("is the text {text:?}"),
        DeValue::Integer(number) => format!("is the number {number}"),
        DeValue::Float(number) => format!("is the number {number}"),
        DeValue::Boolean(flag) => format!("is {flag}"),
        DeValue::Datetime(_) => "is a date".into(),
        DeValue::Array(_) => "is a list of something else".into(),
        DeValue::Table(_) => "is a section".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        let build = |root: &mut Section<'_, '_>| {
            root.require("name", "a text");
            let name = root.text("name", "a text");
            if let Some(mut inner) = root.section("inner") {
                inner.integer("size", 1..=9);
                inner.choice("mode", &[("a", 1), ("b", 2)]);
                inner.finish();
            }
            for mut item in root.sections("item") {
                item.flag("on");
                item.finish();
            }
            name
        };
        read("x.toml", text, build).unwrap_or_else(|faults| faults.to_string())
    }

    #[test]
    fn a_good_document_is_read() {
        assert_eq!(faults("name = 'n'\n[inner]\nsize = 3\nmode = 'b'\n[[item]]\non = true\n"), "n");
    }

    #[test]
    fn all_faults_are_reported_at_once_in_order_with_line_and_column() {
        let text = "nam = 'n'\n[inner]\nsize = 10\nmode = 'c'\n[[item]]\non = 'yes'\n";
        assert_eq!(
            faults(text),
            "x.toml:1:1: name: missing; expected a text\n\
             x.toml:1:1: nam: unknown key; expected one of inner, item, name\n\
             x.toml:3:8: inner.size: 10 is out of range; expected a whole number from 1 to 9\n\
             x.toml:4:8: inner.mode: \"c\" is not known; expected one of \"a\", \"b\"\n\
             x.toml:6:6: item[0].on: is the text \"yes\"; expected true or false"
        );
    }

    #[test]
    fn text_that_is_not_toml_is_a_fault_with_its_place() {
        assert!(faults("name = \n").starts_with("x.toml:1:"), "{}", faults("name = \n"));
    }
}
