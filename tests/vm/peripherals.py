"""The sensors of the VM tests: Bumble peripherals, and the radio through which the guest hears them.

usage: peripherals.py HCI.SOCK CONTROL.SOCK     it ends when its standard input does

Each line on CONTROL.SOCK is a JSON object `{"do": COMMAND, ...}`; each answer is one, `{"ok": true, ...}` or
`{"ok": false, "error": ...}`. The commands are the methods `do_*` of `Control`. Nothing is random: what is sent depends on
the commands alone, and every value of a characteristic differs from the others (values.py).
"""
import asyncio
import json
import os
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Callable

from bumble.controller import Controller
from bumble.core import AdvertisingData, UUID
from bumble.device import Device
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR as CCC
from bumble.gatt import Characteristic, CharacteristicValue, Descriptor, Service
from bumble.hci import Address
from bumble.host import Host
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport.common import AsyncPipeSink

import values
from air import Air, Dongle

NOTIFY, INDICATE = Characteristic.Properties.NOTIFY, Characteristic.Properties.INDICATE
READ, WRITE = Characteristic.Properties.READ, Characteristic.Properties.WRITE
READABLE, WRITEABLE = Characteristic.READABLE, Characteristic.WRITEABLE


@dataclass
class Stream:
    """A characteristic that notifies: `make(n)` gives value n, `hz` values a second while somebody is subscribed."""
    uuid: str
    make: Callable[[int], bytes]
    hz: float
    reads: bytes | None = None    # what a read gives, where it may be read
    encrypted: bool = False       # subscribing and reading need an encrypted link
    count: int = 0
    last: bytes = b''
    characteristic: Characteristic | None = None


@dataclass
class Static:
    """A characteristic that is read, or written and answered by an indication."""
    uuid: str
    value: bytes = b''
    answers: bool = False


@dataclass
class Sensor:
    """What a peripheral is; `services` maps a service's UUID to its characteristics."""
    who: str
    name: str
    address: str
    advertises: str
    services: dict[str, list[Stream | Static]] = field(default_factory=dict)


def device_information(maker: str, model: str, serial: str) -> list[Static]:
    return [Static('2A29', maker.encode()), Static('2A24', model.encode()), Static('2A25', serial.encode())]


def sensors() -> list[Sensor]:
    """The allow-list of the scenarios. The strap's measurement needs encryption; the bike cannot do without a bond either way."""
    return [
        Sensor('strap', 'Cardia H9 7C21', 'C4:F2:F3:F4:F5:01', '180D', {
            '180D': [Stream('2A37', values.heart_rate, 4, encrypted=True), Static('2A38', b'\1')],
            '180F': [Stream('2A19', values.battery, 0.5, reads=values.BATTERY_READ)],
            '180A': device_information('Cardia', 'H9', '7C21')}),
        Sensor('bike', 'Velotrain 5 A804', 'D0:12:23:34:45:02', '1826', {
            '1826': [Stream('2AD2', values.indoor_bike, 4), Static('2ACC', struct.pack('<II', 0x4087, 0x2008)),
                     Static('2AD9', answers=True)],
            '1816': [Stream('2A5B', values.csc, 2), Static('2A5C', struct.pack('<H', 3))],
            '180F': [Stream('2A19', values.battery, 0.5, reads=values.BATTERY_READ)],
            '180A': device_information('Velotrain', '5', 'A804')}),
    ]


class Peripheral:
    """A sensor on the air. It has power or not, is in range or not, and remembers its bonds and its counts throughout."""

    def __init__(self, sensor: Sensor, air: Air):
        self.sensor, self.air = sensor, air
        self.on, self.quiet = False, False
        self.sent: list[tuple[float, str, bytes]] = []
        self.radio = Controller(sensor.who, link=air)
        self.device = Device(name=sensor.name, address=Address(sensor.address), host=Host(self.radio, AsyncPipeSink(self.radio)))
        self.device.pairing_config_factory = lambda _: PairingConfig(
            sc=True, mitm=False, bonding=True, delegate=PairingDelegate(PairingDelegate.NO_OUTPUT_NO_INPUT))
        self.device.on('connection', self.on_connection)
        self.streams: dict[str, Stream] = {}
        for uuid, characteristics in sensor.services.items():
            self.device.add_service(Service(UUID(uuid), [self.build(item) for item in characteristics]))
        self.device.advertising_data = bytes(AdvertisingData([
            (AdvertisingData.FLAGS, bytes([6])),
            (AdvertisingData.COMPLETE_LOCAL_NAME, sensor.name.encode()),
            (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, bytes.fromhex(sensor.advertises)[::-1])]))
        self.keep_account()

    def build(self, item: Stream | Static) -> Characteristic:
        if isinstance(item, Static):
            if not item.answers:
                return Characteristic(UUID(item.uuid), READ, READABLE, item.value)
            point = Characteristic(UUID(item.uuid), WRITE | INDICATE, WRITEABLE, CharacteristicValue(write=self.on_control_point))
            self.control_point = point
            return point
        properties, permissions = NOTIFY | (0 if item.reads is None else READ), READABLE
        if item.encrypted:
            permissions |= Characteristic.READ_REQUIRES_ENCRYPTION
        item.characteristic = characteristic = Characteristic(UUID(item.uuid), properties, permissions, item.reads or b'')
        if item.encrypted:        # Bumble's own descriptor would let anyone subscribe
            characteristic.descriptors = [Descriptor(
                CCC, READABLE | WRITEABLE | Descriptor.WRITE_REQUIRES_ENCRYPTION,
                self.device.gatt_server.make_descriptor_value(characteristic))]
        characteristic.on('subscription', lambda _, notify, indicate: self.log('subscribed', item.uuid, notify or indicate))
        self.streams[item.uuid] = item
        return characteristic

    def keep_account(self):
        """Every notification that leaves the GATT server goes into `sent`."""
        server, send = self.device.gatt_server, self.device.gatt_server.send_gatt_pdu

        def counted(bearer, pdu):
            if pdu[0] == 0x1b:
                by_handle = {s.characteristic.handle: s.uuid for s in self.streams.values()}
                self.sent.append((time.time(), by_handle[struct.unpack_from('<H', pdu, 1)[0]], pdu[3:]))
            send(bearer, pdu)
        server.send_gatt_pdu = counted

    def log(self, *words):
        print(f'{time.time():.3f}', self.sensor.who, *words, flush=True)

    def on_connection(self, connection):
        self.log('connected', connection.peer_address)
        connection.on('disconnection', lambda reason: self.log('disconnected', hex(reason)))
        connection.on('pairing', lambda keys: self.log('paired'))
        connection.on('pairing_failure', lambda reason: self.log('pairing failed', reason))
        connection.on('connection_encryption_change', lambda: self.log('encrypted', connection.encryption))

    async def on_control_point(self, connection, value):
        """FTMS Control Point: success for whatever was asked (FTMS 1.0, 4.16.2.22)."""
        async def answer():
            await self.device.indicate_subscriber(connection, self.control_point, bytes([0x80, value[0], 0x01]))
        asyncio.get_running_loop().create_task(answer())

    async def begin(self):
        await self.device.power_on()
        self.tasks = [asyncio.create_task(self.stream(stream)) for stream in self.streams.values()]

    async def stream(self, stream: Stream):
        due = time.monotonic()
        while True:
            due = max(due + (1 / stream.hz if stream.hz else 0.1), time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            if stream.hz and not self.quiet:
                value = stream.make(stream.count)
                if await self.notify(stream, value):
                    stream.count += 1

    async def notify(self, stream: Stream, value: bytes) -> int:
        """Sends a value to whoever is subscribed; says to how many."""
        server, handle = self.device.gatt_server, stream.characteristic.handle
        subscribed = [c for c, ccc in server.subscribers.items() if ccc.get(handle, b'\0')[0] & 1]
        for connection in subscribed:
            await server.notify_subscriber(connection, stream.characteristic, value)
            stream.last = value
        return len(subscribed)

    async def start(self):
        self.on, self.quiet = True, False
        await self.device.start_advertising(auto_restart=True, advertising_interval_min=100, advertising_interval_max=100)

    async def stop(self):
        """Switched off by its wearer: the link is ended politely. Silence comes first, since bluetoothd drops data that
        it finds waiting together with the end of the link."""
        self.on, self.quiet = False, True
        await asyncio.sleep(0.3)
        await self.device.stop_advertising()
        for connection in list(self.device.connections.values()):
            await connection.disconnect()


class Control:
    """The commands. `who` names a peripheral, `char` a characteristic by its 16-bit UUID."""

    def __init__(self, air: Air, dongle: Dongle, peripherals: list[Peripheral]):
        self.air, self.dongle = air, dongle
        self.peripherals = {p.sensor.who: p for p in peripherals}

    def stream(self, who: str, char: str) -> tuple[Peripheral, Stream]:
        return self.peripherals[who], self.peripherals[who].streams[char]

    async def do_plug(self):
        """The guest gets its radio."""
        await self.dongle.plug()

    async def do_unplug(self):
        """The guest loses its radio, or lost power."""
        await self.dongle.unplug()

    async def do_start(self, who: str):
        """Switches a sensor on: it advertises, and streams to whoever subscribes."""
        await self.peripherals[who].start()

    async def do_stop(self, who: str):
        """Switches it off."""
        await self.peripherals[who].stop()

    async def do_cut(self, who: str):
        """Loses the link once: silence until both ends' supervision timeout, then it advertises again."""
        radio = self.peripherals[who].radio
        links = len(radio.le_connections)
        await self.air.fall_silent(radio)
        self.air.silent.discard(radio)
        return {'links': links}

    async def do_vanish(self, who: str):
        """Carries it out of range."""
        await self.air.fall_silent(self.peripherals[who].radio)

    async def do_return(self, who: str):
        """Carries it back."""
        self.air.silent.discard(self.peripherals[who].radio)

    async def do_forget(self, who: str):
        """It forgets its bonds, as after a change of batteries or a reset."""
        await self.peripherals[who].device.keystore.delete_all()

    async def do_rate(self, who: str, char: str, hz: float):
        """Values a second; 0 holds the stream."""
        self.stream(who, char)[1].hz = hz

    async def do_send(self, who: str, char: str, hex: str):
        """Notifies these bytes now, garbage for instance."""
        peripheral, stream = self.stream(who, char)
        return {'to': await peripheral.notify(stream, bytes.fromhex(hex))}

    async def do_again(self, who: str, char: str):
        """Notifies the last value again: a genuine repeat."""
        peripheral, stream = self.stream(who, char)
        return {'to': await peripheral.notify(stream, stream.last), 'hex': stream.last.hex()}

    async def do_sent(self, who: str):
        """Everything that it has notified: time (UTC, s), characteristic, bytes."""
        return {'sent': [(at, char, value.hex()) for at, char, value in self.peripherals[who].sent]}

    async def do_state(self, who: str):
        """Links and subscriptions."""
        p = self.peripherals[who]
        server = p.device.gatt_server
        subscribed = {u for u, s in p.streams.items() for ccc in server.subscribers.values()
                      if ccc.get(s.characteristic.handle, b'\0')[0] & 1}
        return {'on': p.on, 'links': len(p.radio.le_connections), 'subscribed': sorted(subscribed),
                'encrypted': [bool(c.encryption) for c in p.device.connections.values()],
                'bonds': [name for name, _ in await p.device.keystore.get_all()],
                'sent': {u: s.count for u, s in p.streams.items()}}

    async def do_table(self):
        """The witness's key: for each address, attribute handle -> characteristic."""
        return {'table': {p.sensor.address: {s.characteristic.handle: u for u, s in p.streams.items()}
                          for p in self.peripherals.values()},
                'names': {who: p.sensor.name for who, p in self.peripherals.items()},
                'addresses': {who: p.sensor.address for who, p in self.peripherals.items()}}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        while line := await reader.readline():
            try:
                request = json.loads(line)
                handler = getattr(self, 'do_' + request.pop('do'))
                answer = {'ok': True, **(await handler(**request) or {})}
            except Exception as error:  # whatever it was, the test that asked must hear of it
                answer = {'ok': False, 'error': f'{type(error).__name__}: {error}'}
            writer.write(json.dumps(answer).encode() + b'\n')
            await writer.drain()
        writer.close()


async def main(hci_path: str, control_path: str):
    air = Air()
    peripherals = [Peripheral(sensor, air) for sensor in sensors()]
    for peripheral in peripherals:
        await peripheral.begin()
    control = Control(air, Dongle(air, hci_path), peripherals)
    if os.path.exists(control_path):
        os.unlink(control_path)
    await asyncio.start_unix_server(control.serve, control_path, limit=1 << 20)
    print('ready', flush=True)
    orphaned = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), orphaned.set)
    await orphaned.wait()


if __name__ == '__main__':
    asyncio.run(main(*sys.argv[1:]))
