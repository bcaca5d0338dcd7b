"""``reportgen design`` and ``rehearse``: what is simulated from markets' own fits is printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import Data, Debug, Json, Project, Set, parse_overrides

if TYPE_CHECKING:
    from reportgen.model.experiment.power import Showing
    from reportgen.project.designing import DesignReport
    from reportgen.project.rehearsing import RehearsalReport
    from reportgen.results import Rehearsal, RehearsalRow
    from reportgen.settings.sections import Settings


def design(
    data: Data = None,
    project: Project = Path(),
    market: Annotated[str, typer.Option("--market", metavar="CODE", help="Market of the experiment.")] = "",
    pharmacies: Annotated[
        int | None, typer.Option("--pharmacies", metavar="N", help="How many take part.", show_default="all that can")
    ] = None,
    periods: Annotated[
        int, typer.Option("--periods", metavar="N", min=1, max=120, help="How many months or weeks it runs.")
    ] = 6,
    dose: Annotated[
        float | None,
        typer.Option("--dose", help="Units of promotion more a period in one arm.", show_default="half of the usual"),
    ] = None,
    channel: Annotated[str, typer.Option("--channel", help="Promotion column, where there are several.")] = "",
    power: Annotated[
        float, typer.Option("--power", min=0.5, max=0.99, help="Chance to see the smallest effect told.")
    ] = 0.8,
    seed: Annotated[int | None, typer.Option("--seed", help="Another draw.", show_default="run.seed")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Where the draw goes.", show_default="design-*.csv")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let --file replace a file that is there.")] = False,
    set_: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw pharmacies for an experiment, and tell the smallest effect that it would show."""
    from reportgen.cli import console
    from reportgen.project import verbs
    from reportgen.project.designing import design_experiment

    settings, root = verbs.open_project(project, data=data, overrides=parse_overrides(set_))
    report = design_experiment(
        settings, root, market=market, pharmacies=pharmacies, periods=periods, dose=dose, channel=channel,
        power=power, seed=seed, file=None if file is None else file.absolute(), overwrite=overwrite,
    )  # fmt: skip
    if as_json:
        console.say_json(report.plain())
    else:
        show_design(report, settings)


def show_design(report: DesignReport, settings: Settings) -> None:
    """Print who was drawn, how alike the arms are, and what each length would show."""
    from reportgen.cli import console

    period, unit = settings.panel.period, settings.report.promotion_unit
    console.say(
        f"{report.market}: {report.pharmacies} of {report.in_market} pharmacies in {report.strata} strata of size and "
        f"growth; by lot {report.more} get {report.dose:g} more a {period} (of: {unit}), "
        f"{report.pharmacies - report.more} go on as before ({report.usual:.1f} a {period}). Seed {report.seed}."
    )
    console.show_table(
        ("Before", "More", "As before", "Difference in SD"),
        [
            (
                one.name.capitalize(),
                _shown(one.name, one.more),
                _shown(one.name, one.as_before),
                f"{one.difference:+.2f}",
            )
            for one in report.balance
        ],
        right=(1, 2, 3),
    )
    log = report.response == "log"
    own = report.estimate is not None
    console.show_table(
        (
            f"{period.capitalize()}s", f"Smallest effect of one {unit}, kept up", "More sales meanwhile", "Of sales",
            *(("Chance to see this market's estimate",) if own else ()),
        ),
        [_row(one, report.sales, log=log, own=own) for one in report.lengths],
        right=(0, 1, 2, 3, 4),
    )  # fmt: skip
    console.say(
        f"The smallest effect is seen in {report.power:.0%} of experiments like this one, at a confidence of "
        f"{report.confidence:.0%}. Sales are per pharmacy and {period}."
    )
    if own:
        shown = f"{report.estimate:.1%}" if log else f"{report.estimate:,.0f}"
        console.say(f"This market's estimate is {shown} for one {unit} kept up.")
    if report.flattens:
        console.say(
            f"The response to {report.channel} flattens, and effects are told as those of a straight line: "
            f"{report.dose:g} more bring less than {report.dose:g} times one, and the experiment needs more periods."
        )
    if report.territories:
        console.say(
            "Pharmacies are drawn and simulated one by one: where those of a territory move together, the smallest "
            "effect that is seen is larger than told."
        )
    console.say(f"Who gets more: {console.short(report.file)}")


def _row(one: Showing, sales: float, *, log: bool, own: bool) -> tuple[str, ...]:
    if one.smallest is None or one.meanwhile is None:
        shown = ("none would be seen", "", "")
    else:
        effect = f"{one.smallest:.1%}" if log else f"{one.smallest:,.0f}"
        shown = (effect, f"{one.meanwhile:,.0f}", f"{one.meanwhile / sales:.1%}" if sales > 0.0 else "")
    return (str(one.periods), *shown, *((f"{one.power:.0%}",) if own and one.power is not None else ()))


def _shown(name: str, value: float) -> str:
    return f"{value:+.1%}" if name == "growth" else f"{value:,.1f}" if name == "promotion" else f"{value:,.0f}"


def rehearse(
    markets: Annotated[
        list[str] | None, typer.Argument(metavar="MARKET", help="Codes or globs.", show_default="all")
    ] = None,
    project: Project = Path(),
    panels: Annotated[
        int | None,
        typer.Option("--panels", metavar="N", min=1, max=20000, help="Panels a market.", show_default="100"),
    ] = None,
    set_: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw panels with known effect from markets' own data, and tell how often the truth is found; write nothing."""
    from reportgen.cli import console
    from reportgen.project import verbs
    from reportgen.project.rehearsing import PANELS, rehearse_project

    settings, root = verbs.open_project(project, overrides=parse_overrides(set_))
    wanted = panels or settings.model.rehearsal or PANELS
    report = rehearse_project(settings, root, markets=markets or (), panels=wanted)
    if as_json:
        console.say_json(report.plain())
    else:
        show_rehearsal(report)


def show_rehearsal(report: RehearsalReport) -> None:
    """Print counts by kind of panel, over all markets, and by market as the model has them."""
    from reportgen.cli import console
    from reportgen.report.tables.rehearsal import KINDS

    rows = report.together
    if not rows:
        console.say("No market gives an estimate to start from; `reportgen check` says why.")
        return
    if len(report.markets) > 1:
        console.show_table(
            ("Market", "Panels as fitted", "Kept up held", "Total held"),
            [
                (
                    market,
                    *(_held(found.rows[0]) if found and found.rows else (_why(found), "", "")),
                )
                for market, found in report.markets.items()
            ],
            right=(1, 2, 3),
        )
    console.show_table(
        ("Sales were made", "Panels", "Kept up held", "missed, noticed", "Total held", "missed, noticed"),
        [
            (
                KINDS[row.kind], str(row.panels), _share(row.kept_held, row.panels),
                _noticed(row.panels - row.kept_held, row.kept_noticed), _share(row.total_held, row.total_panels),
                _noticed(row.total_panels - row.total_held, row.total_noticed),
            )
            for row in rows
        ],
        right=(1, 2, 3, 4, 5),
    )  # fmt: skip
    console.say(
        "Held: the interval has the truth. Noticed: where it has not, a check (curvature, drift, the next period's "
        "promotion, slips) withholds the number."
    )


def _why(found: Rehearsal | None) -> str:
    return "too uncertain" if found and found.reason == "unclear-effect" else "no estimate"


def _held(row: RehearsalRow) -> tuple[str, str, str]:
    return str(row.panels), _share(row.kept_held, row.panels), _share(row.total_held, row.total_panels)


def _share(count: int, panels: int) -> str:
    return f"{count / panels:.0%}" if panels else "–"


def _noticed(missed: int, noticed: int) -> str:
    return f"{noticed} of {missed}" if missed else "–"
