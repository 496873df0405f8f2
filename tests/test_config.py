from pathlib import Path

import pytest

from pipelines.config import Settings
from pipelines.errors import WarehouseError


def test_the_home_is_the_option_else_the_variable_else_a_folder_here() -> None:
    environ = {"CBR_HOME": "/from/variable"}
    assert Settings.load("/from/option", environ).home == Path("/from/option")
    assert Settings.load(None, environ).home == Path("/from/variable")
    assert Settings.load(None, {}).home == Path.cwd() / "cbr-home"


def test_clouds_are_names_with_commas_between_and_sandbox_by_default() -> None:
    assert Settings.load(None, {"CBR_CLOUDS": "a, b"}).clouds == ("a", "b")
    assert Settings.load(None, {}).clouds == ("sandbox",)


@pytest.mark.parametrize("text", ["", "a,,b", "a,a", ","])
def test_an_empty_or_repeated_name_is_a_problem(text: str) -> None:
    with pytest.raises(WarehouseError, match="CBR_CLOUDS"):
        Settings.load(None, {"CBR_CLOUDS": text})


@pytest.mark.parametrize("home", ["~nobody-of-this-name/x", "a?b", "a\\b", "\udcff", "n" * 256, "a/" * 2000])
def test_a_home_that_can_not_be_used_is_a_problem(home: str) -> None:
    with pytest.raises(WarehouseError, match="can't be used"):
        Settings.load(home, {})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CBR_CONCURRENCY", "0"),
        ("CBR_CONCURRENCY", "2.5"),
        ("CBR_REQUESTS_PER_SECOND", "fast"),
        ("CBR_REQUESTS_PER_SECOND", "inf"),
        ("CBR_RETRY_SECONDS", "-1"),
        ("CBR_RESUME_MINUTES", "nan"),
    ],
)
def test_a_number_that_is_none_is_a_problem(name: str, text: str) -> None:
    with pytest.raises(WarehouseError, match=f"{name}='{text}' is not"):
        Settings.load(None, {name: text})


def test_a_problem_is_one_line_whatever_it_quotes() -> None:
    assert str(WarehouseError("it\nbroke.\n", "mend\r\nit.")) == "it broke. mend it."
    assert str(WarehouseError("said X\x1b]0;pwn\x07", "y")) == "said X\\x1b]0;pwn\\x07. y"
