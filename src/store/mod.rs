//! The durable log of raw packets, and the outbox. One task owns sled; everybody else holds a [`StoreHandle`].

mod handle;

pub use handle::{
    Committed, Document, DocumentKey, DocumentKind, Receipt, Request, StoreError, StoreHandle, StoreStats,
    Urgency,
};
