"""Template overrides that try to get out of the sandbox, through ``reportgen build``: exit code, words, nothing done.

Every attack is a project with an override of ``report.html.j2``. The market fails with file and line, the rest of the
output is sound, nothing ran and nothing was read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from real_runs import Ended, RealProject, with_own_templates

ESCAPES = {
    "class": "{{ doc.__class__.__mro__ }}",
    "subclasses": "{{ ''.__class__.__base__.__subclasses__() }}",
    "globals of a function": "{{ cycler.__init__.__globals__.os.popen('touch pwned').read() }}",
    "globals of lipsum": "{{ lipsum.__globals__['os'].system('touch pwned') }}",
    "attribute filter": "{{ (doc|attr('__class__'))|attr('__init__')|attr('__globals__') }}",
    "format string": "{{ '{0.__class__.__init__.__globals__}'.format(doc) }}",
    "format map": "{{ '{doc.__class__.__mro__}'.format_map({'doc': doc}) }}",
    "own context": "{{ self._TemplateReference__context.environment.loader }}",
    "built-ins": "{{ __import__('os').system('touch pwned') }}",
    "subscript": "{{ doc['__class__']['__base__'] }}",
    "changing data": "{{ doc.sections.append(1) }}",
    "generator frame": "{{ (range(3)|map('string')).gi_frame.f_globals }}",
    "joined name": "{{ doc|attr('__cla' ~ 'ss__')|attr('__mro__') }}",
    "include of /etc/passwd": '{% include "../../../../../../etc/passwd" %}',
    "include by an absolute path": '{% include "/etc/passwd" %}',
    "import of a file": '{% import "/etc/passwd" as x %}{{ x }}',
    "include through our name": '{% include "reportgen/../../../../../etc/passwd" %}',
}
UNKNOWN = {
    "unknown variable": ("one\n{{ doc.nosuch }}", "report.html.j2, line 2: "),
    "unknown name": ("one\ntwo\n{{ nosuch.deep }}", "report.html.j2, line 3: "),
    "unknown filter": ("one\n{{ doc.market|nosuch }}", "report.html.j2, line 2: "),
    "broken syntax": ("one\n{% if %}", "report.html.j2, line 2: "),
    "unknown template": ('{% include "nosuch.html.j2" %}', "'nosuch.html.j2' does not exist"),
}
BOMBS = {
    "range": "{% for i in range(999999999) %}x{% endfor %}",
    "nested ranges": "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x"
    + "{% endfor %}" * 3,
    "power": "{{ 9 ** (9 ** 9) }}",
    "repetition": "{{ 'x' * 9999999999 }}",
    "doubling": "{% set ns = namespace(x='x' * 999999) %}"
    "{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "padding": "{{ '%9999999999d' % 1 }}",
    "recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "centre": "{{ 'x'|center(9999999999) }}",
}

pytestmark = [pytest.mark.attacks]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> RealProject:
    return with_own_templates(tmp_path_factory.mktemp("p"), formats=["html"])


def attack(made: RealProject, text: str, *arguments: str) -> Ended:
    (made.root / "mine" / "report.html.j2").write_text(text, "utf-8")
    return made.run("render", *arguments)


def failure(made: RealProject) -> tuple[str, str]:
    entry = made.account()["markets"]["A"]
    return entry["failure"]["code"], entry["failure"]["message"]


QUICK = ("class", "globals of a function", "include of /etc/passwd")


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in ESCAPES])
def test_an_override_cannot_leave_the_sandbox(built: RealProject, name: str) -> None:
    ended = attack(built, ESCAPES[name])
    assert ended.code == 1, (built.folder("A") / "report.html").read_text("utf-8")[:300]
    code, message = failure(built)
    assert code.startswith("template-"), message
    assert "report.html.j2" in message
    assert "root:" not in ended.said + message
    assert not list(built.root.rglob("pwned"))
    assert not Path("pwned").exists()
    assert not (built.folder("A") / "report.html").exists()
    built.assert_sound()


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == "unknown variable" else pytest.mark.slow) for n in UNKNOWN]
)
def test_a_mistake_in_an_override_is_told_with_file_and_line(built: RealProject, name: str) -> None:
    text, place = UNKNOWN[name]
    ended = attack(built, text)
    assert ended.code == 1
    assert place in failure(built)[1]
    assert place in ended.said


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "range" else pytest.mark.slow) for name in BOMBS]
)
def test_a_bomb_ends_at_a_cap(built: RealProject, name: str) -> None:
    built.write(run={"timeout": 4.0, "memory": 900})
    ended = attack(built, BOMBS[name])
    assert ended.code == 1, ended.said
    code, message = failure(built)
    assert code in {"template-failed", "out-of-memory", "timeout"}, (code, message)
    assert not (built.folder("A") / "report.html").exists()
    built.assert_sound()


def test_a_link_out_of_the_search_path_is_not_followed(built: RealProject, tried: Callable[..., None]) -> None:
    tried("linked template", "linked folder")
    secret = built.root / "secret.txt"
    secret.write_text("canary-outside")
    for place in ("mine/linked.html.j2", "mine/folder"):
        (built.root / place).unlink(missing_ok=True)
    (built.root / "mine" / "linked.html.j2").symlink_to(secret)
    (built.root / "mine" / "folder").symlink_to(built.root)
    for text in ('{% include "linked.html.j2" %}', '{% include "folder/secret.txt" %}'):
        ended = attack(built, text)
        assert ended.code == 1, ended.said
        assert "canary-outside" not in ended.said
        assert "does not exist" in failure(built)[1]
    for place in ("mine/linked.html.j2", "mine/folder"):
        (built.root / place).unlink()


def test_plain_data_only_reach_an_override(built: RealProject) -> None:
    """Whatever a template can name is text, numbers and tuples of them: no frame, path, settings or function."""
    names = ("environment", "config", "settings", "os", "open", "request", "results", "panel", "path", "__builtins__")
    probe = "".join(f"{{% if {name} is defined %}}LEAK {name}{{% endif %}}" for name in names)
    ended = attack(built, probe)
    assert ended.code == 0, ended.said
    assert "LEAK" not in (built.folder("A") / "report.html").read_text("utf-8")
    (built.folder("A") / "report.html").unlink()
    assert built.run("render").code == 0


def test_an_override_is_escaped_as_ours_is(built: RealProject) -> None:
    ended = attack(built, "{{ '<script>' }}{{ doc.market ~ '<b>' }}")
    assert ended.code == 0, ended.said
    text = (built.folder("A") / "report.html").read_text("utf-8")
    assert "<script>" not in text
    assert "<b>" not in text
