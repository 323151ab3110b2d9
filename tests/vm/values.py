"""Notification values in the real layouts; every one carries the count `n`, so that no two of a run are equal.

Battery Level has no room for one: it falls by 1 % a notification from 99 to 1 and starts again; 100 is what a read gives.
"""
import struct


def heart_rate(n: int) -> bytes:
    """2A37 (Heart Rate Service 1.0, 3.1): contact, Energy Expended = n; 8 and 16 bits, 0 to 2 RR intervals."""
    rate = 60 + n % 80
    intervals = [61440 // rate, 61440 // rate - 7][:n % 3]
    wide = n % 5 == 0
    flags = 0x06 | 0x08 | (0x10 if intervals else 0) | int(wide)
    return struct.pack('<BHH' if wide else '<BBH', flags, rate, n & 0xffff) + struct.pack(f'<{len(intervals)}H', *intervals)


def indoor_bike(n: int) -> bytes:
    """2AD2 (FTMS 1.0, 4.9.1): speed, cadence, Total Distance = n, power; every tenth is a 'more data' part without speed."""
    distance = n.to_bytes(3, 'little')
    if n % 10 == 9:
        return struct.pack('<H', 0x0811) + distance + struct.pack('<H', n & 0xffff)
    return struct.pack('<HHH', 0x0054, 1800 + n % 700, 120 + n % 60) + distance + struct.pack('<h', 60 + n % 140)


def csc(n: int) -> bytes:
    """2A5B (CSC Service 1.0, 3.1): wheel revolutions = n, crank revolutions, event times in 1/1024 s."""
    return struct.pack('<BIHHH', 0x03, n, n * 256 & 0xffff, n // 2 & 0xffff, n * 256 & 0xffff)


def battery(n: int) -> bytes:
    """2A19: percent."""
    return bytes([99 - n % 99])


BATTERY_READ = bytes([100])
