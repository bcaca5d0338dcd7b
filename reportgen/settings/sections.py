"""Settings: TOML in, one frozen object out.

This module owns the names, types, defaults and documentation of every setting and nothing
else: it reads no data and knows no statistics. How values are brought into one form is ``coerce.py``'s, where
they come from ``read.py``'s. YAML and formula strings are refused on purpose (both can carry code).
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PrivateAttr, model_validator

from reportgen.settings import coerce
from reportgen.settings.section import Names, Section
from reportgen.settings.statistics import AdstockSettings, ModelSettings, PlanSettings

SETTINGS_FILE = "reportgen.toml"
SCHEMA_FILE = "reportgen.schema.json"

Period = Literal["month", "week", "quarter"]
Rule = Literal["sum", "mean", "max", "min", "first", "last"]
Search = Literal["plain", "pagefind"]
PdfEngine = Literal["weasyprint", "typst"]
Format = Literal["html", "pdf", "brief", "xlsx", "pptx", "quarto", "results"]


Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(coerce.as_texts, json_schema_input_type=str | float | tuple[str | float, ...]),
    AfterValidator(coerce.unique),
]


Key = Annotated[str | tuple[str, ...], BeforeValidator(coerce.key)]


class PanelSettings(Section):
    """Where the table is and what its columns mean."""

    source: str = Field(
        "data/panel.csv", min_length=1, description="CSV, Parquet or Excel file, folder of Parquet, or SQLAlchemy URL."
    )
    table: str = Field("", description="Table to read from a database source.")
    query: str = Field("", description="SELECT statement to read from a database source, instead of table.")
    market: Key = Field(
        "market", description="Column of the market code, or a list of columns; empty: one market, called as the title."
    )
    pharmacy: Key = Field("pharmacy", description="Column of the pharmacy code, or a list of columns that make it.")
    month: Key = Field("month", description='Column of the month, week or quarter, or two columns: ["year", "month"].')
    territory: Key = Field(
        "",
        description="Column of the territory that a pharmacy belongs to, or a list of columns: where promotion is "
        "planned. Sales of one territory then count as related; empty: none.",
    )
    sales: str = Field("sales", description="Column of sales in money.")
    promotion: Names = Field(
        ("promotion",), description="Column of promotion, or a list of up to 8 channels.", min_length=1, max_length=8
    )
    decimal: Literal["", ".", ","] = Field(
        "", description="Decimal sign of numbers written as text; empty: found from all, asked where it is unsure."
    )
    dates: Literal["", "day-first", "month-first", "year-first"] = Field(
        "", description="Order of 03/04/21; empty: found from all dates, asked where it is unsure."
    )
    year: Annotated[int, Field(ge=0, le=2100), AfterValidator(coerce.year)] = Field(
        0, description="Year of months that are written without one (Jan, Feb); 0: not said.", examples=[2021]
    )
    year_begins: Annotated[int, Field(ge=0, le=12)] = Field(
        0, description="Month (1 to 12) in which financial years such as FY21 or 2020-21 begin; 0: asked.", examples=[4]
    )
    timezone: Annotated[str, AfterValidator(coerce.zone)] = Field(
        "", description="Zone whose calendar counts for times, e.g. Asia/Kolkata or UTC; empty: as written."
    )
    empty_promotion: Literal["ask", "zero", "missing"] = Field(
        "ask", description="What an empty promotion means: zero, missing (the row is not used), or ask where many are."
    )
    missing: Texts = Field(
        (),
        description="Numbers and words that stand for a missing value, in every column of numbers.",
        examples=[["9999999", "-99", "closed"]],
    )
    negative_sales: Literal["refuse", "keep"] = Field(
        "refuse", description="keep: months with more returns than sales are used as they are."
    )
    fill_down: bool = Field(
        False, description="Market and pharmacy codes are written once and hold for the rows below."
    )
    spellings: Literal["ask", "join", "apart"] = Field(
        "ask",
        description="Codes that differ only by case, blanks, signs or leading zeros: join writes them as most of their "
        "rows are, apart keeps them, ask where their rows fit together as those of one.",
    )
    aggregate: Annotated[
        tuple[tuple[str, Rule], ...],
        BeforeValidator(coerce.as_pairs, json_schema_input_type=dict[str, Rule]),
    ] = Field(
        (),
        description="Adds up daily rows and transactions by a rule per column: sum, mean, max, min, first or last.",
        examples=[{"sales": "sum", "promotion": "sum"}],
    )
    leave_out: Names = Field(
        (), description="Market and pharmacy codes whose rows are left out, e.g. totals.", examples=[["Total"]]
    )
    accept: Names = Field(
        (),
        description="Findings that are meant and stop nothing, by their codes in `reportgen check`.",
        examples=[["sum-of-others"]],
    )
    bad_markets: Literal["refuse", "contain"] = Field(
        "refuse", description="refuse: one bad row stops the run; contain: only the markets with bad rows are left out."
    )
    outliers: Literal["flag", "set-aside"] = Field(
        "flag",
        description="Values ten or a hundred times a pharmacy's own level, and months written as zero: flag lists them "
        "and withholds the effect; set-aside lists them and leaves their rows out.",
    )
    controls: Names = Field(
        (), description="Columns added as fixed effects, e.g. price.", max_length=8, examples=[["price"]]
    )
    period: Period = Field("month", description="Length of one period: month, week or quarter.")
    cost: Annotated[str | float | None, BeforeValidator(coerce.none_if_blank)] = Field(
        None, description="Money per promotion unit: a number or a column. Empty: no ROI.", examples=[250]
    )
    margin: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Share of sales that is margin, for ROI.", examples=[0.3]
    )

    @model_validator(mode="after")
    def _one_role_per_column(self) -> PanelSettings:
        keys = [key if isinstance(key, tuple) else (key,) for key in (self.market, self.pharmacy, self.month)]
        names = [*(name for key in keys for name in key), self.sales, *self.promotion, *self.controls]
        coerce.unique(tuple(names))
        # A territory may be a part of the pharmacy's key (codes that are unique within a territory only).
        territory = self.territory if isinstance(self.territory, tuple) else (self.territory,) * bool(self.territory)
        months = self.month if isinstance(self.month, tuple) else (self.month,)
        coerce.unique((*territory, *months, self.sales, *self.promotion, *self.controls))
        return self


class ReportSettings(Section):
    """What the documents look like."""

    title: str = Field("Promotion impact", description="Title on the first page.")
    currency: Annotated[str, AfterValidator(coerce.currency)] = Field(
        "",
        description="ISO 4217 code of the sales column; empty: as signs and headings of the table say.",
        json_schema_extra={"pattern": "^([A-Z]{3})?$"},
        examples=["EUR"],
    )
    locale: Annotated[str, AfterValidator(coerce.locale)] = Field(
        "en_IN", description="Number and date format, and language, e.g. en_IN, de_DE."
    )
    locales: Annotated[
        tuple[tuple[str, str], ...],
        BeforeValidator(coerce.as_pairs, json_schema_input_type=dict[str, str]),
        AfterValidator(coerce.locales),
    ] = Field(
        (),
        description='Other locales for some markets, e.g. {"DE-*" = "de_DE"}; the first match counts.',
        examples=[{"DE-*": "de_DE"}],
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(0.95, description="Level of the intervals.")
    formats: Annotated[
        tuple[Format, ...], BeforeValidator(coerce.as_list, json_schema_input_type=Format | tuple[Format, ...])
    ] = Field(("html", "pdf", "brief"), description="html, pdf, brief, xlsx, pptx, quarto.")
    top: Annotated[int, Field(ge=3, le=50)] = Field(18, description="Pharmacies shown at each end of a PDF table.")
    promotion_unit: str = Field("unit", description="What one unit of promotion is called, e.g. visit.")
    promotion_units: str = Field(
        "", description="What several are called, e.g. visits; empty: of English words as a rule makes it."
    )
    paper: Literal["A4", "Letter"] = Field("A4", description="Paper size of the PDF.")
    pdf_engine: PdfEngine = Field(
        "weasyprint",
        description="weasyprint (styled by HTML and CSS), or typst: several times faster; needs its wheel.",
    )
    templates: str = Field("", description="Folder with template overrides.")
    words: str = Field(
        "", description="TOML file with sentences of your own, by the ids of `reportgen templates words`; empty: ours."
    )
    search: Search = Field(
        "plain", description="plain, or pagefind: the site also searches all text; needs the program pagefind."
    )
    site_url: Annotated[str, AfterValidator(coerce.web_address)] = Field(
        "", description="Address where out/site is published, https://...; for sitemap.xml only. Empty: no sitemap."
    )

    def template_folder(self, root: Path) -> Path | None:
        """Return the folder of the project's own templates, if it has one; ``root`` is where relative paths start."""
        return root / self.templates if self.templates else None


class BrandSettings(Section):
    """Whose report it is."""

    name: str = Field("", description="Name in the running head.")
    logo: str = Field("", description="Path of an SVG or PNG logo.")
    accent: Annotated[str, AfterValidator(coerce.accent)] = Field(
        "", description="Accent colour, #rrggbb; checked for contrast.", examples=["#0a6a82"]
    )
    footer: str = Field("", description="Line at the foot of each page.")
    slides: str = Field(
        "", description="Presentation or template (.pptx, .potx) that slides take their looks from; empty: our own."
    )

    def slides_template(self, root: Path) -> Path | None:
        """Return the company's template of slides, if there is one; ``root`` is where relative paths start."""
        return root / self.slides if self.slides else None


class RunSettings(Section):
    """How a batch runs."""

    out: str = Field("out", min_length=1, description="Output folder, or an address such as s3://bucket/folder.")
    jobs: Annotated[int, Field(ge=0)] = Field(0, description="Worker processes; 0: one per core.")
    seed: int = Field(20240101, description="Seed of everything random.")
    as_of: Annotated[str, AfterValidator(coerce.iso_date)] = Field(
        "", description="Date printed on the reports, YYYY-MM-DD; empty: today."
    )
    gone_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1,
        description="Share of the site's markets that may be missing from the data before their reports stay until "
        "confirmed by `reportgen build --drop-gone`; below it they are named and leave.",
    )
    timeout: Annotated[float, Field(ge=0)] = Field(600.0, description="Seconds a market may take; 0: no limit.")
    memory: Annotated[int, Field(ge=0)] = Field(4096, description="MiB a market may take; 0: no limit.")


class MailSettings(Section):
    """Sending brief.pdf by `reportgen mail`; the password only in the environment: REPORTGEN_MAIL_PASSWORD."""

    server: str = Field("", description="SMTP server that takes the mail.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="Its port; 587 for starttls, 465 for tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls or tls, certificate checked; none: unprotected, without a password."
    )
    user: str = Field("", description="User to log in as; empty: the sender's address.")
    sender: Annotated[str, AfterValidator(coerce.sender)] = Field(
        "", description="Who it is from: name@example.com, or Some Name <name@example.com>."
    )
    to: Annotated[
        tuple[tuple[str, tuple[str, ...]], ...],
        BeforeValidator(
            coerce.as_recipients, json_schema_input_type=str | tuple[str, ...] | dict[str, str | tuple[str, ...]]
        ),
        AfterValidator(coerce.recipients),
    ] = Field(
        (),
        description='Who gets every market: "a@example.com" or a list; or by market: {"PL-*" = "a@example.pl", '
        '"*" = ["b@example.com"]}, where every pattern that fits counts.',
        examples=[{"PL-*": "a@example.pl"}],
    )
    subject: Annotated[str, AfterValidator(coerce.subject)] = Field(
        "{title}: {markets}", description="Subject; {title}, {markets} and {date} are filled in."
    )


class CalibrationSettings(Section):
    """What an experiment found in one market: combined with the market's estimate, and shown beside it."""

    market: str = Field(min_length=1, description="Code of the market, as in the table.")
    effect: Annotated[float, Field(allow_inf_nan=False)] = Field(
        description="What the experiment found: money (a share of sales where model.response is log).", examples=[380.0]
    )
    se: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        description="Its standard error, a quarter of the width of a 95 % interval.", examples=[60.0]
    )
    period: Annotated[
        tuple[str, ...], BeforeValidator(coerce.as_list, json_schema_input_type=str | tuple[str, ...])
    ] = Field(
        description="First and last period of the experiment, written as 2023-01, 2023-Q1 or the day of a week.",
        min_length=1,
        max_length=2,
        examples=[["2023-01", "2023-06"]],
    )
    measures: Literal["kept-up", "first-month", "incremental"] = Field(
        "kept-up",
        description="kept-up: one unit more in every period, per pharmacy and period; first-month: one unit in its own "
        "period; incremental: all that promotion brought in the market in these periods.",
    )
    channel: str = Field("", description="Promotion column it is about, where there are several.")
    _place: str = PrivateAttr("")

    @property
    def place(self) -> str:
        """Where it stands: ``reportgen.toml, line 40``."""
        return self._place

    def at(self, place: str, period: tuple[str, str]) -> CalibrationSettings:
        """The same with its place and its periods as the panel writes them."""
        made = self.model_copy(update={"period": period})
        made._place = place
        return made


class Settings(Section):
    """All settings of a project. Immutable and hashable."""

    panel: PanelSettings = PanelSettings()
    model: ModelSettings = ModelSettings()
    adstock: AdstockSettings = AdstockSettings()
    plan: PlanSettings = PlanSettings()
    report: ReportSettings = ReportSettings()
    brand: BrandSettings = BrandSettings()
    run: RunSettings = RunSettings()
    mail: MailSettings = MailSettings()
    calibration: tuple[CalibrationSettings, ...] = Field(
        (), description="Results of experiments, [[calibration]] once for each."
    )

    @model_validator(mode="after")
    def _periods_of_territories(self) -> Settings:
        if self.model.time == "territory-periods" and not self.panel.territory:
            raise ValueError('model.time = "territory-periods" needs panel.territory')
        return self

    def for_site(self) -> Settings:
        """Return these settings with one locale for all markets: what pages of the whole site are written in."""
        return self.model_copy(update={"report": self.report.model_copy(update={"locales": ()})})

    def settled(self, chosen: Mapping[str, str]) -> Settings:
        """Return these settings with what was chosen for ``model.response`` and ``model.lags`` ("1, 2, 12").

        Only where they are ``auto``: what the user has set stays.
        """
        values: dict[str, object] = {}
        if self.model.response == "auto" and "response" in chosen:
            values["response"] = chosen["response"]
        if self.model.lags == "auto" and "lags" in chosen:
            values["lags"] = tuple(map(int, chosen["lags"].split(", ")))
        return self.model_copy(update={"model": self.model.model_copy(update=values)})

    def for_market(self, market: str) -> Settings:
        """Return these settings as ``market`` has them: its locale is the first of ``report.locales`` that fits."""
        found = next((locale for glob, locale in self.report.locales if fnmatchcase(market, glob)), None)
        if found is None:
            return self
        return self.model_copy(update={"report": self.report.model_copy(update={"locale": found})})


def sections() -> dict[str, type[BaseModel]]:
    """Sections of reportgen.toml by name, in order; tables that may stand more than once are none."""
    kinds = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Section)}
