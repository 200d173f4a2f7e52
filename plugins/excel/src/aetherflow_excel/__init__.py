"""Workbooks: templates filled without losing anything, new ones written, tables read."""

from __future__ import annotations
