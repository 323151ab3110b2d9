"""The witness against traces whose content is known."""
import struct

from witness import Edge, RECORD, Value, read, readings, records

STRAP, BIKE = 'C4:F2:F3:F4:F5:01', 'D0:12:23:34:45:02'
BOOT = b'01234567-89ab-cdef-0123-456789abcdef'


def record(packet: bytes, at: int = 1, flags: int = 1) -> bytes:
    return RECORD.pack(at, flags, len(packet)) + packet


def connected(handle: int, address: str, subevent: int = 1, status: int = 0) -> bytes:
    far = bytes.fromhex(address.replace(':', ''))[::-1]
    rest = bytes(12 if subevent == 0x0a else 0) + bytes(7)
    parameters = struct.pack('<BBHBB', subevent, status, handle, 0, 1) + far + rest
    return bytes([4, 0x3e, len(parameters)]) + parameters


def disconnected(handle: int) -> bytes:
    return bytes([4, 0x05, 4]) + struct.pack('<BHB', 0, handle, 8)


def acl(handle: int, data: bytes, boundary: int = 2) -> bytes:
    return bytes([2]) + struct.pack('<HH', handle | boundary << 12, len(data)) + data


def l2cap(payload: bytes, channel: int = 4) -> bytes:
    return struct.pack('<HH', len(payload), channel) + payload


def notification(attribute: int, value: bytes, opcode: int = 0x1b) -> bytes:
    return l2cap(bytes([opcode]) + struct.pack('<H', attribute) + value)


def values(trace: bytes) -> list[tuple[str, int, bytes]]:
    return [(v.address, v.handle, v.value) for v in read(trace) if isinstance(v, Value)]


def test_a_notification_is_named_by_its_connection():
    trace = record(connected(0x40, STRAP)) + record(connected(0x41, BIKE, subevent=0x0a))
    trace += record(acl(0x41, notification(9, b'bike'))) + record(acl(0x40, notification(7, b'strap')))
    assert values(trace) == [(BIKE, 9, b'bike'), (STRAP, 7, b'strap')]


def test_a_frame_in_three_fragments_is_one_value():
    frame = notification(7, bytes(range(60)))
    trace = record(connected(0x40, STRAP))
    trace += record(acl(0x40, frame[:3])) + record(acl(0x40, frame[3:30], 1)) + record(acl(0x40, frame[30:], 1))
    assert values(trace) == [(STRAP, 7, bytes(range(60)))]


def test_fragments_of_two_links_do_not_mix():
    one, two = notification(7, b'a' * 20), notification(7, b'b' * 20)
    trace = record(connected(0x40, STRAP)) + record(connected(0x41, BIKE))
    trace += record(acl(0x40, one[:10])) + record(acl(0x41, two[:10])) + record(acl(0x40, one[10:], 1)) + record(acl(0x41, two[10:], 1))
    assert values(trace) == [(STRAP, 7, b'a' * 20), (BIKE, 7, b'b' * 20)]


def test_a_frame_that_was_never_finished_is_dropped_by_the_next_start():
    trace = record(connected(0x40, STRAP)) + record(acl(0x40, notification(7, b'lost')[:6])) + record(acl(0x40, notification(7, b'kept')))
    assert values(trace) == [(STRAP, 7, b'kept')]


def test_a_reused_connection_handle_names_the_new_sensor():
    trace = record(connected(0x40, STRAP)) + record(disconnected(0x40)) + record(acl(0x40, notification(7, b'nobody')))
    trace += record(connected(0x40, BIKE)) + record(acl(0x40, notification(7, b'bike')))
    assert values(trace) == [(BIKE, 7, b'bike')]
    assert [(e.address, e.up) for e in read(trace) if isinstance(e, Edge)] == [(STRAP, True), (STRAP, False), (BIKE, True)]


def test_a_failed_connection_is_none():
    assert read(record(connected(0x40, STRAP, status=0x3e))) == []


def test_a_controller_that_was_plugged_in_again_has_no_links():
    trace = record(BOOT, flags=2) + record(connected(0x40, STRAP)) + record(BOOT, flags=2) + record(acl(0x40, notification(7, b'old')))
    assert values(trace) == []


def test_a_value_carries_its_boot_and_time():
    trace = record(BOOT, flags=2) + record(connected(0x40, STRAP)) + record(acl(0x40, notification(7, b'x')), at=1234567890123)
    value = read(trace)[-1]
    assert (value.boot, value.at) == (BOOT.decode().replace('-', ''), 1234567890123)


def test_indications_and_multiple_notifications_are_values_and_other_channels_are_not():
    several = l2cap(b'\x23' + struct.pack('<HH', 7, 1) + b'a' + struct.pack('<HH', 9, 2) + b'bc')
    trace = record(connected(0x40, STRAP)) + record(acl(0x40, notification(5, b'i', 0x1d))) + record(acl(0x40, several))
    trace += record(acl(0x40, l2cap(b'\x0bread'))) + record(acl(0x40, l2cap(b'\x1b\x07\x00smp', channel=6)))
    assert values(trace) == [(STRAP, 5, b'i'), (STRAP, 7, b'a'), (STRAP, 9, b'bc')]


def test_an_answer_to_a_read_is_told_from_a_notification_of_the_same_value():
    asked = record(acl(0x40, l2cap(b'\x0a\x07\x00'), boundary=0), flags=4)
    other = record(acl(0x40, l2cap(b'\x08\x01\x00\xff\xff\x03\x28'), boundary=0), flags=4)
    confirmed = record(acl(0x40, l2cap(b'\x1e'), boundary=0), flags=4)
    answer = record(acl(0x40, l2cap(b'\x0bd')))
    trace = record(connected(0x40, STRAP)) + asked + record(acl(0x40, notification(7, b'd'))) + confirmed + answer
    trace += other + record(acl(0x40, l2cap(b'\x09\x07rest')))
    table = {STRAP: {7: '2A19'}}
    assert dict(readings(read(trace), table)) == {(STRAP, '2A19', b'd'): 1}
    assert dict(readings(read(trace), table, read=True)) == {(STRAP, '2A19', b'd'): 1}


def test_only_what_bluetoothd_could_hear_counts_and_repeats_count_twice():
    trace = record(connected(0x40, STRAP))
    trace += record(acl(0x40, notification(7, b'same'))) * 2 + record(acl(0x40, notification(7, b'unheard')), flags=0)
    trace += record(acl(0x40, notification(99, b'no stream')))
    assert dict(readings(read(trace), {STRAP: {7: '2A37'}})) == {(STRAP, '2A37', b'same'): 2}


def test_a_record_that_a_power_cut_left_half_written_ends_the_trace():
    trace = record(connected(0x40, STRAP)) + record(acl(0x40, notification(7, b'x')))
    for cut in range(1, RECORD.size + 6):
        assert len(list(records(trace[:-cut]))) == 1
