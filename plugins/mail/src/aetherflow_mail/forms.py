"""Forms of what stands in headers, as JSON Schema, so that `aetherflow validate` knows them without importing us.

They refuse nothing that sending takes; what they let through, such as a mailbox that is too long, is refused there.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

#: Characters that no header holds, as they stand inside of brackets.
_UNSAFE = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX = rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*"
_QUOTED = rf'"(?:[^"\\{_UNSAFE}]|\\["\\])*"'
_NAME = rf'(?:{_QUOTED}|[^"\\<>@,;:()\[\]{_UNSAFE}]*)'
_ADDRESS = rf"(?:{_NAME} *<{_MAILBOX}>|{_MAILBOX})"
_ADDRESS_MEND = "write ada@example.com or Ada Lovelace <ada@example.com>"


def _form(pattern: str, mend: str, **marks: object) -> dict[str, object]:
    return {"pattern": pattern, "x-aetherflow": {"mend": mend, **marks}}


#: One address.
Address = Annotated[str, Field(json_schema_extra=_form(rf"^ *{_ADDRESS} *$", _ADDRESS_MEND))]
#: Addresses with commas between them, or none.
AddressText = Annotated[
    str,
    Field(
        json_schema_extra=_form(
            rf"^\s*(?:{_ADDRESS}\s*(?:,\s*{_ADDRESS}\s*)*)?$", f"{_ADDRESS_MEND}, with commas between several"
        )
    ),
]
Subject = Annotated[
    str,
    Field(
        json_schema_extra={
            "maxLength": 2_000,
            **_form(rf"^[^{_UNSAFE}]*$", "write one line, without line breaks and control characters", seen=True),
        }
    ),
]
#: What an attachment may be called.
FileName = Annotated[
    str,
    Field(
        min_length=1,
        json_schema_extra={
            "maxLength": 200,
            **_form(rf"^[^/\\{_UNSAFE}]*[^/\\. {_UNSAFE}][^/\\{_UNSAFE}]*$", "write a name without slashes", seen=True),
        },
    ),
]
#: A file, or a glob.
FileText = Annotated[str, Field(json_schema_extra={"minLength": 1, "x-aetherflow": {"path": "read"}})]
_SUBTYPE = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,62}"
MediaType = Annotated[
    str,
    Field(
        min_length=1,
        json_schema_extra=_form(
            rf"^(?!(?:[mM][uU][lL][tT][iI][pP][aA][rR][tT]|[mM][eE][sS][sS][aA][gG][eE])/){_SUBTYPE}/{_SUBTYPE}$",
            "write one like text/csv; application/octet-stream fits everything",
        ),
    ),
]
#: A glob that stays in the folder that it is looked for in.
InnerGlob = Annotated[
    str,
    Field(
        min_length=1,
        json_schema_extra=_form(
            r"^(?!/)(?!(?:.*/)?\.\.(?:/|$))",
            "write it relative to the artifacts and the project, without ..",
            path="read",
        ),
    ),
]
