//! Packets of the log become batches: one sensor, one hardware, one link, one boot, one kind of time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Number, Value as Json};

use super::fields::fields;
use super::readings::{Hex, Millis, Readings, Unit};
use super::{Event, Kind};
use crate::clock::{EventTime, Timeline};
use crate::decode::{Catalogue, Quantity, Value};
use crate::types::{CharUuid, Epoch, HubId, Logged, Seq};

/// A batch gives one time and offsets from it; where a reading's own time is further from that than this (a step of
/// the clock), a new batch begins. In microseconds.
const BEND_US: u64 = 5_000;

/// Readings that fit one batch; never empty.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    rows: Vec<(Logged, EventTime)>,
}

/// Sorts packets into batches of at most `max`, each in the order of the log, the batches by their first packets.
pub(crate) fn group(packets: Vec<Logged>, timeline: &Timeline, max: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for packet in packets {
        let time = timeline.resolve(packet.packet.boot, packet.packet.mono);
        // Only the newest batch of a sensor may grow, or its packets would change places.
        let sensor = &packet.packet.origin.sensor;
        let newest = groups.iter_mut().rev().find(|group| group.head().packet.origin.sensor == *sensor);
        match newest {
            Some(group) if group.rows.len() < max && group.takes(&packet, time) => {
                group.rows.push((packet, time))
            }
            _ => groups.push(Group { rows: vec![(packet, time)] }),
        }
    }
    groups
}

impl Group {
    /// The place of the first packet.
    pub(crate) fn first(&self) -> Seq {
        self.head().seq
    }

    /// How many packets it has.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Two halves; `None` when there is only one packet.
    pub(crate) fn split(mut self) -> Result<(Self, Self), Self> {
        if self.rows.len() < 2 {
            return Err(self);
        }
        let second = self.rows.split_off(self.rows.len() / 2);
        Ok((self, Self { rows: second }))
    }

    /// The first packet.
    #[expect(clippy::indexing_slicing, reason = "a group is made with one packet and never loses its first")]
    pub(crate) fn head(&self) -> &Logged {
        &self.rows[0].0
    }

    fn takes(&self, packet: &Logged, time: EventTime) -> bool {
        let (head, first) = (&self.head().packet, self.time());
        let packet = &packet.packet;
        let bend = match (first.utc, time.utc) {
            (Some(t0), Some(t)) => {
                let offset = since(packet.mono.micros(), head.mono.micros());
                t0.plus(offset).micros().abs_diff(t.micros())
            }
            _ => 0,
        };
        head.boot == packet.boot
            && first.quality == time.quality
            && bend <= BEND_US
            && (std::sync::Arc::ptr_eq(&head.origin, &packet.origin) || head.origin == packet.origin)
    }

    #[expect(clippy::indexing_slicing, reason = "as in head()")]
    fn time(&self) -> EventTime {
        self.rows[0].1
    }

    /// The message, with a column for each quantity that `catalogue` finds; `raw` adds the packets' bytes.
    pub(crate) fn encode(&self, hub: &HubId, epoch: Epoch, catalogue: &Catalogue, raw: bool) -> Vec<u8> {
        let head = &self.head().packet;
        let last = self.rows.last().map_or(self.first(), |(logged, _)| logged.seq);
        let sensor = &head.origin.sensor;
        let id = format!("readings:{epoch}:{sensor}:{}-{}", self.first().get(), last.get());
        let uncertainty = self.rows.iter().map(|(_, time)| time.uncertainty_us).max();
        let mut columns = Columns::default();
        let mut bytes = Vec::with_capacity(self.rows.len());
        for (row, (logged, _)) in self.rows.iter().enumerate() {
            let decoded =
                fields(&logged.packet, catalogue, &mut |quantity, value| columns.put(row, quantity, value));
            if !decoded {
                columns.undecoded.push(row);
            }
            bytes.push((raw || !decoded).then(|| Hex(logged.packet.bytes.clone())));
        }
        let data = Readings {
            sensor: sensor.clone(),
            epoch,
            boot: head.boot,
            mono0_ms: Millis::from_micros(since(head.mono.micros(), 0)),
            t0: self.time().utc,
            quality: self.time().quality,
            uncertainty_ms: uncertainty
                .filter(|us| *us != u64::MAX)
                .map(|us| Millis::from_micros(since(us, 0))),
            link: head.origin.link,
            seq: self.rows.iter().map(|(logged, _)| logged.seq).collect(),
            dt_ms: self.offsets(head.mono.micros()),
            char: self.rows.iter().map(|(logged, _)| logged.packet.characteristic).collect(),
            units: columns.units(self.record_quantities(catalogue)),
            undecoded: std::mem::take(&mut columns.undecoded),
            values: columns.finish(self.rows.len()),
            raw: bytes.iter().any(Option::is_some).then_some(bytes),
        };
        Event::new(hub, Kind::Readings, id, data).to_bytes()
    }

    /// What stands inside records only, and so has no column of its own.
    fn record_quantities<'c>(
        &self,
        catalogue: &'c Catalogue,
    ) -> impl Iterator<Item = &'static Quantity> + use<'c> {
        let kinds: BTreeSet<CharUuid> =
            self.rows.iter().map(|(logged, _)| logged.packet.characteristic).collect();
        kinds.into_iter().flat_map(|kind| catalogue.record_quantities(kind))
    }

    fn offsets(&self, mono0: u64) -> Vec<Millis> {
        let offset = |logged: &Logged| Millis::from_micros(since(logged.packet.mono.micros(), mono0));
        self.rows.iter().map(|(logged, _)| offset(logged)).collect()
    }
}

/// Signed difference of two monotonic times in microseconds.
fn since(later: u64, earlier: u64) -> i64 {
    let difference = i128::from(later) - i128::from(earlier);
    i64::try_from(difference).unwrap_or(i64::MAX)
}

/// One column a quantity, in the order of appearance; short ones are filled up with nulls.
#[derive(Default)]
struct Columns {
    columns: Vec<(&'static Quantity, Vec<Json>)>,
    undecoded: Vec<usize>,
}

impl Columns {
    fn put(&mut self, row: usize, quantity: &'static Quantity, value: Value<'_>) {
        let known = self.columns.iter().position(|(have, _)| have.name == quantity.name);
        let index = known.unwrap_or_else(|| {
            self.columns.push((quantity, Vec::new()));
            self.columns.len() - 1
        });
        if let Some((_, column)) = self.columns.get_mut(index) {
            column.resize(row, Json::Null);
            column.push(json(value));
        }
    }

    fn units(&self, records: impl Iterator<Item = &'static Quantity>) -> BTreeMap<String, Unit> {
        let unit = |quantity: &Quantity| {
            let mdc = quantity.mdc.map(str::to_owned);
            let loinc = quantity.loinc.map(str::to_owned);
            (quantity.name.to_owned(), Unit { ucum: quantity.ucum.to_owned(), mdc, loinc })
        };
        let all = self.columns.iter().map(|(q, _)| *q).chain(records);
        all.filter(|q| !q.ucum.is_empty()).map(unit).collect()
    }

    fn finish(self, rows: usize) -> BTreeMap<String, Vec<Json>> {
        let filled = |mut column: Vec<Json>| {
            column.resize(rows, Json::Null);
            column
        };
        self.columns.into_iter().map(|(q, column)| (q.name.to_owned(), filled(column))).collect()
    }
}

fn json(value: Value<'_>) -> Json {
    match value {
        Value::Number(number) => json_number(number),
        Value::Numbers(numbers) => Json::Array(numbers.iter().copied().map(json_number).collect()),
        Value::Text(text) => Json::String(text.to_owned()),
        Value::Bool(flag) => Json::Bool(flag),
        Value::NotAvailable => Json::Null,
        Value::Special(special) => Json::String(special.as_str().to_owned()),
        Value::List(values) => Json::Array(values.iter().copied().map(json).collect()),
        Value::Record(fields) => {
            Json::Object(fields.iter().map(|(name, value)| ((*name).to_owned(), json(*value))).collect())
        }
    }
}

/// Whole numbers without a decimal point; what is no number becomes null.
fn json_number(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        Json::Number((number as i64).into())
    } else {
        Number::from_f64(number).map_or(Json::Null, Json::Number)
    }
}

#[cfg(test)]
mod tests;
