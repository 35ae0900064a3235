"""Forms of pages: read, and accepted only from our own pages in this session."""

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import PermissionDeniedException

from stocktower.web import security


class Form(msgspec.Struct, frozen=True):
    """What a person filled in, without the token."""

    values: dict[str, str]
    files: dict[str, UploadFile]

    def get(self, name: str) -> str:
        """One value; nothing where it was not given."""
        return self.values.get(name, "").strip()


FilledForm = NamedDependency[Form]
"""The form as handlers ask for it."""


async def provide_form(request: Request[Any, Any, Any]) -> Form:
    """The form of a request; refused when it does not carry the token of this very session."""
    data = await request.form()
    entry = security.entry_of(request)
    token = data.get("form_token", "")
    if not isinstance(token, str) or not security.is_own_form(entry, token):
        raise PermissionDeniedException(
            "This form is not from a page of your session. Nothing was changed; open the page again and repeat it."
        )
    values = {name: value for name, value in data.items() if isinstance(value, str) and name != "form_token"}
    files = {name: value for name, value in data.items() if isinstance(value, UploadFile) and value.filename}
    return Form(values, files)
