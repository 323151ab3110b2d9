"""The witness: what the guest's relay wrote into /dev/vhci, read back as the readings that BlueZ was given.

The hub cannot influence it. H4 -> HCI ACL -> L2CAP (reassembled) -> ATT notifications and indications, by connection handle
and attribute handle -> (address of the sensor, characteristic, bytes). Core 5.4: Vol 4, Part A (H4); Vol 4, Part E, 5.4.2
and 7.7 (ACL, events); Vol 3, Part A, 3 (L2CAP); Vol 3, Part F, 3.4.7 (ATT).
"""
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

RAN, PLUGGED = 1, 2                     # flags of a record, see guest/vhci-relay
RECORD = struct.Struct('<QBH')
ACL, EVENT = 2, 4                       # H4 packet types
ATT_CID = 4
NOTIFICATION, INDICATION, MULTIPLE = 0x1b, 0x1d, 0x23


@dataclass(frozen=True)
class Record:
    """One packet as it was written: `at` is CLOCK_BOOTTIME in ns, `ran` whether bluetoothd ran."""
    at: int
    ran: bool
    plugged: bool
    packet: bytes


@dataclass(frozen=True)
class Value:
    """One notification or indication that was handed to BlueZ."""
    at: int
    ran: bool
    boot: str
    address: str
    handle: int
    value: bytes
    indicated: bool


@dataclass(frozen=True)
class Edge:
    """A link that came up or went down."""
    at: int
    address: str
    up: bool


def records(trace: bytes) -> Iterator[Record]:
    """The records of a trace; one that a power cut left half written ends it."""
    at = 0
    while at + RECORD.size <= len(trace):
        time, flags, length = RECORD.unpack_from(trace, at)
        at += RECORD.size
        if at + length > len(trace):
            return
        yield Record(time, bool(flags & RAN), bool(flags & PLUGGED), trace[at:at + length])
        at += length


class Link:
    """One LE connection: the far end's address, and the L2CAP frame that is being put together."""

    def __init__(self, address: str):
        self.address, self.frame = address, b''

    def take(self, boundary: int, data: bytes) -> tuple[int, bytes] | None:
        """Adds one ACL fragment; gives channel and payload once the frame is whole. Boundary 1 continues a frame."""
        self.frame = self.frame + data if boundary == 1 else data
        if len(self.frame) < 4:
            return None
        length, channel = struct.unpack_from('<HH', self.frame)
        if len(self.frame) < 4 + length:
            return None
        payload, self.frame = self.frame[4:4 + length], b''
        return channel, payload


def attribute_values(pdu: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Attribute handle, bytes and whether indicated, of an ATT PDU that a server sends unasked; nothing of any other."""
    if len(pdu) >= 3 and pdu[0] in (NOTIFICATION, INDICATION):
        yield struct.unpack_from('<H', pdu, 1)[0], pdu[3:], pdu[0] == INDICATION
    elif pdu[:1] == bytes([MULTIPLE]):
        at = 1
        while at + 4 <= len(pdu):
            handle, length = struct.unpack_from('<HH', pdu, at)
            yield handle, pdu[at + 4:at + 4 + length], False
            at += 4 + length


class Reader:
    """Follows the links of a trace, from record to record."""

    def __init__(self):
        self.links: dict[int, Link] = {}
        self.boot = ''

    def take(self, record: Record) -> Iterator[Value | Edge]:
        """What one record says."""
        if record.plugged:
            self.boot, self.links = record.packet.decode().replace('-', ''), {}
        elif record.packet[:1] == bytes([EVENT]):
            yield from self.take_event(record)
        elif record.packet[:1] == bytes([ACL]) and len(record.packet) >= 5:
            word, length = struct.unpack_from('<HH', record.packet, 1)
            link = self.links.get(word & 0x0fff)
            whole = link and link.take(word >> 12 & 3, record.packet[5:5 + length])
            if whole and whole[0] == ATT_CID:
                for handle, value, indicated in attribute_values(whole[1]):
                    yield Value(record.at, record.ran, self.boot, link.address, handle, value, indicated)

    def take_event(self, record: Record) -> Iterator[Edge]:
        code, parameters = record.packet[1], record.packet[3:]
        if code == 0x3e and parameters[0] in (0x01, 0x0a) and parameters[1] == 0:      # LE (Enhanced) Connection Complete
            handle = struct.unpack_from('<H', parameters, 2)[0] & 0x0fff
            address = ':'.join(f'{byte:02X}' for byte in reversed(parameters[6:12]))
            self.links[handle] = Link(address)
            yield Edge(record.at, address, True)
        elif code == 0x05 and parameters[0] == 0:                                      # Disconnection Complete
            link = self.links.pop(struct.unpack_from('<H', parameters, 1)[0] & 0x0fff, None)
            if link:
                yield Edge(record.at, link.address, False)


def read(trace: bytes) -> list[Value | Edge]:
    """Everything that a trace says of sensors, in order."""
    reader = Reader()
    return [item for record in records(trace) for item in reader.take(record)]


Reading = tuple[str, str, bytes]        # address, characteristic, bytes


def readings(items: Iterable[Value | Edge], table: dict[str, dict[int, str]]) -> Counter[Reading]:
    """The multiset of readings that bluetoothd was given while it ran. `table` is the peripherals' own: for each address,
    attribute handle -> characteristic; a handle that it lacks is no stream (a control point's answer) and is left out."""
    return Counter(
        (item.address, table[item.address][item.handle], item.value)
        for item in items
        if isinstance(item, Value) and item.ran and item.handle in table.get(item.address, {}))
