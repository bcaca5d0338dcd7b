"""Mail: who gets what, once; nothing from data reaches a header; TLS is verified."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, Session

import mail_markets
from projects import Project
from reportgen.batch import run
from reportgen.batch.request import Request
from reportgen.errors import ConfigError, EnvironmentMissing, LockedError, NothingSelectedError
from reportgen.publish.mail import MailResult, compose, plan_mail, recipients_of, send_letters
from reportgen.publish.mail_run import mail_project
from reportgen.settings.sections import MailSettings

SENDER = "Reports <reports@example.com>"
BOSS = "boss@example.com"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path, monkeypatch)
    made.data = {"PL-1": 1.0, "PL-2": 2.0, "DE-1": 3.0}
    made.change(report={"formats": ("brief",)}, mail={"sender": SENDER, "to": BOSS})
    return made


def build(project: Project, **request: Any) -> None:
    project.save()
    run.build(project.settings, project.root, Request(**request), work=mail_markets.work)


def mail(project: Project, select: Sequence[str] = (), exclude: Sequence[str] = (), **options: Any) -> MailResult:
    return mail_project(project.settings, project.root, Request(select=select, exclude=exclude), **options)


def read(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def dry(project: Project, **options: Any) -> list[EmailMessage]:
    return [read(path) for path in mail(project, dry_run=project.root / "eml", **options).written]


# --- who gets what ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "market", "expected"),
    [
        ("a@b.de", "X", ("a@b.de",)),
        (["a@b.de", "c@d.de"], "X", ("a@b.de", "c@d.de")),
        (["PL-*=a@b.pl", "c@d.de"], "PL-1", ("a@b.pl", "c@d.de")),
        (["PL-*=a@b.pl"], "X", ()),
        ({"PL-*": "a@b.pl", "*": ["c@d.de", "a@b.pl"]}, "PL-1", ("a@b.pl", "c@d.de")),
        ({}, "X", ()),
    ],
)
def test_recipients_of_a_market_are_those_of_every_pattern_that_fits(
    to: Any, market: str, expected: tuple[str, ...]
) -> None:
    assert recipients_of(MailSettings(to=to), market) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"to": "nobody"},
        {"to": "a@b.de\nBcc: x@y.z"},
        {"to": "a@b.de, c@d.de"},
        {"to": {"*": "<a@b.de>"}},
        {"sender": "a@b.de\r\nX: y"},
        {"sender": "Name\n <a@b.de>"},
        {"sender": "Name"},
        {"sender": "=?utf-8?q?F=0D=0ABcc:_x@y.z?= <a@b.de>"},
        {"subject": "{markt}"},
        {"subject": "{0}"},
        {"port": 0},
    ],
)
def test_settings_that_are_no_addresses_are_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        MailSettings(**values)


def test_one_message_per_set_of_recipients_with_the_briefs_attached(project: Project) -> None:
    project.change(mail={"to": {"*": BOSS, "PL-*": "poland@example.com"}})
    build(project)
    german, polish = sorted(dry(project), key=lambda message: str(message["To"]))
    assert (german["To"], polish["To"]) == (BOSS, f"{BOSS}, poland@example.com")
    assert (german["From"], german["Subject"]) == (SENDER, "Promotion impact: DE-1")
    assert polish["Subject"] == "Promotion impact: PL-1, PL-2"
    names = [part.get_filename() for part in polish.iter_attachments()]
    assert [str(name)[:5] for name in names] == ["pl-1-", "pl-2-"]
    attached = [part.get_content() for part in polish.iter_attachments()]
    assert [content[:13] for content in attached] == [b"%PDF-1.7 PL-1", b"%PDF-1.7 PL-2"]
    assert all(part.get_content_type() == "application/pdf" for part in polish.iter_attachments())


def test_the_text_is_the_answer_with_its_interval_in_the_markets_language(project: Project) -> None:
    project.change(report={"locales": {"DE-*": "de_DE"}}, mail={"to": {"DE-1": BOSS, "PL-1": "p@example.com"}})
    build(project)
    english, german = (str(m.get_body().get_content()) for m in sorted(dry(project), key=lambda m: m["To"] == BOSS))
    assert "PL-1 · " in english
    assert "95% interval ₹ 104 to ₹ 729" in english.replace("\xa0", " ")
    assert "95 %-Intervall" in german.replace("\xa0", " ")


def test_briefs_too_large_for_one_message_go_in_several(project: Project) -> None:
    project.data = {"large-1": 1.0, "large-2": 2.0, "small": 3.0}
    build(project)
    assert [len(list(message.iter_attachments())) for message in dry(project)] == [1, 2]


def test_only_complete_markets_are_sent_and_the_others_are_named(project: Project) -> None:
    project.data |= {"bad": 4.0}
    (project.root / "calm").touch()
    build(project)
    (project.root / "calm").unlink()
    project.data["bad"] = 5.0
    build(project)  # bad fails now and keeps its old report
    damaged = next((project.root / "out" / "markets").glob("de-1-*")) / "brief.pdf"
    damaged.write_bytes(b"%PDF torn")
    result = mail(project, dry_run=project.root / "eml")
    assert result.plan.left_out == {"bad": "its last build failed", "DE-1": "its files are damaged; build it again"}
    (message,) = [read(path) for path in result.written]
    assert message["Subject"] == "Promotion impact: PL-1, PL-2"


def test_markets_without_a_brief_or_a_reader_are_named(project: Project) -> None:
    project.change(report={"formats": ("html",)}, mail={"to": {"PL-*": BOSS}})
    build(project)
    assert set(mail(project, dry_run=project.root / "eml").plan.left_out.values()) == {
        "it has no brief.pdf; add brief to report.formats"
    }
    project.change(report={"formats": ("brief",)})
    build(project)
    assert mail(project, dry_run=project.root / "eml").plan.left_out == {"DE-1": "nobody in mail.to gets it"}
    assert len(dry(project, select=["PL-1"])[0]["Subject"].split(",")) == 1


# --- hostile names ----------------------------------------------------------------------------

HOSTILE = (
    "A\r\nBcc: victim@example.com",
    "B\nContent-Type: text/html\n\n<script>",
    "C\x00\x1b[2J\u202e",
    "D" * 300,
    "Ünï \u2028 E",
    "=?utf-8?q?F=0D=0ABcc:_x@y.z?=",
    '../../"G".pdf\r\nX: y',
)


@pytest.mark.parametrize("market", HOSTILE)
def test_no_market_name_can_add_a_header_or_move_a_file(project: Project, market: str) -> None:
    project.data = {market: 1.0}
    project.change(mail={"subject": "{markets} {title} {date}"}, report={"title": "T\r\nBcc: t@example.com"})
    build(project)
    (path,) = mail(project, dry_run=project.root / "eml").written
    message = read(path)
    assert set(message.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert message["To"] == BOSS
    assert all("\n" not in str(value) and "\r" not in str(value) for value in message.values())
    (attachment,) = message.iter_attachments()
    assert str(attachment.get_filename()).replace("-", "").replace(".pdf", "").isalnum()
    assert path.parent == project.root / "eml"
    assert len(str(message["Subject"])) <= 200


# --- sending ----------------------------------------------------------------------------------


class Box:
    """Takes messages; refuses recipients called ``nobody``."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], EmailMessage]] = []

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(bytes(envelope.content or b""), policy=SMTP)
        assert isinstance(message, EmailMessage)
        self.taken.append((list(envelope.rcpt_tos), message))
        return "250 OK"


def login(server: Server, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = (data.login, data.password) == (b"reports@example.com", b"right")
    return AuthResult(success=right, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that only those who are handed it trust; with its key in the same file."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def plain() -> Iterator[tuple[Box, int]]:
    """A server without TLS or login."""
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


@pytest.fixture
def secure(certificate: Path) -> Iterator[tuple[Box, int]]:
    """A server that wants STARTTLS and a login."""
    box = Box()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=login,
    )
    controller.start()
    yield box, controller.port
    controller.stop()


def over(project: Project, port: int, security: str = "none", **values: Any) -> None:
    project.change(mail={"server": "localhost", "port": port, "security": security, **values})


def test_every_brief_is_sent_once_and_a_changed_one_again(project: Project, plain: tuple[Box, int]) -> None:
    box, port = plain
    over(project, port)
    build(project)
    assert [one.market for one in mail(project).sent[0].enclosures] == ["DE-1", "PL-1", "PL-2"]
    assert (box.taken[0][0], box.taken[0][1]["To"]) == ([BOSS], BOSS)
    again = mail(project)
    assert (again.sent, set(again.plan.left_out.values())) == ([], {"sent before"})
    project.change(run={"as_of": "2024-02-15"})
    build(project, select=("PL-2",))
    assert [one.market for one in mail(project).sent[0].enclosures] == ["PL-2"]
    assert len(mail(project, again=True).sent[0].enclosures) == 3
    assert len(box.taken) == 3


def test_mail_json_holds_no_address(project: Project, plain: tuple[Box, int]) -> None:
    over(project, plain[1])
    build(project)
    mail(project)
    assert b"example.com" not in (project.root / "out" / "mail.json").read_bytes()


def test_a_refused_recipient_costs_only_itself(project: Project, plain: tuple[Box, int]) -> None:
    box, port = plain
    over(project, port, to={"PL-*": "nobody@example.com", "DE-*": [BOSS, "nobody2@example.com"]})
    build(project)
    result = mail(project)
    assert result.failed == {"nobody@example.com": "550 no such user", "nobody2@example.com": "550 no such user"}
    assert (result.exit_code, [taken for taken, _ in box.taken]) == (1, [[BOSS]])
    assert mail(project).plan.left_out == {"DE-1": "sent before"}


def test_starttls_is_verified_by_default(
    project: Project, secure: tuple[Box, int], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, port = secure
    over(project, port, "starttls")
    build(project)
    monkeypatch.setenv("REPORTGEN_MAIL_PASSWORD", "right")
    with pytest.raises(EnvironmentMissing, match="its certificate is not valid") as caught:
        mail(project)
    assert (caught.value.exit_code, box.taken) == (7, [])
    plan = plan_mail(project.settings, project.root / "out", sorted(project.data))
    trusting = ssl.create_default_context(cafile=str(certificate))
    send_letters(plan, project.settings, project.root / "out", "right", context=trusting)
    assert len(box.taken) == 1


def test_a_wrong_password_is_said_without_it(project: Project, secure: tuple[Box, int], certificate: Path) -> None:
    over(project, secure[1], "starttls")
    build(project)
    out = project.root / "out"
    plan = plan_mail(project.settings, out, sorted(project.data))
    trusting = ssl.create_default_context(cafile=str(certificate))
    with pytest.raises(EnvironmentMissing, match=r"the login was refused. Check mail\.user") as caught:
        send_letters(plan, project.settings, out, "wr0ng-secret", context=trusting)
    assert "wr0ng" not in caught.value.message
    assert not (out / "mail.json").exists()


def test_a_server_without_starttls_gets_nothing(project: Project, plain: tuple[Box, int]) -> None:
    over(project, plain[1], "starttls")
    build(project)
    with pytest.raises(EnvironmentMissing, match="the server offers no STARTTLS"):
        mail(project)
    assert plain[0].taken == []


def test_a_password_never_travels_unprotected(
    project: Project, plain: tuple[Box, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    over(project, plain[1], "none")
    build(project)
    monkeypatch.setenv("REPORTGEN_MAIL_PASSWORD", "secret")
    with pytest.raises(ConfigError, match="unprotected"):
        mail(project)
    assert plain[0].taken == []


def test_what_is_missing_is_said(project: Project) -> None:
    with pytest.raises(NothingSelectedError, match="Build first"):
        mail(project)
    assert not (project.root / "out").exists()
    build(project)
    with pytest.raises(ConfigError, match=r"mail\.server is empty"):
        mail(project)
    over(project, free_port())
    with pytest.raises(EnvironmentMissing, match="the mail cannot be sent"):
        mail(project)
    for values, words in (({"to": {}}, "who gets the briefs"), ({"sender": ""}, "who the mail is from")):
        project.change(mail=values)
        with pytest.raises(ConfigError, match=words):
            mail(project, dry_run=project.root / "eml")


def test_a_build_that_goes_on_is_not_disturbed(project: Project) -> None:
    from reportgen.batch.state.lock import hold_lock

    build(project)
    with hold_lock(project.root / "out"), pytest.raises(LockedError):
        mail(project, dry_run=project.root / "eml")


def test_a_message_says_that_a_program_wrote_it(project: Project) -> None:
    build(project)
    plan = plan_mail(project.settings, project.root / "out", ["PL-1"])
    message = compose(plan.letters[0], project.settings)
    assert message["Auto-Submitted"] == "auto-generated"
    assert str(message["Message-ID"]).endswith("@example.com>")


def test_a_market_that_left_the_input_is_not_sent(project: Project) -> None:
    build(project)
    del project.data["PL-2"]
    build(project)
    assert dry(project)[0]["Subject"] == "Promotion impact: DE-1, PL-1"


def test_an_output_folder_elsewhere_remembers_what_was_sent(project: Project, plain: tuple[Box, int]) -> None:
    import fsspec

    from reportgen.publish.staging import FOLDER, run_in_staging

    over(project, plain[1])
    project.change(run={"out": "memory://mail/out"})
    project.save()
    run_in_staging(
        project.settings,
        project.root,
        lambda local: run.build(local, project.root, Request(), work=mail_markets.work),
    )
    assert len(mail(project).sent) == 1
    (project.root / FOLDER).rename(project.root / "another machine")
    assert mail(project).sent == []
    fsspec.filesystem("memory").store.clear()


def test_the_command_says_what_it_did(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from reportgen.cli import main

    project.change(mail={"to": {"PL-*": BOSS}})
    build(project)
    (project.root / "reportgen.toml").write_text(f"[mail]\nsender = '{SENDER}'\nto = {{'PL-*' = '{BOSS}'}}\n")
    monkeypatch.chdir(project.root)
    monkeypatch.setattr(sys, "argv", ["reportgen", "mail", "--dry-run", "eml"])
    with pytest.raises(SystemExit) as caught:
        main()
    said = capsys.readouterr()
    assert not caught.value.code
    assert said.out.startswith("wrote eml/001-pl-1-")
    assert said.err == "Left out, nobody in mail.to gets it: DE-1\n"
