"""A run whose output folder is an address: pull, build in the staging folder, publish.

The staging folder is ``.reportgen/<slug>/out`` in the project's folder. It may be kept, which saves the pull, or
thrown away, as a CI machine does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reportgen.batch.state import files
from reportgen.batch.state.lock import hold_lock
from reportgen.batch.state.outcome import Progress, RunResult, Silent
from reportgen.errors import EnvironmentMissing, UsageError
from reportgen.publish.storage import Storage, is_remote, plain_text
from reportgen.settings.sections import Settings

FOLDER = ".reportgen"


def run_in_staging(
    settings: Settings,
    root: Path,
    work: Callable[[Settings], RunResult],
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> RunResult:
    """Do ``work`` with a local output folder, and publish what it made if ``run.out`` is an address.

    Raises
    ------
    ConfigError, EnvironmentMissing
        If the storage cannot be used; before anything was built. What cannot be published afterwards is part of
        the result.
    LockedError
        If another run uses the same staging folder.
    """
    if not is_remote(settings.run.out):
        return work(settings)
    progress = progress or Silent()
    staging = staging_folder(root, settings.run.out)
    storage = Storage(settings.run.out, staging)
    local = settings.model_copy(update={"run": settings.run.model_copy(update={"out": str(staging)})})
    # Around pull, build and publish: the build's own lock would leave the gaps between them open.
    with hold_lock(staging.parent):
        files.write_atomic(root / FOLDER / ".gitignore", b"*\n")
        progress.stage("pulling")
        storage.open(write=not dry_run)
        storage.pull()
        result = work(local)
        if dry_run or result.interrupted:
            return result
        progress.stage("publishing")
        try:
            done = storage.publish()
        except EnvironmentMissing as error:
            text = f"{error.message} What was built waits in {FOLDER}; the same command goes on from there."
            return replace(result, publish_error=text)
    return replace(result, published=f"{settings.run.out}: {plain_text(done)}")


def staging_folder(root: Path, address: str) -> Path:
    """Return where the output of ``address`` is built."""
    return root / FOLDER / files.slug(address) / "out"


def local_only(settings: Settings, command: str) -> Settings:
    """Return the settings, for a command that works on a local output folder.

    Raises
    ------
    UsageError
        If ``run.out`` is an address.
    """
    if is_remote(settings.run.out):
        raise UsageError(
            f"{command} needs a local output folder, and run.out is {settings.run.out}. Name one with --out.",
            code="needs-local-output",
        )
    return settings
