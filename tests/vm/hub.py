"""The product in the guest: installed as a person would, with its own unit, and driven through rehabctl."""
import json
import os
import re
import shutil
from pathlib import Path

from vm import HERE, Guest, wait

REPOSITORY = HERE.parent.parent
FOLDER = '/etc/rehab-hub'


class Hub:
    """rehab-hubd and rehabctl, built on the host and run in the guest."""

    def __init__(self, guest: Guest):
        self.guest = guest

    def install(self):
        """Binaries from $HUB_BIN (target/release of this repository unless it is set), everything else from systemd/."""
        binaries = Path(os.environ.get('HUB_BIN', REPOSITORY / 'target/release'))
        share = self.guest.share / 'hub'
        shutil.rmtree(share, ignore_errors=True)
        shutil.copytree(REPOSITORY / 'systemd', share)
        for name in ('rehab-hubd', 'rehabctl'):
            assert (binaries / name).exists(), f'no {name} in {binaries}: run cargo build --release, or set HUB_BIN'
            shutil.copy2(binaries / name, share)
        self.guest.run('''
            set -e; cd /mnt/share/hub
            systemctl stop rehab-hub 2> /dev/null || true
            rm -rf /var/lib/rehab-hub /etc/rehab-hub
            install -m 755 rehab-hubd rehabctl /usr/bin/
            install -D -m 644 rehab-hub.sysusers /usr/lib/sysusers.d/rehab-hub.conf
            install -D -m 644 rehab-hub.tmpfiles /usr/lib/tmpfiles.d/rehab-hub.conf
            install -D -m 644 rehab-hub.catalog /usr/lib/systemd/catalog/rehab-hub.catalog
            install -D -m 644 rehab-hub.service /usr/lib/systemd/system/rehab-hub.service
            for drop in bluetooth.service.d/*; do install -D -m 644 $drop /usr/lib/systemd/system/$drop; done
            systemd-sysusers; systemd-tmpfiles --create rehab-hub.conf; journalctl --update-catalog
            systemctl daemon-reload''')

    def configure(self, config: str, plan: str):
        """Writes hub.toml and plan.toml, readable for the daemon, and lets the product check them."""
        self.guest.write(f'{FOLDER}/hub.toml', config)
        self.guest.write(f'{FOLDER}/plan.toml', plan)
        self.guest.run(f'cd {FOLDER}; chgrp rehab-hub *.toml; chmod 640 *.toml; rehabctl config check hub.toml')

    def start(self):
        """Returns when the unit says READY=1."""
        self.guest.run('systemctl start rehab-hub || { journalctl -u rehab-hub -n 30 --no-pager; exit 1; }', timeout=130)

    def stop(self) -> float:
        """A clean stop; its seconds."""
        text = self.guest.run('''read -r from _ < /proc/uptime; systemctl stop rehab-hub; read -r to _ < /proc/uptime
            systemctl show -P Result rehab-hub; echo "$from $to"''')
        result, times = text.split('\n')[:2]
        assert result == 'success', f'systemctl stop ended with {result}'
        began, ended = map(float, times.split())
        return ended - began

    def ctl(self, arguments: str, check: bool = True, timeout: float = 150) -> str:
        return self.guest.run(f'rehabctl {arguments}', check, timeout)

    def status(self) -> dict:
        return json.loads(self.ctl('status --json'))

    def settle(self, packets: int, seconds: float = 90):
        """Waits until the hub took at least so many packets of its sensors, the far side acknowledged all that is in the log,
        and a second look shows the same."""
        looks = [None]

        def settled():
            status = self.status()
            taken = sum(counts['packets'] for counts in status['ingest']['sensors'].values())
            looks.append((taken, status['store']['acked'], status['store']['last']))
            return looks[-1] == looks[-2] and taken >= packets and looks[-1][1] == looks[-1][2]
        try:
            wait(f'{packets} packets taken, all acknowledged', settled, seconds, 0.5)
        except AssertionError as error:
            raise AssertionError(f'{error}; status: {json.dumps(self.status())}') from None

    def resident_kb(self) -> int:
        """VmRSS of the daemon."""
        return int(self.guest.run('grep VmRSS /proc/$(systemctl show -P MainPID rehab-hub)/status').split()[1])

    def journal(self) -> list[dict]:
        """What the unit wrote, with its fields."""
        text = self.guest.run('journalctl --sync; journalctl -u rehab-hub -o json --no-pager --output-fields='
                              'MESSAGE,MESSAGE_ID,HUB_SENSOR,PRIORITY,_COMM', timeout=60)
        return [json.loads(line) for line in text.splitlines() if line.startswith('{')]

    def journal_text(self) -> str:
        """Every field of every entry that the daemon itself wrote."""
        return self.guest.run('journalctl _SYSTEMD_UNIT=rehab-hub.service -o export --no-pager')


def events() -> dict[str, str]:
    """MESSAGE_ID -> name, from every events.rs under src/."""
    text = ''.join(path.read_text() for path in sorted(REPOSITORY.glob('src/**/events.rs')))
    return {identifier: name for name, identifier in re.findall(r'(\w+)(?:: &str)? = "([0-9a-f]{32})"', text)}


def catalogue() -> set[str]:
    """The MESSAGE_IDs that systemd/rehab-hub.catalog explains."""
    return set(re.findall('^-- ([0-9a-f]{32})', (REPOSITORY / 'systemd/rehab-hub.catalog').read_text(), re.M))
