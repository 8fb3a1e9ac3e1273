"""Imports point one way, and importing the package costs and does nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "pirgan_tf"
COMPONENTS = ("gan", "users", "survey", "estimator", "data", "analysis")
# What each package may import beside itself and errors:
# sweep > stages > studies > components > the rest.
ALLOWED = {
    "files": set(),
    "cli": {"files"},
    "kernels": set(),
    "training": {"kernels", "files"},
    **{component: {"training", "kernels", "files"} for component in COMPONENTS},
    "survey": {"users", "files"},
    # The table of results names objectives, which it checks.
    "analysis": {"users", "training", "kernels", "files"},
    "studies": {*COMPONENTS, "training", "kernels", "files", "cli"},
    "benchmark": {*COMPONENTS, "training", "kernels", "files", "cli", "stages"},
    "stages": {*COMPONENTS, "training", "kernels", "files", "cli", "benchmark", "studies"},
    "sweep": {*COMPONENTS, "training", "kernels", "files", "cli", "stages"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("tensorflow", "keras", "tensorflow_probability", "tensorflow_datasets", "tf_keras")


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _imports(path: Path, *, module_level: bool = False) -> Iterator[str]:
    """Yields dotted names that a file imports; `from a import b` gives a.b, maybe a value."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _statements(tree) if module_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yields what runs on import: all but the bodies of functions and TYPE_CHECKING."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from _statements(child)


def test_every_package_has_its_place():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == set(ALLOWED)


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_one_way(package):
    allowed = {package, "errors", *ALLOWED[package]}
    files = sorted((PACKAGE / package).rglob("*.py"))
    assert files
    for path in files:
        for name in _imports(path):
            parts = name.split(".")
            if parts[0] == "pirgan_tf":
                assert len(parts) == 1 or parts[1] in allowed, f"{_name(path)} imports {name}"


@pytest.mark.parametrize("stub", sorted(PACKAGE.rglob("*.pyi")), ids=_name)
def test_what_a_component_offers_is_its_own(stub):
    for node in ast.walk(ast.parse(stub.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1, f"{_name(stub)} offers {ast.unparse(node)}"


def test_only_the_command_line_knows_flags():
    for path in MODULES:
        if path.parent != PACKAGE / "cli":
            absl = [name for name in _imports(path) if name.split(".")[0] == "absl"]
            assert not absl, f"{_name(path)} imports {absl}"


def test_users_and_data_load_tensorflow_only_when_called_but_for_impressions():
    loads = {
        _name(path)
        for component in ("users", "data")
        for path in (PACKAGE / component).rglob("*.py")
        if any(name.split(".")[0] in HEAVY for name in _imports(path, module_level=True))
    }
    assert loads <= {"users/impressions.py"}


def test_importing_everything_loads_no_tensorflow_parses_no_flags_and_writes_nothing(
    tmp_path, helpers
):
    names = ["pirgan_tf", *(f"pirgan_tf.{name}" for name in ALLOWED)]
    stages = [
        f"pirgan_tf.{folder}.{path.stem}"
        for folder in ("stages", "sweep")
        for path in (PACKAGE / folder).glob("[a-z]*.py")
    ]
    code = f"""
import importlib, sys
for name in {names + stages}:
    importlib.import_module(name)
print([name for name in {HEAVY} if name in sys.modules])
from absl import flags
print(flags.FLAGS.is_parsed())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "--no_such_flag"],
        cwd=tmp_path,
        env=helpers.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["[]", "False"]
    assert not list(tmp_path.iterdir())
