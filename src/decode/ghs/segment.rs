//! Segments (3.1.1.1): one byte in front says where a segment stands.

use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, hex, quantity};

const FIRST: u8 = 1 << 0;
const LAST: u8 = 1 << 1;

/// The longest observation that is put together: sample arrays are a few KiB.
const MAX_BYTES: usize = 64 * 1024;

/// One segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Whether an observation begins here.
    pub first: bool,
    /// Whether an observation ends here.
    pub last: bool,
    /// Counts segments of the connection, modulo 64.
    pub counter: u8,
    /// What it carries.
    pub body: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Takes the header off.
    ///
    /// # Errors
    /// When nothing is behind it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let header = reader.u8("segment")?;
        let body = reader.rest();
        if body.is_empty() {
            return Err(DecodeError::Truncated { what: "segment", needed: 1, had: 0 });
        }
        Ok(Self { first: header & FIRST != 0, last: header & LAST != 0, counter: header >> 2, body })
    }

    /// Whether it is an observation by itself.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.first && self.last
    }

    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::SEGMENT, Value::Number(self.counter.into()));
        visit(&quantity::FIRST_SEGMENT, Value::Bool(self.first));
        visit(&quantity::LAST_SEGMENT, Value::Bool(self.last));
        visit(&quantity::REST_HEX, Value::Text(&hex(self.body)));
    }
}

/// What a segment did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::decode) enum Joined {
    /// More follow.
    Waiting,
    /// The bytes of an observation.
    Whole(Vec<u8>),
    /// It does not follow the one before it: both are given up, as no observation can be made of them.
    Lost,
}

/// Puts the segments of one characteristic of one connection together.
#[derive(Debug, Clone, Default)]
pub(in crate::decode) struct SegmentJoin {
    bytes: Vec<u8>,
    next: Option<u8>,
}

impl SegmentJoin {
    /// Takes the next segment.
    pub(in crate::decode) fn push(&mut self, segment: &Segment<'_>) -> Joined {
        if segment.first {
            self.bytes.clear();
        } else if self.next != Some(segment.counter) || self.bytes.len() + segment.body.len() > MAX_BYTES {
            self.next = None;
            self.bytes.clear();
            return Joined::Lost;
        }
        self.bytes.extend_from_slice(segment.body);
        if segment.last {
            self.next = None;
            return Joined::Whole(std::mem::take(&mut self.bytes));
        }
        self.next = Some((segment.counter + 1) % 64);
        Joined::Waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(join: &mut SegmentJoin, header: u8, body: u8) -> Joined {
        join.push(&Segment::read(&[header, body]).unwrap())
    }

    #[test]
    fn segments_in_order_make_a_record_across_the_wrap_of_the_counter() {
        let mut join = SegmentJoin::default();
        assert_eq!(push(&mut join, 63 << 2 | FIRST, 1), Joined::Waiting);
        assert_eq!(push(&mut join, 0 << 2, 2), Joined::Waiting);
        assert_eq!(push(&mut join, 1 << 2 | LAST, 3), Joined::Whole(vec![1, 2, 3]));
    }

    #[test]
    fn a_hole_loses_the_record_and_not_the_next_one() {
        let mut join = SegmentJoin::default();
        push(&mut join, FIRST, 1);
        assert_eq!(push(&mut join, 2 << 2 | LAST, 3), Joined::Lost);
        assert_eq!(push(&mut join, 3 << 2 | LAST, 4), Joined::Lost);
        assert_eq!(push(&mut join, 4 << 2 | FIRST | LAST, 5), Joined::Whole(vec![5]));
    }
}
