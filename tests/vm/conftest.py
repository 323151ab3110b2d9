"""One boot for all scenarios; their figures as plain lines at the end of the run."""
import os
from pathlib import Path

import pytest

from vm import HERE, Guest, Peripherals

FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config):
    config.stash[FIGURES] = []


@pytest.fixture
def figure(request):
    """`figure(name, value, unit)`: a figure of the run."""
    def add(name: str, value, unit: str = ''):
        text = f'{value:.2f}' if isinstance(value, float) else str(value)
        request.config.stash[FIGURES].append(f'{name}: {text} {unit}'.rstrip())
    return add


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash[FIGURES]:
        terminalreporter.write_line(line)


@pytest.fixture(scope='session')
def machine():
    """The guest, booted once from a fresh disk, and its peripherals; all of them are switched off at first.

    VM_WORK names the folder that build-image.sh filled (work/ beside this file).
    """
    guest = Guest(Path(os.environ.get('VM_WORK', HERE / 'work')).resolve())
    assert (guest.work / 'base.img').exists(), f'no image in {guest.work}: run {HERE}/build-image.sh {guest.work}'
    guest.fresh()
    guest.start()
    peripherals = None
    try:
        peripherals = Peripherals(guest)
        peripherals.do('plug')
        guest.ready()
        yield guest, peripherals
    finally:
        keep_evidence(guest)
        if peripherals:
            peripherals.close()
        guest.kill()


def keep_evidence(guest: Guest):
    """The guest's journal, beside console.log and peripherals.log: what a failure is explained from."""
    try:
        (guest.folder / 'journal.log').write_text(guest.run('journalctl -o short-monotonic --no-pager', timeout=60))
    except Exception as error:  # the guest may have died: then its console says more
        (guest.folder / 'journal.log').write_text(f'no journal: {error}\n')
