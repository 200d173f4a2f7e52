"""What contradicts itself in the settings of a server, as JSON Schema, for `aetherflow validate`.

The model refuses the same, and what only the values of templates show.
"""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]


def _is(name: str, schema: JsonSchema) -> JsonSchema:
    return {"required": [name], "properties": {name: schema}}


def _is_null(name: str) -> JsonSchema:
    """Whether a setting is missing, or null."""
    return {"properties": {name: {"const": None}}}


def _rule(condition: JsonSchema, name: str, schema: JsonSchema, mend: str) -> JsonSchema:
    """Under the condition, the setting must be this, if it is there."""
    return {"if": condition, "then": {"properties": {name: {**schema, "x-aetherflow": {"mend": mend}}}}}


_OPEN = {
    "anyOf": [
        _is("tls", {"const": "none"}),
        {
            "allOf": [
                _is_null("tls"),
                _is("starttls", {"const": False}),
                {"properties": {"port": {"not": {"const": 465}}}},
            ]
        },
        {"allOf": [_is_null("tls"), _is_null("starttls"), _is("port", {"not": {"enum": [465, 587]}})]},
    ]
}
_MAY_LOG_IN_OPENLY = {
    "allOf": [
        _is("tls", {"const": "none"}),
        _is("host", {"pattern": r"^([lL][oO][cC][aA][lL][hH][oO][sS][tT]$|127\.|.*:)"}),
    ]
}

_RULES: list[JsonSchema] = [
    _rule(
        _is("tls", {"enum": ["implicit", "none"]}),
        "starttls",
        {"not": {"const": True}},
        "leave `starttls` out: `tls` says how the connection is encrypted",
    ),
    _rule(
        _is("tls", {"const": "starttls"}),
        "starttls",
        {"not": {"const": False}},
        "leave `starttls` out: `tls` says how the connection is encrypted",
    ),
    _rule(
        {"allOf": [_is_null("tls"), _is("port", {"const": 465})]},
        "starttls",
        {"not": {"const": True}},
        "leave `starttls` out: port 465 encrypts from the start",
    ),
    _rule(_OPEN, "ca_file", {"const": None}, "leave `ca_file` out, or write `tls: starttls` or `tls: implicit`"),
    {
        "if": _is("username", {"type": "string"}),
        "then": {
            "required": ["password"],
            "properties": {"password": {"type": "string", "minLength": 1}},
            "x-aetherflow": {"mend": "give `password` too, or no `username`; the sender alone is `from_addr`"},
        },
    },
    {
        "if": _is("password", {"type": "string", "minLength": 1}),
        "then": {"required": ["username"], "x-aetherflow": {"mend": "give `username` too, or no `password`"}},
    },
    _rule(
        {"allOf": [_OPEN, {"not": _MAY_LOG_IN_OPENLY}]},
        "username",
        {"const": None},
        "a password is not sent without encryption: write `tls: starttls` or `tls: implicit`",
    ),
]
CONDITIONS: JsonSchema = {"allOf": _RULES}
