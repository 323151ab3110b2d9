//! The store as a whole: opened, served, killed, damaged, opened again.

mod durability;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::block::tests::session;
use super::*;
use crate::config::{Seal, StoreConfig};
use crate::types::{Packet, Seq, UtcMicros};

/// A store's folder inside a temporary one, so that quarantined ones land beside it.
struct Place {
    folder: tempfile::TempDir,
    config: StoreConfig,
    now: Option<UtcMicros>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = StoreConfig {
            path: folder.path().join("store"),
            commit: Duration::from_millis(50),
            max_bytes: 1 << 30,
            keep_days: 120,
            seal: Seal::Off,
        };
        Self { folder, config, now: None }
    }

    fn sealed(key: u8) -> Self {
        let mut place = Self::new();
        place.set_key(Some(key));
        place
    }

    fn set_key(&mut self, key: Option<u8>) {
        let path = self.folder.path().join("store.key");
        if let Some(key) = key {
            std::fs::write(&path, [key; 32]).unwrap();
        }
        self.config.seal = if key.is_some() { Seal::Key(path) } else { Seal::Off };
    }

    fn open(&self) -> Result<Opened, OpenError> {
        let now = self.now;
        open(&self.config, Options { now: Arc::new(move || now) })
    }

    /// Serves the store while `body` runs, then stops it.
    async fn serve<R>(&self, body: impl AsyncFnOnce(StoreHandle) -> R) -> R {
        let opened = self.open().unwrap();
        let (requests, receiver) = mpsc::channel(64);
        let (committed, watched) = watch::channel(opened.committed());
        let handle = StoreHandle::new(requests, watched);
        let cancel = CancellationToken::new();
        let work = async {
            let result = body(handle).await;
            cancel.cancel();
            result
        };
        let (result, ()) = tokio::join!(work, serve(opened, receiver, committed, cancel.clone()));
        assert_eq!(
            std::fs::read_dir(self.config.path.join("blobs")).unwrap().count(),
            0,
            "blobs are not synced"
        );
        result
    }

    /// What a kill at this moment would leave.
    fn snapshot(&self) -> Self {
        let copy = Self { now: self.now, ..Self::new() };
        copy_folder(&self.config.path, &copy.config.path);
        Self { config: StoreConfig { path: copy.config.path, ..self.config.clone() }, ..copy }
    }

    fn aside(&self, number: u32) -> PathBuf {
        self.folder.path().join(format!("store.quarantined-{number}"))
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn append(store: &StoreHandle, packets: Vec<Packet>, urgency: Urgency) -> Result<Receipt, StoreError> {
    store.append(packets, urgency).await?.await.unwrap()
}

async fn read_all(store: &StoreHandle) -> Vec<Packet> {
    let mut packets = Vec::new();
    let mut from = store.committed().borrow().first;
    loop {
        let part = store.read(from, 100).await.unwrap();
        let Some(last) = part.last() else { return packets };
        assert_eq!(part[0].seq, from, "the log has a gap");
        from = last.seq.next();
        packets.extend(part.into_iter().map(|logged| logged.packet));
    }
}

fn day(key: &str) -> DocumentKey {
    DocumentKey { kind: DocumentKind::Day, key: key.into() }
}

fn seqs(receipt: Receipt) -> (u64, u64) {
    (receipt.first.get(), receipt.last.get())
}
