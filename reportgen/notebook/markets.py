"""The markets of a table, each analysed when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import InputError, UsageError
from reportgen.notebook.analysis import MarketAnalysis
from reportgen.notebook.opening import Opened, agreed_on
from reportgen.settings.messages import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.results import OverviewResults
    from reportgen.settings.sections import Settings


class MarketAnalyses(Mapping[str, MarketAnalysis]):
    """Analyses by market code; iterating analyses every market, in the order of the codes."""

    def __init__(self, opened: Opened, markets: tuple[str, ...], *, together: bool = True) -> None:
        self._opened, self._markets, self._together = opened, markets, together
        self._made: dict[str, MarketAnalysis] = {}

    def __getitem__(self, market: str) -> MarketAnalysis:
        if market not in self._markets:
            raise KeyError(market)
        if market not in self._made:
            self._made[market] = self._analysed(market)
        return self._made[market]

    def __iter__(self) -> Iterator[str]:
        return iter(self._markets)

    def __len__(self) -> int:
        return len(self._markets)

    def __repr__(self) -> str:
        shown = ", ".join(self._markets[:5]) + (", …" if len(self) > 5 else "")
        return f"<MarketAnalyses of {len(self)} markets: {shown}>"

    def _repr_html_(self) -> str:
        return str(self.summary()._repr_html_())  # type: ignore[operator]

    @property
    def one(self) -> MarketAnalysis:
        """The only market.

        Raises
        ------
        UsageError
            There are several: the message names the first of them.
        """
        if len(self) != 1:
            raise UsageError(
                f"There are {len(self)} markets ({', '.join(self._markets[:5])}, …): take one by its code.",
                code="several-markets",
            )
        return self[self._markets[0]]

    @property
    def settings(self) -> Settings:
        """Settings that every market is analysed with."""
        return self._opened.settings

    def summary(self) -> pd.DataFrame:
        """A row a market: verdict, what is kept up with limits (sales units), incremental sales (money), checks."""
        import pandas as pd

        return pd.DataFrame([_row(one) for one in self.values()]).set_index("market")

    @cached_property
    def overview(self) -> OverviewResults:
        """All markets together: the pooled effect, each market's place, who is left out and why."""
        from reportgen.model.across.markets import summarise_markets

        return summarise_markets(
            [one.results for one in self.values()], confidence=self._opened.settings.report.confidence
        )

    @property
    def effects(self) -> pd.DataFrame:
        """A row a pooled market: the effect of the overview with limits, shrunken towards the others, rank."""
        from reportgen.notebook import frames

        return frames.markets(self.overview)

    @cached_property
    def _agreed(self) -> dict[str, Any]:
        return agreed_on(self._opened, together=self._together)

    def _analysed(self, market: str) -> MarketAnalysis:
        from reportgen.batch.inputs.stored_panel import open_panel
        from reportgen.batch.market import MarketJob, analyse
        from reportgen.batch.run_state import resolve_as_of
        from reportgen.batch.state.fingerprint import calibrated, fingerprint

        opened = self._opened
        found = opened.source.panel(market)
        if found is None:
            raise InputError(f"{market}: its rows cannot be read.", code="no-rows")
        stamp = opened.source.stamp(market, fingerprint(opened.settings, opened.root))
        stamp, panel = calibrated(stamp, opened.settings, market), open_panel(found)
        job = MarketJob(
            market=market, folder=Path(market), root=opened.root, settings=opened.settings,
            as_of=resolve_as_of(opened.settings), stamp=stamp, formats=("results",), panel=panel, **self._agreed,
        )  # fmt: skip
        return MarketAnalysis(
            results=analyse(job), settings=opened.settings, assumed=opened.assumed, panel=panel, agreed=self._agreed
        )


def choose(opened: Opened, market: object) -> tuple[str, ...]:
    """Codes of the markets that are meant: all, one, or several.

    Raises
    ------
    UsageError
        There is no such market; names the nearest.
    """
    index = opened.source.index
    known = tuple(sorted(index.markets))
    if market is None:
        return known
    wanted = [str(market)] if isinstance(market, str | int) else [str(one) for one in market]  # type: ignore[attr-defined]
    for one in wanted:
        if one in index.refused:
            raise UsageError(f"{one}: {index.refused[one][1]}", code=index.refused[one][0])
        if one not in known:
            nearest = did_you_mean(one, known) or f" There are {', '.join(known[:5])}."
            raise UsageError(f"There is no market {one!r}.{nearest}", code="unknown-market")
    return tuple(dict.fromkeys(wanted))


def _row(one: MarketAnalysis) -> dict[str, Any]:
    results = one.results
    kept = results.effects[0].kept_up if results.effects else None
    total = results.incremental
    return {
        "market": one.market,
        "verdict": one.verdict,
        "pharmacies": results.data.pharmacies,
        "kept_up": None if kept is None else kept.estimate,
        "lower": None if kept is None else kept.lower,
        "upper": None if kept is None else kept.upper,
        "incremental": None if total is None else total.total,
        "share": None if total is None else total.share,
        "checks_passed": results.checks_passed,
        "checks_run": results.checks_run,
    }
