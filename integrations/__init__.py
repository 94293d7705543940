"""Translate other people's protocols and exceptions into keepcool's own, one protocol a module."""
