//! The journal's MESSAGE_IDs of the Bluetooth side: one for each kind of event that an operator acts on.

/// Cause: the hub reached a powered Bluetooth adapter. Remedy: none needed.
pub(crate) const RADIO_READY: &str = "6223ad1553114eabbf31a50def89072e";

/// Cause: no D-Bus, no bluetoothd, no adapter, or an adapter that is off or does not answer; `state` says which.
/// Remedy: the message names it (`systemctl status dbus`, `systemctl status bluetooth`, plug the adapter in,
/// `rfkill unblock bluetooth`). The hub keeps trying.
pub(crate) const RADIO_DOWN: &str = "42cfa7fe21514f2494831cad91050caf";

/// Cause: a sensor is connected and its values arrive. Remedy: none needed.
pub(crate) const SENSOR_STREAMING: &str = "89712b3d7cca45dbbd5c45e17326ca1c";

/// Cause: the link to a sensor ended: switched off, out of range, or the radio restarted. Remedy: none unless it was
/// in use; then bring it nearer to the hub and look at its battery. The hub listens for it and connects again.
pub(crate) const SENSOR_LOST: &str = "4d586a0f7870451787037e048264007d";

/// Cause: a sensor whose configuration asks for a bond has none. Remedy: `rehabctl pair SENSOR`.
pub(crate) const SENSOR_NOT_BONDED: &str = "434e486185384f789fbab574e4ed098c";

/// Cause: a sensor is there but could not be connected or read; the error says why. Remedy: in the error's text. The
/// hub tries again with growing pauses.
pub(crate) const SENSOR_FAILED: &str = "966d2e6fa86e468a8e299538ad9b8d84";

/// Cause: a person opened a pairing window for one sensor. Remedy: if nobody did, find out who may use the control
/// socket.
pub(crate) const PAIRING_OPEN: &str = "628f4d1d5d52498880245ae54d372935";

/// Cause: the pairing window closed; `outcome` says how. Remedy: when it failed, the message says what to try.
pub(crate) const PAIRING_CLOSED: &str = "0ec6732c434a4782acefd0d2db2b363c";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_are_128_bits_in_hex_and_differ() {
        let all = [
            RADIO_READY,
            RADIO_DOWN,
            SENSOR_STREAMING,
            SENSOR_LOST,
            SENSOR_NOT_BONDED,
            SENSOR_FAILED,
            PAIRING_OPEN,
            PAIRING_CLOSED,
        ];
        for id in all {
            assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id} is not a MESSAGE_ID");
            assert_eq!(all.iter().filter(|other| **other == id).count(), 1, "{id} is used twice");
        }
    }
}
