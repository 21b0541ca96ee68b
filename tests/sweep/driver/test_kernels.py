"""A deterministic study trains on one kernel, on all slots and in all calls."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import sweep
from sweep.checkpoints.local import LocalCheckpoints
from sweep.cli.main import main
from sweep.driver.ledger import open_ledger
from sweep.driver.loop import Driver
from sweep.driver.options import Options
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.records import TrialRecord
from sweep.trials.worker import Kernel, Worker
from sweep.workers.pool import InlinePool
from sweep.workers.process import kernel_check
from sweep.workers.process.kernel import kernel

MakeStudy = Callable[..., sweep.Study]
HASWELL = Kernel("OpenBLAS", "0.3.31", "Haswell", "X86_V3")
SKYLAKE = Kernel("OpenBLAS", "0.3.31", "SkylakeX", "X86_V4")


class PoolOf(InlinePool):
    """A slot in this process that moves from machine to machine, each of which has a kernel."""

    def __init__(self, study: sweep.Study, kernels: list[Kernel]) -> None:
        super().__init__(study, None, blas_threads=1)
        self._kernels = kernels

    def worker(self, slot: int) -> Worker:
        kernel = self._kernels[0]
        return Worker("node", slot, 1, kernel)

    def release(self, slot: int) -> None:
        super().release(slot)
        self._kernels = [*self._kernels[1:], self._kernels[0]]


Drive = Callable[..., list[TrialRecord]]


@pytest.fixture
def drive(tmp_path: Path) -> Drive:
    """Drives a study on kernels in turn; returns what the database holds then."""

    def call(study: sweep.Study, *kernels: Kernel, **options: bool | str) -> list[TrialRecord]:
        with closing(Database(SQLiteFile(tmp_path / "sweep.db"))) as database:
            table = database.ensure(study.name, minimize=True, attributes={})
            ledger = open_ledger(study, table, LocalCheckpoints(tmp_path, study.name))
            driver = Driver(study, ledger, Options(**options), lambda *_: None)
            with closing(PoolOf(study, list(kernels))) as pool:
                driver.run(pool)
            return table.trials()

    return call


def kernels(records: list[TrialRecord]) -> list[Kernel | None]:
    return [record.worker.kernel for record in records if record.worker]


def test_slots_of_different_kernels_are_refused(make_study: MakeStudy, drive: Drive) -> None:
    study = make_study(deterministic=True)
    with pytest.raises(sweep.RunError, match="expected the kernel of the other slots, OpenBLAS"):
        drive(study, HASWELL, SKYLAKE)
    assert kernels(drive(study, HASWELL)) == [HASWELL] * 6


def test_a_run_goes_back_to_the_kernel_of_its_trials_or_accepts_another(
    make_study: MakeStudy, drive: Drive
) -> None:
    first = drive(make_study(deterministic=True, trials=2), HASWELL)
    study = make_study(deterministic=True, trials=4)
    with pytest.raises(sweep.RunError, match="expected the kernel of the latest trial, OpenBLAS"):
        drive(study, SKYLAKE)
    then = drive(study, SKYLAKE, accept_changes=True)
    assert kernels(then) == [HASWELL, HASWELL, SKYLAKE, SKYLAKE]
    assert then[:2] == first
    assert kernels(drive(make_study(deterministic=True), SKYLAKE))[4:] == [SKYLAKE, SKYLAKE]


def test_parameters_are_drawn_as_when_the_run_began_unless_that_is_accepted(
    make_study: MakeStudy, inline: Callable[..., sweep.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    inline(make_study(deterministic=True, trials=2))
    here = replace(kernel(), simd="OTHER")
    monkeypatch.setattr(kernel_check, "kernel", lambda: here)
    inline(make_study(deterministic=True, trials=2))  # there is nothing to draw
    study = make_study(deterministic=True, trials=3)
    message = rf"drawn with NumPy {kernel().simd}, as when the run began, got NumPy OTHER in this"
    with pytest.raises(sweep.RunError, match=message):
        inline(study)
    assert len(inline(study, accept_changes=True).records) == 3


def test_other_studies_take_any_kernel_unless_one_is_asked_for(
    make_study: MakeStudy, drive: Drive
) -> None:
    assert kernels(drive(make_study(), HASWELL, SKYLAKE)) == [HASWELL, SKYLAKE] * 3
    with pytest.raises(sweep.OptionError, match="--blas-kernel Haswell: expected a kernel that"):
        drive(make_study(trials=8), SKYLAKE, blas_kernel="Haswell")


def test_a_kernel_that_comes_too_late_is_refused_before_anything_is_written(
    study_file: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kernel_check, "kernel", lambda: SKYLAKE)
    words = ["run", str(study_file()), "--pool", "inline", "--blas-kernel"]
    assert main([*words, "Haswell"]) == 2
    assert "run OPENBLAS_CORETYPE=Haswell NPY_DISABLE" in capsys.readouterr().err
    assert not Path("runs").exists()
    assert main([*words, "SkylakeX; rm"]) == 2
    assert "expected blas_kernel to be the name of a kernel" in capsys.readouterr().err
