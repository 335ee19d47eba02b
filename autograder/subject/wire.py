"""Messages between examiner and subject: MessagePack with arrays, which cannot execute anything.

A message is its length (4 bytes, big-endian) and one MessagePack object of plain data and arrays.
"""

from __future__ import annotations

import math
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np

LARGEST_MESSAGE = 32 * 2**20
"""Bytes; a longer message ends the conversation."""
MOST_ITEMS = 2**16
"""Entries of one list or dictionary: a short message of many would take much memory."""

_ARRAY = 1
_LENGTH = struct.Struct(">I")
_DTYPES = frozenset(
    ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
)


class WireError(Exception):
    """The other side is gone, or what it sent is not a message."""


class NoMessage(WireError):
    """What the other side sent is not a message."""


def send(connection: socket.socket, message: Any) -> None:
    """Sends one message.

    Args:
        connection: Connected stream socket.
        message: Plain data and NumPy arrays of the common numeric types.

    Raises:
        WireError: It is too long, or the other side is gone.
        TimeoutError: The other side does not take it within the socket's time-out.
    """
    payload = pack(message)
    if len(payload) > LARGEST_MESSAGE:
        raise WireError(f"a message of {len(payload)} bytes is over the limit")
    try:
        connection.sendall(_LENGTH.pack(len(payload)) + payload)
    except TimeoutError:
        raise
    except OSError as error:
        raise WireError(f"the other side is gone ({error})") from error


def receive(connection: socket.socket, seconds: float | Callable[[], float] | None = None) -> Any:
    """Receives one message.

    Args:
        connection: Connected stream socket.
        seconds: How long the whole message may take, however it drips in, or what says how many
            seconds are left; by default for ever.

    Raises:
        WireError: The other side is gone; as `NoMessage` if what it sent is none.
        TimeoutError: It took longer.
    """
    left = _countdown(seconds) if isinstance(seconds, (int, float)) else seconds
    (length,) = _LENGTH.unpack(_read(connection, _LENGTH.size, left))
    if length > LARGEST_MESSAGE:
        raise NoMessage(f"a message of {length} bytes is over the limit")
    try:
        return unpack(_read(connection, length, left))
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise NoMessage(f"what came is not a message ({error})") from error


def pack(value: Any) -> bytes:
    """Plain data and arrays as bytes."""
    return bytes(msgpack.packb(value, default=_pack, unicode_errors="surrogatepass"))


def unpack(data: bytes) -> Any:
    """The inverse of `pack`; tuples come back as lists."""
    return msgpack.unpackb(
        data,
        ext_hook=_unpack,
        strict_map_key=True,
        unicode_errors="surrogatepass",
        max_array_len=MOST_ITEMS,
        max_map_len=MOST_ITEMS,
    )


def _countdown(seconds: float) -> Callable[[], float]:
    deadline = time.monotonic() + seconds
    return lambda: deadline - time.monotonic()


def _read(connection: socket.socket, size: int, left: Callable[[], float] | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        if left is not None:
            seconds = left()
            if seconds <= 0:
                raise TimeoutError
            connection.settimeout(seconds)
        try:
            part = connection.recv(min(size - len(parts), 2**20))
        except TimeoutError:
            if left is None:  # it is the socket's own
                raise
            continue  # more may be left by now
        except OSError as error:
            raise WireError(f"the other side is gone ({error})") from error
        if not part:
            raise WireError("the other side is gone")
        parts += part
    return bytes(parts)


def _pack(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.name not in _DTYPES:
            raise TypeError(f"arrays of {array.dtype.name} do not cross")
        header = [array.dtype.name, list(array.shape), array.tobytes()]
        return msgpack.ExtType(_ARRAY, msgpack.packb(header))
    raise TypeError(f"{type(value).__name__} does not cross")


def _unpack(code: int, data: bytes) -> np.ndarray:
    if code != _ARRAY:
        raise ValueError(f"unknown extension {code}")
    name, shape, content = msgpack.unpackb(data)
    if name not in _DTYPES:
        raise ValueError(f"unknown array type {name}")
    if math.prod(max(length, 1) for length in shape) > LARGEST_MESSAGE:
        raise ValueError("an array without elements and of a huge shape")
    return np.frombuffer(content, dtype=name).reshape(shape)
