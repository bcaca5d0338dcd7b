"""What every table of reportgen.toml is: immutable, and without words nobody knows; types that several have."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from reportgen.settings import coerce

Names = Annotated[
    tuple[str, ...],
    BeforeValidator(coerce.as_list, json_schema_input_type=str | tuple[str, ...]),
    AfterValidator(coerce.unique),
]


class Section(BaseModel):
    """One table of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
