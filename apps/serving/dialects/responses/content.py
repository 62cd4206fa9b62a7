"""The content of messages and of tools' outputs as the parts of a chat message."""

from apps.serving.dialects.base import Invalid
from apps.serving.dialects.chat.turns import Part as ChatPart
from apps.serving.dialects.chat.turns import file_part, image_part, text_part
from apps.serving.dialects.responses.schema import Content, Part

_TEXTS = ("input_text", "output_text", "text", "summary_text", "reasoning_text")


def parts(content: Content, where: str) -> list[ChatPart]:
    """Without the empty texts, which providers refuse; Invalid for what is only known to another platform."""
    if not content:
        return []
    if isinstance(content, str):
        return [text_part(content)]
    found = [_part(part, f"{where}[{position}]") for position, part in enumerate(content)]
    return [part for part in found if part.get("text") != ""]


def _part(part: Part, where: str) -> ChatPart:
    if part.type in _TEXTS:
        return text_part(part.text)
    if part.type == "refusal":
        return {"type": "refusal", "refusal": part.refusal}
    if part.type == "input_image":
        return image_part(_given(part.image_url, f"{where}.image_url"), detail=part.detail)
    if part.type == "input_file":
        return file_part(_given(part.file_data or part.file_url, f"{where}.file_data"), part.filename)
    if part.type == "input_audio" and part.input_audio is not None:
        return {"type": "input_audio", "input_audio": part.input_audio}
    raise Invalid(f"{where}: parts of the type {part.type[:100]!r} are not supported.", f"{where}.type")


def _given(data: str | None, where: str) -> str:
    if not data:
        raise Invalid(f"{where}: this member is required; ids of uploaded files are not supported.", where)
    return data
