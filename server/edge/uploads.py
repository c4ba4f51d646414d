"""The Upload scalar: only a file of a multipart request is one. Strawberry's own accepts any value."""

from __future__ import annotations

from typing import Any

import strawberry
from starlette.datastructures import UploadFile


def _file(value: Any) -> UploadFile:
    if not isinstance(value, UploadFile):
        raise ValueError("A file has to be sent as the GraphQL multipart request specification says.")
    return value


UPLOAD_SCALAR = strawberry.scalar(
    name="Upload",
    description="A file, sent as the GraphQL multipart request specification says.",
    parse_value=_file,
)
"""For StrawberryConfig(scalar_map={strawberry.file_uploads.Upload: UPLOAD_SCALAR})."""
