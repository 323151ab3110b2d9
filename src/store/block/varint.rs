//! Numbers of variable length (LEB128) and a reader that cannot run past its end.

use super::BlockError;

/// Appends `value`, 7 bits a byte, lowest first: 1 byte up to 127, 10 at most.
pub(super) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Maps small numbers of either sign to small ones without.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Reads what was put, bounds checked.
pub(super) struct Reader<'b>(pub(super) &'b [u8]);

impl<'b> Reader<'b> {
    /// The next `count` bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'b [u8], BlockError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BlockError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], BlockError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(BlockError::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// One byte.
    pub(super) fn byte(&mut self) -> Result<u8, BlockError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A number of variable length.
    pub(super) fn number(&mut self) -> Result<u64, BlockError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(BlockError::Malformed("a number is too long"))
    }

    /// A number that counts or indexes things of which there are at most `max`.
    pub(super) fn index(&mut self, max: usize) -> Result<usize, BlockError> {
        let value = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if value <= max { Ok(value) } else { Err(BlockError::Malformed("an index is out of range")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(values: Vec<u64>, signed: i64) {
            let mut bytes = Vec::new();
            values.iter().for_each(|v| put(&mut bytes, *v));
            let mut reader = Reader(&bytes);
            for value in values {
                prop_assert_eq!(reader.number().unwrap(), value);
            }
            prop_assert!(reader.0.is_empty());
            prop_assert_eq!(unzigzag(zigzag(signed)), signed);
        }
    }

    #[test]
    fn a_number_without_an_end_is_refused() {
        assert!(Reader(&[0x80; 9]).number().is_err());
        assert!(Reader(&[0xFF; 10]).number().is_err());
        assert!(Reader(&[0xFF; 11]).number().is_err());
    }
}
