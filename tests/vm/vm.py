"""The guest and its sensors, as the tests drive them."""
import base64
import gzip
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import agent
import witness

HERE = Path(__file__).resolve().parent
T = TypeVar('T')


def wait(what: str, probe: Callable[[], T], seconds: float, pause: float = 0.25) -> T:
    """The first true answer of `probe`; fails with `what` and the last answer once `seconds` are over."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f'not within {seconds} s: {what}; last answer: {answer!r}')
        time.sleep(pause)


class Guest:
    """The virtual machine of boot.sh: one disk, booted as often as a test likes."""

    def __init__(self, work: Path, name: str = 'run'):
        self.work, self.name, self.folder = work, name, work / name
        self.share = self.folder / 'share'

    def boot_sh(self, command: str, **environment: str):
        subprocess.run([HERE / 'boot.sh', command, self.work, self.name], check=True, env={**os.environ, **environment}, timeout=90)

    def start(self, **environment: str):
        """Powers on. What lies in `share` is seen in the guest under /mnt/share."""
        self.share.mkdir(parents=True, exist_ok=True)
        self.boot_sh('start', SHARE=str(self.share), **environment)

    def ready(self):
        """Waits for the end of the boot and for a powered controller: the dongle must be plugged in by then. Asked anew each
        time, since `is-system-running --wait` and bluetoothctl can wait for ever when they start at the wrong moment."""
        agent.run(str(self.folder / 'agent.sock'), 'true', patience=300)
        wait('the guest has booted', lambda: self.run('systemctl is-system-running', False, 20).strip() in ('running', 'degraded'), 240)
        self.run('mkdir -p /mnt/share; mount -t 9p -o trans=virtio,version=9p2000.L,ro share /mnt/share')
        adapter = '/org/bluez/hci0 org.bluez.Adapter1 Powered'
        wait('a powered controller', lambda: 'b true' in self.run(
            f'busctl --timeout=5 set-property org.bluez {adapter} b true; busctl --timeout=5 get-property org.bluez {adapter}', False, 20), 60)

    def run(self, script: str, check: bool = True, timeout: float = 60) -> str:
        """Runs a bash script as root; its output. With `check`, a status other than 0 fails the test."""
        status, output = agent.run(str(self.folder / 'agent.sock'), script, timeout)
        text = output.decode(errors='replace')
        if check and status:
            raise AssertionError(f'status {status} of: {script}\n{text}')
        return text

    def fetch(self, path: str) -> bytes:
        """The content of a file of the guest."""
        return gzip.decompress(base64.b64decode(self.run(f'gzip -1c {shlex.quote(path)} | base64 -w0', timeout=120)))

    def write(self, path: str, content: str):
        """Writes a file in the guest, and the folders above it."""
        coded = base64.b64encode(content.encode()).decode()
        self.run(f'mkdir -p "$(dirname {shlex.quote(path)})"; base64 -d > {shlex.quote(path)} <<< {coded}')

    def characteristics(self) -> dict[tuple[str, str], tuple[str, dict]]:
        """BlueZ's GATT objects: (address, 16-bit UUID) -> object path, properties."""
        answer = json.loads(self.run('busctl --json=short call org.bluez / org.freedesktop.DBus.ObjectManager GetManagedObjects'))
        found = {}
        for path, interfaces in answer['data'][0].items():
            if 'org.bluez.GattCharacteristic1' in interfaces:
                properties = {name: value['data'] for name, value in interfaces['org.bluez.GattCharacteristic1'].items()}
                address = path.split('/')[4].removeprefix('dev_').replace('_', ':')
                found[address, properties['UUID'][4:8].upper()] = (path, properties)
        return found

    def witness(self) -> list[witness.Value | witness.Edge]:
        """Everything that was written into /dev/vhci so far, also in earlier boots of this disk."""
        return witness.read(self.fetch('/var/lib/vm-witness/trace'))

    def boottime(self) -> float:
        """CLOCK_BOOTTIME of the guest in seconds: the witness's clock."""
        return float(self.run("python3 -SEc 'import time; print(time.clock_gettime(time.CLOCK_BOOTTIME))'"))

    def kill(self):
        self.boot_sh('kill')

    def fresh(self):
        """Throws the disk and what was shared away."""
        self.boot_sh('kill')
        self.boot_sh('fresh')
        shutil.rmtree(self.share, ignore_errors=True)


class Peripherals:
    """The program of peripherals.py, and its control socket."""

    def __init__(self, guest: Guest):
        self.folder = guest.folder
        self.log = open(self.folder / 'peripherals.log', 'w')
        self.process = subprocess.Popen(
            [sys.executable, HERE / 'peripherals.py', 'hci.sock', 'control.sock'],
            cwd=self.folder, stdin=subprocess.PIPE, stdout=self.log, stderr=subprocess.STDOUT)
        wait('peripherals.py says that it is ready', self.is_ready, 30, 0.1)
        self.connection = agent.connect(str(self.folder / 'control.sock'), 30)
        self.lines = self.connection.makefile('rwb')

    def is_ready(self) -> bool:
        assert self.process.poll() is None, (self.folder / 'peripherals.log').read_text()
        return 'ready' in (self.folder / 'peripherals.log').read_text()

    def do(self, command: str, who: str | None = None, **arguments) -> dict:
        """Carries out a command of peripherals.py; its answer."""
        request = {'do': command, **({'who': who} if who else {}), **arguments}
        self.lines.write(json.dumps(request).encode() + b'\n')
        self.lines.flush()
        answer = json.loads(self.lines.readline())
        assert answer['ok'], f'{request}: {answer["error"]}'
        return answer

    def table(self) -> dict[str, dict[int, str]]:
        """The witness's key: for each address, attribute handle -> characteristic."""
        answer = self.do('table')['table']
        return {address: {int(handle): uuid for handle, uuid in table.items()} for address, table in answer.items()}

    def close(self):
        self.lines.close()
        self.connection.close()
        self.process.stdin.close()
        self.process.wait(10)
        self.log.close()


class BluetoothCtl:
    """A bluetoothctl of the guest that stays alive between commands: scans and subscriptions end with it."""

    def __init__(self, guest: Guest):
        self.guest = guest
        guest.run('''
            rm -f /run/btctl.in /run/btctl.out; mkfifo /run/btctl.in
            systemd-run -q --unit=btctl --collect bash -c \
              'exec 3<> /run/btctl.in; exec bluetoothctl --agent NoInputNoOutput <&3 > /run/btctl.out 2>&1' ''')
        self.expect('Agent registered')

    def output(self) -> str:
        return self.guest.run('cat /run/btctl.out', check=False)

    def say(self, line: str):
        self.guest.run(f'echo {shlex.quote(line)} > /run/btctl.in')

    def expect(self, text: str, seconds: float = 30):
        wait(f'bluetoothctl says {text!r}', lambda: text in self.output(), seconds)

    def close(self):
        self.guest.run('systemctl stop btctl', check=False)
