"""Settings: TOML in, one frozen object out.

This module owns the names, types, defaults and documentation of every setting and nothing
else: it reads no data and knows no statistics. YAML and formula strings are refused on
purpose (both can carry code).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

Period = Literal["month", "week"]
Response = Literal["level", "log"]
Correction = Literal["initial-conditions", "none"]
Method = Literal["REML", "ML"]
Design = Literal["observational", "experiment"]
Search = Literal["plain", "pagefind"]
Format = Literal["html", "pdf", "brief", "xlsx", "quarto", "results"]


_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"


def _as_list(value: Any) -> Any:
    """One name need not be written as a list; an empty one is no name."""
    return ((value,) if value.strip() else ()) if isinstance(value, str) else value


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} is named more than once")
    return values


def _none_if_blank(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _iso_date(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        raise ValueError(f"{value} is not a date; write YYYY-MM-DD") from None


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query):
        raise ValueError(f"{value} is not a web address; write https://host/path")
    return value


def _as_pairs(value: Any) -> Any:
    """``{"DE-*": "de_DE"}``, or ``["DE-*=de_DE"]`` where a table cannot be written (environment, options)."""
    if isinstance(value, Mapping):
        return tuple(value.items())
    items = (value,) if isinstance(value, str) else value
    return tuple(tuple(item.split("=", 1)) if isinstance(item, str) else item for item in items)


def _as_recipients(value: Any) -> Any:
    """An address or a list for all markets, or ``{"PL-*": "a@b.pl"}``; ``PL-*=a@b.pl`` in variables and options."""
    if isinstance(value, Mapping):
        return tuple((glob, _as_list(addresses)) for glob, addresses in value.items())
    pairs = []
    for item in _as_list(value):
        if isinstance(item, str):
            glob, _, address = item.strip().rpartition("=")
            pairs.append((glob or "*", (address,)))
        else:
            pairs.append(item)
    return tuple(pairs)


def _recipients(pairs: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    for _, addresses in pairs:
        for address in addresses:
            if not re.fullmatch(_ADDRESS, address):
                raise ValueError(f"{address!r} is no e-mail address; write name@example.com")
    return pairs


def _sender(value: str) -> str:
    name, _, address = value.rpartition("<") if value.endswith(">") else ("", "", value)
    if value and (not re.fullmatch(_ADDRESS, address.removesuffix(">")) or not name.isprintable() or "=?" in name):
        raise ValueError("write name@example.com, or Some Name <name@example.com>")
    return value


def _subject(value: str) -> str:
    unknown = sorted(set(re.findall(r"\{(\w*)\}", value)) - {"title", "markets", "date"})
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is not known; use {{title}}, {{markets}} and {{date}}")
    return value


def is_table(field: FieldInfo) -> bool:
    """Return whether a setting is a table in reportgen.toml (and pairs in here, which are hashable)."""
    return any(getattr(item, "func", None) in {_as_pairs, _as_recipients} for item in field.metadata)


def _locales(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    for market, locale in pairs:
        if not re.fullmatch(r"[a-z]{2,3}(_[A-Za-z0-9]+)*", locale):
            raise ValueError(f"{market} = {locale}: {locale} is not a locale; write e.g. de_DE")
    return pairs


Names = Annotated[
    tuple[str, ...], BeforeValidator(_as_list, json_schema_input_type=str | tuple[str, ...]), AfterValidator(_unique)
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class PanelSettings(_Section):
    """Where the table is and what its columns mean."""

    source: str = Field(
        "data/panel.csv", min_length=1, description="CSV, Parquet or Excel file, folder of Parquet, or SQLAlchemy URL."
    )
    table: str = Field("", description="Table to read from a database source.")
    query: str = Field("", description="SELECT statement to read from a database source, instead of table.")
    market: str = Field("market", description="Column of the market code (read as text).")
    pharmacy: str = Field("pharmacy", description="Column of the pharmacy code (read as text).")
    month: str = Field("month", description="Column of the month or week.")
    sales: str = Field("sales", description="Column of sales in money.")
    promotion: Names = Field(
        ("promotion",), description="Column of promotion, or a list of up to 3 channels.", min_length=1, max_length=3
    )
    bad_markets: Literal["refuse", "contain"] = Field(
        "refuse", description="refuse: one bad row stops the run; contain: only the markets with bad rows are left out."
    )
    controls: Names = Field((), description="Columns added as fixed effects, e.g. price.", max_length=8)
    period: Period = Field("month", description="Length of one period: month or week.")
    cost: Annotated[str | float | None, BeforeValidator(_none_if_blank)] = Field(
        None, description="Money per promotion unit: a number or a column. Empty: no ROI."
    )
    margin: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Share of sales that is margin, for ROI."
    )

    @model_validator(mode="after")
    def _one_role_per_column(self) -> PanelSettings:
        names = [self.market, self.pharmacy, self.month, self.sales, *self.promotion, *self.controls]
        _unique(tuple(names))
        return self


class ModelSettings(_Section):
    """The linear mixed model of one market."""

    lags: Annotated[tuple[Annotated[int, Field(ge=1, le=24)], ...], AfterValidator(_unique)] = Field(
        (1, 2), description="Lags of sales, in periods.", max_length=4
    )
    response: Response = Field("level", description="level: sales in money; log: natural logarithm of sales.")
    random_slope: bool = Field(True, description="Let the promotion effect differ between pharmacies.")
    method: Method = Field("REML", description="REML or ML.")
    correction: Correction = Field("initial-conditions", description="initial-conditions or none (the plain model).")
    design: Design = Field("observational", description="experiment only if promotion was assigned at random.")
    formula: Annotated[str | None, BeforeValidator(_none_if_blank)] = Field(
        None, description="A formula is code: refused. Name terms by panel.controls and lags."
    )
    allow_formula: bool = Field(False, description="Reserved for formulas; this version evaluates none.")
    ladder: bool = Field(
        False, description="Leave a singular fit for a simpler one too, and end at pooled least squares if need be."
    )
    bootstrap: Annotated[int, Field(ge=0, le=20000)] = Field(0, description="Parametric bootstrap replicates; 0: none.")

    @model_validator(mode="after")
    def _formula_is_code(self) -> ModelSettings:
        if self.formula is not None and not self.allow_formula:
            raise ValueError("a formula is code and is refused; set model.allow_formula = true to allow it knowingly")
        if self.formula is not None:
            raise ValueError("this version evaluates no formula; name the terms by panel.controls and model.lags")
        return self


class AdstockSettings(_Section):
    """Carry-over of promotion."""

    decay: Literal["estimate"] | Annotated[float, Field(ge=0, lt=1)] = Field(
        "estimate", description="estimate, or a number in [0, 1)."
    )
    normalize: bool = Field(True, description="Scale weights to sum to one, (1-d) sum d^k x.")
    scope: Literal["market", "all"] = Field("market", description="One decay per market, or one shared by all.")


class ReportSettings(_Section):
    """What the documents look like."""

    title: str = Field("Promotion impact", description="Title on the first page.")
    currency: str = Field("INR", pattern="^[A-Z]{3}$", description="ISO 4217 code of the sales column.")
    locale: str = Field("en_IN", description="Number and date format, and language, e.g. en_IN, de_DE.")
    locales: Annotated[
        tuple[tuple[str, str], ...],
        BeforeValidator(_as_pairs, json_schema_input_type=dict[str, str]),
        AfterValidator(_locales),
    ] = Field((), description='Other locales for some markets, e.g. {"DE-*" = "de_DE"}; the first match counts.')
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(0.95, description="Level of the intervals.")
    formats: Annotated[
        tuple[Format, ...], BeforeValidator(_as_list, json_schema_input_type=Format | tuple[Format, ...])
    ] = Field(("html", "pdf", "brief"), description="html, pdf, brief, xlsx, quarto.")
    top: Annotated[int, Field(ge=3, le=50)] = Field(15, description="Pharmacies shown at each end of a PDF table.")
    promotion_unit: str = Field("unit", description="What one unit of promotion is called, e.g. visit.")
    paper: Literal["A4", "Letter"] = Field("A4", description="Paper size of the PDF.")
    templates: str = Field("", description="Folder with template overrides.")
    search: Search = Field(
        "plain", description="plain, or pagefind: the site also searches all text; needs the program pagefind."
    )
    site_url: Annotated[str, AfterValidator(_web_address)] = Field(
        "", description="Address where out/site is published, https://...; for sitemap.xml only. Empty: no sitemap."
    )


class BrandSettings(_Section):
    """Whose report it is."""

    name: str = Field("", description="Name in the running head.")
    logo: str = Field("", description="Path of an SVG or PNG logo.")
    accent: str = Field("", description="Accent colour, #rrggbb; checked for contrast.")
    footer: str = Field("", description="Line at the foot of each page.")


class RunSettings(_Section):
    """How a batch runs."""

    out: str = Field("out", min_length=1, description="Output folder, or an address such as s3://bucket/folder.")
    jobs: Annotated[int, Field(ge=0)] = Field(0, description="Worker processes; 0: one per core.")
    seed: int = Field(20240101, description="Seed of everything random.")
    as_of: Annotated[str, AfterValidator(_iso_date)] = Field(
        "", description="Date printed on the reports, YYYY-MM-DD; empty: today."
    )
    timeout: Annotated[float, Field(ge=0)] = Field(600.0, description="Seconds a market may take; 0: no limit.")
    memory: Annotated[int, Field(ge=0)] = Field(4096, description="MiB a market may take; 0: no limit.")


class MailSettings(_Section):
    """Sending brief.pdf by `reportgen mail`; the password only in the environment: REPORTGEN_MAIL_PASSWORD."""

    server: str = Field("", description="SMTP server that takes the mail.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="Its port; 587 for starttls, 465 for tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls or tls, certificate checked; none: unprotected, without a password."
    )
    user: str = Field("", description="User to log in as; empty: the sender's address.")
    sender: Annotated[str, AfterValidator(_sender)] = Field(
        "", description="Who it is from: name@example.com, or Some Name <name@example.com>."
    )
    to: Annotated[
        tuple[tuple[str, tuple[str, ...]], ...],
        BeforeValidator(
            _as_recipients, json_schema_input_type=str | tuple[str, ...] | dict[str, str | tuple[str, ...]]
        ),
        AfterValidator(_recipients),
    ] = Field(
        (),
        description='Who gets every market: "a@example.com" or a list; or by market: {"PL-*" = "a@example.pl", '
        '"*" = ["b@example.com"]}, where every pattern that fits counts.',
    )
    subject: Annotated[str, AfterValidator(_subject)] = Field(
        "{title}: {markets}", description="Subject; {title}, {markets} and {date} are filled in."
    )


class Settings(_Section):
    """All settings of a project. Immutable and hashable."""

    panel: PanelSettings = PanelSettings()
    model: ModelSettings = ModelSettings()
    adstock: AdstockSettings = AdstockSettings()
    report: ReportSettings = ReportSettings()
    brand: BrandSettings = BrandSettings()
    run: RunSettings = RunSettings()
    mail: MailSettings = MailSettings()

    def for_market(self, market: str) -> Settings:
        """Return these settings as ``market`` has them: its locale is the first of ``report.locales`` that fits."""
        found = next((locale for glob, locale in self.report.locales if fnmatchcase(market, glob)), None)
        if found is None:
            return self
        return self.model_copy(update={"report": self.report.model_copy(update={"locale": found})})
