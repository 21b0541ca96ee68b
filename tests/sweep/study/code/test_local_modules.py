"""Modules beside a study run where their files are not."""

import pickle
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec
from pathlib import Path

import pytest

from sweep.study.code.local_modules import LocalModules, with_imports


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "studies"
    (folder / "layers_kit" / "deep").mkdir(parents=True)
    (folder / "no_init").mkdir()
    (folder / "layers_kit" / "__init__.py").write_text("from layers_kit.units import SIZE\n")
    (folder / "layers_kit" / "units.py").write_text("SIZE = 3\n")
    (folder / "layers_kit" / "deep" / "__init__.py").write_text("")
    (folder / "layers_kit" / "deep" / "net.py").write_text("from .. import units\nN = units.SIZE\n")
    (folder / "no_init" / "tricks.py").write_text("def fail():\n    raise OSError('no luck')\n")
    (folder / "unrelated.py").write_text("")
    path = folder / "carried_study.py"
    path.write_text("import layers_kit.deep.net\n\ndef train():\n    import no_init.tricks\n")
    return path


@pytest.fixture
def elsewhere(study: Path) -> Iterator[None]:
    """This process, as one that does not have the files."""
    modules = pickle.loads(pickle.dumps(LocalModules(str(study))))
    shutil.rmtree(study.parent)
    before, path = set(sys.modules), sys.path.copy()
    modules.install()
    yield
    sys.meta_path.remove(modules)
    sys.path[:] = path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.usefixtures("elsewhere")
def test_packages_and_what_their_init_imports_are_carried() -> None:
    import layers_kit.deep.net

    assert layers_kit.deep.net.N == layers_kit.SIZE == 3


@pytest.mark.usefixtures("elsewhere")
def test_modules_that_are_imported_late_and_folders_without_init_are_carried(study: Path) -> None:
    import no_init.tricks

    with pytest.raises(OSError, match="no luck") as caught:
        no_init.tricks.fail()
    last = caught.traceback[-1]
    assert str(last.path) == str(study.parent / "no_init" / "tricks.py")
    assert str(last.statement).strip() == "raise OSError('no luck')"


@pytest.mark.usefixtures("elsewhere")
def test_what_no_study_imports_and_what_is_no_module_stays_behind() -> None:
    import layers_kit

    with pytest.raises(ModuleNotFoundError):
        import unrelated  # noqa: F401
    with pytest.raises(OSError, match="expected the file of a carried module, got another one"):
        pkgutil.get_data(layers_kit.__name__, "table.csv")


def test_python_itself_comes_first(tmp_path: Path) -> None:
    (tmp_path / "time.py").write_text("raise SystemExit('shadowed')\n")
    study = tmp_path / "study.py"
    study.write_text("import time\n")
    code = "import pickle, sys; pickle.loads(sys.stdin.buffer.read()).install(); import time"
    command = [sys.executable, "-c", code]
    subprocess.run(command, input=pickle.dumps(LocalModules(str(study))), timeout=60, check=True)


def test_a_study_without_a_file_carries_nothing() -> None:
    assert LocalModules("").find_spec("os") is None


def test_a_module_that_does_not_parse_is_carried_and_its_imports_are_not_looked_for(
    study: Path,
) -> None:
    old = study.parent / "unrelated.py"
    old.write_text("import no_init.tricks\nprint 'old'\n")
    study.write_bytes(b"\xef\xbb\xbf# coding: utf-8\nif False:\n    import unrelated\n")
    assert with_imports(study) == {study, old}
    spec = LocalModules(str(study)).find_spec("unrelated")
    assert spec is not None
    with pytest.raises(SyntaxError, match="Missing parentheses"):
        spec.loader.exec_module(module_from_spec(spec))  # type: ignore[union-attr]
