"""An output folder elsewhere (object storage, any fsspec address): pulled before a run, published after it.

A run builds into a local staging folder, where every promise about files holds. Storage has no rename, so a
remote folder is published in an order that never lies: its ``_OK.json`` is removed, the files that differ are
uploaded, then ``_OK.json`` is written with the hashes of what is now there. Markets come first, then the site,
then run.json. ``published.json`` in the staging folder says what is known to be there; a folder that differs
from it has not been published yet and is never replaced by a pull. Rejected: writing to storage directly, which
gives up atomic folders, and a listing by modification time, which storage and clocks do not agree on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.batch.state import files, record, swap
from reportgen.errors import ConfigError, EnvironmentMissing

LEDGER = "published.json"
ACCOUNTS = ("mail.json", "run.json")
"""What lies beside the folders, in the order of publishing."""
SITE = "site"
_PROBE = ".reportgen-can-write"


def is_remote(out: str) -> bool:
    """Return whether ``run.out`` is an address and not a folder."""
    return "://" in out


@dataclass(slots=True, kw_only=True)
class Published:
    """What publishing did, in files."""

    uploaded: int = 0
    copied: int = 0
    """Files that were already there under another name."""
    unchanged: int = 0


@dataclass(slots=True)
class Storage:
    """The remote folder at ``address`` and its local staging folder.

    Attributes
    ----------
    folders
        Remote folders that have an ``_OK.json``: name → its bytes.
    listing
        Names of all remote files.
    """

    address: str
    staging: Path
    folders: dict[str, bytes] = field(default_factory=dict)
    listing: set[str] = field(default_factory=set)
    _system: Any = None
    _top: str = ""

    def open(self, *, write: bool) -> None:
        """Connect, and see what is there.

        Raises
        ------
        ConfigError
            If the address is no storage.
        EnvironmentMissing
            If a driver is not installed, or the storage cannot be read (or written to).
        """
        self._system, self._top = _connect(self.address)
        with _plain_errors(self.address, "read"):
            # Drivers keep listings for the process: another run may have published since.
            self._system.invalidate_cache()
            self.listing = {name.removeprefix(self._top).lstrip("/") for name in self._find()}
            marks = [name for name in self.listing if name.endswith(f"/{record.NAME}") and _is_folder(name)]
            self.folders = {name.rpartition("/")[0]: content for name, content in self._read(marks).items()}
        if write:
            with _plain_errors(self.address, "write to"):
                # Tried before anything is built: a build of hours that cannot be published is found out now.
                self._system.pipe_file(self._at(_PROBE), b"")
                self._system.rm_file(self._at(_PROBE))

    def pull(self) -> None:
        """Bring over complete remote folders and run.json where the staging folder has nothing newer.

        Raises
        ------
        EnvironmentMissing
            If the storage cannot be read.
        """
        ledger = self._ledger()
        with _plain_errors(self.address, "read"):
            for name, content in sorted(self.folders.items()):
                local = self.staging / name
                mine = _bytes(local / record.NAME)
                # Unlike what was published last: it was built here since, and is newer than the storage.
                if mine == content or (mine is not None and files.sha256_bytes(mine) != ledger.get(name)):
                    continue
                if self._pull_folder(name, content, local):
                    ledger[name] = files.sha256_bytes(content)
                else:  # it is not what it says: whatever is published next replaces it whole
                    del self.folders[name]
            for name in ACCOUNTS:
                mine = _bytes(self.staging / name)
                if name in self.listing and (mine is None or files.sha256_bytes(mine) == ledger.get(name)):
                    content = self._system.cat_file(self._at(name))
                    self.staging.mkdir(parents=True, exist_ok=True)
                    files.write_atomic(self.staging / name, content)
                    ledger[name] = files.sha256_bytes(content)
        self._remember(ledger)

    def publish(self) -> Published:
        """Upload what differs: market folders, then the site, then run.json.

        Raises
        ------
        EnvironmentMissing
            If the storage cannot be written to; what was published before is complete, and remembered.
        """
        done = Published()
        ledger = self._ledger()
        sources: dict[str, str] = {}
        markets = sorted(path for path in (self.staging / "markets").glob("*") if not path.name.startswith("."))
        try:
            with _plain_errors(self.address, "write to"):
                for local in [*markets, self.staging / SITE]:
                    mark = _bytes(local / record.NAME)
                    content = record.unseal(local / record.NAME)
                    if mark is None or content is None:
                        continue
                    name = local.relative_to(self.staging).as_posix()
                    self._publish_folder(name, mark, content["files"], sources, done)
                    top = {digest: file for file, digest in content["files"].items() if "/" not in file}
                    sources |= {digest: f"{name}/{file}" for digest, file in top.items()}
                    ledger[name] = files.sha256_bytes(mark)
                for name in ACCOUNTS:
                    mine = _bytes(self.staging / name)
                    if mine is not None and (ledger.get(name) != files.sha256_bytes(mine) or name not in self.listing):
                        self._system.pipe_file(self._at(name), mine)
                        ledger[name] = files.sha256_bytes(mine)
                        done.uploaded += 1
        finally:
            self._remember(ledger)
        return done

    # --- one folder ---------------------------------------------------------------------------

    def _pull_folder(self, name: str, content: bytes, local: Path) -> bool:
        """Fetch a remote folder whole; return whether it was complete and is now the local one."""
        folder = swap.draft_folder(self.staging, name)
        try:
            (folder / record.NAME).write_bytes(content)
            sealed = record.unseal(folder / record.NAME)
            wanted = sealed["files"] if sealed is not None else {}
            if sealed is None or not all(_is_inside(file) and f"{name}/{file}" in self.listing for file in wanted):
                files.discard(folder)
                return False
            for file in wanted:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
            if wanted:
                self._system.get([self._at(f"{name}/{file}") for file in wanted], [str(folder / f) for f in wanted])
            # Read while somebody published: then it is a mixture, which the hashes of its record betray.
            if any(files.sha256_file(folder / file) != digest for file, digest in wanted.items()):
                files.discard(folder)
                return False
            swap.swap_in(folder, self.staging, name)
        except BaseException:
            files.discard(folder)
            raise
        return True

    def _publish_folder(
        self, name: str, mark: bytes, wanted: Mapping[str, str], sources: Mapping[str, str], done: Published
    ) -> None:
        """Make the remote folder the local one; without an ``_OK.json`` while it is neither old nor new."""
        there = self._hashes(name)
        missing = {file for file, digest in wanted.items() if there.get(file) != digest}
        if self.folders.get(name) == mark and not missing:
            done.unchanged += len(wanted) + 1
            return
        if f"{name}/{record.NAME}" in self.listing:
            # The proof goes first and comes last: whoever reads meanwhile sees a folder without one, never a mixed one.
            self._system.rm_file(self._at(f"{name}/{record.NAME}"))
            self.listing.discard(f"{name}/{record.NAME}")
            self.folders.pop(name, None)
        # The site holds the markets' documents again: the storage copies them within itself, nothing travels twice.
        copies = {file for file in missing if wanted[file] in sources}
        for file in sorted(copies):
            self._system.cp_file(self._at(sources[wanted[file]]), self._at(f"{name}/{file}"))
        uploads = sorted(missing - copies)
        if uploads:
            self._system.put(
                [str(self.staging / name / file) for file in uploads], [self._at(f"{name}/{f}") for f in uploads]
            )
        # Only what lies below this folder; before the proof, so that a complete folder never holds a file too many.
        stale = {file for file in self.listing if file.startswith(f"{name}/")} - {f"{name}/{file}" for file in wanted}
        for file in sorted(stale - {f"{name}/{record.NAME}"}):
            self._system.rm_file(self._at(file))
        self._system.pipe_file(self._at(f"{name}/{record.NAME}"), mark)
        self.folders[name] = mark
        self.listing |= {f"{name}/{file}" for file in wanted} | {f"{name}/{record.NAME}"}
        done.uploaded += len(uploads) + 1
        done.copied += len(copies)
        done.unchanged += len(wanted) - len(missing)

    def _hashes(self, name: str) -> dict[str, str]:
        """Files that the remote folder is known to hold, by its own record; nothing without a valid one."""
        content = self.folders.get(name)
        sealed = record.unseal_bytes(content) if content is not None else None
        if sealed is None:
            return {}
        return {file: digest for file, digest in sealed["files"].items() if f"{name}/{file}" in self.listing}

    # --- the storage --------------------------------------------------------------------------

    def _at(self, name: str) -> str:
        return f"{self._top}/{name}" if self._top else f"/{name}"

    def _find(self) -> list[str]:
        try:
            found: list[str] = self._system.find(self._top or "/")
        except FileNotFoundError:
            return []
        return found

    def _read(self, names: list[str]) -> dict[str, bytes]:
        """Content of several remote files; those that are gone by now are left out."""
        if not names:
            return {}
        # Drivers name files in the answer as they keep them, without the protocol.
        paths = {self._system._strip_protocol(self._at(name)): name for name in names}
        found = self._system.cat(list(paths), on_error="omit")
        return {paths[path]: content for path, content in found.items()}

    def _ledger(self) -> dict[str, str]:
        content = record.unseal(self.staging / LEDGER) or {}
        return dict(content.get("folders", {})) if content.get("address") == self.address else {}

    def _remember(self, ledger: Mapping[str, str]) -> None:
        self.staging.mkdir(parents=True, exist_ok=True)
        files.write_atomic(self.staging / LEDGER, record.seal({"address": self.address, "folders": dict(ledger)}))


def _connect(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    protocol = address.partition("://")[0]
    if "@" in address.partition("://")[2].partition("/")[0]:
        raise ConfigError(
            "run.out holds a user or password. Take it out; the storage's own variables and files hold credentials.",
            code="password-in-settings",
        )
    try:
        system, path = url_to_fs(address, **({"auto_mkdir": True} if protocol in {"file", "local"} else {}))
    except ImportError as error:
        extra = "pip install 'reportgen-lmm[s3]'" if protocol == "s3" else f"install what it needs ({error})"
        raise EnvironmentMissing(f"run.out: {protocol}:// needs a driver: {extra}.", code="no-storage-driver") from None
    except ValueError as error:
        raise ConfigError(f"run.out = {address}: {error}.", code="bad-address") from None
    return system, str(path).rstrip("/")


@contextmanager
def _plain_errors(address: str, verb: str) -> Iterator[None]:
    """Turn whatever a storage raises into one sentence; every driver has errors of its own."""
    try:
        yield
    except (ConfigError, EnvironmentMissing):
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise EnvironmentMissing(f"{address}: cannot {verb} it ({said}).", code="storage") from error


def _is_folder(name: str) -> bool:
    """Return whether an ``_OK.json`` is one of ours: ``markets/<slug>/_OK.json`` or ``site/_OK.json``."""
    parts = name.split("/")
    return (len(parts) == 3 and parts[0] == "markets" and parts[1] not in {"", ".", ".."}) or parts[:-1] == [SITE]


def _is_inside(name: str) -> bool:
    return not name.startswith("/") and not any(part in {"", ".", ".."} for part in name.replace("\\", "/").split("/"))


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def plain_text(done: Published) -> str:
    """Return what publishing did as words."""
    parts = [f"{done.uploaded:,} uploaded"]
    parts += [f"{done.copied:,} copied there"] if done.copied else []
    return ", ".join([*parts, f"{done.unchanged:,} unchanged"])
