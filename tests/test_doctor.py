"""`course doctor`: every line has a state and, where something is amiss, what to do."""

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from course_lib import doctor


def test_this_machine_can_run_the_course(capsys):
    assert doctor.report(as_json=True) == 0
    findings = json.loads(capsys.readouterr().out)
    assert [finding["name"] for finding in findings][:3] == ["python", "torch", "device"]
    assert all(finding["state"] in ("ok", "warn") for finding in findings)


def test_the_table_has_a_line_for_each(capsys):
    doctor.report()
    table = capsys.readouterr().out
    assert all(finding.name in table for finding in doctor.examine())


def test_without_torch_it_says_what_to_do(monkeypatch, capsys):
    real = doctor.version

    def version(name):
        if name == "torch":
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", version)
    assert doctor.report(as_json=True) == 1
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings["torch"]["advice"] == "Run `make env`."
    assert findings["device"]["state"] == "warn"


def test_a_broken_torch_is_a_problem():
    code = "import sys; sys.modules['torch'] = None; from course_lib.doctor import report; "
    child = subprocess.run(
        [sys.executable, "-c", code + "sys.exit(report())"], capture_output=True, text=True
    )
    assert child.returncode == 1
    assert "PROBLEM" in child.stdout
    assert "Traceback" not in child.stdout + child.stderr


def test_without_a_temporary_folder_torch_is_not_blamed(monkeypatch):
    def none():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(doctor.tempfile, "gettempdir", none)
    monkeypatch.setitem(sys.modules, "torch", None)
    findings = {finding.name: finding for finding in doctor.examine()}
    assert "set TMPDIR" in findings["temporary"].advice
    assert findings["torch"].state == findings["temporary"].state == "problem"
    assert "make clean" not in findings["torch"].advice


def test_a_home_that_cannot_be_written_is_said(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(doctor.Path, "home", lambda: tmp_path / "file")
    assert (doctor._home().state, "set HOME" in doctor._home().advice) == ("warn", True)


@pytest.mark.parametrize("columns", [8, 20, 59, 60, 100])
def test_at_any_width_nothing_is_cut(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    advice = "Free at least 1 GB before training lessons."
    doctor._print_table([doctor.Finding("disk", "warn", "0.5 GB free here", advice)])
    lines = capsys.readouterr().out.splitlines()
    letters = "".join("".join(lines).split())
    assert max(map(len, lines)) <= max(columns, 8)
    assert "…" not in letters
    if columns < doctor.NARROW:
        assert advice.replace(" ", "") in letters


@pytest.mark.parametrize(("found", "state"), [("2.10.1", "problem"), ("2.11.0+cpu", "ok")])
def test_an_old_torch_is_a_problem(monkeypatch, found, state):
    monkeypatch.setattr(doctor, "version", lambda _: found)
    assert doctor._torch().state == state


@pytest.mark.parametrize(("version", "state"), [((3, 10), "problem"), ((3, 14), "problem")])
def test_another_python_is_a_problem(monkeypatch, version, state):
    monkeypatch.setattr(doctor.sys, "version_info", (*version, 0))
    assert doctor._python().state == state


@pytest.mark.parametrize(("free", "state"), [(1e8, "problem"), (5e8, "warn"), (5e9, "ok")])
def test_little_disk_is_said(monkeypatch, free, state):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("U", (), {"free": free}))
    assert doctor._disk().state == state


def test_a_look_that_fails_is_a_warning(monkeypatch):
    def broken():
        raise RuntimeError("no such thing")

    finding = doctor._look(broken)
    assert (finding.state, "no such thing" in finding.advice) == ("warn", True)


def test_the_device_report_is_the_same_twice():
    assert doctor.device_report() == doctor.device_report()
    assert doctor.device_report().startswith("python ")
