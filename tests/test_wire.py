"""`wire`: arrays and plain data cross; nothing else does, and nothing is executed."""

import pickle
import socket
import struct
import threading
import time
from pathlib import Path

import msgpack
import numpy as np
import pytest

from autograder.subject import wire

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    one.settimeout(5)
    other.settimeout(5)
    with one, other:
        yield one, other


def framed(payload):
    return struct.pack(">I", len(payload)) + payload


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 4), (3,), (2, 3, 1)])
def test_arrays_cross_bit_for_bit(dtype, shape):
    array = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape).astype(dtype)
    found = wire.unpack(wire.pack(array))
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()


def test_nan_and_infinity_cross():
    array = np.array([np.nan, np.inf, -np.inf, -0.0], np.float32)
    assert wire.unpack(wire.pack(array)).tobytes() == array.tobytes()


def test_arrays_that_are_not_contiguous_cross():
    array = np.arange(12).reshape(3, 4).T[::2]
    assert np.array_equal(wire.unpack(wire.pack(array)), array)


def test_plain_data_crosses():
    data = {"a": [1, -2, 0.5, None, True, "ü"], "b": {"c": b"bytes"}}
    assert wire.unpack(wire.pack(data)) == data


def test_tuples_come_back_as_lists():
    assert wire.unpack(wire.pack((1, (2,)))) == [1, [2]]


@pytest.mark.parametrize(
    "value",
    [np.array(["text"]), np.array([1j]), np.array([{}], object), {1, 2}, object(), print],
    ids=["text", "complex", "objects", "set", "object", "function"],
)
def test_nothing_else_crosses(value):
    with pytest.raises(TypeError, match=r"(does|do) not cross"):
        wire.pack(value)


def test_messages_arrive_in_order(pair):
    one, other = pair
    for number in range(3):
        wire.send(one, {"number": number})
    assert [wire.receive(other)["number"] for _ in range(3)] == [0, 1, 2]


def test_a_message_in_pieces_arrives(pair):
    one, other = pair
    data = framed(wire.pack({"x": 1}))
    for byte in data:
        one.sendall(bytes([byte]))
    assert wire.receive(other) == {"x": 1}


def test_a_message_that_is_too_long_is_not_sent(pair, monkeypatch):
    monkeypatch.setattr(wire, "LARGEST_MESSAGE", 100)
    with pytest.raises(wire.WireError, match="over the limit"):
        wire.send(pair[0], "x" * 200)


def test_a_length_over_the_limit_is_refused_unread(pair):
    one, other = pair
    one.sendall(struct.pack(">I", wire.LARGEST_MESSAGE + 1))
    with pytest.raises(wire.WireError, match="over the limit"):
        wire.receive(other)


def test_the_other_side_is_gone(pair):
    pair[0].close()
    with pytest.raises(wire.WireError, match="gone"):
        wire.receive(pair[1])


@pytest.mark.parametrize("kept", [0, 1, 4, 5, 9])
def test_a_truncated_message_is_an_error(pair, kept):
    one, other = pair
    one.sendall(framed(wire.pack({"a": "text", "b": 1}))[:kept])
    one.close()
    with pytest.raises(wire.WireError, match="gone"):
        wire.receive(other)


def test_a_message_that_drips_is_a_timeout(pair):
    one, other = pair
    one.sendall(struct.pack(">I", 1000))

    def drip():
        for _ in range(50):
            one.sendall(b"x")
            time.sleep(0.01)

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(TimeoutError):
        wire.receive(other, 0.1)
    thread.join()


def test_silence_is_a_timeout(pair):
    pair[1].settimeout(0.01)
    with pytest.raises(TimeoutError):
        wire.receive(pair[1])


def test_time_that_is_given_later_counts(pair):
    one, other = pair
    given = iter([0.01, 0.01, 0.01])

    def left():
        seconds = next(given, 8.0)
        if seconds == 8.0:
            wire.send(one, "late")
        return seconds

    assert wire.receive(other, left) == "late"


def extension(*header, code=1):
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(list(header))))


GARBAGE = {
    "nothing": b"",
    "reserved byte": b"\xc1",
    "half a map": b"\x81\xa1a",
    "more than one": b"\x01\x02",
    "text that is not UTF-8": b"\xa2\xff\xfe",
    "a number as a key": msgpack.packb({1: 2}),
    "random": bytes(range(128, 256)),
    "deep": b"\x91" * 5000 + b"\x01",
    "unknown extension": extension("float32", [1], b"1234", code=7),
    "unknown dtype": extension("object", [1], b"12345678"),
    "dtype of another kind": extension(["float32"], [1], b"1234"),
    "header too short": extension("float32", [1]),
    "header no list": msgpack.packb(msgpack.ExtType(1, msgpack.packb(5))),
    "too few bytes": extension("float32", [2], b"1234"),
    "too many bytes": extension("float32", [1], b"12345678"),
    "bytes that do not fit the type": extension("float32", [1], b"12345"),
    "no bytes": extension("float32", [1], None),
    "huge shape": extension("float32", [2**62, 2**62], b"1234"),
    "shape over 64 bits": extension("float32", [2**64 - 1], b"1234"),
    "shape of text": extension("float32", "ab", b"1234"),
    "shape of fractions": extension("float32", [1.5], b"1234"),
    "huge shape without elements": extension("float32", [2**40, 0], b""),
    "a list that is too long": msgpack.packb([None] * (wire.MOST_ITEMS + 1)),
    "rank over 64": extension("float32", [1] * 100, b"1234"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_an_error_and_nothing_else(pair, name):
    one, other = pair
    one.sendall(framed(GARBAGE[name]))
    with pytest.raises(wire.WireError, match="not a message"):
        wire.receive(other)


class Mine:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_not_executed(pair, tmp_path):
    one, other = pair
    path = tmp_path / "executed"
    payload = pickle.dumps(Mine(path))
    one.sendall(framed(payload))
    with pytest.raises(wire.WireError):
        wire.receive(other)
    assert not path.exists()
    pickle.loads(payload)  # it would have been
    assert path.exists()


def test_a_pickled_array_is_not_executed(pair, tmp_path):
    one, other = pair
    path = tmp_path / "executed"
    one.sendall(framed(extension("O", [1], pickle.dumps(Mine(path)))))
    with pytest.raises(wire.WireError):
        wire.receive(other)
    assert not path.exists()


def test_an_object_that_pickles_does_not_cross(tmp_path):
    with pytest.raises(TypeError):
        wire.pack({"x": Mine(tmp_path / "executed")})


def test_received_arrays_do_not_own_what_others_could_change(pair):
    one, other = pair
    wire.send(one, np.ones(3))
    assert not wire.receive(other).flags.writeable
