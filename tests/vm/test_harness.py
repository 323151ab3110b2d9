"""The harness itself, with bluetoothctl in the hub's place: what a D-Bus client hears is what the witness wrote down."""
import json
import time
from collections import Counter

import pytest

import witness
from vm import BluetoothCtl, wait

STRAP, BIKE = 'C4:F2:F3:F4:F5:01', 'D0:12:23:34:45:02'
HEART_RATE, INDOOR_BIKE = (STRAP, '2A37'), (BIKE, '2AD2')


def heard(lines: str, paths: dict[str, tuple[str, str]]) -> Counter[witness.Reading]:
    """The values in `busctl monitor --json=short`, of the characteristics at these object paths."""
    found = Counter()
    for line in lines.splitlines():
        message = json.loads(line)
        key = paths.get(message.get('path'))
        if key and message.get('member') == 'PropertiesChanged':
            value = message['payload']['data'][1].get('Value')
            if value:
                found[*key, bytes(value['data'])] += 1
    return found


@pytest.fixture
def client(machine):
    guest, peripherals = machine
    before = len(guest.fetch('/var/lib/vm-witness/trace'))
    for who in ('strap', 'bike'):
        peripherals.do('start', who)
    ctl = BluetoothCtl(guest)
    yield guest, peripherals, ctl, before
    for address in (STRAP, BIKE):
        ctl.say(f'remove {address}')
        ctl.expect(f'Device {address}')
    ctl.close()
    for who in ('strap', 'bike'):
        peripherals.do('stop', who)
        peripherals.do('forget', who)


def test_a_client_hears_what_the_witness_wrote_down_and_the_sensors_sent(client, figure):
    guest, peripherals, ctl, before = client
    table = peripherals.table()
    ctl.say('scan on')
    for address in (STRAP, BIKE):
        ctl.expect(f'Device {address}')
    ctl.say('scan off')
    ctl.expect('Discovery stopped')
    ctl.say(f'pair {STRAP}')
    ctl.expect('Pairing successful')
    ctl.say(f'connect {BIKE}')
    ctl.expect('Connection successful')
    guest.run('''systemd-run -q --unit=monitor --collect bash -c \
        "busctl --json=short monitor org.bluez > /run/monitor.out" ''')
    wait('the monitor runs', lambda: guest.run('busctl list | grep busctl', check=False), 10)

    paths = {path: key for key, (path, _) in guest.characteristics().items() if key in (HEART_RATE, INDOOR_BIKE)}
    assert sorted(paths.values()) == [HEART_RATE, INDOOR_BIKE]
    ctl.say('menu gatt')
    for path, key in paths.items():
        ctl.say(f'select-attribute {path}')
        ctl.say('notify on')
        wait(f'subscribed to {key}', lambda: guest.characteristics()[key][1]['Notifying'], 20)
    ctl.say('back')

    def sent(who, char):
        return peripherals.do('state', who)['sent'][char]
    wait('both sensors stream', lambda: sent('strap', '2A37') >= 8 and sent('bike', '2AD2') >= 8, 20)
    assert peripherals.do('again', 'strap', char='2A37')['to'] == 1
    assert peripherals.do('send', 'strap', char='2A37', hex='ff')['to'] == 1
    lost_at = time.time()
    assert peripherals.do('cut', 'strap')['links'] == 1
    wait('the strap is lost', lambda: 'b false' in guest.run(
        f'busctl get-property org.bluez /org/bluez/hci0/dev_{STRAP.replace(":", "_")} org.bluez.Device1 Connected'), 10)
    peripherals.do('rate', 'bike', char='2AD2', hz=0)

    def compare():
        items = witness.read(guest.fetch('/var/lib/vm-witness/trace')[before:])
        written = Counter({k: n for k, n in witness.readings(items, table).items() if k[:2] in (HEART_RATE, INDOOR_BIKE)})
        return heard(guest.run('cat /run/monitor.out'), paths) == written and written
    written = wait('the client has heard what the witness has', compare, 10)
    guest.run('systemctl stop monitor', check=False)

    for who, (address, char) in (('bike', INDOOR_BIKE), ('strap', HEART_RATE)):
        account = peripherals.do('sent', who)['sent']
        of_char = Counter((address, char, bytes.fromhex(value)) for at, uuid, value in account if uuid == char)
        assert not written - (of_char + Counter({k: n for k, n in written.items() if k[0] != address}))
        in_silence = Counter((address, char, bytes.fromhex(value)) for at, uuid, value in account if uuid == char and at >= lost_at)
        missing = of_char - written
        assert not missing - in_silence, f'{who}: lost outside of the cut: {missing - in_silence}'
        assert who == 'strap' or not missing
        figure(f'harness {who} values written to vhci', sum(n for k, n in written.items() if k[0] == address))
    assert written[*HEART_RATE, b'\xff'] == 1, 'the garbage did not arrive'
    assert 2 in [n for k, n in written.items() if k[:2] == HEART_RATE], 'the genuine repeat did not arrive twice'
