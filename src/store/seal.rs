//! Guards what the store writes: a checksum where nothing is sealed, an authentication tag where it is.
//!
//! A guarded value is `crc32 (4 bytes, little endian) | plain`, or `nonce (24) | ciphertext | tag (16)` of
//! XChaCha20-Poly1305. Both cover a header that is stored elsewhere (the place that the value belongs to), so that a
//! value moved to another place is as damaged as a flipped bit.

use std::borrow::Cow;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::open::OpenError;
use crate::config::Seal;

/// A nonce of XChaCha20: long enough to be drawn at random for ever.
pub(super) type Nonce = [u8; 24];

/// Bytes of a CRC-32.
const CRC: usize = 4;

/// Bytes of a Poly1305 tag.
const TAG: usize = 16;

/// The most that guarding adds to a value, in bytes.
pub(super) const OVERHEAD: usize = size_of::<Nonce>() + TAG;

/// Bytes of the key.
const KEY: usize = 32;

/// How values are guarded.
pub(super) enum Guard {
    /// By a CRC-32: against a bad card, not against a person.
    Checksum,
    /// Sealed: nobody without the key reads or forges them.
    Sealed(Box<XChaCha20Poly1305>),
}

/// A value is not what was written, or was not written by this hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum GuardError {
    /// Too short to be a guarded value.
    #[error("it is cut short")]
    Short,
    /// The checksum differs.
    #[error("its checksum does not match")]
    Checksum,
    /// The tag differs: damaged, forged, or sealed with another key.
    #[error("its seal does not match")]
    Seal,
}

impl Guard {
    /// As the configuration says.
    ///
    /// # Errors
    /// [`OpenError::KeyUnreadable`] or [`OpenError::KeyMalformed`]: only the operator can mend that.
    pub(super) fn new(seal: &Seal) -> Result<Self, OpenError> {
        let Seal::Key(path) = seal else { return Ok(Self::Checksum) };
        let bytes =
            std::fs::read(path).map_err(|source| OpenError::KeyUnreadable { path: path.clone(), source })?;
        Self::from_key(&bytes, path)
    }

    fn from_key(bytes: &[u8], path: &Path) -> Result<Self, OpenError> {
        let cipher = (bytes.len() == KEY).then(|| XChaCha20Poly1305::new_from_slice(bytes).ok()).flatten();
        cipher
            .map(|cipher| Self::Sealed(Box::new(cipher)))
            .ok_or_else(|| OpenError::KeyMalformed { path: path.to_owned(), bytes: bytes.len() })
    }

    /// Whether values are sealed.
    pub(super) fn is_sealed(&self) -> bool {
        matches!(self, Self::Sealed(_))
    }

    /// What guarding adds to a value, in bytes.
    pub(super) fn overhead(&self) -> usize {
        if self.is_sealed() { OVERHEAD } else { CRC }
    }

    /// Appends `plain`, guarded, to `out`. The nonce must never be used twice; without a seal it is ignored.
    pub(super) fn protect(&self, header: &[u8], plain: &[u8], nonce: &Nonce, out: &mut Vec<u8>) {
        match self {
            Self::Checksum => {
                out.extend(checksum(header, plain).to_le_bytes());
                out.extend(plain);
            }
            Self::Sealed(cipher) => {
                let payload = Payload { msg: plain, aad: header };
                #[expect(clippy::expect_used, reason = "fails only for messages over 256 GiB")]
                let sealed = cipher.encrypt(&XNonce::from(*nonce), payload).expect("a short message");
                out.extend(nonce);
                out.extend(sealed);
            }
        }
    }

    /// The plain value of a guarded one.
    ///
    /// # Errors
    /// When it is not what was guarded under this header, with this key.
    pub(super) fn reveal<'b>(&self, header: &[u8], bytes: &'b [u8]) -> Result<Cow<'b, [u8]>, GuardError> {
        match self {
            Self::Checksum => {
                let (crc, plain) = bytes.split_first_chunk::<CRC>().ok_or(GuardError::Short)?;
                let good = u32::from_le_bytes(*crc) == checksum(header, plain);
                if good { Ok(plain.into()) } else { Err(GuardError::Checksum) }
            }
            Self::Sealed(cipher) => {
                let (nonce, sealed) = bytes.split_first_chunk::<24>().ok_or(GuardError::Short)?;
                let payload = Payload { msg: sealed, aad: header };
                let plain = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| GuardError::Seal)?;
                Ok(plain.into())
            }
        }
    }
}

fn checksum(header: &[u8], plain: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(header);
    crc.update(plain);
    crc.finalize()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A sealing guard under a key of one repeated byte.
    pub(in crate::store) fn sealed(key: u8) -> Guard {
        Guard::from_key(&[key; KEY], Path::new("store.key")).unwrap()
    }

    fn protect(guard: &Guard, header: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        guard.protect(header, plain, &[7; 24], &mut out);
        assert_eq!(out.len(), plain.len() + guard.overhead());
        out
    }

    #[test]
    fn a_value_comes_back_and_a_moved_or_changed_one_does_not() {
        for guard in [Guard::Checksum, sealed(1)] {
            let kept = protect(&guard, b"place", b"value");
            assert_eq!(*guard.reveal(b"place", &kept).unwrap(), *b"value");
            assert!(guard.reveal(b"other", &kept).is_err(), "it was taken from another place");
            for at in 0..kept.len() {
                let mut bad = kept.clone();
                bad[at] ^= 0x10;
                assert!(guard.reveal(b"place", &bad).is_err(), "byte {at} was changed unnoticed");
            }
            for end in 0..kept.len() {
                assert!(guard.reveal(b"place", &kept[..end]).is_err(), "{end} bytes were enough");
            }
        }
    }

    #[test]
    fn a_sealed_value_hides_its_bytes_and_opens_only_with_its_key() {
        let kept = protect(&sealed(1), b"", b"value");
        assert!(!kept.windows(5).any(|w| w == b"value"));
        assert_eq!(sealed(2).reveal(b"", &kept), Err(GuardError::Seal));
    }

    #[test]
    fn a_key_of_the_wrong_length_is_refused_with_its_length() {
        let error = Guard::from_key(&[0; 31], Path::new("store.key")).err().unwrap();
        assert!(error.to_string().contains("31 bytes"), "{error}");
    }
}
