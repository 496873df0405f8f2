from datetime import datetime
from typing import Any

import pytest

from pipelines.contract.columns import Type
from pipelines.normalize.coerce import Fit, fitter

S, C, R = Fit.AS_SENT, Fit.COERCED, Fit.REFUSED
NOON = datetime(2020, 2, 5, 12)


@pytest.mark.parametrize(
    ("kind", "sent", "kept", "how"),
    [
        (Type.STRING, "x", "x", S),
        (Type.STRING, "", "", S),
        (Type.STRING, 0, "0", C),
        (Type.STRING, True, "true", C),
        (Type.STRING, "\ud800", "?", C),
        (Type.STRING, {"a": 1}, None, R),
        (Type.STRING, ["a"], None, R),
        (Type.INTEGER, 40, 40, S),
        (Type.INTEGER, "40", 40, C),
        (Type.INTEGER, " -7 ", -7, C),
        (Type.INTEGER, 40.0, 40, C),
        (Type.INTEGER, 40.5, None, R),
        (Type.INTEGER, "abc", None, R),
        (Type.INTEGER, "", None, R),
        (Type.INTEGER, True, None, R),
        (Type.INTEGER, 2**63 - 1, 2**63 - 1, S),
        (Type.INTEGER, 2**63, None, R),
        (Type.INTEGER, "99999999999999999999", None, R),
        (Type.BOOLEAN, False, False, S),
        (Type.BOOLEAN, "true", True, C),
        (Type.BOOLEAN, "False", False, C),
        (Type.BOOLEAN, 1, True, C),
        (Type.BOOLEAN, 0, False, C),
        (Type.BOOLEAN, 2, None, R),
        (Type.BOOLEAN, "yes", None, R),
        (Type.BOOLEAN, [], None, R),
        (Type.TIMESTAMP, "2020-02-05T12:00:00.209782", datetime(2020, 2, 5, 12, 0, 0, 209782), S),
        (Type.TIMESTAMP, "2020-02-05T12:00:00", NOON, S),
        (Type.TIMESTAMP, "2020-02-05T12:00:00.0000001", NOON, C),
        (Type.TIMESTAMP, "2020-02-05 12:00:00", NOON, S),
        (Type.TIMESTAMP, "2020-02-05T12:00:00Z", NOON, S),
        (Type.TIMESTAMP, "2020-02-05T12:00:00.114+00:00", datetime(2020, 2, 5, 12, 0, 0, 114000), S),
        (Type.TIMESTAMP, "2020-02-05T20:00:00+08:00", NOON, S),
        (Type.TIMESTAMP, "2020-02-05T04:00:00-0800", NOON, S),
        (Type.TIMESTAMP, "2020-02-05", datetime(2020, 2, 5), C),
        (Type.TIMESTAMP, "", None, R),
        (Type.TIMESTAMP, "yesterday", None, R),
        (Type.TIMESTAMP, "2020-02-30T00:00:00", None, R),
        (Type.TIMESTAMP, "0001-01-01T00:00:00+08:00", None, R),
        (Type.TIMESTAMP, "2020-W05-1", None, R),
        (Type.TIMESTAMP, 1580904000, None, R),
        (Type.STRINGS, ["a", "b"], ["a", "b"], S),
        (Type.STRINGS, [], [], S),
        (Type.STRINGS, [{"image_id": "a"}], ["a"], S),
        (Type.STRINGS, [{"image_id": "a", "more": 1}], None, R),
        (Type.STRINGS, ["a", None], None, R),
        (Type.STRINGS, "a", None, R),
        (Type.JSON, {"a": [1, "é"]}, '{"a":[1,"é"]}', S),
        (Type.JSON, "a", '"a"', S),
    ],
)  # fmt: skip
def test_a_value_becomes_its_columns_type_or_is_refused(kind: Type, sent: Any, kept: Any, how: Fit) -> None:
    assert fitter(kind)(sent) == (kept, how)
