"""A ``multipart/form-data`` body (RFC 7578) with one file and some short fields, read as it streams in.

Memory is bounded by the size of one network packet and of the fields; the file goes to a spool at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from genesis_music.service.errors import InvalidRequestError, MalformedRequestError
from genesis_music.service.transcriptions.spool import Spool

FILE_FIELD = "file"
MOST_FIELDS = 32
LONGEST_FIELD_BYTES = 4096
_BROKEN = "The multipart body is damaged or incomplete: send it again."


@dataclass(frozen=True, slots=True)
class Form:
    """What came beside the file, and how the file was called (``None``: there was no file)."""

    fields: dict[str, str]
    filename: str | None


async def read_form(content_type: str, body: AsyncIterator[bytes], spool: Spool) -> Form:
    """Read a body; its file goes into ``spool``.

    Raises:
        MalformedRequestError: the body breaks off or is no multipart body.
        InvalidRequestError: two files, a file under another name than ``file``, too many or too long fields.
        TooLargeError: the file is larger than the spool takes.
    """
    parts = _Parts()
    parser = _parser(content_type, parts)
    try:
        async for packet in body:
            parser.write(packet)
            if packets := parts.take_file_data():
                await run_in_threadpool(spool.write, packets)
        parser.finalize()
    except FormParserError as error:
        raise MalformedRequestError(_BROKEN) from error
    if not parts.complete:
        raise MalformedRequestError(_BROKEN)
    return Form(parts.texts(), parts.filename)


def _parser(content_type: str, parts: _Parts) -> MultipartParser:
    _, parameters = parse_options_header(content_type)
    boundary = parameters.get(b"boundary", b"")
    if not boundary:
        raise MalformedRequestError("The Content-Type names no boundary: let your HTTP library set it.")
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_end": parts.finish,
            },
        )
    except FormParserError as error:
        raise MalformedRequestError(_BROKEN) from error


@dataclass
class _Parts:
    """Collects what the parser tells of one body."""

    filename: str | None = None
    complete: bool = False
    _fields: dict[str, bytearray] = field(default_factory=dict)
    _name: str = ""
    _in_file: bool = False
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _disposition: bytes = b""
    _file_data: list[bytes] = field(default_factory=list)

    def begin(self) -> None:
        self._disposition, self._in_file = b"", False

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def header_end(self) -> None:
        if bytes(self._header[0]).strip().lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def headers_finished(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        if b"name" not in parameters:
            raise MalformedRequestError("A part of the multipart body has no name.")
        self._name = parameters[b"name"].decode("utf-8", "replace")
        self._in_file = b"filename" in parameters
        if self._in_file:
            self._begin_file(parameters[b"filename"].decode("utf-8", "replace"))
        elif self._name == FILE_FIELD:
            raise InvalidRequestError("file: send it as a file, with a filename.")
        else:
            self._begin_field()

    def _begin_file(self, filename: str) -> None:
        if self._name != FILE_FIELD:
            raise InvalidRequestError(f"{self._name[:40]}: only the field 'file' takes a file.")
        if self.filename is not None:
            raise InvalidRequestError("file: send one recording at a time.")
        self.filename = filename

    def _begin_field(self) -> None:
        if self._name in self._fields:
            raise InvalidRequestError(f"{self._name[:40]}: given twice.")
        if len(self._fields) >= MOST_FIELDS:
            raise InvalidRequestError("The form has too many fields.")
        self._fields[self._name] = bytearray()

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._file_data.append(data[start:end])
            return
        value = self._fields[self._name]
        value.extend(data[start:end])
        if len(value) > LONGEST_FIELD_BYTES:
            raise InvalidRequestError(f"{self._name[:40]}: too long.")

    def end(self) -> None:
        self._name = ""

    def finish(self) -> None:
        self.complete = True

    def take_file_data(self) -> bytes:
        """What came of the file since the last call."""
        taken = b"".join(self._file_data)
        self._file_data.clear()
        return taken

    def texts(self) -> dict[str, str]:
        """The fields as text; empty ones are as good as not given."""
        return {name: value.decode("utf-8", "replace") for name, value in self._fields.items() if value}
