"""One market, a straight line: analyse → results.json → documents → tables and figures → _OK.json.

Runs inside a worker. Everything is written into a temporary folder beside the market's own and
swapped in whole, so whatever goes wrong on the way, the last good report stays untouched. What a
format contains is decided in ``render/``; this module only knows which file name it gets.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from reportgen.batch.inputs.stored_panel import StoredPanel, open_panel
from reportgen.batch.state import files, promises, record, swap
from reportgen.batch.state.fingerprint import Fingerprint, number_settings, versions
from reportgen.errors import InputError
from reportgen.results import Change, MarketResults, Provenance, SettingChoice, from_json, to_json
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.model.agreed.decay import SharedDecay
    from reportgen.model.market.bend import Shapes
    from reportgen.panel.checking.contract import MarketPanel
    from reportgen.report.blocks import MarketReport
    from reportgen.settings.sections import PdfEngine

RESULTS = "results.json"
QUARTO = "quarto"
"""Folder of a market's Quarto pages, which ``reportgen quarto`` takes over into a project."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketJob:
    """Everything a worker needs for one market; plain and picklable.

    ``panel`` is a reference where every market has files of its own: the worker reads them. It is None
    where the results of an earlier run are used again (only documents changed).
    ``folder`` is the market's final folder; ``results_folder`` is where earlier results are read
    from; ``root`` is what relative paths in the settings start from.
    """

    market: str
    folder: Path
    root: Path
    settings: Settings
    as_of: str
    stamp: Fingerprint
    formats: tuple[str, ...]
    panel: MarketPanel | StoredPanel | None = None
    results_folder: Path | None = None
    shared_decay: SharedDecay | None = None
    shapes: Shapes | None = None
    """What the markets agreed on; None: this market decides for itself."""
    choices: tuple[SettingChoice, ...] | None = None
    """What the markets chose for settings that are ``auto``; None: this market chooses for itself."""
    idle_cores: bool = False
    """Fewer markets than workers: a second process may help with this one."""


def build_market(job: MarketJob) -> record.MarketRecord:
    """Build every file of one market and publish them in one step.

    Raises
    ------
    ReportgenError
        If the market cannot be analysed or a document cannot be made; nothing is changed then.
    """
    earlier = earlier_results(job) if job.panel is not None else None
    results = analyse(job, earlier)
    track = promises.read_track(job.folder if job.panel is not None else job.results_folder or job.folder)
    if job.panel is not None:
        track = promises.advance(promises.completed(track, earlier), results)
        results = replace(results, track=promises.track_record(track, job.settings.report.confidence))
    content = {RESULTS: to_json(results), promises.NAME: promises.track_file(track)}
    return publish(job, results, {**content, **dict(documents(results, job))})


def analyse(job: MarketJob, earlier: MarketResults | None = None) -> MarketResults:
    """Return the market's results: fitted from its panel (and compared with ``earlier`` ones), or read back."""
    if job.panel is None:
        stored = from_json(((job.results_folder or job.folder) / RESULTS).read_bytes())
        return replace(stored, provenance=replace(stored.provenance, as_of=job.as_of))
    from reportgen.model.analysis import analyse_market

    panel = open_panel(job.panel)
    agreed: Agreement = {"shared_decay": job.shared_decay, "shapes": job.shapes, "choices": job.choices}
    made = analyse_market(panel, job.settings, provenance(job), **agreed)
    return made if earlier is None else replace(made, change=_change(earlier, made, panel, job, agreed))


class Agreement(TypedDict):
    """What the markets of a run agreed on."""

    shared_decay: SharedDecay | None
    shapes: Shapes | None
    choices: tuple[SettingChoice, ...] | None


def earlier_results(job: MarketJob) -> MarketResults | None:
    """Results of the market's folder as it is; None where there are none that can be read."""
    try:
        return from_json((job.folder / RESULTS).read_bytes())
    except (OSError, InputError):
        return None


def _change(
    earlier: MarketResults, made: MarketResults, panel: MarketPanel, job: MarketJob, agreed: Agreement
) -> Change | None:
    """Why the answer changed; a market built again from the same things keeps telling of its last change."""
    from reportgen.model.change import compare, is_news, refitting

    change = compare(earlier, made, refitting(earlier, panel, job.settings, **agreed))
    return change if is_news(change) else earlier.change


def provenance(job: MarketJob) -> Provenance:
    """Return what is printed about the making of the numbers: no path, user or host name."""
    stack = versions()
    chosen = number_settings(job.settings)
    return Provenance(
        package=f"reportgen {stack['reportgen']}",
        versions=tuple(sorted(stack.items())),
        source=job.panel.source if job.panel is not None else "",
        data_hash=job.stamp.data,
        settings_hash=job.stamp.numbers,
        settings=tuple(sorted((key, _printed(value)) for key, value in chosen.items())),
        seed=job.settings.run.seed,
        as_of=job.as_of,
        settings_exact=json.dumps(chosen, sort_keys=True),
        code=job.stamp.code,
    )


def documents(results: MarketResults, job: MarketJob) -> Iterator[tuple[str, bytes]]:
    """Yield file name and content of every document, table and figure that the formats ask for."""
    from reportgen.render.parquet import parquet_files

    yield from parquet_files(results).items()
    wanted = set(job.formats)
    if "xlsx" in wanted:
        from reportgen.render.workbook import render_workbook

        yield "report.xlsx", render_workbook(results, job.settings)
    if "pptx" in wanted:
        from reportgen.render.slides.pages import render_deck
        from reportgen.report.slides.market import build_deck

        yield (
            "slides.pptx",
            render_deck(build_deck(results, job.settings), template=job.settings.brand.slides_template(job.root)),
        )
    # None of these needs pictures: the document is not even made.
    if wanted <= {"results", "xlsx", "pptx"}:
        return
    from reportgen.render.outline import arranged
    from reportgen.report.document import build_report
    from reportgen.settings.outline import read_outline

    report = build_report(results, job.settings)
    templates = job.settings.report.template_folder(job.root)
    yield from figures(report)
    report = arranged(report, read_outline(templates))
    if "html" in wanted:
        from reportgen.render.html import render_report

        made = {"pdf": "report.pdf", "brief": "brief.pdf"}
        beside = {"results.json", *(made[one] for one in wanted & made.keys())}
        yield "report.html", render_report(report, templates=templates, beside=beside).encode()
    if wanted & {"pdf", "brief"}:
        yield from pdfs(report, templates, wanted, job.settings.report.pdf_engine, idle_cores=job.idle_cores)
    if "quarto" in wanted:
        from reportgen.render.quarto import market_files
        from reportgen.report.words.language import language_of
        from reportgen.report.words.publishing import site_words

        words = site_words(language_of(job.settings.for_market(results.market).report))
        for name, body in market_files(report, words, templates=templates).items():
            yield f"{QUARTO}/{name}", body


def pdfs(
    report: MarketReport, templates: Path | None, wanted: Collection[str], engine: PdfEngine, *, idle_cores: bool
) -> Iterator[tuple[str, bytes]]:
    """Yield report.pdf and brief.pdf, whichever is wanted."""
    from reportgen.batch.workers.beside import beside
    from reportgen.render.pdf import brief_pdf, report_pdf

    if "brief" not in wanted:
        yield "report.pdf", report_pdf(report, templates=templates, engine=engine)
        return
    with beside(
        lambda: brief_pdf(report, templates=templates, engine=engine), idle=idle_cores and "pdf" in wanted
    ) as brief:
        if "pdf" in wanted:
            yield "report.pdf", report_pdf(report, templates=templates, engine=engine)
        yield "brief.pdf", brief()


def figures(report: MarketReport) -> Iterator[tuple[str, bytes]]:
    """Yield the charts of a report as ``figures/<name>.svg``, each name once."""
    from reportgen.render.charts.svg import write_svg

    seen: set[str] = set()
    charts = [report.summary.chart] if report.summary.chart else []
    charts += [block for section in report.sections for block in section.blocks if block.kind == "figure"]
    for chart in charts:
        # The first page and a section may show the same chart.
        if chart.name not in seen:
            seen.add(chart.name)
            yield f"figures/{chart.name}.svg", write_svg(chart).encode()


def publish(job: MarketJob, results: MarketResults, content: dict[str, bytes]) -> record.MarketRecord:
    """Write all files and their record into a new folder, then make it the market's folder."""
    done = record.MarketRecord(
        market=job.market,
        slug=job.folder.name,
        as_of=job.as_of,
        stamp=job.stamp,
        formats=tuple(sorted(job.formats)),
        headline=record.headline(results),
        files=tuple(sorted((name, files.sha256_bytes(body)) for name, body in content.items())),
    )
    out, name = job.folder.parent.parent, f"markets/{job.folder.name}"
    folder = swap.draft_folder(out, name)
    try:
        files.write_all(folder, content)
        # Last of all: a folder without its record is no market.
        files.write_new(folder / record.NAME, record.to_json(done))
        swap.swap_in(folder, out, name)
    except BaseException:
        files.discard(folder)
        raise
    return done


def _printed(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
