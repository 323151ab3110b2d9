//! A store for tests of what stands around it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{Options, StoreHandle, open, serve};
use crate::config::{Seal, StoreConfig};

/// The store in `folder`, plain and quick to commit, with the future that serves it until `stop`.
pub(crate) fn start(folder: &Path, stop: &CancellationToken) -> (StoreHandle, impl Future<Output = ()>) {
    let config = StoreConfig {
        path: folder.join("store"),
        commit: Duration::from_millis(50),
        max_bytes: 1 << 30,
        keep_days: 120,
        seal: Seal::Off,
    };
    let opened = open(&config, Options { now: Arc::new(|| None) }).unwrap();
    let (requests, requested) = mpsc::channel(16);
    let (committed, commits) = watch::channel(opened.committed());
    (StoreHandle::new(requests, commits), serve(opened, requested, committed, stop.clone()))
}
