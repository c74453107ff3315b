"""Photos of notes: sent before their note, and returned as the type that their bytes are."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Path, Request
from starlette.responses import Response

from api.dependencies import ScopeOf, home_of
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf
from api.http.router import Router
from api.routes.registry import ID_PATTERN, reply_json
from api.schemas.model import EXAMPLE_ID
from headland.formats.images.photos import MEDIA_TYPES, PhotoError, read_photo
from headland.registry.db.photo_files import PhotoFiles, digest_of
from headland.registry.models.models import NotePhoto

_BINARY: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "JPEG, PNG or WebP of at most 4 MiB; the type is detected from the content.",
        "content": {"application/octet-stream": _BINARY},
    }
}
_PHOTO: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "example": EXAMPLE_ID},
        "media": {"type": "string", "enum": list(MEDIA_TYPES)},
        "width_px": {"type": "integer"},
        "height_px": {"type": "integer"},
        "size_bytes": {"type": "integer"},
        "digest": {"type": "string", "description": "SHA-256 of the stored bytes, in hexadecimal digits."},
        "added_ms": {"type": "integer"},
        "note": {"type": ["string", "null"], "description": "The note that it belongs to; null before it has one."},
    },
    "required": ["id", "media", "width_px", "height_px", "size_bytes", "digest", "added_ms", "note"],
}
_ADDED: Final[dict[int | str, dict[str, Any]]] = {
    201: {"description": "The stored photo.", "content": {"application/json": {"schema": _PHOTO}}}
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": dict.fromkeys(MEDIA_TYPES, _BINARY)}}
#: A photo never changes; it is for whoever may read the organisation's notes, and not for a proxy.
_CACHED: Final = "private, max-age=31536000, immutable"

router = Router(prefix="/v1/photos", tags=["registry"], responses=declare_problems(404, 422, 503))
PhotoId = Annotated[str, Path(description="Id of a photo.", pattern=ID_PATTERN, examples=[EXAMPLE_ID])]


def _files_of(request: Request) -> PhotoFiles:
    files = home_of(request).photos
    if files is None:
        raise ProblemError(404, "no-photos", "No photos here", "This API has no folder for photos.")
    return files


FilesOf = Annotated[PhotoFiles, Depends(_files_of)]


@router.post(
    "",
    name="add_photo",
    status_code=201,
    openapi_extra=_BODY,
    responses={**_ADDED, **declare_problems(400, 409, 413)},
)
def add_photo(scope: ScopeOf, files: FilesOf, sent: BodyOf) -> Response:
    """Send a photo for a note that names it in `photos`; without a note it is deleted after a week.

    What is in the file beside the picture is removed: position, time, camera, thumbnail, comments. The same photo
    sent again, before it has a note, is the same photo.
    """
    try:
        photo = read_photo(sent)
    except PhotoError as error:
        raise ProblemError(400, "bad-photo", "Photo not readable", str(error)) from error
    repositories = scope.repositories
    organisation = repositories.organisation
    draft = NotePhoto(
        id="",
        media=photo.media,
        width_px=photo.width_px,
        height_px=photo.height_px,
        size_bytes=len(photo.data),
        digest=digest_of(photo.data),
        added_ms=0,
    )
    made, deleted = repositories.photos.add(
        draft, files.most_bytes, lambda made: files.write(organisation, made, photo.data)
    )
    files.delete(organisation, deleted)
    return reply_json(made, 201, {"ETag": f'"{made.digest}"', "Location": f"/v1/photos/{made.id}"})


@router.get("/{photo}", name="get_photo", response_class=Response, responses=_FILE)
def get_photo(request: Request, scope: ScopeOf, files: FilesOf, photo: PhotoId) -> Response:
    """Return a photo, with the type that its bytes have."""
    repositories = scope.repositories
    known = repositories.photos.get(photo)
    headers = {"ETag": f'"{known.digest}"', "Cache-Control": _CACHED, "Content-Disposition": "inline"}
    if headers["ETag"] in (part.strip() for part in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    data = files.read(repositories.organisation, known)
    if data is None:
        sentence = "The file of this photo is missing or damaged on the station: put it back from a backup."
        raise ProblemError(404, "photo-damaged", "Photo damaged", sentence)
    return Response(data, headers=headers, media_type=known.media)
