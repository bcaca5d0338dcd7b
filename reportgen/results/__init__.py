"""The waist: every number, chart datum and verdict code of a market and of all markets, as JSON.

No words, no statistics: those stand before it, presentation after it; what merely follows from the fields is in
``derived``. Other rooms import from this door; a new type goes into the module of its stage (``data``, ``fit``,
``effects``, ``ahead``, ``checks``, ``verdict``, ``prospects``, ``table``, ``charts``) and into the list here.
"""

from reportgen.results.ahead.change import Cause, Change, ChangePart, ListChange, Moved
from reportgen.results.ahead.forecast import (
    Forecast,
    ForecastPeriod,
    ForecastSum,
    Movement,
    PharmacyAhead,
    UsualPromotion,
)
from reportgen.results.ahead.plan import (
    MarketMove,
    MarketsPlan,
    MarketsPlanReason,
    Plan,
    PlanAction,
    PlanExperiment,
    PlanGroup,
    PlanGroupName,
    PlanOutcome,
    PlanProfit,
    PlanReason,
    PlanRow,
    PlanRowReason,
)
from reportgen.results.ahead.track import ScoredPeriod, TrackRecord
from reportgen.results.charts import (
    QQ,
    Autocorrelation,
    Charts,
    Curve,
    Density,
    MonthlySeries,
    PharmacySeries,
    PredictiveCheck,
)
from reportgen.results.checks import (
    Check,
    CheckStatus,
    OlsAssumption,
    OlsTerm,
    OrdinaryRegression,
    Rehearsal,
    RehearsalKind,
    RehearsalRow,
    Sensitivity,
)
from reportgen.results.data import DataSummary, EntrySlip, GroupSize, RowsLost, SlipKind
from reportgen.results.effects import (
    Balance,
    BalanceName,
    Calibration,
    ChannelEffect,
    ClassEffect,
    CurveKind,
    CurvePoint,
    DecayPoint,
    DecaySummary,
    EffectSize,
    Elasticity,
    Experiment,
    Foresight,
    ImpulsePoint,
    LongRun,
    ModeratorEffects,
    PharmacyRow,
    PromotionEffects,
    PublishedSize,
    ResponseShape,
    SizeWithError,
)
from reportgen.results.fit import (
    Attempt,
    BootstrapRow,
    BootstrapSummary,
    Comparison,
    CorrelationRow,
    CovRe,
    FitQuality,
    FitSummary,
    FixedEffect,
    LikelihoodOptimum,
    ModelSummary,
    ModelTerm,
    RSquared,
    SettingChoice,
    SlopeTest,
    TermRole,
    TerritorySummary,
    TimeEffect,
    TimeKind,
    TimeSummary,
    VarianceRow,
)
from reportgen.results.json import from_json, json_schema, overview_from_json, to_json
from reportgen.results.market import MarketResults, Provenance, Status
from reportgen.results.markets import (
    Estimand,
    ExcludedMarket,
    MarketEstimate,
    MarketStatus,
    OverviewResults,
    PooledEffect,
    RunTotals,
)
from reportgen.results.money import Incremental, IncrementalMonth, RecentSales, Roi, WhatIf
from reportgen.results.table import (
    BINS,
    Calendar,
    Cell,
    ColumnFacts,
    ColumnRole,
    Distribution,
    Finding,
    MarketFacts,
    MarketProspect,
    Outcome,
    Severity,
    TableFacts,
)
from reportgen.results.verdict import Quantity, Reason, Verdict, VerdictCode, Withheld

__all__ = [
    "BINS", "QQ", "Attempt", "Autocorrelation", "Balance", "BalanceName", "BootstrapRow", "BootstrapSummary",
    "Calendar", "Calibration", "Cause", "Cell", "Change", "ChangePart", "ChannelEffect", "Charts", "Check",
    "CheckStatus", "ClassEffect", "ColumnFacts", "ColumnRole", "Comparison", "CorrelationRow", "CovRe", "Curve",
    "CurveKind", "CurvePoint", "DataSummary", "DecayPoint", "DecaySummary", "Density", "Distribution", "EffectSize",
    "Elasticity", "EntrySlip", "Estimand", "ExcludedMarket", "Experiment", "Finding", "FitQuality", "FitSummary",
    "FixedEffect", "Forecast", "ForecastPeriod", "ForecastSum", "Foresight", "GroupSize", "ImpulsePoint",
    "Incremental", "IncrementalMonth", "LikelihoodOptimum", "ListChange", "LongRun", "MarketEstimate", "MarketFacts",
    "MarketMove", "MarketProspect", "MarketResults", "MarketStatus", "MarketsPlan", "MarketsPlanReason",
    "ModelSummary", "ModelTerm", "ModeratorEffects", "MonthlySeries", "Moved", "Movement", "OlsAssumption", "OlsTerm",
    "OrdinaryRegression", "Outcome", "OverviewResults", "PharmacyAhead", "PharmacyRow", "PharmacySeries", "Plan",
    "PlanAction", "PlanExperiment", "PlanGroup", "PlanGroupName",
    "PlanOutcome", "PlanProfit", "PlanReason", "PlanRow", "PlanRowReason",
    "PooledEffect", "PredictiveCheck", "PromotionEffects", "Provenance", "PublishedSize", "Quantity", "RSquared",
    "Reason", "RecentSales", "Rehearsal", "RehearsalKind", "RehearsalRow", "ResponseShape", "Roi", "RowsLost",
    "RunTotals",
    "ScoredPeriod", "Sensitivity", "SettingChoice", "Severity", "SizeWithError", "SlipKind", "SlopeTest", "Status",
    "TableFacts", "TermRole", "TerritorySummary", "TimeEffect", "TimeKind", "TimeSummary", "TrackRecord",
    "UsualPromotion", "VarianceRow", "Verdict", "VerdictCode", "WhatIf", "Withheld", "from_json", "json_schema",
    "overview_from_json", "to_json",
]  # fmt: skip
