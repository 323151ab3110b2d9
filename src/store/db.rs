//! The only file that touches sled's handle: open, sync, quarantine.
//!
//! sled 0.34 panics where it should return an error, poisons its handle after an I/O error, and its `flush` does not
//! survive a power cut (`sync_file_range` neither flushes the card's cache nor writes the file's length). So every call
//! runs under `catch_unwind`, a failed handle is dropped and opened anew, and a commit ends with `fdatasync` on sled's
//! file. That covers everything only while `blobs/` stays empty, which the limit on values sees to (see `block`).

use std::fs::File;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::mark::Mark;

/// sled's segment in bytes. See `block` for what follows from it.
const SEGMENT: usize = 64 * 1024;

/// What sled may keep of pages in memory, in bytes: a hint that it exceeds.
const CACHE: u64 = 1024 * 1024;

const _: () = assert!(super::block::MAX_BLOCK <= SEGMENT / 64);

/// How long to wait for the lock of a database that is being closed: 1 s in all.
const LOCK_ATTEMPTS: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// `EIO`: a worn card, or a card that was pulled.
const EIO: i32 = 5;

/// Why the database did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The file system does not let it: full, read-only, locked, gone. Trying again later may help.
    Unavailable(String),
    /// The card does not give back what was written. It may be a loose contact; it may be for good.
    Unreadable(String),
    /// The database itself is damaged, or sled panicked over it.
    Broken(String),
}

impl Failure {
    /// What happened, for people.
    pub(super) fn cause(&self) -> &str {
        match self {
            Self::Unavailable(cause) | Self::Unreadable(cause) | Self::Broken(cause) => cause,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // Kinds rather than numbers, since sled drops the number where it keeps an error for later.
        match error.kind() {
            _ if error.raw_os_error() == Some(EIO) => Self::Unreadable(error.to_string()),
            // An end where none should be, an offset that cannot be: sled followed garbage.
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput => {
                Self::Broken(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<sled::Error> for Failure {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(io) => io.into(),
            sled::Error::Corruption { .. } => Self::Broken("a page of the database is damaged".into()),
            other => Self::Broken(other.to_string()),
        }
    }
}

/// Runs `work` on the database; a panic of sled's becomes a [`Failure::Broken`].
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        Err(Failure::Broken(format!("the database panicked: {}", text.lines().next().unwrap_or_default())))
    })
}

/// An open database.
pub(super) struct Db {
    path: PathBuf,
    sled: sled::Db,
    /// Blocks by the sequence number of their first packet, big endian.
    pub(super) log: sled::Tree,
    /// What `meta` keeps.
    pub(super) meta: sled::Tree,
    /// What `outbox` keeps.
    pub(super) documents: sled::Tree,
    /// How far the log reached.
    pub(super) mark: Mark,
}

impl Db {
    /// Opens the database in the folder `path`, where there is one.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        wait_for_lock(&path.join("db"))?;
        Self::make(path)
    }

    /// Opens the database in the folder `path`; makes an empty one where there is none.
    pub(super) fn make(path: &Path) -> Result<Self, Failure> {
        guarded(|| {
            let sled = sled::Config::new()
                .path(path)
                .segment_size(SEGMENT)
                .cache_capacity(CACHE)
                .flush_every_ms(None)
                .mode(sled::Mode::LowSpace)
                .open()?;
            let [log, meta, documents] = ["log", "meta", "documents"].map(|name| sled.open_tree(name));
            let (log, meta, documents) = (log?, meta?, documents?);
            Ok(Self { path: path.to_owned(), sled, log, meta, documents, mark: Mark::open(path) })
        })
    }

    /// Makes everything written so far survive a power cut.
    pub(super) fn sync(&self) -> Result<(), Failure> {
        guarded(|| {
            self.sled.flush()?;
            File::open(self.path.join("db"))?.sync_data()?;
            Ok(())
        })
    }

    /// [`Db::sync`] for a database just made: its files and their names have to last too.
    pub(super) fn sync_new(&self) -> Result<(), Failure> {
        self.sync()?;
        for name in ["db", "conf"] {
            File::open(self.path.join(name))?.sync_all()?;
        }
        Ok(File::open(&self.path)?.sync_all()?)
    }

    /// What it takes on disk, in bytes; 0 when that cannot be told.
    pub(super) fn disk_bytes(&self) -> u64 {
        guarded(|| Ok(self.sled.size_on_disk()?)).unwrap_or(0)
    }
}

/// Waits until nobody holds sled's lock. sled itself does not wait, and its threads keep the lock for some milliseconds
/// after a database was dropped.
fn wait_for_lock(file: &Path) -> Result<(), Failure> {
    let open = File::open(file).map_err(|error| unavailable(file, error))?;
    for attempt in 1.. {
        match flock(&open, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(Errno::AGAIN) if attempt < LOCK_ATTEMPTS => std::thread::sleep(LOCK_PAUSE),
            Err(error) => return Err(unavailable(file, error)),
        }
    }
    Ok(())
}

fn unavailable(file: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Unavailable(format!("{}: {error}", file.display()))
}

/// Drops the database even where sled panics over that.
pub(super) fn discard(db: Option<Db>) {
    let _ = guarded(move || {
        drop(db);
        Ok(())
    });
}

/// Moves the store in `path` aside, under the first free name `<path>.quarantined-<n>`, which is returned. Nothing
/// ever deletes it.
pub(super) fn quarantine(path: &Path) -> io::Result<PathBuf> {
    let aside = numbered(path, quarantined(path) + 1);
    std::fs::rename(path, &aside)?;
    sync_parent(path)?;
    Ok(aside)
}

/// How many stores were moved aside from `path` so far.
pub(super) fn quarantined(path: &Path) -> u32 {
    (1..).take_while(|n| numbered(path, *n).exists()).last().unwrap_or(0)
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    beside(path, &format!(".quarantined-{number}"))
}

/// `path` with something behind its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes a change of names beside `path` last.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::block::MAX_BLOCK;

    #[test]
    fn pages_of_the_longest_values_stay_inside_the_file_through_splits_and_merges() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::make(&folder.path().join("store")).unwrap();
        let blobs = || std::fs::read_dir(folder.path().join("store/blobs")).unwrap().count();
        let mut noise = 1u64;
        for round in 0..6000u64 {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = (noise >> 33) % 400;
            // Rounds of growing and of shrinking, so that leaves split and merge over and over.
            if (noise >> 20) % 10 < if (round / 500) % 2 == 0 { 8 } else { 2 } {
                db.log.insert(key.to_be_bytes(), &[7; MAX_BLOCK][..]).unwrap();
                db.documents
                    .insert([&b"w"[..], &key.to_be_bytes(), &[0; 2]].concat(), &[7; MAX_BLOCK][..])
                    .unwrap();
            } else {
                db.log.remove(key.to_be_bytes()).unwrap();
            }
            if round % 20 == 0 {
                db.sync().unwrap();
                assert_eq!(blobs(), 0, "a page left the file in round {round}");
            }
        }
    }

    #[test]
    fn a_panic_inside_the_database_becomes_a_failure_with_its_text() {
        let failure = guarded::<()>(|| panic!("page {} is gone", 7)).unwrap_err();
        assert_eq!(failure, Failure::Broken("the database panicked: page 7 is gone".into()));
    }

    #[test]
    fn what_the_system_refuses_is_not_taken_for_damage() {
        let io = |errno| Failure::from(sled::Error::Io(io::Error::from_raw_os_error(errno)));
        for (name, errno) in [("ENOSPC", 28), ("EROFS", 30), ("EACCES", 13), ("EMFILE", 24), ("ENOENT", 2)] {
            assert!(matches!(io(errno), Failure::Unavailable(_)), "{name}");
            // As sled hands it out from the second time on.
            let kept = sled::Error::Io(io::Error::from_raw_os_error(errno)).clone();
            assert!(matches!(Failure::from(kept), Failure::Unavailable(_)), "{name}, kept");
        }
        assert!(matches!(io(EIO), Failure::Unreadable(_)));
        let short = sled::Error::Io(io::ErrorKind::UnexpectedEof.into());
        assert!(matches!(Failure::from(short), Failure::Broken(_)));
    }
}
