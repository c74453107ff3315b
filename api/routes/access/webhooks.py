"""Routes of webhooks: secrets, test posts and delivery."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import Path, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import declare_problems
from api.http.router import Router
from api.routes.record_kinds import RecordResource
from api.routes.registry import ID_PATTERN, make_router
from api.schemas.alarms import NotificationItem, NotificationList, RecipientSecret
from api.schemas.model import fill
from headland.registry.models.alarms import Notice
from headland.registry.models.webhooks import Webhook
from headland.registry.repositories.alarms import AlarmUpdate

Id = Annotated[str, Path(description="Record id.", pattern=ID_PATTERN)]

WEBHOOKS: Final = RecordResource(
    "webhooks",
    "webhook",
    Webhook,
    lambda repositories: repositories.webhooks,
    {"name": "farm app", "url": "https://app.example/headland", "events": ["alarm_raised", "pass_detected"]},
    target=lambda hook: hook.url,
)

router = Router(prefix="/v1/webhooks", tags=["access"], responses=declare_problems(404, 422, 503))
webhooks = make_router(WEBHOOKS)


@router.post("/{webhook}/secret", response_model=RecipientSecret)
def renew_secret(scope: ScopeOf, webhook: Id) -> RecipientSecret:
    """Replace the secret that signs a webhook's posts; the response is the only place that contains it."""
    return RecipientSecret(secret=scope.repositories.webhooks.renew_secret(webhook))


@router.post("/{webhook}/test", response_model=NotificationItem, status_code=202)
def try_webhook(scope: ScopeOf, webhook: Id) -> NotificationItem:
    """Send a test event to a webhook, whatever events it selects."""
    repositories = scope.repositories
    hook, now_ms = repositories.webhooks.get(webhook), scope.now_ms
    notice_id = repositories.alarms.new_id()
    body = {"v": 1, "id": notice_id, "webhook": hook.id, "event": "test", "time_ms": now_ms, "data": {}}
    notice = Notice(
        id=notice_id, recipient=hook.id, rule="webhook:test", what="event", about=(),
        body=msgspec.json.encode(body).decode(), created_ms=now_ms, due_ms=now_ms,
    )  # fmt: skip
    repositories.alarms.save(AlarmUpdate(notices=[notice]))
    return fill(NotificationItem, notice, error_zh="")


@router.get(
    "/{webhook}/posts", name="list_webhook_posts", response_model=NotificationList, responses=declare_problems(400)
)
def get_posts(request: Request, scope: ScopeOf, webhook: Id, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List the posts of a webhook, the newest first; POST /v1/alarm-notices/ID/replay retries a dead one."""
    repositories = scope.repositories
    repositories.webhooks.get(webhook)
    before = read_cursor(cursor, tuple[str])
    posts = repositories.webhook_cursors.posts(webhook, before="" if before is None else before[0], limit=limit + 1)
    page = [fill(NotificationItem, post, error_zh="") for post in posts[:limit]]
    following = write_cursor(page[-1].id) if len(posts) > limit else None
    return reply_page(request, NotificationList(items=page, next=following))
