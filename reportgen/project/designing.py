"""An experiment for one market of a project: the draw as a file, and what it would show.

The statistics are :mod:`reportgen.model.experiment`'s. Nothing of the project changes but the one file, and a file that
is there is not replaced unless it is said that it may go.
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import InputError, ReportgenError, UsageError
from reportgen.settings.messages import did_you_mean
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    import numpy as np

    from reportgen.model.experiment.assign import Assignment
    from reportgen.model.experiment.power import Showing
    from reportgen.model.market.fit import MarketFit
    from reportgen.panel.grid import MarketPanel
    from reportgen.results import MarketResults
    from reportgen.settings.statistics import Response

CHOICES = (1, 2, 3, 6, 9, 12, 18, 24)
"""Lengths in periods that are told beside the one asked for."""
COLUMNS = ("market", "pharmacy", "stratum", "arm", "sales", "growth", "promotion_before", "promotion_planned")
MORE, AS_BEFORE = "more", "as before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One thing that is known of the pharmacies, averaged in each arm; ``difference`` in SD of all."""

    name: str
    more: float
    as_before: float
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignReport:
    """An experiment that was drawn.

    ``estimate`` is the market's own effect of one unit kept up, as its results.json has it (None without one). Effects
    are in the unit of ``response``. ``flattens``: the market's report has a curve, and the smallest effects are those
    of a line; ``territories``: there are some, and pharmacies are drawn and simulated as independent of them.
    """

    market: str
    channel: str
    response: Response
    file: Path
    pharmacies: int
    more: int
    in_market: int
    strata: int
    dose: float
    usual: float
    power: float
    confidence: float
    seed: int
    sales: float
    estimate: float | None
    flattens: bool
    territories: bool
    lengths: tuple[Showing, ...]
    balance: tuple[Balance, ...]

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return asdict(self) | {"file": self.file.name}


def design_experiment(
    settings: Settings,
    root: Path,
    *,
    market: str = "",
    pharmacies: int | None = None,
    periods: int = 6,
    dose: float | None = None,
    channel: str = "",
    power: float = 0.8,
    seed: int | None = None,
    file: Path | None = None,
    overwrite: bool = False,
) -> DesignReport:
    """Draw the pharmacies of an experiment, write who gets more to ``file``, and tell what it would show.

    Raises
    ------
    UsageError
        If the market, the channel or the number of pharmacies does not exist, a number is out of its range, or ``file``
        is there.
    InputError
        If the market gets no estimate, or too few of its pharmacies sell until the end of the record.
    """
    import numpy as np

    from reportgen.batch.state import files
    from reportgen.model.experiment.assign import LEAST_PHARMACIES, TooFewPharmacies, assign, baseline
    from reportgen.model.experiment.power import showings

    _refuse_odd(periods, dose, power)
    panel = _panel(settings, root, market)
    path = file or root / f"design-{files.slug(panel.market)}.csv"
    _refuse_to_replace(path, overwrite=overwrite)
    built = _last_build(settings, root, panel.market)
    fitted = _fitted(panel, settings, built)
    place = _channel(fitted, channel)
    seed = settings.run.seed if seed is None else seed
    rng = np.random.default_rng([seed & 0xFFFFFFFF, 15])
    try:
        able = baseline(fitted.frame.panel, fitted.frame.grid_rows, place)
    except TooFewPharmacies as error:
        raise InputError(f"{panel.market}: {error}.", code="too-few-pharmacies") from None
    if pharmacies is not None and not LEAST_PHARMACIES <= pharmacies <= len(able.rows):
        raise _bad_number(panel.market, pharmacies, LEAST_PHARMACIES, len(able.rows))
    drawn = assign(able, rng, number=pharmacies)
    usual = float(drawn.baseline.usual.mean())
    # Half of the usual, in steps that a plan can be written in.
    given = dose if dose is not None else max(round(usual / 2.0), 1) if usual >= 1.0 else usual / 2.0 or 1.0
    estimate = None if built is None else _own_estimate(built, fitted, place)
    found = showings(
        fitted, drawn, given, sorted({*(n for n in CHOICES if n <= 2 * periods), periods}), rng,
        channel=place, power=power, confidence=settings.report.confidence, estimate=estimate,
    )  # fmt: skip
    files.write_atomic(path, _rows(panel, drawn, given).encode())
    known = {"sales": drawn.baseline.size, "growth": drawn.baseline.growth, "promotion": drawn.baseline.usual}
    return DesignReport(
        market=panel.market,
        channel=fitted.frame.panel.channels[place],
        response=fitted.frame.scale,
        file=path,
        pharmacies=len(drawn.more),
        more=int(drawn.more.sum()),
        in_market=len(panel.pharmacies),
        strata=len(np.unique(drawn.stratum)),
        dose=given,
        usual=usual,
        power=power,
        confidence=settings.report.confidence,
        seed=seed,
        sales=float(drawn.baseline.size.mean()),
        estimate=estimate,
        flattens=built is not None and built.shape_of(fitted.frame.panel.channels[place]) is not None,
        territories=bool(settings.panel.territory),
        lengths=found,
        balance=tuple(_balance(name, values, drawn.more) for name, values in known.items()),
    )


def _panel(settings: Settings, root: Path, market: str) -> MarketPanel:
    """The market's panel; without a name, that of the only market."""
    from reportgen.batch.inputs.partition import open_source
    from reportgen.batch.inputs.stored_panel import open_panel

    source = open_source(settings, root, None, jobs=1)
    known = sorted(source.index.markets)
    if not market and len(known) == 1:
        market = known[0]
    if market not in known:
        said = f"--market {market}: there is no such market." if market else "Name one market: --market CODE."
        first = f" The first are {', '.join(known[:5])}." if known else ""
        raise UsageError(said + (did_you_mean(market, known) or first), code="unknown-market")
    found = source.panel(market)
    if found is None:
        raise InputError(f"{market}: its rows cannot be read.", code="no-rows")
    return open_panel(found)


def _fitted(panel: MarketPanel, settings: Settings, built: MarketResults | None) -> MarketFit:
    """The market's fit, on the scale and with the lags of its report where these are ``auto``."""
    from reportgen.model.agreed.choices import choose_alone, chosen
    from reportgen.model.market.fit import fit_market
    from reportgen.model.market.refusals import refusals, usable_frame
    from reportgen.model.prospects import BREAKDOWNS

    agreed = built.model.choices if built is not None and built.model is not None else ()
    settings = chosen(settings, agreed or choose_alone(panel, settings))
    frame, _ = usable_frame(panel, settings)
    reasons = [reason.code for reason in refusals(frame)]
    if not reasons:
        try:
            found = fit_market(frame, settings)
        except BREAKDOWNS:
            reasons = ["breaks-down"]
        else:
            if found.certified:
                return found
            reasons = ["not-certified"]
    raise InputError(
        f"{panel.market}: what an experiment would show is told from the market's own fit, and there is none "
        f"({', '.join(reasons)}). `reportgen check` says what would help.",
        code="no-fit",
    )


def _bad_number(market: str, pharmacies: int, least: int, most: int) -> UsageError:
    return UsageError(
        f"--pharmacies {pharmacies}: {market} has {most} that sell until the end of the record; write a number from "
        f"{least} to {most}.",
        code="bad-pharmacies",
    )


def _channel(fitted: MarketFit, channel: str) -> int:
    known = fitted.frame.panel.channels
    if not channel:
        return 0
    if channel not in known:
        raise UsageError(
            f"--channel {channel}: no promotion column of this market is called so; there are {', '.join(known)}.",
            code="unknown-channel",
        )
    return known.index(channel)


def _last_build(settings: Settings, root: Path, market: str) -> MarketResults | None:
    """The results of the market's last build, where they are on this machine."""
    from reportgen.batch.market import RESULTS
    from reportgen.batch.state import files
    from reportgen.results import from_json

    if "://" in settings.run.out:
        return None
    path = root / settings.run.out / "markets" / files.slug(market) / RESULTS
    try:
        return from_json(path.read_bytes())
    except (OSError, ReportgenError):
        return None


def _own_estimate(built: MarketResults, fitted: MarketFit, place: int) -> float | None:
    """What the last build said one unit kept up brings, where it said it on the scale of this fit."""
    if built.model is None or built.model.response != fitted.frame.scale:
        return None
    channel = fitted.frame.panel.channels[place]
    return next((one.kept_up.estimate for one in built.effects if one.channel == channel), None)


def _refuse_odd(periods: int, dose: float | None, power: float) -> None:
    """Numbers that no experiment has, whoever asks."""
    if not 1 <= periods <= 120 or not 0.5 <= power <= 0.99 or (dose is not None and not 0.0 < dose < math.inf):
        raise UsageError(
            "--periods is a number from 1 to 120, --power one from 0.5 to 0.99, and --dose one above 0.",
            code="bad-number",
        )


def _refuse_to_replace(path: Path, *, overwrite: bool) -> None:
    if not path.parent.is_dir():
        raise UsageError(f"--file: there is no folder {path.parent.name} to write {path.name} to.", code="no-folder")
    if path.is_dir() or (path.exists() and not overwrite):
        raise UsageError(
            f"--file {path.name} is there: it may be a draw that is in use. Name another file, or say --overwrite.",
            code="design-exists",
        )


def _balance(name: str, values: np.ndarray, more: np.ndarray) -> Balance:
    spread = float(values.std())
    first, second = float(values[more > 0].mean()), float(values[more == 0].mean())
    return Balance(name=name, more=first, as_before=second, difference=(first - second) / spread if spread > 0 else 0.0)


def _rows(panel: MarketPanel, chosen: Assignment, dose: float) -> str:
    """Who gets more, as CSV: the arms mixed, in the order of the pharmacies."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    known = chosen.baseline
    for k, row in enumerate(known.rows):
        planned = known.usual[k] + dose * chosen.more[k]
        writer.writerow(
            (
                _guarded(panel.market), _guarded(panel.pharmacies[row]), int(chosen.stratum[k]) + 1,
                MORE if chosen.more[k] else AS_BEFORE, f"{known.size[k]:.2f}", f"{known.growth[k]:.4f}",
                f"{known.usual[k]:.2f}", f"{planned:.2f}",
            )
        )  # fmt: skip
    return text.getvalue()


def _guarded(code: str) -> str:
    """A code that no spreadsheet takes for a formula."""
    from reportgen.render.parquet import FORMULA

    return f"'{code}" if re.match(FORMULA, code) else code
