"""JSON lines files as Arrow streams of text, read line by line.

A column is there where any object names it; an object that does not has a null. Numbers keep their digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from aetherflow.kernel.api import StepError

#: No single line may be longer, in bytes; a batch ends when its lines are.
_LONGEST_LINE = 16 * 1024 * 1024
_BATCH_ROWS = 8192
#: As long as a whole number within 64 bits may be.
_LONGEST_INTEGER = len(str(-(2**63)))


class Number(str):
    """A number as it is written."""

    __slots__ = ()


Value = str | bool | None
Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class JsonLinesFile:
    """A file of one JSON object a line; `columns` are those of a file without a single object."""

    path: Path
    columns: tuple[str, ...] = ()

    def survey(self) -> dict[str, pa.DataType]:
        """The columns in the order in which they first come, each with the type that holds all its values exactly.

        Raises:
            StepError: a line is no object of plain values.
        """
        kinds: dict[str, set[str]] = {}
        is_empty = True
        for row, _ in self._rows():
            is_empty = False
            for name, value in row.items():
                found = kinds.setdefault(name, set())
                if "text" not in found:
                    found.add(_kind(value))
        if not kinds and self.columns:
            return dict.fromkeys(self.columns, pa.string())
        if not kinds and not is_empty:
            raise StepError(
                f"{self.path.name}: no object names a column",
                code="AF-SQL-EMPTY-SOURCE",
                help="say under types which columns there are",
            )
        return {name: _type_of(found - {"null"}) for name, found in kinds.items()}

    def stream(self, columns: list[str]) -> pa.RecordBatchReader:
        """All rows, each value as text or null."""
        schema = pa.schema([(name, pa.string()) for name in columns])
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema))

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        waiting: list[Row] = []
        size = 0
        for row, length in self._rows():
            waiting.append(row)
            size += length
            if len(waiting) == _BATCH_ROWS or size > _LONGEST_LINE:
                yield _batch(waiting, schema)
                waiting, size = [], 0
        if waiting:
            yield _batch(waiting, schema)

    # Lines

    def _rows(self) -> Iterator[tuple[Row, int]]:
        """Each object, and how long its line is."""
        with self.path.open("rb") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE + 1):
                number += 1
                if len(line) > _LONGEST_LINE:
                    raise self._unreadable(number, f"it is longer than {_LONGEST_LINE // 1024 // 1024} MiB")
                text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                if text.strip():
                    yield self._row(text, number), len(line)

    def _row(self, line: bytes, number: int) -> Row:
        try:
            row = _DECODER.decode(line.decode())
            # Half of a character may be spelt in JSON, and is no text.
            if b"\\ud" in line.lower():
                json.dumps(row, ensure_ascii=False).encode()
        except UnicodeError as error:
            raise self._unreadable(number, "it holds bytes or escapes that are no text in UTF-8") from error
        except _KeyTwiceError as error:
            raise self._unreadable(number, "its object has a key twice") from error
        except (ValueError, RecursionError) as error:
            raise self._unreadable(number, "it is no JSON") from error
        if not isinstance(row, dict):
            raise self._unreadable(number, "it is no JSON object")
        for name, value in row.items():
            if isinstance(value, (dict, list)):
                raise StepError(
                    f"{self.path.name}, line {number}, column {name!r}: an object or a list, which a table can't hold",
                    code="AF-SQL-UNSUPPORTED-TYPE",
                    help="leave the column out, or turn it into text before",
                )
        return row

    def _unreadable(self, line: int, reason: str) -> StepError:
        return StepError(
            f"{self.path.name}, line {line}: {reason}",
            code="AF-SQL-SOURCE",
            help="each line is one JSON object, in UTF-8",
        )


class _KeyTwiceError(Exception):
    """An object has a key twice, and it is not known which value was meant."""


def _object_of(pairs: list[tuple[str, Value]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise _KeyTwiceError
    return row


def _refuse_constant(constant: str) -> None:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object_of, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
)


def _batch(rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _text(value: Value) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


# Types


def _kind(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if not isinstance(value, Number):
        return "text"
    if value.removeprefix("-").isdigit():
        return _kind_of_integer(value)
    return "float" if _is_exact(value) else "long"


def _kind_of_integer(value: Number) -> str:
    """Whether it is a 64-bit number, and one that a float holds as well."""
    if len(value) > _LONGEST_INTEGER or not -(2**63) <= int(value) < 2**63:
        return "long"
    return "int" if int(float(value)) == int(value) else "precise int"


def _is_exact(value: Number) -> bool:
    number = float(value)
    return repr(number) == value or Decimal(repr(number)) == Decimal(value)


def _type_of(kinds: set[str]) -> pa.DataType:
    if kinds == {"bool"}:
        return pa.bool_()
    if kinds and kinds <= {"int", "precise int"}:
        return pa.int64()
    return pa.float64() if kinds and kinds <= {"int", "float"} else pa.string()
