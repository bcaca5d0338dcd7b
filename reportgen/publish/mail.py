"""``mail``: the briefs of complete markets to the people they are for, by the standard library's SMTP client.

A message goes to one set of recipients and carries the briefs of all markets that this set gets (in several
messages where they are too large for one). What was sent is remembered in mail.json by the hash of each brief,
so a second run sends nothing twice. Every text from data is cleaned before it comes near a header, addresses
are plain ASCII by the settings' own check, and attachments are called by the market's slug. TLS is required
and verified unless the settings say otherwise, and a password never travels without it.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from fnmatch import fnmatchcase
from pathlib import Path

from reportgen.batch.market import RESULTS
from reportgen.batch.state import files, record
from reportgen.batch.state.run_json import read_last_run
from reportgen.errors import ConfigError, EnvironmentMissing, NothingSelectedError, cannot_write
from reportgen.results import from_json
from reportgen.settings.sections import MailSettings, Settings

NAME = "mail.json"
PASSWORD_VARIABLE = "REPORTGEN_MAIL_PASSWORD"  # noqa: S105 - the name of a variable, not a password
BRIEF = "brief.pdf"
_MOST_BYTES = 10 * 1024 * 1024
_NAMED = 3
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """The brief of one market."""

    market: str
    path: Path
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message: recipients, and the briefs of the markets they get."""

    recipients: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]

    @property
    def key(self) -> str:
        """Stands for the recipients in mail.json, which may be published: no address is in it."""
        return files.sha256_bytes(",".join(self.recipients).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPlan:
    """What is to be sent, and why some markets are not in it (market → reason)."""

    letters: tuple[Letter, ...]
    left_out: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class MailResult:
    """What was sent or written, and what the server refused (recipients → reason)."""

    plan: MailPlan
    sent: list[Letter] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """1 if a message was refused, else 0."""
        return 1 if self.failed else 0


def plan_mail(settings: Settings, out: Path, markets: Sequence[str], *, again: bool = False) -> MailPlan:
    """Decide who gets which briefs.

    Parameters
    ----------
    markets
        Codes to consider.
    again
        Include briefs that were sent before.
    """
    failed = read_last_run(out).failures
    sent = _sent(out)
    chosen: dict[tuple[str, ...], list[Enclosure]] = {}
    left_out = {}
    for market in markets:
        recipients = recipients_of(settings.mail, market)
        found = _enclosure(out, market, failed=market in failed)
        if isinstance(found, str):
            left_out[market] = found
        elif not recipients:
            left_out[market] = "nobody in mail.to gets it"
        # By the brief itself, not by date: one that was built again to the same bytes is no news.
        elif not again and sent.get(_key(recipients), {}).get(market) == found.digest:
            left_out[market] = "sent before"
        else:
            chosen.setdefault(recipients, []).append(found)
    letters = [
        Letter(recipients=recipients, enclosures=part)
        for recipients, found in sorted(chosen.items())
        for part in _parts(found)
    ]
    return MailPlan(letters=tuple(letters), left_out=left_out)


def recipients_of(mail: MailSettings, market: str) -> tuple[str, ...]:
    """Return who gets a market: the addresses of every pattern that fits, each once, in order."""
    fitting = (address for glob, addresses in mail.to if fnmatchcase(market, glob) for address in addresses)
    return tuple(dict.fromkeys(fitting))


def compose(letter: Letter, settings: Settings) -> EmailMessage:
    """Make the message of a letter: the answer of every market as text, its brief attached."""
    from reportgen.report.words.names import clean

    message = EmailMessage(policy=SMTP)
    names = [clean(one.market) for one in letter.enclosures]
    shown = ", ".join(names[:_NAMED]) + (f", … ({len(names)})" if len(names) > _NAMED else "")
    parts = [_paragraph(one, settings) for one in letter.enclosures]
    filled = settings.mail.subject.replace("{title}", clean(settings.report.title))
    filled = filled.replace("{date}", parts[0][1]).replace("{markets}", shown)
    name, address = parseaddr(settings.mail.sender)
    message["Subject"] = _no_encoded_word(clean(filled, 200))
    message["From"] = settings.mail.sender if name else address
    message["To"] = ", ".join(letter.recipients)
    message["Date"] = formatdate(localtime=False)
    # Of the sender's domain: the default asks for this machine's host name, which is nobody's business.
    message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    # RFC 3834: nobody's absence note answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(text for text, _ in parts) + "\n")
    for one in letter.enclosures:
        message.add_attachment(
            one.path.read_bytes(), maintype="application", subtype="pdf", filename=f"{one.path.parent.name}.pdf"
        )
    return message


def write_letters(plan: MailPlan, settings: Settings, folder: Path) -> MailResult:
    """Write every message as an .eml file; nothing is sent or remembered.

    Raises
    ------
    EnvironmentMissing
        If the folder cannot be written.
    """
    _need_sender(settings.mail)
    result = MailResult(plan=plan)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, letter in enumerate(plan.letters, 1):
            path = folder / f"{number:03d}-{letter.enclosures[0].path.parent.name}.eml"
            files.write_atomic(path, compose(letter, settings).as_bytes())
            result.written.append(path)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return result


def send_letters(
    plan: MailPlan, settings: Settings, out: Path, password: str, *, context: ssl.SSLContext | None = None
) -> MailResult:
    """Send every message, remembering each as soon as the server has taken it.

    Parameters
    ----------
    context
        How TLS is verified; by default against the certificates of this machine.

    Raises
    ------
    ConfigError
        If server or sender are not set, or a password would travel unprotected.
    EnvironmentMissing
        If the server cannot be reached, its certificate is not valid, or it refuses the login.
    """
    mail = settings.mail
    _need_sender(mail)
    if not mail.server:
        raise ConfigError("mail.server is empty: write the SMTP server under [mail].", code="no-mail-server")
    if password and mail.security == "none":
        raise ConfigError(
            f'mail.security = "none" would send {PASSWORD_VARIABLE} unprotected. Use starttls or tls, or unset it.',
            code="unprotected-password",
        )
    result = MailResult(plan=plan)
    if not plan.letters:
        return result
    with _server(mail, password, context or ssl.create_default_context()) as server:
        for letter in plan.letters:
            message = compose(letter, settings)
            try:
                # Some recipients may be refused and others not: the letter then counts as sent, and those refused are
                # named.
                refused = server.send_message(message)
            except smtplib.SMTPRecipientsRefused as error:
                refused = error.recipients
            except smtplib.SMTPResponseException as error:
                result.failed[", ".join(letter.recipients)] = _reply(error.smtp_code, error.smtp_error)
                continue
            for address, (code, said) in refused.items():
                result.failed[address] = _reply(code, said)
            if len(refused) < len(letter.recipients):
                result.sent.append(letter)
                # After every letter: a run that ends here never sends this one again.
                _remember(out, letter)
    return result


# --- what is sent -----------------------------------------------------------------------------


def _enclosure(out: Path, market: str, *, failed: bool) -> Enclosure | str:
    """Return the market's brief, or why there is none to send."""
    folder = out / "markets" / files.slug(market)
    found = record.read_record(folder)
    if failed:
        return "its last build failed"
    if found is None or found.market != market:
        return "it is not built"
    if BRIEF not in dict(found.files):
        return "it has no brief.pdf; add brief to report.formats"
    # Results too: the message says what they say.
    if {BRIEF, RESULTS} & set(record.damaged_files(folder, found)):
        return "its files are damaged; build it again"
    path = folder / BRIEF
    return Enclosure(market=market, path=path, digest=dict(found.files)[BRIEF], size=path.stat().st_size)


def _parts(enclosures: Iterable[Enclosure]) -> Iterator[tuple[Enclosure, ...]]:
    """Cut a list where a message would be too large for usual servers."""
    part: list[Enclosure] = []
    for one in enclosures:
        if part and sum(other.size for other in part) + one.size > _MOST_BYTES:
            yield tuple(part)
            part = []
        part.append(one)
    if part:
        yield tuple(part)


def _paragraph(one: Enclosure, settings: Settings) -> tuple[str, str]:
    """Return what the report says of a market, in its language, and the report's date."""
    from reportgen.report.narrative.verdict import verdict_line
    from reportgen.report.words.names import clean
    from reportgen.report.words.writer import make_writer

    results = from_json((one.path.parent / RESULTS).read_bytes())
    writer = make_writer(results, settings.for_market(results.market))
    line = verdict_line(writer)
    head = f"{clean(results.market)} · {writer.formats.period_range(*results.data.period)}"
    return f"{head}\n{line.word}. {line.sentence}", writer.formats.date(results.provenance.as_of)


def _no_encoded_word(text: str) -> str:
    """Keep text from being read as an RFC 2047 word, which can decode to a line break and so to a header."""
    return text.replace("=?", "= ?")


def _need_sender(mail: MailSettings) -> None:
    if not mail.sender or not mail.to:
        key = "mail.to" if mail.sender else "mail.sender"
        what = "who gets the briefs" if mail.sender else "who the mail is from"
        raise ConfigError(f"{key} is empty: write {what} under [mail].", code="no-mail-address")


# --- what was sent ----------------------------------------------------------------------------


def _key(recipients: tuple[str, ...]) -> str:
    return Letter(recipients=recipients, enclosures=()).key


def _sent(out: Path) -> dict[str, dict[str, str]]:
    content = record.unseal(out / NAME) or {}
    return {key: dict(markets) for key, markets in content.get("sent", {}).items()}


def _remember(out: Path, letter: Letter) -> None:
    sent = _sent(out)
    sent.setdefault(letter.key, {}).update({one.market: one.digest for one in letter.enclosures})
    files.write_atomic(out / NAME, record.seal({"sent": sent}))


# --- the server -------------------------------------------------------------------------------


@contextmanager
def _server(mail: MailSettings, password: str, context: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    where = f"{mail.server}:{mail.port}"
    try:
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.server, mail.port, timeout=_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(mail.server, mail.port, timeout=_TIMEOUT)
        # Leaving the block says QUIT, also after an error; a connection that was just cut would leave the server
        # waiting.
        with server:
            if mail.security == "starttls":
                server.starttls(context=context)
            if password:
                server.login(mail.user or parseaddr(mail.sender)[1], password)
            yield server
    except ssl.SSLCertVerificationError as error:
        text = f"{where}: its certificate is not valid ({error.verify_message}). Nothing was sent to it."
        raise EnvironmentMissing(text, code="mail-certificate") from error
    except smtplib.SMTPNotSupportedError as error:
        text = f"{where}: the server offers no {'STARTTLS' if 'STARTTLS' in str(error) else 'login'}. Nothing was sent."
        raise EnvironmentMissing(text, code="mail-server") from error
    except smtplib.SMTPAuthenticationError as error:
        text = f"{where}: the login was refused. Check mail.user and {PASSWORD_VARIABLE}."
        raise EnvironmentMissing(text, code="mail-login") from error
    except (OSError, smtplib.SMTPException) as error:
        said = " ".join(str(error).split())[:200]
        raise EnvironmentMissing(f"{where}: the mail cannot be sent ({said}).", code="mail-server") from error


def _reply(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())[:200]}"


def known_markets(out: Path) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the markets that have a report or failed, and their statuses; without those that left the input.

    Raises
    ------
    NothingSelectedError
        If there is nothing.
    """
    last = read_last_run(out)
    statuses = {market: found.headline.status for market, found in record.complete_markets(out).items()}
    statuses |= dict.fromkeys(last.failures, "failed")
    if last.index is not None:
        present = {*last.index.markets, *last.index.refused}
        statuses = {market: status for market, status in statuses.items() if market in present}
    if not statuses:
        raise NothingSelectedError(f"{out.name}: there is nothing to mail. Build first.", code="nothing-built")
    return tuple(sorted(statuses)), statuses
