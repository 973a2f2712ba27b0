"""Lines between the grader and the worker: what was sent comes back, and nothing else gets through."""

import base64
import io
import json
import pickle

import numpy as np
import pytest

from minisft.grading.wire import decode, encode


def line(*arrays: bytes) -> bytes:
    return json.dumps({"arrays": [base64.b64encode(array).decode() for array in arrays]}).encode()


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.array([True, False]),
        np.array(3),
        np.zeros((0, 4), np.float32),
        np.array([1j]),
    ],
)
def test_what_was_sent_comes_back(array) -> None:
    message, arrays = decode(encode({"answers": [1, None, "x"]}, [array]))
    assert message == {"answers": [1, None, "x"]}
    np.testing.assert_array_equal(arrays[0], array, strict=True)


class Evil:
    def __reduce__(self):
        return print, ("unpickled",)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"garbage", b"[]", b"7", b'{"no": "arrays"}', b'{"arrays": 7}', b'{"arrays": ["%"]}', b"[" * 100_000,
        line(pickle.dumps(Evil())), line(npy(np.array([Evil()]), allow_pickle=True)), line(b"\x93NUMPY\x01\x00"),
        line(npy(np.zeros(3))[:-1]), line(npy(np.zeros(3)) + b"more"), line(npy(np.array(["text"]))),
        line(npy(np.zeros(3)).replace(b"(3,), }         ", b"(3333333333,), }")),
        line(npy(np.zeros(3, dtype=[("a", "f8")]))),
    ],
)  # fmt: skip
def test_anything_else_is_refused(data, capsys) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any message)
        decode(data)
    assert capsys.readouterr().out == ""
