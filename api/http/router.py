"""Routes that FastAPI analyses at their first request, and not at the start.

FastAPI builds validators of the parameters and the response of each route, and builds them once more for a route of an
included router. For 350 routes that took 0.7 s of a station's start, and a station answers requests to few of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Final, TypedDict, TypeVar, Unpack, get_type_hints

from fastapi.dependencies.models import Dependant
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Message, Receive, Scope, Send

from api.http.problems import ProblemError, declare_problems
from api.http.records import JsonBody, content_of, records_in, speak_records

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])
Responses = Mapping[int | str, dict[str, Any]]
#: What a route says to this module alone.
_OWN_OPTIONS: Final = frozenset(("open_query", "reads", "stores"))


class RouteOptions(TypedDict, total=False):
    """What a route says of itself beside its path: as in FastAPI."""

    name: str
    summary: str
    description: str
    status_code: int
    response_model: Any
    response_class: type[Response]
    responses: Responses
    openapi_extra: dict[str, Any]
    #: Who puts parameters of his own into the query. Without such a reason an unknown parameter is refused.
    open_query: str
    #: Parameters that the endpoint reads from the query by itself; a star stands for any text in a name.
    reads: Collection[str]
    #: The method stores something, though it may be GET: HEAD does not do that.
    stores: bool


class _HeadIsSentError(Exception):
    """The head is sent: nobody waits for a body."""


class DeferredRoute(BaseRoute):
    """A route whose parameters and response are analysed at its first request, or for the OpenAPI document."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], methods: Sequence[str], options: dict[str, Any]
    ) -> None:
        self.path: Final = path
        self.endpoint: Final = endpoint
        self.methods: Final = frozenset(methods)
        self.open_query: Final[str] = options.get("open_query", "")
        self._reads: Final = frozenset(options.get("reads", ()))
        self._has_head: Final = "GET" in self.methods and not options.get("stores", False)
        self.options: Final = {name: value for name, value in options.items() if name not in _OWN_OPTIONS}
        self._start: Final = path.partition("{")[0]

    @cached_property
    def analysed(self) -> APIRoute:
        """The route of FastAPI. Raises what FastAPI raises for an endpoint that it cannot serve."""
        options = _with_answers(self.options, self.answers) if self.answers else self.options
        if not self.open_query:
            # Last: who may not ask is told that, and nothing of parameters.
            dependencies = [*options.get("dependencies", ()), Depends(self._refuse_unknown)]
            responses = {**declare_problems(400), **options.get("responses", {})}
            options = {**options, "dependencies": dependencies, "responses": responses}
        endpoint = speak_records(self.endpoint, options.get("status_code") or 200, writes=bool(self.answers))
        route = APIRoute(self.path, endpoint, methods=sorted(self.methods), **options)
        for body in _bodies_of(route.dependant):
            route.openapi_extra = {"requestBody": body.describe(), **(route.openapi_extra or {})}
        return route

    @cached_property
    def answers(self) -> tuple[Any, ...]:
        """The records of which the route answers with one; none where it answers with something else."""
        if "response_model" in self.options:
            declared = self.options["response_model"]
        else:
            declared = get_type_hints(self.endpoint).get("return")
        return records_in(declared)

    @property
    def bodies(self) -> list[Any]:
        """The types of records in the request's body."""
        return [body.kind for body in _bodies_of(self.analysed.dependant)]

    @cached_property
    def query_names(self) -> frozenset[str]:
        """The names of the query parameters, those of models of parameters among them."""
        return self._reads.union(_query_names_of(self.analysed.dependant))

    @cached_property
    def _compiled(self) -> tuple[Any, str, Mapping[str, Any]]:
        return compile_path(self.path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for this route, as Starlette's routes do; the application is mounted nowhere."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        if not path.startswith(self._start):
            return Match.NONE, {}
        pattern, _, convertors = self._compiled
        found = pattern.match(path)
        if found is None:
            return Match.NONE, {}
        values = {name: convertors[name].convert(value) for name, value in found.groupdict().items()}
        of_route = {
            "endpoint": self.endpoint,
            "path_params": {**scope.get("path_params", {}), **values},
            "route": self,
        }
        is_answered = scope["method"] in self.methods or (scope["method"] == "HEAD" and self._has_head)
        return (Match.FULL if is_answered else Match.PARTIAL), of_route

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request; the first one waits for the analysis, a few milliseconds."""
        scope["route"] = self.analysed
        if scope["method"] == "HEAD" and "HEAD" not in self.methods:
            await self._handle_head(scope, receive, send)
        else:
            await self.analysed.handle(scope, receive, send)

    async def _refuse_unknown(self, request: Request) -> None:
        """Raise ProblemError for a parameter that the route does not have: ignored, it would be another question."""
        patterns = [name for name in self._reads if "*" in name]
        others = set(request.query_params) - self.query_names
        unknown = sorted(name for name in others if not any(fnmatchcase(name, each) for each in patterns))
        if unknown:
            known = sorted(self.query_names)
            name = unknown[0][:64]
            sentence = (
                f"Use one of {', '.join(known)} instead of {name!r}."
                if known
                else f"Leave {name!r} out: this address takes no parameters."
            )
            raise ProblemError(400, "unknown-parameter", "Unknown parameter", sentence)

    async def _handle_head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond with the head of what GET responds; of an answer in parts none is made."""

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                await send({"type": "http.response.body", "body": b""})
                raise _HeadIsSentError
            await send(message)

        try:
            await self.analysed.handle({**scope, "method": "GET"}, receive, send_head)
        except* _HeadIsSentError:
            pass


class Router:
    """The routes of one subject, with the prefix of their paths and what their descriptions have in common."""

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: Sequence[str] = (),
        responses: Responses | None = None,
        include_in_schema: bool = True,
        open_query: str = "",
        reads: Collection[str] = (),
    ) -> None:
        self._prefix = prefix
        self._query = {"open_query": open_query, "reads": reads}
        self._tags = tuple(tags)
        self._responses = dict(responses or {})
        self._is_in_schema = include_in_schema
        self._routes: list[tuple[str, Callable[..., Any], tuple[str, ...], dict[str, Any]]] = []

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_Endpoint], _Endpoint]:
        """Return a decorator that makes a function the endpoint of GET."""
        return self._add(path, ("GET",), options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_Endpoint], _Endpoint]:
        """Return a decorator that makes a function the endpoint of POST."""
        return self._add(path, ("POST",), options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_Endpoint], _Endpoint]:
        """Return a decorator that makes a function the endpoint of PUT."""
        return self._add(path, ("PUT",), options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_Endpoint], _Endpoint]:
        """Return a decorator that makes a function the endpoint of PATCH."""
        return self._add(path, ("PATCH",), options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_Endpoint], _Endpoint]:
        """Return a decorator that makes a function the endpoint of DELETE."""
        return self._add(path, ("DELETE",), options)

    def get_and_head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[_Endpoint], _Endpoint]:
        """Return a decorator that makes a function the endpoint of GET and HEAD."""
        return self._add(path, ("GET", "HEAD"), options)

    def include(self, router: Router) -> None:
        """Add the routes of another router below this one's prefix."""
        for path, endpoint, methods, options in router._routes:
            self._routes.append((router._prefix + path, endpoint, methods, options))

    def routes(self, depends_on: Sequence[Depends] = ()) -> Iterator[DeferredRoute]:
        """Return the routes in the order of their declaration; each request passes `depends_on` first."""
        for path, endpoint, methods, options in self._routes:
            yield DeferredRoute(
                self._prefix + path,
                endpoint,
                methods,
                {
                    **self._query,
                    **options,
                    "tags": list(self._tags),
                    "dependencies": list(depends_on),
                    "responses": {**self._responses, **options.get("responses", {})},
                    "include_in_schema": self._is_in_schema,
                    "generate_unique_id_function": _name_of,
                },
            )

    def _add(self, path: str, methods: tuple[str, ...], options: RouteOptions) -> Callable[[_Endpoint], _Endpoint]:
        def declare(endpoint: _Endpoint) -> _Endpoint:
            self._routes.append((path, endpoint, methods, dict(options)))
            return endpoint

        return declare


def _name_of(route: APIRoute) -> str:
    return route.name


def _query_names_of(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        # The fields of a model of parameters are parameters each.
        fields = getattr(parameter.field_info.annotation, "model_fields", {})
        yield from (about.alias or name for name, about in fields.items())
        if not fields:
            yield parameter.alias
    for each in dependant.dependencies:
        yield from _query_names_of(each)


def _bodies_of(dependant: Dependant) -> Iterator[JsonBody]:
    for each in dependant.dependencies:
        if isinstance(each.call, JsonBody):
            yield each.call
        yield from _bodies_of(each)


def _with_answers(options: dict[str, Any], answers: tuple[Any, ...]) -> dict[str, Any]:
    """Return the options of a route with records as content of its answer."""
    status = options.get("status_code") or 200
    responses = dict(options["responses"])
    given = responses.get(status, {"description": "Successful Response"})
    responses[status] = {**given, "content": {**content_of(*answers), **given.get("content", {})}}
    return {**options, "response_model": None, "responses": responses}
