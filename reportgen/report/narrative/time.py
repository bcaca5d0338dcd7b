"""What happens to all pharmacies together, in words: how it entered the model, and why in this form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import TimeSummary

FEW = 20
"""Territories below which the first page speaks of their number."""


def time_words(w: Writer) -> tuple[str, ...]:
    """Two or three sentences; none for results without this part."""
    time = w.results.time
    if time is None:
        return ()
    lines = [_kind(w, time), *_why(w, time), *territory_words(w)]
    if time.absorbed:
        names = w.listed([clean(name.replace("_", " "), 40) for name in time.absorbed])
        lines.append(w.say("They contain {names}, which is the same for all pharmacies.", names=names))
    if time.pharmacy_trend:
        lines.append(
            w.say(
                "Each pharmacy has a trend of its own as well, because growth differs between pharmacies "
                "(model.pharmacy_trend)."
            )
        )
    return tuple(lines)


def territories_line(w: Writer) -> str:
    """First page: few territories are what is compared; nothing where they are many or compared within."""
    found = w.results.territories
    if found is None or found.errors != "clustered" or found.count >= FEW or found.df is None:
        return ""
    return w.say(
        "Promotion is judged by comparing {count} territories over time, not {pharmacies}: so few are worth {df} "
        "degrees of freedom, and the intervals are wide accordingly.",
        count=w.count(found.count, "territories.count"),
        pharmacies=w.plural("{count} pharmacy", "{count} pharmacies", w.results.data.pharmacies, "data.pharmacies"),
        df=w.fact(w.formats.decimal(found.df, 1), found.df, "territories.df"),
    )


def territory_words(w: Writer) -> tuple[str, ...]:
    """How the model has territories, and why in this form."""
    found = w.results.territories
    if found is None:
        return ()
    if found.errors == "periods":
        return (
            w.say(
                "Whatever happened to a territory is in the effects of its periods, so pharmacies of one territory are "
                "compared with each other and count as independent."
            ),
        )
    lines = [
        w.say(
            "What happens to a territory is part of the error: sales of the pharmacies of one territory may move "
            "together, and the {count} territories are the independent units. Where several of them share what "
            "happens to a region, the region is the territory to name (panel.territory).",
            count=w.count(found.independent, "territories.independent"),
        )
    ]
    if found.reason == "decided-for-territories" and found.share_within is not None:
        lines.append(
            w.by_period(
                "Effects of each territory’s months are not in the model, because promotion is decided for whole "
                "territories: they would leave {share} of its movement, and at least {least} is needed.",
                "Effects of each territory’s weeks are not in the model, because promotion is decided for whole "
                "territories: they would leave {share} of its movement, and at least {least} is needed.",
            ).format(
                share=w.fact(w.formats.percent(found.share_within), found.share_within, "territories.share_within"),
                least=w.fact(w.formats.percent(found.least_share), found.least_share, "territories.least_share"),
            )
        )
    if found.reason in {"too-many-effects", "too-few-rows"}:
        lines.append(
            w.by_period(
                "Effects of each territory’s months are not in the model: they are too many for it.",
                "Effects of each territory’s weeks are not in the model: they are too many for it.",
            )
        )
    return tuple(lines)


def _kind(w: Writer, time: TimeSummary) -> str:
    if time.kind == "periods":
        return w.by_period(
            "One effect per month ({count}), the same for all pharmacies, takes up growth, season and whatever else "
            "happened to all of them together; promotion is judged by who had more of it than others in that month.",
            "One effect per week ({count}), the same for all pharmacies, takes up growth, season and whatever else "
            "happened to all of them together; promotion is judged by who had more of it than others in that week.",
        ).format(count=w.count(time.count, "time.count"))
    if time.kind == "territory-periods":
        return w.by_period(
            "One effect per month of every territory ({count} in all) takes up growth, season and whatever else "
            "happened to the pharmacies of a territory together; promotion is judged by who had more of it than others "
            "of the same territory in that month.",
            "One effect per week of every territory ({count} in all) takes up growth, season and whatever else "
            "happened to the pharmacies of a territory together; promotion is judged by who had more of it than others "
            "of the same territory in that week.",
        ).format(count=w.count(time.count, "time.count"))
    if time.kind == "none":
        return w.say(
            "Nothing stands for what happens to all pharmacies together: growth and season count as effects of "
            "promotion where promotion moves with them (model.time)."
        )
    said = {
        "season+trend": w.say("A yearly season and a straight trend, the same for all pharmacies, are in the model."),
        "season": w.say("A yearly season, the same for all pharmacies, is in the model; a trend is not (model.time)."),
        "trend": w.say("A straight trend, the same for all pharmacies, is in the model; a season is not (model.time)."),
    }
    return said[time.kind]


def _why(w: Writer, time: TimeSummary) -> list[str]:
    if time.share_left is None:
        return []
    share = w.fact(w.formats.percent(time.share_left), time.share_left, "time.share_left")
    least = w.fact(w.formats.percent(time.least_share), time.least_share, "time.least_share")
    if time.kind == "territory-periods":
        return [
            w.by_period(
                "Of the movement of promotion within pharmacies, {share} is left beside what is common to a month of a "
                "territory.",
                "Of the movement of promotion within pharmacies, {share} is left beside what is common to a week of a "
                "territory.",
            ).format(share=share)
        ]
    lines = [
        w.by_period(
            "Of the movement of promotion within pharmacies, {share} is left beside what is common to a month.",
            "Of the movement of promotion within pharmacies, {share} is left beside what is common to a week.",
        ).format(share=share)
    ]
    if time.reason == "common-campaigns":
        lines.append(
            w.by_period(
                "That is less than {least}, too little for one effect per month.",
                "That is less than {least}, too little for one effect per week.",
            ).format(least=least)
        )
    if time.reason == "too-few-rows":
        lines.append(
            w.by_period(
                "There are too few rows for one effect per month.", "There are too few rows for one effect per week."
            )
        )
    return lines
