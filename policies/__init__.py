"""Decide, without clock, disk or network, what keepcool should say and do."""
