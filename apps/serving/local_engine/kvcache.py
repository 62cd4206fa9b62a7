"""A key/value cache in which sequences of different lengths generate together.

Every row holds one sequence from column 0 on; a row that is shorter than the longest is padded at its end and masked
there. Nothing moves when a sequence joins, and one row moves when one leaves.
"""

from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin, DynamicCache

FIRST_COLUMNS = 128
# An idle engine gives large buffers back.
KEPT_COLUMNS = 1024


class Rows:
    """How long each row is, shared by all layers."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.rows = torch.empty(0, dtype=torch.long)
        self.columns = torch.empty(0, dtype=torch.long)
        self.span = 0  # columns in use during the current step

    def begin_step(self, device: torch.device) -> torch.Tensor:
        """Positions of the tokens to come, [rows, 1]; they are counted from here on."""
        self.rows = torch.arange(len(self.lengths), device=device)
        self.columns = torch.tensor(self.lengths, device=device)
        self.lengths = [length + 1 for length in self.lengths]
        self.span = max(self.lengths)
        return self.columns[:, None]

    def mask(self, device: torch.device) -> torch.Tensor:
        """[rows, span], true where a row holds a token of its own."""
        return torch.arange(self.span, device=device) <= self.columns[:, None]


class SlotLayer(CacheLayerMixin):
    """keys, values: [rows, heads, columns, head dimension], grown by doubling."""

    is_sliding = False
    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, shared: Rows) -> None:
        super().__init__()
        self.shared = shared

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.keys, self.values = _room(key_states, 0, 0), _room(value_states, 0, 0)
        self.is_initialized = True

    def adopt(self, row: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Take over a sequence's keys and values, [1, heads, length, head dimension], as row `row`."""
        if not self.is_initialized:
            self.lazy_initialization(keys, values)
        length = keys.shape[2]
        self._grow(row + 1, length)
        self.keys[row, :, :length], self.values[row, :, :length] = keys[0], values[0]

    def move(self, source: int, target: int, length: int) -> None:
        for buffer in (self.keys, self.values):
            buffer[target, :, :length] = buffer[source, :, :length]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """key_states, value_states: [rows, heads, 1, head dimension], one new token for every row."""
        shared = self.shared
        self._grow(len(shared.lengths), shared.span)
        self.keys[shared.rows, :, shared.columns] = key_states[:, :, 0]
        self.values[shared.rows, :, shared.columns] = value_states[:, :, 0]
        count = len(shared.lengths)
        return self.keys[:count, :, : shared.span], self.values[:count, :, : shared.span]

    def release(self) -> None:
        self.keys, self.values = _room(self.keys, 0, 0), _room(self.values, 0, 0)

    def get_seq_length(self) -> int:
        return self.shared.span - 1

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.shared.span, 0

    def get_max_length(self) -> int:
        return -1

    def _grow(self, rows: int, columns: int) -> None:
        held_rows, _, held_columns, _ = self.keys.shape
        if rows <= held_rows and columns <= held_columns:
            return
        rows = held_rows if rows <= held_rows else max(rows, 2 * held_rows)
        columns = held_columns if columns <= held_columns else max(columns, 2 * held_columns, FIRST_COLUMNS)
        self.keys, self.values = _moved(self.keys, rows, columns), _moved(self.values, rows, columns)


def _room(like: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    # Zeros, since what stands behind a row's end is masked but still multiplied: it must not be NaN.
    return like.new_zeros((rows, like.shape[1], columns, like.shape[3]))


def _moved(held: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    room = _room(held, rows, columns)
    room[: held.shape[0], :, : held.shape[2]] = held
    return room


class SlotCache(Cache):
    """The rows of all layers of one model."""

    def __init__(self, layers: int) -> None:
        self.shared = Rows()
        self.slots = [SlotLayer(self.shared) for _ in range(layers)]
        super().__init__(layers=list(self.slots))

    def adopt(self, cache: DynamicCache, length: int) -> None:
        """Add a prefilled sequence of `length` tokens, given in a cache of its own, as the last row."""
        row = len(self.shared.lengths)
        for slot, (keys, values, _) in zip(self.slots, cache, strict=True):
            slot.adopt(row, keys, values)
        self.shared.lengths.append(length)

    def drop(self, row: int) -> None:
        """Remove row `row`; the last row takes its place."""
        lengths = self.shared.lengths
        last = len(lengths) - 1
        if row != last:
            for slot in self.slots:
                slot.move(last, row, lengths[last])
        lengths[row] = lengths[last]
        lengths.pop()
        if not lengths and self.slots[0].keys.shape[2] > KEPT_COLUMNS:
            for slot in self.slots:
                slot.release()
