//! One sample from several notifications.

use super::Sample;

/// Puts the parts of one machine's samples together. Make a new one for each connection.
///
/// A part that says "no more data" closes the sample. Machines differ in what they send after it (a part with nothing
/// but energy, say): that begins the next sample, whose values it then carries, so the last value of a field wins. A
/// machine that never closes is closed by a field that comes again.
#[derive(Debug, Clone, Default)]
pub struct SampleJoin {
    parts: Option<Sample>,
}

impl SampleJoin {
    /// Takes the next part; yields the sample that is complete with it.
    pub fn push(&mut self, part: Sample) -> Option<Sample> {
        let Some(before) = self.parts.take() else { return self.begin(part) };
        if before.machine() != part.machine() {
            return self.begin(part);
        }
        // The speed or stroke rate comes with the last part only; anything else that repeats starts a new sample.
        if part.more_data() && before.repeats(&part) {
            self.parts = Some(part);
            return Some(before);
        }
        self.begin(before.with(&part))
    }

    fn begin(&mut self, sample: Sample) -> Option<Sample> {
        if sample.more_data() {
            self.parts = Some(sample);
            None
        } else {
            Some(sample)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Machine;
    use crate::decode::quantity as q;

    fn part(hex: &[u8]) -> Sample {
        Machine::Rower.decode(hex, None).unwrap()
    }

    #[test]
    fn parts_become_one_sample_and_what_follows_the_closing_part_belongs_to_the_next() {
        let mut join = SampleJoin::default();
        assert_eq!(join.push(part(&[0x05, 0x0A, 0x62, 0, 0, 0, 0x31, 0])), None);
        let closing = [0xF8, 0, 0x26, 0x0B, 0, 0xC7, 0, 0, 0, 0x2C, 0, 0x1B, 0, 2, 0];
        let first = join.push(part(&closing)).unwrap();
        assert_eq!(first.value(&q::TOTAL_DISTANCE_M), Some(98.0));
        assert_eq!(first.value(&q::POWER_W), Some(44.0));
        assert_eq!(first.value(&q::TOTAL_ENERGY_KCAL), None);

        assert_eq!(join.push(part(&[1, 1, 4, 0, 0xC5, 1, 7])), None);
        let second = join.push(part(&closing)).unwrap();
        assert_eq!(second.value(&q::TOTAL_ENERGY_KCAL), Some(4.0));
        assert_eq!(second.value(&q::TOTAL_DISTANCE_M), None);
    }

    #[test]
    fn a_machine_that_never_closes_is_closed_by_the_field_that_comes_again() {
        let mut join = SampleJoin::default();
        assert_eq!(join.push(part(&[0x05, 0, 1, 0, 0])), None);
        assert_eq!(join.push(part(&[0x21, 0, 50, 0])), None);
        let sample = join.push(part(&[0x05, 0, 2, 0, 0])).unwrap();
        assert_eq!(sample.value(&q::TOTAL_DISTANCE_M), Some(1.0));
        assert_eq!(sample.value(&q::POWER_W), Some(50.0));
    }
}
