//! Removes what the far side has and nobody needs any more.

use sled::Batch;

use super::block::Codec;
use super::db::{Db, Failure, guarded};
use super::log::{Span, read_block, seq_of};
use super::meta::Meta;
use crate::clock::Timeline;
use crate::types::{Packet, Seq, UtcMicros};

/// Rows that are removed in one commit at most, so that nobody waits long behind it.
const ROWS: usize = 1024;

/// Removes, durably, some of the blocks at the front of the log whose packets were all acknowledged and are all older
/// than `before`. Says whether there may be more; `None` when there was nothing to remove.
pub(super) fn retire(
    db: &Db,
    codec: &mut Codec,
    meta: &mut Meta,
    span: &mut Span,
    before: UtcMicros,
) -> Result<Option<bool>, Failure> {
    let expired = expired(db, codec, &meta.timeline, (meta.acked, span.last), before)?;
    if expired.keys.is_empty() {
        return Ok(None);
    }
    // First of all which numbers are used up: the rows that say so are about to go.
    meta.put_next(&db.meta, span.last.next())?;
    let mut batch = Batch::default();
    expired.keys.into_iter().for_each(|key| batch.remove(key));
    guarded(|| Ok(db.log.apply_batch(batch)?))?;
    db.sync()?;
    span.first = expired.first;
    tracing::info!(first = span.first.get(), "old packets removed");
    Ok(Some(expired.more))
}

/// Blocks at the front of the log that may go.
struct Expired {
    keys: Vec<sled::IVec>,
    /// The log begins here without them.
    first: Seq,
    /// There may be more.
    more: bool,
}

/// The blocks at the front whose packets were all acknowledged and are all older than `before`. A block whose time is
/// not known stays, and so does a damaged one, for salvage; the damaged one does not keep those behind it.
fn expired(
    db: &Db,
    codec: &mut Codec,
    timeline: &Timeline,
    (acked, last): (Seq, Seq),
    before: UtcMicros,
) -> Result<Expired, Failure> {
    let old =
        |packet: &Packet| timeline.resolve(packet.boot, packet.mono).utc.is_some_and(|utc| utc < before);
    let mut expired = Expired { keys: Vec::new(), first: last.next(), more: false };
    guarded(|| {
        let mut first = None;
        for row in &db.log {
            let (key, value) = row?;
            match read_block(codec, &key, &value) {
                Ok(block) if block.last() <= acked && block.packets.iter().all(old) => {
                    expired.more = expired.keys.len() == ROWS;
                    if !expired.more {
                        expired.keys.push(key);
                        continue;
                    }
                }
                Ok(_) => {}
                Err(_) => {
                    first = first.or(Some(seq_of(&key)?));
                    continue;
                }
            }
            first = first.or(Some(seq_of(&key)?));
            break;
        }
        expired.first = first.unwrap_or(last.next());
        Ok(())
    })?;
    Ok(expired)
}
