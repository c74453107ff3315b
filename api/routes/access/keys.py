"""Routes of API keys, members and the audit log, for administrators; of the names of authors, for all."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import Path, Query, Request
from starlette.responses import Response

from api.auth.sessions_cache import auth_cache_of
from api.dependencies import AccessOf, ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent, encode
from api.http.responses import reply
from api.http.router import Router
from api.routes.record_kinds import RecordResource
from api.routes.registry import ID_PATTERN, make_router
from api.schemas.access import AuditChecked, AuditCutItem, AuditItem, AuditList, KeyItem, KeyList, KeyOrder, NewKey
from api.schemas.model import fill
from headland.analysis.inputs.scope import OrgScope
from headland.contract.posts.senders import ADDRESSED, SAMPLE_SENDERS
from headland.registry.auth.api_keys import sender_of_address
from headland.registry.db.audit import AuditEntry
from headland.registry.models.errors import NotFound
from headland.registry.models.models import ApiKey, Member, Scope
from headland.registry.registry import Access
from headland.registry.repositories.person_data.author_names import AuthorNames

Id = Annotated[str, Path(description="Record id.", pattern=ID_PATTERN)]

MEMBERS: Final = RecordResource(
    "members",
    "member",
    Member,
    lambda repositories: repositories.members,
    {"subject": "wang.fang@example.org", "name": "Wang Fang", "role": "write"},
)

_SLUGS: Final = tuple(each.slug for each in SAMPLE_SENDERS.items)

router = Router(prefix="/v1", tags=["access"], responses=declare_problems(404, 422, 503))
members = make_router(MEMBERS)


@router.get("/keys", name="list_keys", response_model=KeyList, responses=declare_problems(400))
def get_keys(request: Request, scope: ScopeOf, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List the keys in order of creation, with name, scope and time of last use."""
    after = read_cursor(cursor, tuple[str])
    keys = scope.repositories.keys.list(after="" if after is None else after[0], limit=limit + 1)
    items = [_item(key) for key in keys[:limit]]
    following = write_cursor(keys[limit - 1].id) if len(keys) > limit else None
    return reply_page(request, KeyList(items=items, next=following))


@router.post("/keys", response_model=NewKey, status_code=201, responses=declare_problems(400, 409))
def add_key(scope: ScopeOf, access: AccessOf, body: Sent[KeyOrder]) -> Response:
    """Create a key, or with `sender` one that only posts samples. The response alone contains it: replace a lost one.

    A sender that can send no header gets an address, whose `path` contains the key.
    """
    if body.expires_ms is not None and body.expires_ms <= scope.now_ms:
        raise ProblemError(400, "expired", "Key already expired", "Set `expires_ms` to a time in the future.")
    ends_ms = _end_of(scope, access)
    if ends_ms is not None and (body.expires_ms is None or body.expires_ms > ends_ms):
        sentence = f"Your own key expires: set `expires_ms` to at most {ends_ms}, or use a key that lasts longer."
        raise ProblemError(400, "expires-later", "Key would outlive its maker", sentence)
    if body.sender is not None and (body.sender not in _SLUGS or not _is_for_sender(body)):
        sentence = f"Give `scope` samples, no `person`, and a `sender` of {', '.join(_SLUGS)}."
        raise ProblemError(400, "unknown-sender", "No key for this sender", sentence)
    if body.sender in ADDRESSED:
        return _reply_made(*scope.repositories.add_address(body.name, body.sender, body.expires_ms))
    key_scope = Scope.SAMPLES if body.sender is not None else Scope(body.scope)
    try:
        record, key = scope.repositories.add_key(body.name, key_scope, body.expires_ms, body.person, body.sender)
    except NotFound as error:
        raise ProblemError(400, "unknown-person", "Referenced record not found", str(error)) from error
    return _reply_made(record, key)


def _item(record: ApiKey) -> KeyItem:
    return fill(KeyItem, record, sender=sender_of_address(record.prefix) or record.sender)


def _is_for_sender(order: KeyOrder) -> bool:
    """Tell whether an order fits a sender; `write` is what asked for an address before there was a scope for it."""
    return order.person is None and (order.scope == "samples" or (order.scope == "write" and order.sender in ADDRESSED))


def _reply_made(record: ApiKey, key: str) -> Response:
    sender = sender_of_address(record.prefix) or record.sender
    path = next((each.path.format(address=key) for each in SAMPLE_SENDERS.items if each.slug == sender), None)
    new_key = fill(NewKey, record, key=key, path=path, sender=sender)
    headers = {"Location": f"/v1/keys/{record.id}", "Cache-Control": "no-store"}
    return Response(encode(new_key), 201, headers, "application/json")


@router.get("/keys/{key}", response_model=KeyItem)
def get_key(request: Request, scope: ScopeOf, key: Id) -> Response:
    """Return a key's name, scope and times."""
    return reply(request, _item(scope.repositories.keys.get(key)))


@router.delete("/keys/{key}", status_code=204, responses=declare_problems(409, 412))
def revoke_key(request: Request, scope: ScopeOf, key: Id) -> None:
    """Revoke a key and the sessions that it began."""
    repository = scope.repositories.keys
    repository.delete(key, repository.get(key).version)
    auth_cache_of(request).forget_key(key)


@router.get("/authors", response_model=AuthorNames)
def get_authors(
    request: Request,
    scope: ScopeOf,
    author: Annotated[
        list[Annotated[str, Query(max_length=500)]],
        Query(description="What records call the authors.", min_length=1, max_length=100),
    ],
) -> Response:
    """Return who authors of records are, for people: the names behind `acknowledged_by`, `author` and `who`.

    An author without another name is left out.
    """
    return reply(request, AuthorNames(items=scope.repositories.authors.names_of(author)))


@router.get("/audit", name="list_audit", response_model=AuditList, responses=declare_problems(400))
def get_audit(
    request: Request,
    scope: ScopeOf,
    record: Annotated[str | None, Query(description="Only changes of the record with this id.", max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the changes of records, the newest first: who, when, before and after."""
    before = read_cursor(cursor, tuple[int])
    entries = scope.repositories.audit_entries(
        record, before_seq=None if before is None else before[0], limit=limit + 1
    )
    items = [_audit_item(entry) for entry in entries[:limit]]
    following = write_cursor(entries[limit - 1].seq) if len(entries) > limit else None
    return reply_page(request, AuditList(items=items, next=following))


@router.get("/audit/check", response_model=AuditChecked)
def check_audit(request: Request, scope: ScopeOf) -> Response:
    """Verify the hash chain of the whole audit log."""
    check = scope.repositories.check_audit()
    cut = None if check.cut is None else fill(AuditCutItem, check.cut)
    return reply(request, fill(AuditChecked, check, cut=cut))


def _end_of(scope: OrgScope, access: Access) -> int | None:
    """Return when the key of a request expires, None for one that does not, and for a member."""
    return None if access.key is None else scope.repositories.keys.get(access.key).expires_ms


def _audit_item(entry: AuditEntry) -> AuditItem:
    fields = msgspec.structs.asdict(entry)
    for name in ("before", "after"):
        fields[name] = None if fields[name] is None else msgspec.json.decode(fields[name])
    return AuditItem(**fields)
