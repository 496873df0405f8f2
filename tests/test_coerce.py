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
        (Type.TEXT, "x", "x", S),
        (Type.TEXT, "", "", S),
        (Type.TEXT, 0, "0", C),
        (Type.TEXT, True, "true", C),
        (Type.TEXT, "\ud800", "?", C),
        (Type.TEXT, {"a": 1}, None, R),
        (Type.TEXT, ["a"], None, R),
        (Type.WHOLE, 40, 40, S),
        (Type.WHOLE, "40", 40, C),
        (Type.WHOLE, " -7 ", -7, C),
        (Type.WHOLE, 40.0, 40, C),
        (Type.WHOLE, 40.5, None, R),
        (Type.WHOLE, "abc", None, R),
        (Type.WHOLE, "", None, R),
        (Type.WHOLE, True, None, R),
        (Type.WHOLE, 2**63 - 1, 2**63 - 1, S),
        (Type.WHOLE, 2**63, None, R),
        (Type.WHOLE, "99999999999999999999", None, R),
        (Type.FLAG, False, False, S),
        (Type.FLAG, "true", True, C),
        (Type.FLAG, "False", False, C),
        (Type.FLAG, 1, True, C),
        (Type.FLAG, 0, False, C),
        (Type.FLAG, 2, None, R),
        (Type.FLAG, "yes", None, R),
        (Type.FLAG, [], None, R),
        (Type.INSTANT, "2020-02-05T12:00:00.209782", datetime(2020, 2, 5, 12, 0, 0, 209782), S),
        (Type.INSTANT, "2020-02-05T12:00:00", NOON, S),
        (Type.INSTANT, "2020-02-05T12:00:00.0000001", NOON, C),
        (Type.INSTANT, "2020-02-05 12:00:00", NOON, S),
        (Type.INSTANT, "2020-02-05T12:00:00Z", NOON, S),
        (Type.INSTANT, "2020-02-05T12:00:00.114+00:00", datetime(2020, 2, 5, 12, 0, 0, 114000), S),
        (Type.INSTANT, "2020-02-05T20:00:00+08:00", NOON, S),
        (Type.INSTANT, "2020-02-05T04:00:00-0800", NOON, S),
        (Type.INSTANT, "2020-02-05", datetime(2020, 2, 5), C),
        (Type.INSTANT, "", None, R),
        (Type.INSTANT, "yesterday", None, R),
        (Type.INSTANT, "2020-02-30T00:00:00", None, R),
        (Type.INSTANT, "0001-01-01T00:00:00+08:00", None, R),
        (Type.INSTANT, "2020-W05-1", None, R),
        (Type.INSTANT, 1580904000, None, R),
        (Type.TEXTS, ["a", "b"], ["a", "b"], S),
        (Type.TEXTS, [], [], S),
        (Type.TEXTS, [{"image_id": "a"}], ["a"], S),
        (Type.TEXTS, [{"image_id": "a", "more": 1}], None, R),
        (Type.TEXTS, ["a", None], None, R),
        (Type.TEXTS, "a", None, R),
        (Type.JSON, {"a": [1, "é"]}, '{"a":[1,"é"]}', S),
        (Type.JSON, "a", '"a"', S),
    ],
)  # fmt: skip
def test_a_value_becomes_its_columns_type_or_is_refused(kind: Type, sent: Any, kept: Any, how: Fit) -> None:
    assert fitter(kind)(sent) == (kept, how)
