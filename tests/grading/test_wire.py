"""Messages: what is sent arrives as it was, and nothing malformed gets in."""

import json
import socket
import time

import numpy as np
import pytest
import torch

from course_lib.checking.noise import generator
from course_lib.grading.sandbox import wire
from course_lib.grading.sandbox.functions import Packer, Unpacker
from course_lib.grading.sandbox.wire import Decoder, Encoder, WireError


def there_and_back(value, pack=None, unpack=None):
    """Encode a value, pass the header through JSON, and decode it."""
    encoder = Encoder(pack)
    header = json.loads(json.dumps(encoder.encode(value)))
    return Decoder(memoryview(b"".join(encoder.arrays)), unpack).decode(header)


def packed(value, tmp_path):
    """Send a value as the marker does, to where no module of the course is."""
    return there_and_back(value, Packer(tmp_path), Unpacker())


VALUES = [
    torch.arange(6, dtype=torch.float64).reshape(2, 3).T,
    torch.tensor(1.5, dtype=torch.bfloat16),
    torch.empty(0, 3),
    torch.tensor([True, False]),
    torch.ones(4, 3, dtype=torch.complex64)[::2, :1],
    np.arange(5, dtype=np.int32)[::-1],
    np.float32(2.5),
    (1, [2.5, None], {"a": True, 3: "x"}),
    float("nan"),
    float("-inf"),
    10**30,
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_arrive_as_they_were(value):
    found = there_and_back(value)
    assert type(found) is type(value) and repr(found) == repr(value)


def test_what_holds_no_numbers_allocates_none():
    assert there_and_back(torch.empty(10**6, 10**5, device="meta")).device.type == "meta"
    assert there_and_back(torch.eye(3).to_sparse()).layout is torch.sparse_coo


MALFORMED = [
    {"k": "tensor", "d": "float64", "s": [2], "n": 8},
    {"k": "tensor", "d": "float64", "s": [10**11], "n": 8 * 10**11},
    {"k": "tensor", "d": "float64", "s": [-1], "n": -8},
    {"k": "tensor", "d": "object", "s": [1], "n": 8},
    {"k": "array", "d": "O", "s": [1], "n": 8},
    {"k": "array", "d": "float64", "s": "x", "n": 8},
    {"k": "tensor", "d": "float64", "s": [True], "n": 8},
    {"k": "pickle", "v": "gASVAAAA"},
    {"k": "function", "code": "x"},
    {"k": "dict", "v": [[{"k": "list", "v": []}, 1]]},
    {"k": "int", "v": "9" * 10_000},
    {"k": "float", "v": "1"},
    {"k": 7},
    {},
    [],
]


@pytest.mark.parametrize("header", MALFORMED, ids=repr)
def test_malformed_values_are_refused(header):
    with pytest.raises(WireError):
        Decoder(memoryview(bytes(64))).decode(header)


def test_nesting_has_an_end():
    header = 1
    for _ in range(100):
        header = {"k": "list", "v": [header]}
    with pytest.raises(WireError, match="too deep"):
        Decoder(memoryview(b"")).decode(header)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (wire.LENGTHS.pack(1 << 30, 0), "too large"),
        (wire.LENGTHS.pack(4, 0) + b"oops", "not JSON"),
        (wire.LENGTHS.pack(4, 9) + b"null", "ended"),
        (b"", "ended"),
    ],
)
def test_what_is_no_message_is_told_so(sent, said):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(WireError, match=said):
            wire.receive(ours, until=time.monotonic() + 5)


# ---------------------------------------------------------------- what the marker alone sends


def test_functions_arrive_without_their_names(tmp_path):
    scale = torch.tensor(3.0)

    def times_three(x, more=2):
        return helper(x) * scale + more

    found = packed(times_three, tmp_path)
    assert found.__name__ == "given" and found(torch.tensor(1.0)) == 5.0
    assert "times_three" not in repr(found.__code__)
    assert packed(torch.relu, tmp_path) is torch.relu


def helper(x):
    return x + torch.zeros(())


class Scale(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([2.0]))
        self.tied = self.weight
        self.weight.grad = torch.tensor([5.0])

    @property
    def twice(self):
        return self.weight * 2

    def forward(self, x):
        return x * self.weight


def test_objects_arrive_with_their_methods_and_parameters(tmp_path):
    found = packed((Scale(), generator(3)), tmp_path)
    module, source = found
    assert module(torch.ones(1)) == 2.0 and module.twice == 4.0
    assert module.tied is module.weight and module.weight.grad == 5.0
    assert source.standard_normal() == generator(3).standard_normal()


def test_what_cannot_be_sent_is_named(tmp_path):
    with pytest.raises(TypeError, match="socket"):
        packed(socket.socket.__new__(socket.socket), tmp_path)
