"""Pages of a browser that tests use one after another: the scripts of the dashboard are compiled in them once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from playwright.sync_api import Browser, Page

from tests.dashboard.legends import KEEP

#: What a test changes by these outlasts the page that is loaded, and cannot be undone: such a page is for it alone.
#: Routes are taken away, and the size is set for the next test.
_LASTING: Final = {
    "page": ("add_init_script", "emulate_media", "expose_binding", "expose_function"),
    "context": ("add_cookies", "add_init_script", "grant_permissions", "set_offline"),
    "clock": ("install", "pause_at", "set_fixed_time", "set_system_time"),
}


@dataclass(eq=False, slots=True)
class PooledPage:
    """A page in a context of its own, with the options of that context."""

    page: Page
    options: dict[str, Any]
    is_changed: bool = False

    def mark_lasting_changes(self) -> None:
        """Note it when a test calls what outlasts the loaded page."""
        targets = {"page": self.page, "context": self.page.context, "clock": self.page.clock}
        for name, methods in _LASTING.items():
            for method in methods:
                original = getattr(targets[name], method)
                setattr(targets[name], method, partial(self._change, original))

    def _change(self, original: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self.is_changed = True
        return original(*args, **options)


class PagePool:
    """Pages to be used again; each has what a new one has: no cookie, nothing stored, nothing loaded."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: list[PooledPage] = []

    def take(self, options: dict[str, Any]) -> PooledPage:
        """Return a page whose context has these options, but for its size, which a page of any size can get."""
        size = options["viewport"]
        options = {name: value for name, value in options.items() if name != "viewport"}
        for pooled in self._idle:
            if pooled.options == options:
                self._idle.remove(pooled)
                pooled.page.set_viewport_size(size)
                return pooled
        pooled = PooledPage(self._browser.new_context(**options, viewport=size).new_page(), options)
        pooled.page.add_init_script(KEEP)
        pooled.mark_lasting_changes()
        return pooled

    def give_back(self, pooled: PooledPage, address: str) -> None:
        """Take a page back, or end it where another test would notice what was done with it."""
        page, context = pooled.page, pooled.page.context
        if pooled.is_changed or page.is_closed() or pooled.options["service_workers"] == "allow":
            context.close()
            return
        for owner in (page, context):
            owner.unroute_all(behavior="ignoreErrors")
        page.evaluate("sessionStorage.clear()")
        page.goto("about:blank")
        page.mouse.move(0, 0)
        session = context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})
        session.detach()
        context.clear_cookies()
        self._idle.append(pooled)
