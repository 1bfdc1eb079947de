"""Chance that is a pure function: numbers drawn from keys, not from a generator with a state.

Each deal and each project has a 64-bit key; every property is drawn from that key and the property's name. So the
deals of one window do not depend on which others were made before, on the order, or on the process.
What the properties mean does not belong here.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
Days = npt.NDArray[np.datetime64]
Mask = npt.NDArray[np.bool_]

# The constants of SplitMix64, whose mixing passes the usual tests of randomness.
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def mixed(keys: Keys, salt: str | Ints) -> Keys:
    """New keys from `keys` and a name, or from `keys` and a number for each."""
    if isinstance(salt, str):
        word = np.full(1, zlib.crc32(salt.encode()) + 1, dtype=np.uint64)
    else:
        word = salt.astype(np.uint64) + np.uint64(1)
    z = keys + _GAMMA * word  # unsigned arithmetic on arrays wraps around silently, as wanted
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


def keys(seed: int, stream: str, count: int) -> Keys:
    """The keys of the `count` members of a stream."""
    start = mixed(np.full(1, seed % 2**63, dtype=np.uint64), stream)
    return mixed(np.repeat(start, count), np.arange(count, dtype=np.int64))


def unit(keys: Keys, salt: str) -> Floats:
    """Even draws from [0, 1)."""
    return (mixed(keys, salt) >> np.uint64(11)).astype(np.float64) / 2.0**53


def below(keys: Keys, salt: str, count: int | Ints) -> Ints:
    """Even draws of whole numbers from 0 up to, not including, `count`."""
    return (unit(keys, salt) * count).astype(np.int64)


def weighted(keys: Keys, salt: str, weights: Sequence[float]) -> Ints:
    """Draws of an index, each as likely as its weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], unit(keys, salt), side="right").clip(max=len(weights) - 1)


def normal(keys: Keys, salt: str) -> Floats:
    """Draws from the standard normal distribution."""
    radius = np.sqrt(-2.0 * np.log1p(-unit(keys, salt + "/radius")))
    return radius * np.cos(2.0 * np.pi * unit(keys, salt + "/angle"))


def texts(words: Sequence[str]) -> Texts:
    """An array of texts to look up in, or to join with others by `+`."""
    array = np.empty(len(words), dtype=object)
    array[:] = list(words)
    return array


NUMERALS = texts([str(number) for number in range(2000)])
"""Whole numbers as texts, by looking up: far quicker than formatting each."""


def number_texts(numbers: Ints) -> Texts:
    return numbers.astype("U12").astype(object)


def decimal_texts(hundredths: Ints) -> Texts:
    """Areas as MOI writes them, with one or two decimals: `12.0`, `75.85`."""
    return texts([repr(number) for number in (hundredths / 100.0).tolist()])
