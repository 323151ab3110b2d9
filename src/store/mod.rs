//! The durable log of raw packets, and the outbox. One task owns sled; everybody else holds a [`StoreHandle`].
//!
//! [`open`] gives an [`Opened`] whatever the files look like; [`serve`] owns it from then on. Inside: `keeper` is the
//! state and what can be done with it, `task` when; `log` (with `retention`), `outbox` and `meta` are the three trees, `db` the handle on
//! sled, `block` and `seal` the bytes.

mod block;
mod db;
mod handle;
mod keeper;
mod log;
mod mark;
mod meta;
mod open;
mod outbox;
mod retention;
mod seal;
mod task;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use handle::{
    Committed, Document, DocumentKey, DocumentKind, Receipt, Request, StoreError, StoreHandle, StoreStats,
    Urgency,
};
pub use open::{OpenError, Opened, Options, open};
pub use task::serve;
