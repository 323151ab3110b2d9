"""The far side: a broker in the guest, and the clinic's subscriber, which keeps everything that it was sent."""
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import witness
from vm import Guest, wait

OUT = '/var/lib/clinic/messages'

# Without limits, so that nothing but the hub decides what arrives. An unlimited window also makes a SIGKILL fair: the broker
# writes a message to its subscriber's socket before it acknowledges it to the hub.
MOSQUITTO = '''\
listener 1883 127.0.0.1
allow_anonymous true
persistence true
persistence_location /var/lib/mosquitto/
max_queued_messages 0
max_inflight_messages 0
'''


@dataclass(frozen=True)
class Reading:
    """One reading as the clinic got it; `mono` is the hub's CLOCK_BOOTTIME in ns, `utc` in seconds."""
    sensor: str
    char: str
    value: bytes
    boot: str
    mono: int
    utc: float | None
    quality: str
    link: str
    undecoded: bool


@dataclass
class Received:
    """What the clinic holds: each reading once, by (source, epoch, seq), however often it came."""
    readings: dict[tuple[str, str, int], Reading] = field(default_factory=dict)
    documents: dict[tuple[str, str], dict] = field(default_factory=dict)
    duplicates: int = 0
    messages: Counter[str] = field(default_factory=Counter)

    def take(self, topic: str, payload: bytes):
        event = json.loads(payload)
        kind = topic.rsplit('/', 1)[1]
        self.messages[kind] += 1
        assert event['type'] == f'rtm.{kind}.v1', f'{topic}: {event["type"]}'
        if kind != 'readings':
            document = {'kind': kind, **event['data']}
            known = self.documents.setdefault((event['source'], event['id']), document)
            assert known == document, f'{event["id"]} was sent twice with two contents: {known} and {document}'
            return
        data = event['data']
        assert data['raw'] is not None, 'forward.raw = true sends the bytes of every packet'
        t0 = data['t0'] and datetime.fromisoformat(data['t0']).timestamp()
        for row, seq in enumerate(data['seq']):
            key = (event['source'], data['epoch'], seq)
            reading = Reading(
                data['sensor'], data['char'][row], bytes.fromhex(data['raw'][row]), data['boot'],
                round((data['mono0_ms'] + data['dt_ms'][row]) * 1e6), t0 and t0 + data['dt_ms'][row] / 1000,
                data['quality'], data['link'],
                row in data.get('undecoded', []))
            known = self.readings.setdefault(key, reading)
            assert (known.sensor, known.char, known.value) == (reading.sensor, reading.char, reading.value), \
                f'{key} was sent twice with two contents: {known} and {reading}'
            self.duplicates += known is not reading

    def of(self, sensors: dict[str, str]) -> Counter[witness.Reading]:
        """The multiset of readings, comparable with the witness's. `sensors` maps roles to addresses."""
        return Counter((sensors.get(r.sensor, r.sensor), r.char, r.value) for r in self.readings.values() if r.sensor != 'hub')


class Clinic:
    """mosquitto and mosquitto_sub in the guest."""

    def __init__(self, guest: Guest):
        self.guest, self.markers = guest, 0
        guest.write('/etc/mosquitto/mosquitto.conf', MOSQUITTO)
        guest.run(f'''
            systemctl stop mosquitto clinic 2> /dev/null; rm -rf /var/lib/clinic /var/lib/mosquitto/mosquitto.db
            mkdir -p /var/lib/clinic
            systemctl start mosquitto
            systemd-run -q --unit=clinic -p Restart=always -p RestartSec=0.5 -p StandardOutput=append:{OUT} stdbuf -oL \
              mosquitto_sub -V mqttv5 -i clinic -c -x 86400 -q 1 -t 'rtm/v1/#' -F '%t %x' ''')
        wait('the clinic hears', self.hears, 20)
        # The subscriber's session outlives a SIGKILL of the broker from here on.
        guest.run('rm -f /var/lib/mosquitto/mosquitto.db; systemctl kill -s USR1 mosquitto')
        wait('the broker saved its sessions', lambda: guest.run('ls /var/lib/mosquitto/mosquitto.db', check=False).startswith('/var'), 10)

    def publish_marker(self) -> str:
        self.markers += 1
        self.guest.run(f'mosquitto_pub -V mqttv5 -q 1 -t rtm/v1/marker -m {self.markers}')
        return f'rtm/v1/marker {str(self.markers).encode().hex()}'

    def hears(self) -> bool:
        return self.guest.run(f'grep -cFx "{self.publish_marker()}" {OUT}', check=False).strip() == '1'

    def kill_broker(self):
        """SIGKILL: what it had not written anywhere is gone."""
        self.guest.run('systemctl kill -s KILL mosquitto; systemctl stop mosquitto')

    def start_broker(self):
        self.guest.run('systemctl reset-failed mosquitto; systemctl start mosquitto')

    def received(self) -> Received:
        """Everything that the broker had for the clinic until now."""
        marker = self.publish_marker()
        wait('the clinic has all of it', lambda: self.guest.run(f'grep -cFx "{marker}" {OUT}', check=False).strip() == '1', 20)
        received = Received()
        for line in self.guest.fetch(OUT).decode().splitlines():
            topic, _, payload = line.partition(' ')
            if topic != 'rtm/v1/marker':
                received.take(topic, bytes.fromhex(payload))
        return received

    def close(self):
        self.guest.run('systemctl stop clinic mosquitto', check=False)
