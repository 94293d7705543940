"""Run keepcool: time, threads and disk around the pure policies."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("keepcool")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
