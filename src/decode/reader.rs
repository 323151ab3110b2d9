//! Reads little-endian numbers from a packet, and never past its end.

use super::DecodeError;

/// What is left of a packet. Every read names the field, so that an error says which one did not fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// What was not read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// Refuses surplus bytes, for values of a fixed length.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.left.is_empty() { Ok(()) } else { Err(DecodeError::Surplus { bytes: self.left.len() }) }
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        match self.left.split_first_chunk::<N>() {
            Some((head, tail)) => {
                self.left = tail;
                Ok(*head)
            }
            None => Err(DecodeError::Truncated { what, needed: N, had: self.left.len() }),
        }
    }

    #[inline]
    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array(what).map(u8::from_le_bytes)
    }

    #[inline]
    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_le_bytes)
    }

    #[inline]
    pub(super) fn u24(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    pub(super) fn i24(&mut self, what: &'static str) -> Result<i32, DecodeError> {
        self.u24(what).map(|raw| (raw << 8).cast_signed() >> 8)
    }

    pub(super) fn u48(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(|[a, b, c, d, e, f]| u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    pub(super) fn bytes(&mut self, what: &'static str, len: usize) -> Result<&'a [u8], DecodeError> {
        let Some((head, tail)) = self.left.split_at_checked(len) else {
            return Err(DecodeError::Truncated { what, needed: len, had: self.left.len() });
        };
        self.left = tail;
        Ok(head)
    }

    #[inline]
    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_little_endian() {
        let mut reader = Reader::new(&[1, 2, 1, 3, 2, 1, 4, 3, 2, 1, 9]);
        assert_eq!(reader.u8("a"), Ok(1));
        assert_eq!(reader.u16("b"), Ok(0x0102));
        assert_eq!(reader.u24("c"), Ok(0x01_0203));
        assert_eq!(reader.u32("d"), Ok(0x0102_0304));
        assert_eq!(reader.rest(), [9]);
    }

    #[test]
    fn a_read_past_the_end_says_what_is_missing_and_takes_nothing() {
        let mut reader = Reader::new(&[7]);
        assert_eq!(reader.u16("speed"), Err(DecodeError::Truncated { what: "speed", needed: 2, had: 1 }));
        assert_eq!(reader.u8("flags"), Ok(7));
    }
}
