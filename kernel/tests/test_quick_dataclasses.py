"""Records behave as the dataclasses do that type checkers take them for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from typing import ClassVar

import pytest

from aetherflow.kernel.quick_dataclasses import dataclass, field, field_names, replace

pytestmark = pytest.mark.unit


@dataclass(frozen=True, slots=True)
class Point:
    """A record whose values have places."""

    kind: ClassVar[str] = "point"
    across: int
    down: int = 0
    names: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    at: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Below(Base):
    name = "below"
    more: int


@dataclass(frozen=True, slots=True, order=True)
class Step:
    number: int


@dataclass(slots=True)
class Counter:
    count: int = 0


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


def test_values_come_by_place_by_name_and_by_default():
    point = Point(1, down=2)
    assert (point.across, point.down, point.names) == (1, 2, {})
    assert Point(1).names is not Point(1).names
    assert Below(at=1.0, more=2) == Below(more=2, at=1.0, note="")
    assert Point.kind == "point"
    assert Below.name == "below"


@pytest.mark.parametrize(
    "make",
    [
        Point,
        lambda: Point(1, across=1),
        lambda: Point(1, 2, {}, 4),
        lambda: Point(1, wrong=2),
        lambda: Below(1.0, 2),
        lambda: Below(at=1.0),
        lambda: Nothing(1),
    ],
)
def test_wrong_values_are_a_type_error(make):
    with pytest.raises(TypeError):
        make()


def test_a_frozen_record_stays_as_it_is_and_has_no_other_attributes():
    point = Point(1)
    for name in ("across", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(point, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.across
    assert not hasattr(point, "__dict__")
    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
    with pytest.raises(AttributeError):
        counter.other = 1
    with pytest.raises(TypeError):
        hash(counter)


def test_equality_hash_and_order_go_by_class_and_compared_values():
    assert Point(1, 2, {"a": "b"}) == Point(1, 2)
    assert hash(Point(1, 2, {"a": "b"})) == hash(Point(1, 2))
    assert Point(1) != Point(2)
    assert Step(1) != Nothing()
    assert Nothing() == Nothing()
    assert sorted([Step(2), Step(1)]) == [Step(1), Step(2)]
    with pytest.raises(TypeError):
        assert Step(1) < Point(1)


def test_what_is_shown_is_what_may_be_shown():
    assert repr(Point(1, 2, {"secret": "x"})) == "Point(across=1, down=2)"


def test_replace_makes_another_record():
    point = Point(1, 2)
    assert replace(point, down=3) == Point(1, 3)
    assert dataclasses.replace(point, down=3) == Point(1, 3)
    assert point == Point(1, 2)


def test_copies_and_pickles_are_equal():
    below = Below(at=1.0, more=2)
    assert copy.copy(below) == copy.deepcopy(below) == pickle.loads(pickle.dumps(below)) == below  # noqa: S301 - made a moment ago


def test_dataclasses_takes_it_for_one_of_its_own():
    below = Below(at=1.0, more=2)
    assert dataclasses.is_dataclass(below)
    assert [found.name for found in dataclasses.fields(Below)] == list(field_names(Below)) == ["at", "note", "more"]
    assert dataclasses.asdict(below) == {"at": 1.0, "note": "", "more": 2}

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Stranger(Below):
        own: str

    assert Stranger(at=1.0, more=2, own="x").own == "x"


def test_patterns_match_by_place_and_by_name():
    match Point(1, 2):
        case Point(across, down):
            assert (across, down) == (1, 2)
        case _:
            pytest.fail("no match")


def test_other_kinds_are_refused():
    with pytest.raises(TypeError, match="slots"):
        dataclass(slots=False)
