"""One analysed market: its numbers as frames and words, its fit, and what can be asked of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import InputError, UsageError
from reportgen.results import MarketResults, VerdictCode
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.model.market.fit import MarketFit
    from reportgen.panel.grid import MarketPanel
    from reportgen.report.blocks import MarketReport

DRAWS = 400
"""Draws of a prediction: the ends of a 95 % interval are then known to about a twentieth of its width."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MarketAnalysis:
    """One market: what :func:`reportgen.analyse` and :func:`reportgen.load_results` return.

    Attributes
    ----------
    results
        Everything as typed numbers, as results.json has it.
    settings
        Language, currency, brand and model.
    assumed
        What was guessed about the table, to be checked by a person.
    """

    results: MarketResults
    settings: Settings = field(default_factory=Settings)
    assumed: tuple[str, ...] = ()
    panel: MarketPanel | None = field(default=None, repr=False)
    agreed: dict[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        data = self.results.data
        return (
            f"<MarketAnalysis {self.market}: {self.verdict}, {data.pharmacies} pharmacies, "
            f"{data.period[0]} to {data.period[1]}>"
        )

    # --- what it says -----------------------------------------------------------------------

    @property
    def market(self) -> str:
        """Code of the market."""
        return self.results.market

    @property
    def verdict(self) -> VerdictCode:
        """``works``, ``works-unevenly``, ``unclear``, ``no-effect``, ``negative`` or ``cannot-tell``."""
        return self.results.verdict.code

    @property
    def reasons(self) -> tuple[str, ...]:
        """Codes that led to the verdict."""
        return self.results.verdict.reasons

    def summary(self) -> str:
        """The first page of the report as text, in the language of the settings."""
        from reportgen.notebook.words import summary_text

        return summary_text(self.document, self.assumed)

    def _repr_html_(self) -> str:
        from reportgen.notebook.card import render_card

        return render_card(self.document)

    @cached_property
    def document(self) -> MarketReport:
        """The report as blocks: what templates see."""
        from reportgen.report.document import build_report

        return build_report(self.results, self.settings)

    # --- frames -----------------------------------------------------------------------------

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficient table by term: estimate, se, df, p, lower, upper; sales units per unit of the column."""
        from reportgen.notebook import frames

        return frames.coefficients(self.results)

    @property
    def effects(self) -> pd.DataFrame:
        """One more unit of each channel: first period, in all, kept up, with limits and the check that withheld it."""
        from reportgen.notebook import frames

        return frames.effects(self.results)

    @property
    def pharmacies(self) -> pd.DataFrame:
        """Every pharmacy: level, slope with limits, reliability, rank, incremental sales (money)."""
        from reportgen.notebook import frames

        return frames.pharmacies(self.results)

    @property
    def checks(self) -> pd.DataFrame:
        """Every check: status, value, threshold, and what it withholds."""
        from reportgen.notebook import frames

        return frames.checks(self.results)

    @property
    def months(self) -> pd.DataFrame:
        """Every period: sales and promotion, and sales without promotion with limits (money of the market)."""
        from reportgen.notebook import frames

        return frames.months(self.results)

    @property
    def plan(self) -> pd.DataFrame:
        """Where promotion would bring more; empty where these results have no plan."""
        from reportgen.notebook import frames

        return frames.plan(self.results)

    # --- what it makes ----------------------------------------------------------------------

    def report(self, path: str | Path) -> Path:
        """Write the report; the ending decides: ``.html``, ``.pdf``, ``.brief.pdf``, ``.xlsx``, or ``.json``.

        Raises
        ------
        UsageError
            Another ending.
        """
        from reportgen.notebook.files import write_report

        return write_report(self, Path(path))

    def compare(self, other: MarketAnalysis) -> pd.DataFrame:
        """This and another analysis side by side, by quantity, with the difference.

        The SE of a difference takes the two for independent: two markets are, two analyses of the same rows are not,
        and then have none. Numbers are in each one's own units.
        """
        from reportgen.notebook.gaps import compare

        return compare(self, other)

    # --- what needs the data ----------------------------------------------------------------

    @cached_property
    def fit(self) -> MarketFit:
        """The fitted model behind the numbers, made again from the data.

        Raises
        ------
        UsageError
            These results came from a file: there are no data to fit.
        InputError
            The market has no certified fit.
        """
        from reportgen.model.agreed.choices import choose_alone, chosen
        from reportgen.model.fitted import fitted_market
        from reportgen.model.market.refusals import usable_frame

        panel = self._data("the fitted model")
        if not self.results.fixed:
            raise InputError(f"{self.market} has no estimate: .summary() says why.", code="no-fit")
        choices = self.agreed.get("choices")
        settings = chosen(self.settings, choose_alone(panel, self.settings) if choices is None else choices)
        frame, _ = usable_frame(panel, settings)
        return fitted_market(frame, settings, self.agreed.get("shared_decay"), self.agreed.get("shapes"))

    def to_statsmodels(self) -> Any:
        """A genuine ``MixedLMResults`` of statsmodels at the certified optimum.

        Raises
        ------
        UsageError, InputError
            As for :attr:`fit`; also where a random effect has no variance, which statsmodels cannot hold.
        """
        import numpy as np

        from reportgen.model.lmm.mixedlm import results_at

        try:
            return results_at(self.fit.fit)
        except np.linalg.LinAlgError as error:
            raise InputError(f"{self.market}: {error}", code="singular") from None

    def predict(
        self,
        frame: pd.DataFrame | None = None,
        *,
        confidence: float | None = None,
        draws: int = DRAWS,
        seed: int | None = None,
    ) -> pd.DataFrame:
        """Sales of rows, with prediction intervals: of pharmacies on record and of new ones.

        Parameters
        ----------
        frame
            Rows with the columns of the table: pharmacy, period, promotion; sales and controls where they are known
            (sales of a row count for the rows behind it). Periods may lie after the record. Default: the rows fitted.
        confidence
            Of the interval, by default that of the report.
        draws, seed
            Draws behind the interval, and where they begin (``run.seed``).

        Returns
        -------
        pandas.DataFrame
            A row for each, in the same order: pharmacy, period, ``estimate`` (money; with a log response the median),
            ``lower``, ``upper``, ``known``: whether the pharmacy is on record.

        Raises
        ------
        UsageError, InputError
            As for :attr:`fit`; a column is missing, or a row lies before the record.
        """
        import numpy as np
        import pandas as pd

        from reportgen.model.effects.predictions import predict_rows
        from reportgen.notebook.asking import asked_rows, recorded_rows

        fit = self.fit
        rows = recorded_rows(fit.frame) if frame is None else asked_rows(frame, fit.frame, self.settings)
        seed = self.settings.run.seed if seed is None else seed
        level = self.settings.report.confidence if confidence is None else confidence
        found = predict_rows(
            fit, rows, confidence=level, draws=draws, rng=np.random.default_rng([seed & 0xFFFFFFFF, 18])
        )
        made = pd.DataFrame({
            "pharmacy": rows.pharmacies,
            "period": [fit.frame.panel.period_label(int(k)) for k in rows.columns],
            "estimate": found.estimate,
            "lower": found.lower,
            "upper": found.upper,
            "known": found.known,
        })  # fmt: skip
        return made if frame is None else made.set_axis(frame.index)

    def simulate(self, copies: int = 1, *, seed: int | None = None) -> pd.DataFrame:
        """Sales drawn from the fitted model through its recursion: new deviations and errors, promotion as it was.

        Returns
        -------
        pandas.DataFrame
            ``copy``, ``pharmacy``, ``period``, ``sales`` (money), ``promotion`` (by channel) of every fitted row.
        """
        from reportgen.notebook.copies import simulated

        return simulated(self.fit, copies, self.settings.run.seed if seed is None else seed)

    def _data(self, what: str) -> MarketPanel:
        if self.panel is None:
            raise UsageError(
                f"{self.market}: {what} needs the data, and these results came from a file. "
                "Use reportgen.analyse(data, market=…) instead.",
                code="no-data",
            )
        return self.panel
