"""The set-up hangs together: ranges, lock, conda; small files; light imports; scripts that run."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
EXTRAS = PROJECT["optional-dependencies"].values()
DIRECT = [*PROJECT["dependencies"], *(wanted for extra in EXTRAS for wanted in extra)]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def entries() -> dict[str, str]:
    """Each locked package's name and its lines."""
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK)[1:]
    return {normal(re.split(r"[=\[ ]", block)[0]): block for block in blocks}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("wanted", DIRECT)
def test_a_direct_dependency_is_locked_within_its_range(wanted):
    requirement = Requirement(wanted)
    block = entries()[normal(requirement.name)]
    locked = re.search(r"==([^ ;\\]+)", block).group(1)
    assert requirement.specifier.contains(locked, prereleases=True)


def test_every_locked_package_has_hashes():
    bare = [name for name, block in entries().items() if "--hash=sha256:" not in block]
    assert bare == []


def test_the_lock_names_no_address():
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted| @ ", LOCK)


def test_conda_installs_the_same_list():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, listed = conda["dependencies"]
    assert python == f"python {PROJECT['requires-python']}"
    assert (pip, listed["pip"][0]) == ("pip", "--requirement requirements.txt")


def test_the_build_backend_is_locked():
    backend = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert {Requirement(wanted).name for wanted in backend["requires"]} <= entries().keys()


def test_the_installer_reads_uv_from_the_lock():
    script = "import sys; sys.path.insert(0, 'tools'); import install; print(install.locked('uv'))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("uv==")
    assert done.stdout.count("==") == 1
    assert "--hash=sha256:" in done.stdout


def test_the_installer_is_written_for_any_python():
    """An old Python must reach the message that says which one is due."""
    source = (ROOT / "tools" / "install.py").read_text(encoding="utf-8")
    assert ast.parse(source, feature_version=(3, 8))


def test_no_file_is_large():
    large = {p.name: p.stat().st_size for p in tracked() if p.stat().st_size > 500_000}
    assert large == {}


def test_no_notebook_is_large():
    limits = {"notebooks": 60_000, "solutions": 400_000}
    large = [
        path.name
        for path in tracked()
        if path.suffix == ".ipynb" and path.stat().st_size > limits.get(path.parent.name, 400_000)
    ]
    assert large == []


def test_importing_the_course_imports_nothing_heavy():
    heavy = ["torch", "numpy", "matplotlib", "IPython", "ipywidgets", "torchvision", "scipy"]
    code = f"import sys, course_lib; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_mechanisms_import_torch_einops_and_jaxtyping_alone():
    allowed = {"torch", "einops", "jaxtyping", "course_lib", *sys.stdlib_module_names}
    found = set()
    for path in (ROOT / "course_lib" / "attention").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
    assert found <= allowed


def test_nothing_imports_notebooks_or_solutions():
    pattern = re.compile(r"^\s*(from|import) (notebooks|solutions)\b", re.MULTILINE)
    found = [
        p.name for p in (ROOT / "course_lib").rglob("*.py") if pattern.search(p.read_text("utf-8"))
    ]
    assert found == []


def test_the_readme_is_short():
    words = (ROOT / "README.md").read_text(encoding="utf-8").split()
    assert 0 < len(words) <= 500


def test_learners_copies_are_notebooks():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert json.loads(path.read_text(encoding="utf-8"))["nbformat"] == 4
