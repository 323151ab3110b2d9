"""The clinic's bookkeeping: what would hide a loss or an invention."""
import json

import pytest

from clinic import Received

TOPIC = 'rtm/v1/riverside/hub-vm/readings'


def batch(seq: list[int], raw: list[str], undecoded: list[int] = (), epoch: str = '0a') -> bytes:
    data = {'sensor': 'strap', 'epoch': epoch, 'boot': 'b0', 'mono0_ms': 1000.5, 't0': '2026-11-25T08:00:00.000Z', 'quality': 'synced',
            'link': 'bonded', 'seq': seq, 'dt_ms': [250 * row for row in range(len(seq))], 'char': ['2A37'] * len(seq), 'raw': raw,
            'undecoded': list(undecoded)}
    return json.dumps({'type': 'rtm.readings.v1', 'source': '/hubs/hub-vm', 'id': f'readings:{seq}', 'data': data}).encode()


def test_a_reading_that_came_in_two_batches_counts_once_and_equal_readings_count_each():
    received = Received()
    received.take(TOPIC, batch([1, 2], ['0648', '0648']))
    received.take(TOPIC, batch([2, 3], ['0648', '0649']))
    assert received.duplicates == 1
    assert dict(received.of({'strap': 'C4'})) == {('C4', '2A37', b'\x06\x48'): 2, ('C4', '2A37', b'\x06\x49'): 1}


def test_the_same_number_of_another_store_is_another_reading():
    received = Received()
    received.take(TOPIC, batch([1], ['0648']))
    received.take(TOPIC, batch([1], ['0648'], epoch='0b'))
    assert (len(received.readings), received.duplicates) == (2, 0)


def test_one_number_with_two_contents_is_refused():
    received = Received()
    received.take(TOPIC, batch([1], ['0648']))
    with pytest.raises(AssertionError, match='two contents'):
        received.take(TOPIC, batch([1], ['0649']))


def test_each_row_has_its_own_time_and_says_whether_it_was_decoded():
    received = Received()
    received.take(TOPIC, batch([7, 8], ['0648', 'ff'], undecoded=[1]))
    first, second = received.readings.values()
    assert (first.mono, second.mono) == (1_000_500_000, 1_250_500_000)
    assert second.utc - first.utc == 0.25
    assert (first.undecoded, second.undecoded) == (False, True)


def test_a_sensor_that_nobody_knows_is_surplus_and_the_hubs_own_records_are_not():
    received = Received()
    received.take(TOPIC, batch([1], ['01']).replace(b'"strap"', b'"hub"'))
    received.take(TOPIC, batch([2], ['01']).replace(b'"strap"', b'"stranger"'))
    assert dict(received.of({'strap': 'C4'})) == {('stranger', '2A37', b'\x01'): 1}
