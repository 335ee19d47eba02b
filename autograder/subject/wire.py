"""Messages between examiner and subject: MessagePack with arrays, which cannot execute anything.

A message is its length (4 bytes, big-endian) and one MessagePack object of plain data and arrays.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import msgpack
import numpy as np

LARGEST_MESSAGE = 64 * 2**20
"""Bytes; a longer message ends the conversation."""

_ARRAY = 1
_LENGTH = struct.Struct(">I")
_DTYPES = frozenset(
    ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
)


class WireError(Exception):
    """The other side is gone, or what it sent is not a message."""


def send(connection: socket.socket, message: Any) -> None:
    """Sends one message.

    Args:
        connection: Connected stream socket.
        message: Plain data and NumPy arrays of the common numeric types.

    Raises:
        WireError: It is too long, or the other side is gone.
    """
    payload = pack(message)
    if len(payload) > LARGEST_MESSAGE:
        raise WireError(f"a message of {len(payload)} bytes is over the limit")
    try:
        connection.sendall(_LENGTH.pack(len(payload)) + payload)
    except OSError as error:
        raise WireError(f"the other side is gone ({error})") from error


def receive(connection: socket.socket) -> Any:
    """Receives one message.

    Raises:
        WireError: The other side is gone, or what it sent is not a message.
        TimeoutError: Nothing came within the socket's time-out.
    """
    (length,) = _LENGTH.unpack(_read(connection, _LENGTH.size))
    if length > LARGEST_MESSAGE:
        raise WireError(f"a message of {length} bytes is over the limit")
    try:
        return unpack(_read(connection, length))
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise WireError(f"what came is not a message ({error})") from error


def pack(value: Any) -> bytes:
    """Plain data and arrays as bytes."""
    return bytes(msgpack.packb(value, default=_pack, unicode_errors="surrogatepass"))


def unpack(data: bytes) -> Any:
    """The inverse of `pack`; tuples come back as lists."""
    return msgpack.unpackb(
        data, ext_hook=_unpack, strict_map_key=True, unicode_errors="surrogatepass"
    )


def _read(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = connection.recv(min(size - len(parts), 2**20))
        except TimeoutError:
            raise
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
    return np.frombuffer(content, dtype=name).reshape(shape)
