"""Reading XML that strangers wrote: forgiving of what costs nothing, deaf to entities, never on the network."""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

XML_ID = "{http://www.w3.org/XML/1998/namespace}id"

# libxml2's fatal complaints that cost no content worth having: a byte that is not UTF-8 in somebody's name.
_TOLERATED = frozenset({"ERR_INVALID_ENCODING", "ERR_INVALID_CHAR"})


class XMLError(ValueError):
    """Text is not the XML that it should be; the message tells the line."""


def parse_xml(source: str | bytes) -> etree._Element:
    """The root element of a document.

    Recovery is for what real files get wrong without loss: CROHME's ids such as ``=_1`` that are no XML names, prefixes
    that nobody declared. Entities are never expanded and nothing is fetched, so the size of the document bounds the
    memory, and libxml2's own limits on text (10 MB) and depth (256, then 2,048) can be lifted.

    Raises:
        XMLError: the document is empty or not well-formed, nests too deeply, or uses entities.
    """
    data, encoding = (source.encode("utf-8", "replace"), "utf-8") if isinstance(source, str) else (source, None)
    parser = etree.XMLParser(
        encoding=encoding,
        recover=True,
        resolve_entities=False,
        no_network=True,
        huge_tree=True,
        remove_comments=True,  # they would part the text that they stand in
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise XMLError(str(error)) from error
    for entry in parser.error_log:
        if entry.level == etree.ErrorLevels.FATAL and entry.type_name not in _TOLERATED:
            raise XMLError(f"line {entry.line}: {entry.message}")
    if root is None:
        raise XMLError("no element")
    if any(entry.type_name == "NS_ERR_UNDEFINED_NAMESPACE" for entry in parser.error_log):
        _drop_prefixes(root)
    declares = root.getroottree().docinfo.internalDTD is not None  # else an entity would have been fatal above
    if declares and any(True for _ in root.iter(etree.Entity)):
        raise XMLError("uses entities, which are not expanded: write their text out")
    return root


def _drop_prefixes(root: etree._Element) -> None:
    """Take prefixes that nobody declared out of the names of elements, of which libxml2 makes them a part."""
    for element in root.iter(etree.Element):
        _, prefixed, name = str(element.tag).rpartition("}")[2].rpartition(":")
        if prefixed and name[:1].isalpha() and name.isascii():
            element.tag = name


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return _without_namespace(str(element.tag))


@lru_cache(maxsize=1024)
def _without_namespace(tag: str) -> str:
    return tag.rpartition("}")[2]
