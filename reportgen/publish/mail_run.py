"""A mail run: which markets, from which output folder, sent or written, and remembered."""

from __future__ import annotations

import os
from pathlib import Path

from reportgen.batch.request import Request
from reportgen.batch.state.lock import hold_lock
from reportgen.publish.mail import (
    PASSWORD_VARIABLE,
    MailResult,
    known_markets,
    plan_mail,
    send_letters,
    write_letters,
)
from reportgen.publish.staging import staging_folder
from reportgen.publish.storage import Storage, is_remote
from reportgen.settings.sections import Settings


def mail_project(
    settings: Settings,
    root: Path,
    request: Request,
    *,
    dry_run: Path | None = None,
    again: bool = False,
) -> MailResult:
    """Send, or write to ``dry_run``, the briefs of the selected markets.

    Raises
    ------
    ReportgenError
        If nothing can be sent; see :func:`reportgen.mail`.
    """
    if not is_remote(settings.run.out):
        return _mail(settings, root / settings.run.out, request, dry_run, again=again)
    staging = staging_folder(root, settings.run.out)
    storage = Storage(settings.run.out, staging)
    with hold_lock(staging.parent):
        storage.open(write=dry_run is None)
        storage.pull()
        result = _mail(settings, staging, request, dry_run, again=again)
        if result.sent:
            storage.publish()
    return result


def _mail(settings: Settings, out: Path, request: Request, dry_run: Path | None, *, again: bool) -> MailResult:
    chosen = request.markets(*known_markets(out))
    with hold_lock(out):
        plan = plan_mail(settings, out, chosen, again=again)
        if dry_run is not None:
            return write_letters(plan, settings, dry_run)
        return send_letters(plan, settings, out, os.environ.get(PASSWORD_VARIABLE, ""))
