"""One panel written in many ways: layouts, separators, conventions, encodings, kinds of file; and its clean reading.

Every variant is either read to exactly the numbers of the clean table or refused in words that name the cause. The
corpus (``INTAKE``) and the property test share the writers.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reportgen.errors import InputError
from reportgen.panel.checking.contract import Panel, validate_panel
from reportgen.panel.reading.read import list_markets, read_table, survey_partitions
from reportgen.settings.sections import Settings

Written = Callable[[Path], str]


def panel_rows(
    markets: tuple[str, ...] = ("North", "South"), pharmacies: int = 4, periods: int = 14, seed: int = 5
) -> pd.DataFrame:
    """A long table of true numbers: sales with two decimals, promotion whole."""
    rng = np.random.default_rng(seed)
    parts = []
    for market in markets:
        for g in range(pharmacies):
            level = 20_000 + 9_000 * g + 1_500 * len(market)
            sales = np.round(level * np.exp(0.08 * rng.standard_normal(periods)), 2)
            parts.append(
                pd.DataFrame(
                    {
                        "market": market,
                        "pharmacy": f"{market[:1]}{g + 1:03d}",
                        "t": np.arange(periods),
                        "sales": sales,
                        "promotion": rng.poisson(3.0, periods).astype(float),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def month_of(t: int) -> tuple[int, int]:
    """Year and month of period ``t``; the first is November 2020."""
    return 2020 + (10 + t) // 12, (10 + t) % 12 + 1


SHORT = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]  # fmt: skip
GERMAN = [
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
]  # fmt: skip
FRENCH = [
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
]  # fmt: skip
SPANISH = [
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
]  # fmt: skip
PORTUGUESE = [
    "janeiro", "fevereiro", "março", "abril", "maio", "junho",
    "julho", "agosto", "setembro", "outubro", "novembro", "dezembro",
]  # fmt: skip
HINDI = [
    "जनवरी", "फरवरी", "मार्च", "अप्रैल", "मई", "जून",
    "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर",
]  # fmt: skip
DATES: Mapping[str, Callable[[int, int], str]] = {
    "iso month": lambda y, m: f"{y}-{m:02d}",
    "iso day": lambda y, m: f"{y}-{m:02d}-01",
    "slashed": lambda y, m: f"{y}/{m:02d}/01",
    "compact": lambda y, m: f"{y}{m:02d}",
    "compact day": lambda y, m: f"{y}{m:02d}01",
    "day first": lambda y, m: f"01/{m:02d}/{y}",
    "month first": lambda y, m: f"{m:02d}/01/{y}",
    "two digits day first": lambda y, m: f"01/{m:02d}/{y % 100:02d}",
    "german day": lambda y, m: f"01.{m:02d}.{y}",
    "german short": lambda y, m: f"01.{m:02d}.{y % 100:02d}",
    "month year": lambda y, m: f"{m:02d}/{y}",
    "month year short": lambda y, m: f"{m:02d}/{y % 100:02d}",
    "year month short": lambda y, m: f"{y % 100:02d}/{m:02d}",
    "M": lambda y, m: f"{y}M{m:02d}",
    "named": lambda y, m: f"{SHORT[m - 1]} {y}",
    "named short": lambda y, m: f"{SHORT[m - 1]}-{y % 100:02d}",
    "number and name": lambda y, m: f"{y % 100:02d}-{SHORT[m - 1]}",
    "apostrophe": lambda y, m: f"{SHORT[m - 1]}'{y % 100:02d}",
    "long": lambda y, m: f"1 {SHORT[m - 1]} {y}",
    "american": lambda y, m: f"{SHORT[m - 1]} 1, {y}",
    "year first": lambda y, m: f"{y} {SHORT[m - 1]}",
    "german": lambda y, m: f"{GERMAN[m - 1]} {y}",
    "french": lambda y, m: f"{FRENCH[m - 1]} {y}",
    "spanish": lambda y, m: f"{SPANISH[m - 1]} {y}",
    "portuguese": lambda y, m: f"{PORTUGUESE[m - 1]} {y}",
    "hindi": lambda y, m: f"{HINDI[m - 1]} {y}",
    "reversed compact": lambda y, m: f"{m:02d}{y}",
    "reversed compact day": lambda y, m: f"01{m:02d}{y}",
    "month end": lambda y, m: str((np.datetime64(f"{y}-{m:02d}") + 1).astype("datetime64[D]") - 1),
    "timestamp": lambda y, m: f"{y}-{m:02d}-15T10:30:00",
    "dotted": lambda y, m: f"{y}.{m:02d}",
}


def grouped(value: float, group: str, decimal: str, *, indian: bool = False, digits: int = 2) -> str:
    """A number with separators."""
    whole, _, fraction = f"{value:.{digits}f}".partition(".")
    if indian:
        head, tail = whole[:-3], whole[-3:]
        parts = [tail]
        while head:
            parts.insert(0, head[-2:])
            head = head[:-2]
        whole = group.join(parts)
    else:
        whole = f"{int(whole):,}".replace(",", group)
    return f"{whole}{decimal}{fraction}" if digits else whole


NUMBERS: Mapping[str, Callable[[float], str]] = {
    "plain": lambda v: f"{v:.2f}",
    "comma": lambda v: f"{v:.2f}".replace(".", ","),
    "english": lambda v: grouped(v, ",", "."),
    "german": lambda v: grouped(v, ".", ","),
    "swiss": lambda v: grouped(v, "'", "."),
    "french": lambda v: grouped(v, "\u202f", ","),
    "blank": lambda v: grouped(v, " ", "."),
    "no-break": lambda v: grouped(v, "\u00a0", ","),
    "indian": lambda v: grouped(v, ",", ".", indian=True),
    "rupees": lambda v: f"₹ {grouped(v, ',', '.', indian=True)}",
    "Rs": lambda v: f"Rs. {grouped(v, ',', '.', indian=True)}",
    "dollars": lambda v: f"${grouped(v, ',', '.')}",
    "euros": lambda v: f"{grouped(v, '.', ',')} €",
    "euros before": lambda v: f"€ {grouped(v, ',', '.')}",
    "code": lambda v: f"EUR {grouped(v, '.', ',')}",
    "thousands": lambda v: f"{v / 1000:.5f}k",
    "lakh": lambda v: f"{v / 100_000:.7f} lakh",
    "crore": lambda v: f"{v / 10_000_000:.9f} crore",
    "plus": lambda v: f"+{v:.2f}",
    "padded": lambda v: f"  {v:.2f} ",
    "exponent": lambda v: f"{v:.9e}",
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a panel is written: file kind, layout, and the texts of dates and numbers; settings needed to read it."""

    kind: str = "csv"
    layout: str = "long"
    dates: str = "iso month"
    numbers: str = "plain"
    delimiter: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"
    title: int = 0
    foot: int = 0
    quoting: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


def as_text(rows: pd.DataFrame, way: Way) -> pd.DataFrame:
    """Long table of texts as the way writes them."""
    period = [DATES[way.dates](*month_of(t)) for t in rows["t"]]
    return pd.DataFrame(
        {
            "market": rows["market"],
            "pharmacy": rows["pharmacy"],
            "month": period,
            "sales": [NUMBERS[way.numbers](v) for v in rows["sales"]],
            "promotion": [f"{v:.0f}" for v in rows["promotion"]],
        }
    ).astype("str")


def lay_out(table: pd.DataFrame, layout: str) -> tuple[list[list[str]], dict[str, Any]]:
    """Rows of cells in a layout, header first, and the settings that read it."""
    header = list(table.columns)
    if layout == "long":
        return [header, *table.to_numpy().tolist()], {}
    if layout == "one market":
        only = table.drop(columns="market")
        return [list(only.columns), *only.to_numpy().tolist()], {"panel.market": ""}
    if layout == "written once":
        rows = table.copy()
        again = rows["pharmacy"].eq(rows["pharmacy"].shift())
        rows.loc[again, ["market", "pharmacy"]] = ""
        return [header, *rows.to_numpy().tolist()], {"panel.fill_down": True}
    if layout == "shuffled columns":
        order = ["promotion", "month", "sales", "pharmacy", "market"]
        return [order, *table[order].to_numpy().tolist()], {}
    if layout == "tidy":
        rows = table.rename(columns={"sales": "Sales", "promotion": "Visits"})
        rows = rows.melt(["market", "pharmacy", "month"], ["Sales", "Visits"], "kpi", "value")
        return [list(rows.columns), *rows.to_numpy().tolist()], {"panel.sales": "Sales", "panel.promotion": "Visits"}
    months = list(dict.fromkeys(table["month"]))
    sales = table.pivot(index=["market", "pharmacy"], columns="month", values="sales")[months]
    doses = table.pivot(index=["market", "pharmacy"], columns="month", values="promotion")[months]
    keys = [list(key) for key in sales.index]
    values = list(zip(keys, sales.to_numpy().tolist(), doses.to_numpy().tolist(), strict=True))
    named = {"panel.sales": "Sales", "panel.promotion": "Visits"}
    if layout == "two blocks":
        head = ["market", "pharmacy", *(f"Sales {m}" for m in months), *(f"Visits {m}" for m in months)]
        return [head, *(k + a + b for k, a, b in values)], named
    if layout == "two header rows":
        above = ["", "", "Sales", *[""] * (len(months) - 1), "Visits", *[""] * (len(months) - 1)]
        head = ["market", "pharmacy", *months, *months]
        body = [k + a + b for k, a, b in values]
        return [above, head, *body], named
    if layout == "measure rows":
        head = ["market", "pharmacy", "measure", *months]
        body = []
        for k, a, b in values:
            body += [[*k, "Sales", *a], [*k, "Visits", *b]]
        return [head, *body], named
    raise ValueError(layout)


def write(rows: pd.DataFrame, way: Way, folder: Path) -> tuple[str, dict[str, Any]]:
    """Write the panel; returns ``panel.source`` and the settings that a user would give for the layout."""
    table = as_text(rows, way)
    settings: dict[str, Any] = dict(way.settings)
    if way.layout == "year and month":
        years = [str(month_of(t)[0]) for t in rows["t"]]
        months = [str(month_of(t)[1]) for t in rows["t"]]
        table = table.drop(columns="month").assign(year=years, month=months)
        cells, extra = [list(table.columns), *table.to_numpy().tolist()], {"panel.month": ["year", "month"]}
    else:
        cells, extra = lay_out(table, way.layout)
    settings |= extra
    cells = [*([f"Title {i}"] + [""] * (len(cells[-1]) - 1) for i in range(way.title)), *cells]
    if way.foot:
        cells += [[""] * len(cells[-1]), *([f"* note {i}"] + [""] * (len(cells[-1]) - 1) for i in range(way.foot))]
    return KINDS[way.kind](cells, rows, way, folder), settings


def _delimited(cells: list[list[str]], _: pd.DataFrame, way: Way, folder: Path) -> str:
    import csv

    stream = io.StringIO()
    quoting = csv.QUOTE_ALL if way.quoting else csv.QUOTE_MINIMAL
    csv.writer(stream, delimiter=way.delimiter, lineterminator=way.newline, quoting=quoting).writerows(cells)
    (folder / "table.csv").write_bytes(stream.getvalue().encode(way.encoding))
    return "table.csv"


def _workbook(cells: list[list[str]], _: pd.DataFrame, way: Way, folder: Path) -> str:
    import xlsxwriter

    with xlsxwriter.Workbook(folder / "table.xlsx") as book:
        _fill(book.add_worksheet("data"), cells, way)
    return "table.xlsx"


def _fill(sheet: Any, cells: list[list[str]], way: Way) -> None:
    for i, row in enumerate(cells):
        for j, cell in enumerate(row):
            if way.numbers == "plain" and cell.replace(".", "", 1).isdigit() and not cell.startswith("0"):
                sheet.write_number(i, j, float(cell))
            elif cell:
                sheet.write_string(i, j, cell)


def _sheets(cells: list[list[str]], _: pd.DataFrame, way: Way, folder: Path) -> str:
    """A sheet for each market, with its column or without it, behind a cover."""
    import xlsxwriter

    place = cells[0].index("market")
    with xlsxwriter.Workbook(folder / "table.xlsx") as book:
        book.add_worksheet("Cover").write(0, 0, "Sales and visits")
        for market in dict.fromkeys(row[place] for row in cells[1:]):
            own = [cells[0], *(row for row in cells[1:] if row[place] == market)]
            kept = own if way.quoting else [[*row[:place], *row[place + 1 :]] for row in own]
            _fill(book.add_worksheet(market), kept, way)
    return "table.xlsx"


def _drawn(cells: list[list[str]], _: pd.DataFrame, way: Way, folder: Path) -> str:
    """As psql draws it, or as Markdown."""
    widths = [max(len(row[j]) for row in cells) for j in range(len(cells[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    if way.quoting:
        lines = [f"| {line} |" for line in lines]
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    else:
        lines = [f" {line}" for line in lines]
        rule = "+".join("-" * (width + 2) for width in widths)
    lines[1:1] = [rule]
    (folder / "table.txt").write_bytes(way.newline.join([*lines, f"({len(cells) - 1} rows)"]).encode(way.encoding))
    return "table.txt"


def _text_frame(cells: list[list[str]]) -> pd.DataFrame:
    return pd.DataFrame(cells[1:], columns=cells[0], dtype="str")


def _parquet(cells: list[list[str]], _: pd.DataFrame, way: Way, folder: Path) -> str:
    _text_frame(cells).to_parquet(folder / "table.parquet", index=False)
    return "table.parquet"


def _partitions(cells: list[list[str]], _: pd.DataFrame, way: Way, folder: Path) -> str:
    _text_frame(cells).to_parquet(folder / "table", partition_cols=["market"], index=False)
    return "table"


def _sqlite(cells: list[list[str]], _: pd.DataFrame, way: Way, folder: Path) -> str:
    import sqlite3

    connection = sqlite3.connect(folder / "table.db")
    _text_frame(cells).to_sql("panel", connection, index=False)
    connection.close()
    return f"sqlite:///{folder / 'table.db'}"


def _json(cells: list[list[str]], _: pd.DataFrame, way: Way, folder: Path) -> str:
    records = [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
    (folder / "table.json").write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    return "table.json"


def _gzip(cells: list[list[str]], rows: pd.DataFrame, way: Way, folder: Path) -> str:
    import gzip

    name = _delimited(cells, rows, way, folder)
    (folder / "table.csv.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    return "table.csv.gz"


KINDS: Mapping[str, Callable[[list[list[str]], pd.DataFrame, Way, Path], str]] = {
    "csv": _delimited,
    "xlsx": _workbook,
    "parquet": _parquet,
    "partitions": _partitions,
    "sqlite": _sqlite,
    "json": _json,
    "gzip": _gzip,
    "sheets": _sheets,
    "drawn": _drawn,
}


def save(table: pd.DataFrame, folder: Path, kind: str = "csv", sep: str = ",") -> str:
    """Write a table as it is, in a workbook with sales and promotion as numbers; the name of its file or folder."""
    if kind == "folder":
        table.to_parquet(folder / "table", partition_cols=["market"], index=False)
        return "table"
    if kind == "xlsx":
        numbers = {"sales": float, "promotion": float}
        table.astype(numbers).to_excel(folder / "table.xlsx", index=False, engine="xlsxwriter")
        return "table.xlsx"
    table.to_csv(folder / "table.csv", index=False, sep=sep)
    return "table.csv"


def read(source: str, folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Markets of a source as a build reads them: whole, or market by market under the conventions of all.

    Raises
    ------
    InputError
        If the source is refused.
    """
    from reportgen.settings.read import load_settings

    given = {"panel.source": source, "run.as_of": "2026-01-31", **settings}
    if source.startswith("sqlite"):
        given["panel.table"] = "panel"
    chosen: Settings = load_settings(folder / "none.toml", overrides=given).settings
    files = list_markets(chosen.panel, folder)
    if files is None:
        return dict(validate_panel(read_table(chosen.panel, folder), chosen).markets)
    conventions = survey_partitions(chosen, folder, files)
    found: dict[str, Any] = {}
    for market, own in files.items():
        part: Panel = validate_panel(read_table(chosen.panel, folder, market, own), chosen, conventions)
        found |= part.markets
    return found


def same(found: Mapping[str, Any], rows: pd.DataFrame, *, one_market: bool = False, tolerance: float = 0.006) -> str:
    """What differs between the markets read and the true numbers; "" if nothing does."""
    names = ["all"] if one_market else sorted(rows["market"].unique())
    if one_market:
        rows = rows.assign(market="all")
        found = {"all": next(iter(found.values()))} if len(found) == 1 else found
    if sorted(found) != names:
        return f"markets {sorted(found)}, not {names}"
    for market in names:
        own = rows[rows["market"] == market]
        panel = found[market]
        if panel.pharmacies != tuple(sorted(own["pharmacy"].unique())):
            return f"{market}: pharmacies {panel.pharmacies}"
        if (panel.first_period, panel.n_periods) != (2020 * 12 + 10, int(own["t"].max()) + 1):
            return f"{market}: periods from {panel.period_label(0)}, {panel.n_periods}"
        for name, values in (("sales", panel.sales), ("promotion", panel.promotion[0])):
            true = own.pivot(index="pharmacy", columns="t", values=name).sort_index().to_numpy()
            if not np.allclose(values, true, rtol=1e-9, atol=tolerance, equal_nan=True):
                return f"{market}: {name} {values[0, :3]}, not {true[0, :3]}"
    return ""


def outcome(rows: pd.DataFrame, way: Way, folder: Path) -> tuple[str, str]:
    """``right``, ``refused`` or ``WRONG``, and the words of it."""
    source, settings = write(rows, way, folder)
    try:
        found = read(source, folder, settings)
    except InputError as error:
        return "refused", error.message
    difference = same(found, rows, one_market=way.layout == "one market")
    return ("WRONG", difference) if difference else ("right", "")


def guided(source: str, folder: Path, given: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Markets of a table as somebody reads it who only says ``init --data``, and the settings that it proposed.

    Raises
    ------
    InputError
        If the source or what was proposed for it is refused, or a role is left open.
    """
    from reportgen.project.proposal import propose

    place = folder / "project"
    address = source if source.startswith("sqlite") else str(folder / source)
    extra = {"panel.table": "panel"} if source.startswith("sqlite") else {}
    found = propose(address, place, {**extra, **(given or {})})
    if found.errors:
        raise InputError(found.errors[0].message, code=found.errors[0].code)
    missing = [role.name for role in found.roles if role.sureness == "missing"]
    if missing:
        raise InputError(f"{source}: nothing is proposed for {', '.join(missing)}.", code="missing-column")
    values = {key: value for key, value in found.values.items() if key != "panel.source"}
    return read(source, folder, values), values
