"""What needs more than this machine has is left out with a word, and does not break the run of all."""

import os
import sys
from types import ModuleType

import pytest

from benchmarks import read_replica, worker_hosts


@pytest.fixture(autouse=True)
def no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["script"])
    monkeypatch.delenv("BENCHMARK_FIGURES", raising=False)


def left_out(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_hosts_without_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert left_out(worker_hosts, capsys) == "Left out: hosts are made by root on Linux alone.\n"


@pytest.mark.parametrize("script", [worker_hosts, read_replica])
def test_servers_without_their_programs(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(script, "has_programs_of_postgresql", lambda: False)
    assert left_out(script, capsys).startswith("Left out: ")
