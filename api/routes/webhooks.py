"""Apps that are told of what happens: their URLs, their secrets, and what became of each post."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.alarm_schema import NoticeList, NoticeShown, RecipientSecret
from api.estates import estate_of
from api.farm import FarmOf
from api.pages import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.problems import declare_problems
from api.routes.things import ID_PATTERN, make_router
from api.things import Kind
from headland.registry.alarm_book import Round
from headland.registry.alarm_records import Notice
from headland.registry.webhook_records import Webhook

Id = Annotated[str, Path(description="Its id.", pattern=ID_PATTERN)]

WEBHOOKS: Final = Kind(
    "webhooks",
    "webhook",
    Webhook,
    lambda estate: estate.webhooks,
    {"name": "farm app", "url": "https://app.example/headland", "events": ["alarm_raised", "pass_detected"]},
)

router = APIRouter(prefix="/v1/webhooks", tags=["access"], responses=declare_problems(404, 422, 503))
webhooks = make_router(WEBHOOKS)


@router.post("/{webhook}/secret", response_model=RecipientSecret)
def renew_secret(farm: FarmOf, webhook: Id) -> RecipientSecret:
    """Make a new secret that signs the posts of a webhook, in the place of the one before; it is shown this once."""
    return RecipientSecret(secret=estate_of(farm).webhooks.renew_secret(webhook))


@router.post("/{webhook}/test", response_model=NoticeShown, status_code=202)
def try_webhook(farm: FarmOf, webhook: Id) -> NoticeShown:
    """Post something to a webhook now, whatever it asks for, so that its app can be tried out."""
    estate = estate_of(farm)
    hook, now_ms = estate.webhooks.get(webhook), farm.now_ms()
    made = estate.alarms.new_id()
    body = {"v": 1, "id": made, "webhook": hook.id, "event": "test", "time_ms": now_ms, "data": {}}
    notice = Notice(
        id=made, recipient=hook.id, rule="webhook:test", what="event", about=(),
        body=msgspec.json.encode(body).decode(), created_ms=now_ms, due_ms=now_ms,
    )  # fmt: skip
    estate.alarms.keep(Round(notices=[notice]))
    return NoticeShown.model_validate(notice)


@router.get("/{webhook}/posts", name="list_webhook_posts", response_model=NoticeList, responses=declare_problems(400))
def get_posts(request: Request, farm: FarmOf, webhook: Id, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List what a webhook was or is to be told, the newest first; POST /v1/alarm-notices/ID/replay tries a dead one."""
    estate = estate_of(farm)
    estate.webhooks.get(webhook)
    before = read_cursor(cursor, tuple[str])
    found = estate.webhook_book.posts(webhook, before="" if before is None else before[0], limit=limit + 1)
    page = [NoticeShown.model_validate(post) for post in found[:limit]]
    following = write_cursor(page[-1].id) if len(found) > limit else None
    return reply_page(request, NoticeList(items=page, next=following))
