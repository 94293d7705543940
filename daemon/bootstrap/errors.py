"""Say why the daemon cannot start."""

from __future__ import annotations


class StartError(Exception):
    """Report why the daemon cannot start; the text is for the person at the keyboard."""
