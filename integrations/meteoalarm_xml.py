"""Read XML without what makes XML dangerous: no document types, no entities, no endless depth."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from integrations.errors import PayloadError

_DEEPEST: Final = 40


class _Reader:
    """Build a tree of local names; what a feed of warnings never needs is refused."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._refuse_document_type
        self._parser.EntityDeclHandler = self._refuse_document_type
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._builder.data

    def read(self, body: bytes) -> Element:
        """Return the document's root."""
        self._parser.Parse(body, True)  # noqa: FBT003 - expat's own
        return self._builder.close()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise PayloadError("the XML is nested too deeply to be a feed of warnings")
        self._builder.start(_local(name), attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(_local(name))

    def _refuse_document_type(self, *_declared: object) -> None:
        # Entities live in document types: files of this machine, or laughs by the billion.
        raise PayloadError("the XML declares a document type, which no feed of warnings does")


def parse_xml(body: bytes) -> Element:
    """Return the root of a document, with tags without their namespaces. Raises: PayloadError."""
    try:
        return _Reader().read(body)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PayloadError(f"answer is not XML ({len(body)} bytes)") from error


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
