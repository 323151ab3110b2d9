//! A profile's file to a [`DeviceProfile`]: every fault at once, with line and column.

use super::{
    Body, Characteristic, Command, Condition, DeviceProfile, Form, MAX_SLOTS, Meaning, Step, Test, Times,
    Wire,
};
use crate::config::document::{self, Faults, Section};
use crate::decode::quantity::{self, Quantity};
use crate::decode::{Class, DeviceClock, is_known};
use crate::types::CharUuid;

/// The longest value that a characteristic has (Core 5.4, Vol 3, Part F, 3.2.9).
const MAX_VALUE: i64 = 512;
/// Steps of one characteristic, so that a faulty file cannot make every packet slow.
const MAX_STEPS: usize = 128;

const UUID: &str = "a UUID such as 7e4e1701-1ea6-40c9-9dcc-13d34ffead57";
const FIELD: &str = "the name of a field before this one";

impl DeviceProfile {
    /// Reads a profile's file. Names of quantities that the file itself defines live as long as the process: files are
    /// read once, at start.
    ///
    /// # Errors
    /// Every fault, with line, column and what was expected.
    pub fn parse(path: &str, text: &str) -> Result<Self, Faults> {
        document::read(path, text, |root| {
            root.require("name", "the device's name");
            let name = root.text("name", "the device's name");
            root.require("service", UUID);
            let service = root.parsed::<CharUuid>("service", UUID);
            let own: Vec<&'static Quantity> =
                root.sections("quantity").into_iter().filter_map(own_quantity).collect();
            let commands = root.sections("command").into_iter().map(command).collect::<Vec<_>>();
            root.require("characteristic", "at least one section [[characteristic]]");
            let sections = root.sections("characteristic");
            let characteristics = sections.into_iter().map(|s| characteristic(s, &own)).collect::<Vec<_>>();
            Some(Self {
                name: name?,
                service: service?,
                commands: commands.into_iter().collect::<Option<_>>()?,
                characteristics: characteristics.into_iter().collect::<Option<_>>()?,
            })
        })
    }
}

fn own_quantity(mut section: Section<'_, '_>) -> Option<&'static Quantity> {
    const NAME: &str = "a name of a-z, 0-9 and _";
    section.require("name", NAME);
    let name = section.text("name", NAME);
    if let Some(name) = &name {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            section.fault("name", format!("{name:?} is not a name"), NAME);
        } else if quantity::find(name).is_some() {
            section.fault("name", format!("{name:?} has a definition already"), "another name");
        }
    }
    let ucum = section.text("ucum", "a UCUM unit").unwrap_or_default();
    let mdc = section.text("mdc", "an MDC code");
    let loinc = section.text("loinc", "a LOINC code");
    section.finish();
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let quantity =
        Quantity { name: leak(name?), ucum: leak(ucum), mdc: mdc.map(leak), loinc: loinc.map(leak) };
    Some(Box::leak(Box::new(quantity)))
}

fn command(mut section: Section<'_, '_>) -> Option<Command> {
    const BYTES: &str = "1 to 244 bytes in hex digits";
    for (key, expected) in [("name", "what it does"), ("to", UUID), ("write", BYTES)] {
        section.require(key, expected);
    }
    let name = section.text("name", "what it does");
    let to = section.parsed("to", UUID);
    let hex = section.text("write", BYTES);
    let bytes = hex.as_deref().and_then(unhex).filter(|bytes| (1..=244).contains(&bytes.len()));
    if let (Some(hex), None) = (&hex, &bytes) {
        section.fault("write", format!("{hex:?} are not bytes"), BYTES);
    }
    let response = section.flag("response").unwrap_or(true);
    section.finish();
    Some(Command { name: name?, to: to?, bytes: bytes?, response })
}

/// Hex digits, with or without spaces between the bytes.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> =
        text.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    if digits.len() % 2 == 1 {
        return None;
    }
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect()
}

fn characteristic(mut section: Section<'_, '_>, own: &[&'static Quantity]) -> Option<Characteristic> {
    section.require("uuid", UUID);
    let uuid = section.parsed::<CharUuid>("uuid", UUID);
    if let Some(uuid) = uuid.filter(|uuid| is_known(*uuid)) {
        section.fault("uuid", format!("{uuid} has a decoder already"), "a characteristic that has none");
    }
    let name = section.text("name", "the characteristic's name").unwrap_or_else(|| "declared".into());
    let classes = [("live", Class::Live), ("background", Class::Background), ("stored", Class::Stored)];
    let class = section.choice("class", &classes).unwrap_or(Class::Live);
    let clocks = [
        ("none", DeviceClock::None),
        ("current_time", DeviceClock::CurrentTime),
        ("elapsed_time", DeviceClock::ElapsedTime),
    ];
    let clock = section.choice("clock", &clocks).unwrap_or(DeviceClock::None);
    let big_endian = section.choice("endian", &ENDIAN).unwrap_or(false);
    let identity = section.texts("identity", "a list of field names").unwrap_or_default();
    section.require("field", "at least one section [[characteristic.field]]");
    let mut fields = Fields { own, big_endian, slots: Vec::new(), count: 0 };
    let steps: Vec<Option<Step>> =
        section.sections("field").into_iter().map(|s| fields.step(s, false)).collect();
    if fields.count > MAX_STEPS {
        section.fault("field", format!("{} fields", fields.count), format!("at most {MAX_STEPS}"));
    }
    let mut slots = Vec::new();
    for name in identity {
        match fields.slot(&name) {
            Some(slot) => slots.push(slot),
            None => section.fault("identity", format!("no field is named {name:?}"), "names of fields"),
        }
    }
    if class == Class::Live && !slots.is_empty() {
        section.fault("identity", "a live stream has none", "class = \"stored\"");
    }
    section.finish();
    let name = Box::leak(name.into_boxed_str());
    let steps = steps.into_iter().collect::<Option<_>>()?;
    Some(Characteristic { uuid: uuid?, name, class, clock, identity: slots, steps })
}

const ENDIAN: [(&str, bool); 2] = [("little", false), ("big", true)];

/// The fields of one characteristic while they are read.
struct Fields<'q> {
    own: &'q [&'static Quantity],
    big_endian: bool,
    /// The names that conditions may ask for.
    slots: Vec<String>,
    count: usize,
}

impl Fields<'_> {
    fn slot(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|known| known == name)
    }

    fn step(&mut self, mut section: Section<'_, '_>, inside: bool) -> Option<Step> {
        self.count += 1;
        let at = section.integer("at", 0..=MAX_VALUE).and_then(|at| usize::try_from(at).ok());
        let when = section.section("when").map(|when| self.condition(when));
        let quantity = self.quantity(&mut section);
        let body = if section.has("each") || section.has("repeat") || section.has("count") {
            self.repeat(&mut section, inside)
        } else {
            self.form(&mut section, inside).map(Body::Value)
        };
        let name = section.text("name", "a name for conditions");
        let slot = name.and_then(|name| self.name(&section, name));
        section.finish();
        let when = match when {
            Some(found) => Some(found?),
            None => None,
        };
        Some(Step { at, when, slot, quantity, body: body? })
    }

    fn name(&mut self, section: &Section<'_, '_>, name: String) -> Option<usize> {
        if self.slot(&name).is_some() {
            section.fault("name", format!("{name:?} is taken"), "a name of its own");
            return None;
        }
        if self.slots.len() >= MAX_SLOTS {
            section.fault("name", "too many named fields", format!("at most {MAX_SLOTS}"));
            return None;
        }
        self.slots.push(name);
        Some(self.slots.len() - 1)
    }

    fn quantity(&self, section: &mut Section<'_, '_>) -> Option<&'static Quantity> {
        let name = section.text("quantity", "a quantity's name")?;
        let own = self.own.iter().copied().find(|quantity| quantity.name == name);
        let found = own.or_else(|| quantity::find(&name));
        if found.is_none() {
            let problem = format!("{name:?} is not a quantity");
            section.fault("quantity", problem, "one of the hub's table, or of this file's [[quantity]]");
        }
        found
    }

    fn condition(&self, mut section: Section<'_, '_>) -> Option<Condition> {
        section.require("field", FIELD);
        let slot = self.earlier(&mut section, "field");
        let bit = section.integer("bit", 0..=63).and_then(|bit| u32::try_from(bit).ok());
        let clear = section.integer("bit_clear", 0..=63).and_then(|bit| u32::try_from(bit).ok());
        let is = section.integer("is", i64::MIN..=i64::MAX).map(i128::from);
        let is_not = section.integer("is_not", i64::MIN..=i64::MAX).map(i128::from);
        let tests =
            [bit.map(Test::BitSet), clear.map(Test::BitClear), is.map(Test::Is), is_not.map(Test::IsNot)];
        let mut given = tests.into_iter().flatten();
        let test = given.next();
        if test.is_none() || given.next().is_some() {
            section.fault("field", "not one condition", "one of bit, bit_clear, is, is_not");
        }
        section.finish();
        Some(Condition { slot: slot?, test: test? })
    }

    /// The slot of a field that stands before.
    fn earlier(&self, section: &mut Section<'_, '_>, key: &'static str) -> Option<usize> {
        let name = section.text(key, FIELD)?;
        let slot = self.slot(&name);
        if slot.is_none() {
            section.fault(key, format!("no field before this one is named {name:?}"), FIELD);
        }
        slot
    }

    fn repeat(&mut self, section: &mut Section<'_, '_>, inside: bool) -> Option<Body> {
        if inside {
            section.fault("each", "a record within a record", "a value");
            return None;
        }
        let times = if section.has("count") {
            let count = section.integer("count", 1..=MAX_VALUE)?;
            Times::Fixed(usize::try_from(count).ok()?)
        } else {
            match section.text("repeat", "\"rest\", or the name of a field before this one")?.as_str() {
                "rest" => Times::Rest,
                _ => Times::Slot(self.earlier(section, "repeat")?),
            }
        };
        section.require("each", "at least one section [[characteristic.field.each]]");
        let steps: Vec<Option<Step>> =
            section.sections("each").into_iter().map(|s| self.step(s, true)).collect();
        let steps: Vec<Step> = steps.into_iter().collect::<Option<_>>()?;
        if steps.iter().any(|step| step.at.is_some()) {
            section.fault("each", "a record has places of its own", "fields without at");
            return None;
        }
        Some(Body::Repeat(times, steps))
    }

    fn form(&mut self, section: &mut Section<'_, '_>, inside: bool) -> Option<Form> {
        let wire = self.wire(section, inside);
        let big_endian = section.choice("endian", &ENDIAN).unwrap_or(self.big_endian);
        let bits = bits(section, wire);
        let scale = section.number("scale", -1e12..=1e12).unwrap_or(1.0);
        if scale == 0.0 {
            section.fault("scale", "is 0", "a factor");
        }
        let plus = section.number("plus", -1e12..=1e12).unwrap_or(0.0);
        let missing = section.numbers("missing", "a list of raw values").unwrap_or_default();
        let words =
            section.texts("words", "a list of words, for the raw values 0, 1, 2, …").unwrap_or_default();
        let meaning = meaning(section, wire);
        let (times, per) = factors(scale);
        let missing = missing.into_iter().map(|raw| raw as i128).collect();
        Some(Form { wire: wire?, big_endian, bits, times, per, plus, missing, words, meaning })
    }

    fn wire(&mut self, section: &mut Section<'_, '_>, inside: bool) -> Option<Wire> {
        let choices: [(&str, Wire); 18] = [
            ("u8", Wire::Int(1, false)),
            ("i8", Wire::Int(1, true)),
            ("u16", Wire::Int(2, false)),
            ("i16", Wire::Int(2, true)),
            ("u24", Wire::Int(3, false)),
            ("i24", Wire::Int(3, true)),
            ("u32", Wire::Int(4, false)),
            ("i32", Wire::Int(4, true)),
            ("u48", Wire::Int(6, false)),
            ("u64", Wire::Int(8, false)),
            ("i64", Wire::Int(8, true)),
            ("f32", Wire::F32),
            ("f64", Wire::F64),
            ("sfloat", Wire::Sfloat),
            ("float", Wire::Float),
            ("datetime", Wire::DateTime),
            ("text", Wire::Text(Times::Rest)),
            ("bytes", Wire::Bytes(Times::Rest)),
        ];
        section.require("type", "what stands on the wire, such as u16");
        let wire = section.choice("type", &choices)?;
        match wire {
            Wire::Text(_) => Some(Wire::Text(self.length(section)?)),
            Wire::Bytes(_) => Some(Wire::Bytes(self.length(section)?)),
            Wire::DateTime if inside => {
                section.fault("type", "a date within a record", "a number or a text");
                None
            }
            other => Some(other),
        }
    }

    /// Of a text or of bytes: `length`, `length_of`, or the rest of the packet.
    fn length(&self, section: &mut Section<'_, '_>) -> Option<Times> {
        if section.has("length_of") {
            return self.earlier(section, "length_of").map(Times::Slot);
        }
        if !section.has("length") {
            return Some(Times::Rest);
        }
        let length = section.integer("length", 1..=MAX_VALUE)?;
        usize::try_from(length).ok().map(Times::Fixed)
    }
}

fn bits(section: &mut Section<'_, '_>, wire: Option<Wire>) -> Option<(u32, u32)> {
    let range = if section.has("bit") {
        let bit = section.integer("bit", 0..=63)?;
        (bit as f64, bit as f64)
    } else {
        match *section.numbers("bits", "the lowest and the highest bit")? {
            [low, high] => (low, high),
            _ => {
                section.fault("bits", "not two numbers", "the lowest and the highest bit");
                return None;
            }
        }
    };
    let width = match wire {
        Some(Wire::Int(bytes, _)) => bytes as f64 * 8.0,
        _ => 0.0,
    };
    let (low, high) = range;
    if !(low >= 0.0 && low <= high && high < width && low.fract() == 0.0 && high.fract() == 0.0) {
        let key = if section.has("bit") { "bit" } else { "bits" };
        section.fault(key, "not bits of this type", "bits of an integer, the lowest first");
        return None;
    }
    Some((low as u32, high as u32))
}

fn meaning(section: &mut Section<'_, '_>, wire: Option<Wire>) -> Option<Meaning> {
    // Where a counter wraps: by default at the end of its type.
    let natural = match wire {
        Some(Wire::Int(bytes @ 1..=4, _)) => 1 << (8 * bytes),
        _ => u64::from(u32::MAX) + 1,
    };
    let given = section.integer("wraps_at", 2..=i64::MAX).and_then(|wraps| u64::try_from(wraps).ok());
    let modulus = given.unwrap_or(natural);
    section.choice(
        "means",
        &[
            ("repetitions", Meaning::Repetitions { modulus }),
            ("breaths", Meaning::Breaths { modulus }),
            ("set", Meaning::Set),
            ("valid", Meaning::Valid),
            ("force", Meaning::Force),
            ("angle", Meaning::Angle),
            ("pressure", Meaning::Pressure),
            ("wear", Meaning::Wear),
        ],
    )
}

/// A scale of 0.01 as "divided by 100", which gives the float nearest to the decimal.
fn factors(scale: f64) -> (f64, f64) {
    let inverse = (1.0 / scale).round();
    if scale.abs() < 1.0 && inverse.is_finite() && ((1.0 / scale) - inverse).abs() < inverse.abs() * 1e-9 {
        (1.0, inverse)
    } else {
        (scale, 1.0)
    }
}
