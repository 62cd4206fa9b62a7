"""Blocks of text, images and documents as the parts of a chat message."""

from collections.abc import Sequence

from apps.serving.dialects.base import Invalid
from apps.serving.dialects.chat.turns import Part, data_url, file_part, image_part, text_part
from apps.serving.dialects.messages.schema import (
    Base64Source,
    Citations,
    Content,
    ContentSource,
    Document,
    Image,
    SearchResult,
    Text,
    UrlSource,
)


def parts(blocks: str | Sequence[Content] | None, where: str) -> list[Part]:
    """Without the empty texts, which providers refuse; Invalid for what asks for citations."""
    if not blocks:
        return []
    if isinstance(blocks, str):
        return [text_part(blocks)]
    return [part for position, block in enumerate(blocks) for part in block_parts(block, f"{where}[{position}]")]


def block_parts(block: Content, where: str) -> list[Part]:
    if isinstance(block, Text):
        return [text_part(block.text, block.cache_control)] if block.text else []
    if isinstance(block, Image):
        return [_image(block)]
    _refuse_citations(block.citations, where)
    return _document(block, where) if isinstance(block, Document) else [_search_result(block)]


def _image(image: Image) -> Part:
    source = image.source
    url = source.url if isinstance(source, UrlSource) else data_url(source.media_type, source.data)
    return image_part(url, image.cache_control)


def _document(document: Document, where: str) -> list[Part]:
    source, mark = document.source, document.cache_control
    if isinstance(source, Base64Source | UrlSource):
        data = source.url if isinstance(source, UrlSource) else data_url(source.media_type, source.data)
        about = [text_part(document.context)] if document.context else []
        return [*about, file_part(data, document.title or "document.pdf", mark)]
    head = "\n".join(line for line in (document.title, document.context) if line)
    if isinstance(source, ContentSource):
        found = parts(source.content, f"{where}.source.content")
        return [text_part(head), *found] if head else found
    return [text_part(f"{head}\n{source.data}" if head else source.data, mark)]


def _search_result(result: SearchResult) -> Part:
    lines = [result.title, result.source, *(block.text for block in result.content)]
    return text_part("\n".join(lines), result.cache_control)


def _refuse_citations(citations: Citations | None, where: str) -> None:
    if citations is not None and citations.enabled:
        param = f"{where}.citations"
        raise Invalid(f"{param}: this model gives no citations; leave them out or set enabled to false.", param)
