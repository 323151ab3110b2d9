"""The witness: what the guest's relay wrote into /dev/vhci, read back as the readings that BlueZ was given.

The hub cannot influence it. H4 -> HCI ACL -> L2CAP (reassembled) -> ATT notifications, indications and answers to reads, by
connection handle and attribute handle -> (address of the sensor, characteristic, bytes). Core 5.4: Vol 4, Part A (H4); Vol 4,
Part E, 5.4.2 and 7.7 (ACL, events); Vol 3, Part A, 3 (L2CAP); Vol 3, Part F, 3.4.4 and 3.4.7 (ATT).
"""
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

RAN, PLUGGED, SENT = 1, 2, 4            # flags of a record, see guest/vhci-relay
RECORD = struct.Struct('<QBH')
ACL, EVENT = 2, 4                       # H4 packet types
ATT_CID = 4
READ_REQUEST, READ_RESPONSE, NOTIFICATION, INDICATION, MULTIPLE = 0x0a, 0x0b, 0x1b, 0x1d, 0x23


@dataclass(frozen=True)
class Record:
    """One packet: `at` is CLOCK_BOOTTIME in ns, `ran` whether bluetoothd ran, `sent` that it came from the guest."""
    at: int
    ran: bool
    plugged: bool
    sent: bool
    packet: bytes


@dataclass(frozen=True)
class Value:
    """One value that was handed to BlueZ: a notification, an indication, or with `read` the answer to a read."""
    at: int
    ran: bool
    boot: str
    address: str
    handle: int
    value: bytes
    read: bool


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
        yield Record(time, bool(flags & RAN), bool(flags & PLUGGED), bool(flags & SENT), trace[at:at + length])
        at += length


class Frames:
    """Puts L2CAP frames together, of one link and direction."""

    def __init__(self):
        self.frame = b''

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


class Link:
    """One LE connection: the far end's address, and what the guest asked it for."""

    def __init__(self, address: str):
        self.address = address
        self.heard, self.sent = Frames(), Frames()
        self.asked: int | None = None

    def take(self, pdu: bytes) -> Iterator[tuple[int, bytes, bool]]:
        """Attribute handle, bytes and whether it was asked for, of the values in an ATT PDU from the sensor."""
        code = pdu[:1]
        if len(pdu) >= 3 and code[0] in (NOTIFICATION, INDICATION):
            yield struct.unpack_from('<H', pdu, 1)[0], pdu[3:], False
        elif code == bytes([MULTIPLE]):
            at = 1
            while at + 4 <= len(pdu):
                handle, length = struct.unpack_from('<HH', pdu, at)
                yield handle, pdu[at + 4:at + 4 + length], False
                at += 4 + length
        elif code == bytes([READ_RESPONSE]) and self.asked is not None:
            yield self.asked, pdu[1:], True


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
            frames = link and (link.sent if record.sent else link.heard)
            whole = frames and frames.take(word >> 12 & 3, record.packet[5:5 + length])
            if not whole or whole[0] != ATT_CID:
                return
            if record.sent:                        # requests are answered one at a time (Vol 3, Part F, 3.3.2)
                if whole[1][0] & 1 == 0 and whole[1][0] < 0x1e:
                    link.asked = struct.unpack_from('<H', whole[1], 1)[0] if whole[1][0] == READ_REQUEST else None
                return
            for handle, value, read in link.take(whole[1]):
                yield Value(record.at, record.ran, self.boot, link.address, handle, value, read)

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


def readings(items: Iterable[Value | Edge], table: dict[str, dict[int, str]], read: bool = False) -> Counter[Reading]:
    """The multiset of values that bluetoothd was given while it ran: unasked ones, or the answers to reads. `table` is the
    peripherals' own: for each address, attribute handle -> characteristic; a handle that it lacks is no stream (a control
    point's answer) and is left out."""
    return Counter(
        (item.address, table[item.address][item.handle], item.value)
        for item in items
        if isinstance(item, Value) and item.ran and item.read == read and item.handle in table.get(item.address, {}))
