"""Settings of the model: ``[model]``, ``[adstock]``, ``[plan]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from reportgen.settings import coerce
from reportgen.settings.section import Names, Section

Response = Literal["level", "relative", "log"]
SEED_LAGS = (1, 2)
MOST_MODERATORS = 4
CURVE_SHARED_FROM = 5
"""Markets of a run from which they share one curve; of fewer each decides for itself: none moves another's numbers."""
Lags = Annotated[tuple[Annotated[int, Field(ge=1, le=24)], ...], Field(max_length=12), AfterValidator(coerce.unique)]
Correction = Literal["initial-conditions", "none"]
Method = Literal["REML", "ML"]
Design = Literal["observational", "experiment"]
Time = Literal["auto", "periods", "territory-periods", "season+trend", "season", "trend", "none"]


class ModelSettings(Section):
    """The linear mixed model of one market."""

    formula: Annotated[str, AfterValidator(coerce.one_line)] = Field(
        "",
        description="The model as typed in statsmodels; empty: as the settings below say. Names: Sales or Log_Sales, "
        "Adstock_Promotion (or Adstock_ and the channel), Lag1_Sales …, Trend, Season, Period, columns of the table; "
        "log(price), power(price, 2), poly(price, 3), spline(price, 4); price:income; Adstock_Promotion:size_class.",
        max_length=1000,
        examples=["Sales ~ Adstock_Promotion + Lag1_Sales + Lag2_Sales"],
    )
    re_formula: Annotated[str, AfterValidator(coerce.one_line)] = Field(
        "",
        description="What differs between pharmacies, as typed in statsmodels: ~ Adstock_Promotion, ~ 1, or with "
        "+ Trend; empty: as model.random_slope and model.pharmacy_trend say.",
        max_length=1000,
        examples=["~ Adstock_Promotion"],
    )
    lags: Literal["auto"] | Lags = Field(
        SEED_LAGS,
        description="Lags of sales, in periods. auto: what explains sales of all markets best (BIC) among 1 and 2, "
        "more of them in a row, and the same period of the year before.",
    )
    response: Literal["level", "relative", "log", "auto"] = Field(
        "level",
        description="level: sales in money; relative: sales over a pharmacy's size (its first sales), where large "
        "pharmacies scatter, grow and respond in proportion, told in money; log: natural logarithm of sales; auto: "
        "what all markets together ask for.",
    )
    random_slope: bool = Field(True, description="Let the promotion effect differ between pharmacies.")
    method: Method = Field("REML", description="REML or ML.")
    correction: Correction = Field("initial-conditions", description="initial-conditions or none (the plain model).")
    design: Design = Field("observational", description="experiment only if promotion was assigned at random.")
    assigned: Annotated[
        tuple[Annotated[str, AfterValidator(coerce.period)], ...],
        BeforeValidator(coerce.as_list, json_schema_input_type=str | tuple[str, ...]),
    ] = Field(
        (),
        description="First and last period in which promotion was assigned at random to pharmacies of every market, "
        "where model.design is experiment; empty: in the whole record.",
        max_length=2,
        examples=[["2023-01", "2023-06"]],
    )
    time: Time = Field(
        "auto",
        description="What happens to all pharmacies at once. auto: one effect per period where promotion differs "
        "enough between pharmacies within periods (per period and territory where panel.territory is set and it "
        "differs enough there), else season+trend; periods, territory-periods, season+trend, season, trend, or none.",
    )
    shape: Literal["auto", "linear", "saturating"] = Field(
        "auto",
        description="Response to promotion: linear; saturating, a concave curve that all markets of a run share: more "
        "promotion brings less and less; auto, the curve where the markets together ask for it.",
    )
    pharmacy_trend: Literal["auto"] | bool = Field(
        "auto", description="A trend of its own for each pharmacy. auto: from 24 periods on, where the likelihood asks."
    )
    moderators: Names = Field(
        (),
        description="Columns that sort pharmacies into classes, e.g. region or size class: the promotion effect is "
        "also told class by class.",
        max_length=MOST_MODERATORS,
        examples=[["size_class"]],
    )
    forecast: Annotated[int, Field(ge=0, le=12)] = Field(
        3, description="Periods after the record whose sales are forecast; 0: none."
    )
    ladder: bool = Field(
        False, description="Leave a singular fit for a simpler one too, and end at pooled least squares if need be."
    )
    bootstrap: Annotated[int, Field(ge=0, le=20000)] = Field(0, description="Parametric bootstrap replicates; 0: none.")

    rehearsal: Annotated[int, Field(ge=0, le=20000)] = Field(
        0,
        description="Panels drawn from a market's own promotion and fit, with known effect and with things that go "
        "wrong, to tell how often the method finds the truth and how often checks notice; 0: none, 100 take a second.",
        examples=[100],
    )

    @property
    def lag_periods(self) -> tuple[int, ...]:
        """The lags; of ``auto`` those it begins with."""
        return SEED_LAGS if self.lags == "auto" else self.lags

    @property
    def scale(self) -> Response:
        """The scale of sales; of ``auto`` that it begins with."""
        return "level" if self.response == "auto" else self.response


class AdstockSettings(Section):
    """Carry-over of promotion."""

    decay: Literal["estimate"] | Annotated[float, Field(ge=0, lt=1)] = Field(
        "estimate", description="estimate, or a number in [0, 1)."
    )
    normalize: bool = Field(True, description="Scale weights to sum to one, (1-d) sum d^k x.")
    scope: Literal["market", "all"] = Field("market", description="One decay per market, or one shared by all.")


class PlanSettings(Section):
    """Where the next promotion should go: the same total, given to whoever makes the most of it."""

    bound: Annotated[float, Field(gt=0, le=1)] = Field(
        0.25, description="Most that a pharmacy's promotion may change, as a share of its own."
    )
    budget: Annotated[float, Field(ge=-100, le=100)] = Field(
        0.0, description="Change of all promotion in percent, e.g. -10; 0: the same total, given elsewhere."
    )
    periods: Annotated[int, Field(ge=0, le=104)] = Field(
        0, description="Periods ahead that the plan is for; 0: a year."
    )
    step: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        0.0,
        description="Units by which a pharmacy's promotion over these periods changes; 0: whole units where promotion "
        "was whole, a small part of the usual promotion where it was not.",
    )
    fixed: Names = Field(
        (), description="Pharmacies whose promotion must not change: codes or patterns.", examples=[["KA-001", "KA-9*"]]
    )

    @model_validator(mode="after")
    def _budget_within_bound(self) -> PlanSettings:
        if abs(self.budget) > 100.0 * self.bound + 1e-9:
            raise ValueError("budget is beyond bound: no pharmacy may change by as much")
        return self
