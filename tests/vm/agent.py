"""Runs scripts in the guest, through the virtio port that guest/vm-agent listens on.

usage: agent.py AGENT.SOCK TIMEOUT < SCRIPT     prints the script's output, exits with its status
"""
import base64
import os
import socket
import sys
import time


class AgentError(Exception):
    """The guest went away, or did not answer in time."""


def connect(path: str, timeout: float) -> socket.socket:
    """A connection to a unix socket, however long its path is; tries for 10 s, since QEMU may still be starting."""
    deadline = time.monotonic() + 10
    while True:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        folder = None
        try:
            folder = os.open(os.path.dirname(path) or '.', os.O_PATH)
            connection.connect(f'/proc/self/fd/{folder}/{os.path.basename(path)}')
            return connection
        except OSError as error:
            connection.close()
            if time.monotonic() > deadline:
                raise AgentError(f'{path}: {error}') from error
            time.sleep(0.05)
        finally:
            if folder is not None:
                os.close(folder)


def run(path: str, script: str, timeout: float = 120, patience: float = 60) -> tuple[int, bytes]:
    """Exit status and output (both streams) of a bash script that root ran in the guest. After `timeout` seconds it is killed
    there, status 124; a guest that does not answer within `patience` after that raises AgentError."""
    with connect(path, timeout + patience) as connection:
        connection.sendall(b'%d %s\n' % (max(1, timeout), base64.b64encode(script.encode())))
        answer = bytearray()
        try:
            while not answer.endswith(b'\n'):
                piece = connection.recv(1 << 16)
                if not piece:
                    raise AgentError('the virtual machine went away')
                answer += piece
        except TimeoutError as error:
            raise AgentError(f'no answer from the guest within {timeout + patience:.0f} s: {script[:200]}') from error
    status, _, output = bytes(answer).partition(b' ')
    return int(status), base64.b64decode(output)


if __name__ == '__main__':
    try:
        code, text = run(sys.argv[1], sys.stdin.read(), float(sys.argv[2]))
    except AgentError as error:
        sys.exit(f'agent: {error}')
    sys.stdout.buffer.write(text)
    sys.exit(code)
