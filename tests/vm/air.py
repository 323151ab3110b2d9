"""The air between Bumble's controllers: repairs of Bumble 0.0.236's link, and radio silence on command."""
import asyncio

from bumble import hci
from bumble.controller import Controller
from bumble.core import PhysicalTransport
from bumble.hci import Address
from bumble.link import LocalLink
from bumble.transport import open_transport

SUPERVISION_TIMEOUT_S = 0.72      # what both ends wait before they call a silent link lost
CONNECTION_TIMEOUT = 0x08         # HCI error code, Core 5.4, Vol 1, Part F


class Air(LocalLink):
    """A LocalLink on which a controller can fall silent: it is neither heard nor hears, as if carried out of range."""

    def __init__(self):
        super().__init__()
        self.silent: set[Controller] = set()

    def send_acl_data(self, sender_controller, destination_address, transport, data):
        # Bumble names an LE sender by its current random address, but BlueZ connects from its public one and sets a
        # throw-away random address while scanning: use the address that the connection was made with.
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection and receiver in self.controllers and not self.silent & {sender_controller, receiver}:
            asyncio.get_running_loop().call_soon(
                receiver.on_link_acl_data, connection.self_address, PhysicalTransport.LE, data)

    def send_advertising_pdu(self, sender_controller, packet):
        if sender_controller in self.silent:
            return
        for controller in self.controllers - self.silent - {sender_controller}:
            asyncio.get_running_loop().call_soon(controller.on_ll_advertising_pdu, packet)

    def send_ll_control_pdu(self, sender_address, receiver_address, packet):
        ends = {self.find_le_controller(sender_address), self.find_le_controller(receiver_address)}
        if None not in ends and not ends & self.silent:
            super().send_ll_control_pdu(sender_address, receiver_address, packet)

    async def fall_silent(self, controller: Controller):
        """Silences a controller; every link of it is lost to both ends once the supervision timeout has passed."""
        self.silent.add(controller)
        await asyncio.sleep(SUPERVISION_TIMEOUT_S)
        drop_links(self, controller)


def drop_links(air: Air, controller: Controller):
    """Tells both ends of every link of `controller` that it was lost."""
    for connection in list(controller.le_connections.values()):
        peer = air.find_le_controller(connection.peer_address)
        back = peer and peer.le_connections.get(connection.self_address)
        controller.on_le_disconnected(connection, CONNECTION_TIMEOUT)
        if back:
            peer.on_le_disconnected(back, CONNECTION_TIMEOUT)


class Dongle:
    """The radio of the guest: a controller whose host is the guest's kernel, at the other end of a QEMU socket."""

    ADDRESS = Address('F0:F0:F0:F0:F0:F0', Address.PUBLIC_DEVICE_ADDRESS)

    def __init__(self, air: Air, path: str):
        self.air, self.path = air, path
        self.transport = self.controller = None

    async def plug(self):
        """Appears in the guest."""
        if self.controller:
            raise ValueError('the dongle is plugged in already')
        self.transport = await open_transport(f'unix:{self.path}')
        self.controller = Controller(
            'dongle', host_source=self.transport.source, host_sink=self.transport.sink, link=self.air)
        # Bumble claims LL Privacy but sends the plain Connection Complete event: Linux then waits 4 s after every connect
        # for the enhanced one, and a Disconnect leaves the link up.
        self.controller.le_features &= ~(hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING)
        self.controller.public_address = self.ADDRESS

    async def unplug(self):
        """Is pulled out, or its guest lost power: the links are lost to the far ends."""
        if not self.controller:
            raise ValueError('the dongle is not plugged in')
        drop_links(self.air, self.controller)
        self.air.remove_controller(self.controller)
        self.controller = None
        await self.transport.close()
