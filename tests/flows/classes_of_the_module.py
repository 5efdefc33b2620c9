# expect: {"status": "ENDED_SUCCESS", "output": {"x": 1, "y": [2, 3], "pickled": true, "colour": "RED", "hint": "int"}}
from __future__ import annotations

import dataclasses
import enum
import pickle
import typing


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Point:
    x: int
    y: list[int] = dataclasses.field(default_factory=list)


class Pair(typing.NamedTuple):
    left: int
    right: int


def handler(system, this, inputs):
    point = Point(1, [2, 3])
    back = pickle.loads(pickle.dumps([point, Colour.RED, Pair(1, 2)]))
    return {
        **dataclasses.asdict(point),
        'pickled': back == [point, Colour.RED, (1, 2)],
        'colour': back[1].name,
        'hint': typing.get_type_hints(Point)['x'].__name__,
    }
