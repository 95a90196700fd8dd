"""The set-up hangs together: ranges and locks, small files, light imports, nobody's progress."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
TOML = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = TOML["project"]
LOCKS = sorted(ROOT.glob("requirements*.txt"))
EXTRAS = PROJECT["optional-dependencies"]
GROUPS = TOML["dependency-groups"]
WHOLE = "requirements-dev.txt"
#: What each lock is asked for.
ASKED = {
    "requirements.txt": [*PROJECT["dependencies"], *GROUPS["build"]],
    WHOLE: [*PROJECT["dependencies"], *GROUPS["build"], *chain(*EXTRAS.values())],
    "requirements-weights.txt": GROUPS["weights"],
    "requirements-uv.txt": GROUPS["uv"],
}
#: Packages that a learner has no use for.
TOOLS = set("dask hypothesis jupytext keras mypy nbgrader playwright ruff timm uv".split())
#: Learners' packages that no module of the course imports, and what for.
UNIMPORTED = {"jupyterlab": "the front end", "nbval": "runs notebooks", "transformers": "lesson 16"}
UNIMPORTED |= {"statsmodels": "data, by name"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> dict[str, str]:
    """Each locked package's name and its lines."""
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text(encoding="utf-8"))[1:]
    found: dict[str, str] = {}
    for block in blocks:
        name = normal(re.split(r"[=\[ ]", block)[0])
        found[name] = found.get(name, "") + block
    return found


def pins(block: str) -> dict[str, set[str]]:
    """The versions of a package, and the hashes of each."""
    parts = re.split(r"==([^ ;\\]+)(?=[^\n]*\\\n)", block)
    versions = zip(parts[1::2], parts[2::2], strict=True)
    return {version: set(re.findall(r"--hash=sha256:(\w+)", text)) for version, text in versions}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("lock", ASKED)
def test_what_is_asked_for_is_locked_within_its_range(lock):
    locked = entries(lock)
    for requirement in map(Requirement, ASKED[lock]):
        versions = pins(locked[normal(requirement.name)])
        assert versions
        assert all(requirement.specifier.contains(v, prereleases=True) for v in versions)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_hashes_and_no_address(lock):
    assert lock.name in ASKED
    bare = [name for name, block in entries(lock.name).items() if "--hash=sha256:" not in block]
    assert bare == []
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted| @ ", text)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-uv.txt"])
def test_the_locks_are_one_resolution(lock):
    whole = entries(WHOLE)
    for name, block in entries(lock).items():
        assert pins(block).items() <= pins(whole[name]).items(), name


def test_a_learner_gets_no_tools():
    assert not TOOLS & entries("requirements.txt").keys()
    assert entries(WHOLE).keys() >= TOOLS


def test_weights_bring_nothing_along():
    weights = {normal(Requirement(wanted).name) for wanted in GROUPS["weights"]}
    assert entries("requirements-weights.txt").keys() == weights
    assert not weights & entries(WHOLE).keys()
    assert "sentence-transformers" not in entries(WHOLE)


def test_a_learners_packages_are_those_that_the_course_imports():
    wanted = {Requirement(text).name for text in PROJECT["dependencies"]}
    sources = [*(ROOT / "course_lib").rglob("*.py"), *(ROOT / "solutions").glob("*.py")]
    text = "\n".join(p.read_text("utf-8") for p in sources if not {"grading"} & set(p.parts))
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))
    modules = {"pillow": "PIL", "scikit-learn": "sklearn"}
    named = {name: modules.get(name, name.replace("-", "_")) for name in wanted}
    unused = {name for name, module in named.items() if module not in imported}
    assert unused <= UNIMPORTED.keys()


def test_the_build_backend_is_locked():
    backend = {Requirement(wanted).name for wanted in TOML["build-system"]["requires"]}
    assert backend <= entries("requirements.txt").keys()


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


def test_tests_record_nowhere():
    assert os.environ["COURSE_PROGRESS"] == "off"


def test_tests_record_nowhere_even_where_a_learner_chose_a_folder(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", f"{__file__}::test_tests_record_nowhere"]
    chosen = {**os.environ, "COURSE_PROGRESS": str(tmp_path / "mine")}
    done = subprocess.run(command, cwd=ROOT, env=chosen, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_what_runs_lessons_in_bench_and_tools_records_nowhere():
    """A `Lesson`, the command line or JupyterLab would write into the user's own progress."""
    risky = re.compile(r'import Lesson\b|/course"|"-m", "pytest"')
    scripts = [*(ROOT / "bench").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
    found = [path for path in scripts if risky.search(path.read_text("utf-8"))]
    # The stages of `make test` take their variables from the file beside them.
    said = {path: path.with_name("network.py") for path in found if path.name == "stages.py"}
    texts = {path.name: said.get(path, path).read_text("utf-8") for path in found}
    loud = [name for name, text in texts.items() if "COURSE_PROGRESS" not in text]
    assert len(found) >= 3
    assert loud == []
