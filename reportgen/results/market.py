"""The waist: every number a report may print, and nothing else.

Everything before this type is statistics, everything after it is presentation. The types
hold only ``str``, ``int``, ``float``, ``bool``, ``None``, tuples and each other, so they
round-trip through JSON exactly; a number that does not exist is ``None`` (JSON ``null``),
never NaN. Verdicts, reasons and checks are codes; words live in ``report/narrative``.

Units, unless a field says otherwise: *sales units* are money per pharmacy and period
(``response = "level"``) or natural-log points (``"log"``); *promotion units* are those of
the promotion column. Intervals are ``lower``/``upper`` at level ``model.confidence``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reportgen.results.ahead.change import Change
from reportgen.results.ahead.forecast import Forecast
from reportgen.results.ahead.plan import Plan
from reportgen.results.ahead.track import TrackRecord
from reportgen.results.charts import Charts
from reportgen.results.checks import Check, OrdinaryRegression, Rehearsal, Sensitivity
from reportgen.results.data import DataSummary
from reportgen.results.effects import (
    Calibration,
    ChannelEffect,
    DecaySummary,
    Elasticity,
    Experiment,
    Foresight,
    ImpulsePoint,
    LongRun,
    ModeratorEffects,
    PharmacyRow,
    PromotionEffects,
    ResponseShape,
)
from reportgen.results.fit import (
    BootstrapSummary,
    Comparison,
    CorrelationRow,
    FitQuality,
    FitSummary,
    FixedEffect,
    LikelihoodOptimum,
    ModelSummary,
    RSquared,
    SlopeTest,
    TerritorySummary,
    TimeSummary,
    VarianceRow,
)
from reportgen.results.money import Incremental, Roi, WhatIf
from reportgen.results.verdict import Reason, Verdict, Withheld

SCHEMA_VERSION = 2
READABLE = (1, SCHEMA_VERSION)
"""Schema versions that are read; what an older one does not have is ``null`` (empty, for lists)."""

Status = Literal["ok", "singular", "not-estimated", "not-estimable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What made these numbers. No path, user or host name."""

    package: str
    versions: tuple[tuple[str, str], ...]
    source: str
    """Base name of the input, never its path."""
    data_hash: str
    settings_hash: str
    settings: tuple[tuple[str, str], ...]
    seed: int
    as_of: str
    settings_exact: str = ""
    """All settings that numbers depend on, ``section.key`` to value, as JSON; empty where they were not kept."""
    code: str = ""
    """SHA-256 of the program's source and its libraries' versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketResults:
    """One market. Fields after ``data`` are ``None`` or empty where nothing was estimated."""

    schema_version: int = SCHEMA_VERSION
    market: str
    status: Status
    reasons: tuple[Reason, ...] = ()
    data: DataSummary
    model: ModelSummary | None = None
    fit: FitSummary | None = None
    fixed: tuple[FixedEffect, ...] = ()
    optima: tuple[LikelihoodOptimum, ...] = ()
    """All optima of the likelihood, the best first; empty where it has one."""
    variances: tuple[VarianceRow, ...] = ()
    correlations: tuple[CorrelationRow, ...] = ()
    icc: float | None = None
    r2: RSquared | None = None
    quality: FitQuality | None = None
    plain: Comparison | None = None
    within: Comparison | None = None
    slope_test: SlopeTest | None = None
    bootstrap: BootstrapSummary | None = None
    decay: DecaySummary | None = None
    """Carry-over of the first promotion channel; further channels in ``more_decays``."""
    more_decays: tuple[DecaySummary, ...] = ()
    time: TimeSummary | None = None
    """Period effects, or season and trend, and the pharmacies' own trends."""
    territories: TerritorySummary | None = None
    """The level above the pharmacy; None where the settings name no column, or all pharmacies have one territory."""
    effects: tuple[PromotionEffects, ...] = ()
    """First period, in all and kept up of every promotion channel."""
    shapes: tuple[ResponseShape, ...] = ()
    """Channels whose response flattens; empty where all are straight lines."""
    long_run: LongRun | None = None
    impulse: tuple[ImpulsePoint, ...] = ()
    incremental: Incremental | None = None
    channels: tuple[ChannelEffect, ...] = ()
    """One per promotion channel where there are several; ``long_run`` and ``impulse`` above are the first one's."""
    moderators: tuple[ModeratorEffects, ...] = ()
    """Effects by class, one entry a column of ``model.moderators``."""
    foresight: Foresight | None = None
    """What no check can see, of the first promotion channel; None where nothing is said of an effect."""
    elasticity: Elasticity | None = None
    """The size of what promotion brings, beside published ones."""
    experiment: Experiment | None = None
    """What promotion brought where it was assigned at random (``model.assigned``)."""
    rehearsal: Rehearsal | None = None
    """How often the method found the truth in panels like this market's (``model.rehearsal``)."""
    calibration: tuple[Calibration, ...] = ()
    """Experiments in this market (``[[calibration]]``)."""
    what_if: tuple[WhatIf, ...] = ()
    roi: Roi | None = None
    forecast: Forecast | None = None
    """The periods after the record; None where nothing was estimated, or none are asked for."""
    plan: Plan | None = None
    """Where the next promotion should go."""
    track: TrackRecord | None = None
    """What earlier runs said of periods that have come since; None where none has."""
    change: Change | None = None
    """Against the run before; None where there was none, or nothing changed since."""
    pharmacies: tuple[PharmacyRow, ...] = ()
    sizes: tuple[float, ...] = ()
    """Sales of each pharmacy over an average one's, which effects are in proportion to; empty on other scales."""
    checks: tuple[Check, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    ordinary: OrdinaryRegression | None = None
    verdict: Verdict
    withheld: tuple[Withheld, ...] = ()
    """What is not given although the model was fitted, and which check says so; the gravest first."""
    charts: Charts = field(default_factory=Charts)
    provenance: Provenance

    @property
    def promotion_effect(self) -> FixedEffect | None:
        """Coefficient of promotion (of the first channel); ``None`` where nothing was estimated."""
        terms = self.model.promotion_terms if self.model else ()
        return next((row for row in self.fixed if row.term in terms), None)

    def shape_of(self, channel: str | None) -> ResponseShape | None:
        """Curve of a channel, of the first one where none is named; ``None`` where its response is a straight line."""
        if channel is None:
            channel = self.model.channels[0] if self.model is not None else ""
        return next((one for one in self.shapes if one.channel == channel), None)

    @property
    def checks_run(self) -> int:
        """Checks that could be made."""
        return sum(check.status != "not-run" for check in self.checks)

    @property
    def checks_passed(self) -> int:
        """Checks that found nothing."""
        return sum(check.status == "pass" for check in self.checks)

    @property
    def checks_failed(self) -> int:
        """Checks that found something grave."""
        return sum(check.status == "fail" for check in self.checks)
