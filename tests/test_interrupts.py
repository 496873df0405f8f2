"""Ctrl-C and SIGTERM: whatever a command does, it ends with one line and the exit code of its signal."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from pipelines.storage.connection import connect, interrupt_all, translate_interrupts
from pipelines.storage.home import Home
from tests.given import Landed, publish, server

ENDLESS = "SELECT count(*) FROM range(3000000000) AS t (a) WHERE a * a % 7 = 5"
QUERY = """
from pipelines.reports import query
opened = query.open_published
def open_and_say(path):
    print("working", flush=True)
    return opened(path)
query.open_published = open_and_say
"""
RUN = f"""
from pipelines.flow import build
def audit(connection, audits):
    print("working", flush=True)
    connection.execute({ENDLESS!r})
build.run_audits = audit
"""
AT_THE_END = """
import atexit, time
def linger():
    print("working", flush=True)
    time.sleep(60)
atexit.register(linger)
"""
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def interrupted(before: str, number: signal.Signals, *words: str) -> tuple[int, str]:
    """Run a command, send it a signal while it works, and return its exit code and its standard error."""
    script = f"import sys\n{before}\nsys.argv = ['cbr-warehouse', *{words!r}]\nfrom pipelines.cli import entry\nentry()"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"CBR_CLOUDS": "sandbox"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line == "working\n":
                break
        time.sleep(1)  # so that it is in the middle of it
        process.send_signal(number)
        _, output = process.communicate(timeout=60)
    return process.returncode, output


@SIGNALS
def test_a_query_that_is_interrupted_says_so(home: Home, number: signal.Signals) -> None:
    publish(home, Landed([server()]))
    output = interrupted(QUERY, number, "query", ENDLESS, "--home", str(home.path))
    assert output == (128 + number, "cbr-warehouse: interrupted\n")


@SIGNALS
def test_a_run_that_is_interrupted_while_it_builds_says_in_which_step(home: Home, number: signal.Signals) -> None:
    code, output = interrupted(RUN, number, "run", "--home", str(home.path))
    assert (code, output) == (
        128 + number,
        "cbr-warehouse: interrupted in step build. Run again: what was read is kept and continued.\n",
    )
    assert not list(home.path.glob("warehouse*"))


@SIGNALS
def test_a_signal_after_the_last_word_ends_without_a_trace(home: Home, number: signal.Signals) -> None:
    publish(home, Landed([server()]))
    output = interrupted(AT_THE_END, number, "query", "SELECT 1", "--home", str(home.path))
    assert output == (-number, "")


def test_a_query_that_another_thread_interrupts_ends_as_a_keyboard_interrupt() -> None:
    with connect() as connection:
        threading.Timer(0.5, interrupt_all).start()
        with pytest.raises(KeyboardInterrupt), translate_interrupts():
            connection.execute(ENDLESS)


def test_an_interrupt_whose_name_duckdb_drops_gets_it_back() -> None:
    with pytest.raises(KeyboardInterrupt), translate_interrupts():
        raise RuntimeError("Query interrupted")
