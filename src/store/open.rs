//! Opening a store: whatever state its files are in, the hub gets one.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::block::Codec;
use super::db::{Db, Failure, beside, discard, quarantine, quarantined, sync_parent};
use super::handle::Committed;
use super::keeper::Keeper;
use super::log::Span;
use super::meta::{self, Meta, MetaError};
use super::outbox::Outbox;
use super::seal::Guard;
use crate::config::StoreConfig;
use crate::journal::events;
use crate::types::UtcMicros;

/// Why a store cannot be opened before a person acts. Everything else opens, is quarantined, or is retried while the
/// hub runs.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The sealing key cannot be read.
    #[error(
        "cannot read the store's key {}; restore the credential that was made for this hub, or set store.seal = \"off\" for a store that was never sealed",
        path.display()
    )]
    KeyUnreadable {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The sealing key is not a key.
    #[error("the store's key {} has {bytes} bytes instead of 32; restore the credential that was made for this hub", path.display())]
    KeyMalformed {
        /// Where it is.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// The store was sealed with another key.
    #[error(
        "the store {} was sealed with another key; restore that key, or move the store aside to begin a new one",
        path.display()
    )]
    WrongKey {
        /// The store's folder.
        path: PathBuf,
    },
    /// The store is sealed and the configuration says that it is not.
    #[error("the store {} is sealed, but store.seal is \"off\"; set store.seal = \"credential\" and restore its key", path.display())]
    Sealed {
        /// The store's folder.
        path: PathBuf,
    },
    /// The store is not sealed and the configuration says that it is.
    #[error(
        "the store {} is not sealed, but store.seal asks for it; set store.seal = \"off\", or move the store aside to begin a sealed one",
        path.display()
    )]
    NotSealed {
        /// The store's folder.
        path: PathBuf,
    },
    /// A later version of the hub wrote the store.
    #[error(
        "the store {} has schema {found}, this version knows schemas up to {known}; install the version that wrote it",
        path.display()
    )]
    NewerSchema {
        /// The store's folder.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The latest schema that this version reads.
        known: u32,
    },
    /// There is no memory for the codec.
    #[error("there is no memory to open the store; free some and start again")]
    Memory(#[source] io::Error),
}

/// What the store asks of its surroundings.
#[derive(Clone)]
pub struct Options {
    /// The time, as long as it can be trusted: retention deletes nothing while it says `None`.
    pub now: Arc<dyn Fn() -> Option<UtcMicros> + Send + Sync>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").finish_non_exhaustive()
    }
}

/// A store ready to be served by [`super::serve`], or one whose disk is unavailable and that is opened while it is
/// served.
pub struct Opened {
    pub(super) keeper: Keeper,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("committed", &self.committed()).finish_non_exhaustive()
    }
}

impl Opened {
    /// Where the log stands. While the disk is unavailable the epoch is 0, which no store has.
    #[must_use]
    pub fn committed(&self) -> Committed {
        self.keeper.committed()
    }

    /// What is wrong with the store, and what to do; `None` when nothing is.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.keeper.trouble()
    }
}

/// Opens the store in `config.path`; makes one where there is none. One that is damaged is moved aside and kept, and a
/// new one with a new epoch begins. Blocks until that is done.
///
/// # Errors
/// Only what a person has to put right: the key, or a schema of a later version. A disk that does not let it be opened
/// is no error: [`Opened::trouble`] says so, and [`super::serve`] keeps trying.
pub fn open(config: &StoreConfig, options: Options) -> Result<Opened, OpenError> {
    let codec = Codec::new(Guard::new(&config.seal)?).map_err(OpenError::Memory)?;
    let mut keeper = Keeper::new(config.clone(), options, codec);
    keeper.open(true)?;
    Ok(Opened { keeper })
}

/// Everything that is read when a store is opened.
pub(super) struct Loaded {
    pub(super) db: Db,
    pub(super) meta: Meta,
    pub(super) span: Span,
    pub(super) outbox: Outbox,
    /// Where a damaged store was moved to, and what was wrong with it.
    pub(super) quarantined: Option<(PathBuf, String)>,
}

/// Why nothing was loaded.
pub(super) enum LoadError {
    /// For the operator.
    Open(OpenError),
    /// Later, perhaps.
    Later(Failure),
}

/// Opens what is in `path`, or quarantines it and begins anew. Where nothing is, a store is made only if `create`.
pub(super) fn load(path: &Path, codec: &mut Codec, create: bool) -> Result<Loaded, LoadError> {
    let reason = match attempt(path, codec, create) {
        Ok(loaded) => return Ok(loaded),
        Err(MetaError::Open(error)) => return Err(LoadError::Open(error)),
        Err(MetaError::Db(Failure::Broken(reason))) => reason,
        Err(MetaError::Db(failure)) => return Err(LoadError::Later(failure)),
    };
    load_after_quarantine(path, codec, reason)
}

/// Moves the store aside and begins a new one.
pub(super) fn load_after_quarantine(
    path: &Path,
    codec: &mut Codec,
    reason: String,
) -> Result<Loaded, LoadError> {
    let aside = quarantine(path).map_err(|error| {
        LoadError::Later(Failure::Unavailable(format!("{reason}; it cannot be moved aside: {error}")))
    })?;
    tracing::error!(
        message_id = events::STORE_QUARANTINED,
        path = %aside.display(),
        reason,
        "the store is damaged: moved aside and kept, beginning a new one; send the folder to support"
    );
    match attempt(path, codec, true) {
        Ok(loaded) => Ok(Loaded { quarantined: Some((aside, reason)), ..loaded }),
        Err(MetaError::Open(error)) => Err(LoadError::Open(error)),
        Err(MetaError::Db(failure)) => Err(LoadError::Later(failure)),
    }
}

fn attempt(path: &Path, codec: &mut Codec, create: bool) -> Result<Loaded, MetaError> {
    if create && !path.join("db").exists() {
        make(path, codec.guard())?;
    }
    let db = Db::open(path)?;
    let rest = (|| {
        let mut meta = Meta::load(&db, path, codec.guard())?;
        let span = Span::load(&db, codec, &mut meta)?;
        Ok((meta, span, Outbox::load(&db.documents)?))
    })();
    match rest {
        Ok((meta, span, outbox)) => Ok(Loaded { db, meta, span, outbox, quarantined: None }),
        Err(error) => {
            discard(Some(db));
            Err(error)
        }
    }
}

/// Makes a new store. It gets its name only once it is whole: a store without metadata is then a damaged one, never one
/// that was not finished.
fn make(path: &Path, guard: &Guard) -> Result<(), Failure> {
    let floor = quarantined(path);
    let fresh = beside(path, ".new");
    if let Err(error) = std::fs::remove_dir_all(&fresh)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error.into());
    }
    meta::create(Db::make(&fresh)?, guard, floor)?;
    if std::fs::rename(&fresh, path).is_err() {
        // `path` is a mount point, or has other things in it: it is made in its place.
        meta::create(Db::make(path)?, guard, floor)?;
        std::fs::remove_dir_all(&fresh)?;
    }
    Ok(sync_parent(path)?)
}
