//! A high-water mark beside the database: how far its log reached when it was last durable.
//!
//! sled takes damage near the end of its file for a write that was not finished, and quietly cuts it off. The store
//! would go on behind an older packet and use numbers a second time, which the far side drops as known. The mark
//! shows it. It is written after each commit and never synced: after a power cut it may be old, and then proves less,
//! but it is never ahead of the log.
//!
//! The file holds epoch and sequence number (u64 each) and the CRC-32 of both, little endian.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::types::{Epoch, Seq};

const NAME: &str = "mark";
const LENGTH: usize = 20;

/// The open file; `None` where there can be none, which only loses the check.
pub(super) struct Mark(Option<File>);

impl Mark {
    /// Opens the mark in the folder `path`.
    pub(super) fn open(path: &Path) -> Self {
        let mut options = OpenOptions::new();
        Self(options.read(true).write(true).create(true).truncate(false).open(path.join(NAME)).ok())
    }

    /// How far the log of `epoch` reached at least; 0 where nothing says so.
    pub(super) fn read(&self, epoch: Epoch) -> Seq {
        let mut bytes = [0; LENGTH];
        let read = self.0.as_ref().is_some_and(|file| file.read_exact_at(&mut bytes, 0).is_ok());
        let (content, crc) = bytes.split_at(16);
        let whole = crc == crc32fast::hash(content).to_le_bytes();
        let (marked, seq) = content.split_at(8);
        let number = seq.try_into().map_or(0, u64::from_le_bytes);
        let valid = read && whole && marked == epoch.as_u64().to_le_bytes();
        Seq::new(if valid { number } else { 0 })
    }

    /// Notes that the log is durable up to `last`.
    pub(super) fn write(&self, epoch: Epoch, last: Seq) {
        let mut bytes = [epoch.as_u64().to_le_bytes(), last.get().to_le_bytes()].concat();
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        if let Some(file) = &self.0 {
            // A mark that cannot be written only proves less.
            let _ = file.write_all_at(&bytes, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_counts_only_whole_and_for_its_own_epoch() {
        let folder = tempfile::tempdir().unwrap();
        let (epoch, other) = (Epoch::from_u64(5), Epoch::from_u64(6));
        assert_eq!(Mark::open(folder.path()).read(epoch), Seq::new(0));
        Mark::open(folder.path()).write(epoch, Seq::new(77));
        let mark = Mark::open(folder.path());
        assert_eq!((mark.read(epoch), mark.read(other)), (Seq::new(77), Seq::new(0)));
        let file = folder.path().join(NAME);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[9] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(mark.read(epoch), Seq::new(0));
        assert_eq!(Mark::open(Path::new("/nowhere")).read(epoch), Seq::new(0));
    }
}
