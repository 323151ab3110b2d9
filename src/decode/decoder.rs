//! The packets of one connection, in order.

use super::characteristics as c;
use super::ghs::{self, Joined, SegmentJoin};
use super::{Catalogue, CscReader, DecodeError, Device, Quantity, Reading, SampleJoin, Value, quantity};
use crate::types::{CharUuid, Mono};

/// Reads the packets of one connection in order, so that counters become motion, parts become wholes, and what a device
/// says of itself decides how its packets are read. Make a new one for each hardware and connection.
#[derive(Debug)]
pub struct Decoder<'c> {
    catalogue: &'c Catalogue,
    device: Device,
    manufacturer: String,
    model: String,
    csc: CscReader,
    power: CscReader,
    machine: SampleJoin,
    live: SegmentJoin,
    stored: SegmentJoin,
    draft: SegmentJoin,
}

impl<'c> Decoder<'c> {
    /// A decoder at the start of a connection. `circumference_m`: the wheel's of a bicycle, for speed and distance.
    #[must_use]
    pub fn new(catalogue: &'c Catalogue, device: Device, circumference_m: Option<f64>) -> Self {
        Self {
            catalogue,
            device,
            manufacturer: String::new(),
            model: String::new(),
            csc: CscReader::new(circumference_m),
            power: CscReader::new(circumference_m),
            machine: SampleJoin::default(),
            live: SegmentJoin::default(),
            stored: SegmentJoin::default(),
            draft: SegmentJoin::default(),
        }
    }

    /// Decodes the next packet. Shows its own fields, then what they say together with the packets before: cadence and
    /// speed, or a sample or observation that is complete with this packet. `at`: when it was received.
    ///
    /// # Errors
    /// When the bytes are not a value of `characteristic`, or nothing here knows it; the packets after it are not
    /// affected.
    pub fn observe<'a>(
        &mut self,
        characteristic: CharUuid,
        bytes: &'a [u8],
        at: Option<Mono>,
        visit: &mut dyn FnMut(&'static Quantity, Value<'_>),
    ) -> Result<Reading<'a>, DecodeError>
    where
        'c: 'a,
    {
        let reading = self.catalogue.decode(&self.device, characteristic, bytes)?;
        reading.fields(visit);
        match &reading {
            Reading::Csc(csc) => {
                let motion = self.csc.observe(csc, at);
                motion.fields(&csc.counters(), self.csc.circumference_m(), visit);
            }
            Reading::CyclingPower(power) => {
                let motion = self.power.observe_power(power, at);
                motion.fields(&power.counters(), self.power.circumference_m(), visit);
            }
            Reading::Segment(segment) => {
                let stored = characteristic == c::STORED_OBSERVATIONS;
                let join = if stored { &mut self.stored } else { &mut self.live };
                if let Joined::Whole(whole) = join.push(segment) {
                    ghs::decode(&whole, stored)?.fields(visit);
                }
            }
            Reading::DraftSegment(segment) => {
                if let Joined::Whole(whole) = self.draft.push(segment) {
                    ghs::decode_draft(&whole)?.fields(visit);
                }
            }
            Reading::Text(text) => self.learn(characteristic, text),
            other => {
                if let Some(sample) = other.machine().and_then(|part| self.machine.push(*part)) {
                    show_sample(&sample, visit);
                }
            }
        }
        Ok(reading)
    }

    /// Manufacturer and model decide which quirks apply.
    fn learn(&mut self, characteristic: CharUuid, text: &str) {
        match characteristic {
            c::MANUFACTURER_NAME => self.manufacturer = text.into(),
            c::MODEL_NUMBER => self.model = text.into(),
            _ => return,
        }
        let layout = self.device.layout;
        self.device = Device::of(&self.manufacturer, &self.model);
        self.device.layout = layout;
    }
}

/// The whole sample under one name, since its parts' own fields stand beside it.
fn show_sample(sample: &super::Sample, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
    let record: Vec<(&'static str, Value<'_>)> = sample
        .quantities()
        .map(|(quantity, value)| (quantity.name, value.map_or(Value::NotAvailable, Value::Number)))
        .collect();
    visit(&quantity::SAMPLE, Value::Record(&record));
}
