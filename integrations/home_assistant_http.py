"""Ask Home Assistant's REST interface through homeassistant-api, and name what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPMethod, HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
from homeassistant_api import Client
from homeassistant_api.errors import (
    EndpointNotFoundError,
    HomeassistantAPIError,
    InternalServerError,
    MethodNotAllowedError,
    RequestError,
    RequestTimeoutError,
    UnauthorizedError,
    UnexpectedStatusCodeError,
)
from urllib3.exceptions import NewConnectionError

from integrations.certificates import certificate_fault
from integrations.deadlines import limit_answers
from integrations.errors import IntegrationError, PermanentError, RefusedError, TransientError

if TYPE_CHECKING:
    import niquests

TOKEN_REFUSED = "token refused"  # noqa: S105 - a text for people
MAX_ANSWER_BYTES = 2 * 1024 * 1024
LONGEST_RETRY_AFTER_S = 3600.0

limit_answers()

_CHUNK_BYTES = 64 * 1024
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


class NotFoundError(PermanentError):
    """Report that Home Assistant knows no such path or entity."""


class AnswerTooLargeError(PermanentError):
    """Report an answer above the limit, of which nothing was used."""


def api_url(base_url: str) -> str:
    """Return the address of the REST interface, with or without `/api` in what was configured.

    Raises:
        PermanentError: it is no http or https address, or carries a password.

    >>> api_url("http://homeassistant.local:8123/")
    'http://homeassistant.local:8123/api'
    """
    try:
        parts = urlsplit(base_url.strip())
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError as err:
        raise PermanentError("the address of Home Assistant is malformed") from err
    if not is_address:
        raise PermanentError("the address of Home Assistant must begin with http:// or https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise PermanentError("the address of Home Assistant has only a host, a port and a path")
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{parts.netloc}{path}/api"


class HomeAssistantHttp:
    """Carry requests to one Home Assistant; it may be down at any time, also at construction.

    Usable from several threads at once. Nothing is asked before the first call.
    """

    def __init__(self, base_url: str, token: str, timeout_s: tuple[float, float]) -> None:
        """Prepare the client; `timeout_s` is for connecting and for each read.

        Raises:
            PermanentError: address or token cannot be right.
        """
        if not _PRINTABLE.fullmatch(token.strip()):
            raise PermanentError("the token is empty or has characters that no token has")
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies and no .netrc from the environment
        self._client = Client(
            api_url(base_url),
            token,
            session=cast("niquests.Session", self._session),
            # Read in pieces, so that an answer without end stops at the limit. A redirect would
            # carry the token to wherever it points.
            global_request_kwargs=cast(
                "Mapping[str, str]",
                {"timeout": timeout_s, "allow_redirects": False, "stream": True},
            ),
        )

    def get(self, path: str, limit_bytes: int = MAX_ANSWER_BYTES) -> Any:  # noqa: ANN401 - JSON
        """Return the decoded answer of a GET. Raises: TransientError, PermanentError."""
        return self._request(path, f"/api/{path}", limit_bytes, method=HTTPMethod.GET)

    def call_service(
        self, domain: str, service: str, data: Mapping[str, object], *, wants_answer: bool = False
    ) -> Any:  # noqa: ANN401
        """Return the decoded answer of a service call: the states that changed meanwhile.

        With `wants_answer` it is an object with `service_response`, what the service itself says.

        Raises: TransientError, PermanentError.
        """
        return self._request(
            f"services/{domain}/{service}" + ("?return_response" if wants_answer else ""),
            f"{domain}.{service}",
            MAX_ANSWER_BYTES,
            method=HTTPMethod.POST,
            json=dict(data),
        )

    def render(self, template: str, variables: Mapping[str, object]) -> Any:  # noqa: ANN401
        """Return what Home Assistant makes of a template, as text.

        Raises: TransientError, PermanentError.
        """
        return self._request(
            "template",
            "/api/template",
            MAX_ANSWER_BYTES,
            method=HTTPMethod.POST,
            json={"template": template, "variables": dict(variables)},
        )

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _request(self, path: str, what: str, limit_bytes: int, **kwargs: Any) -> Any:  # noqa: ANN401
        read = partial(_read_answer, what=what, limit_bytes=limit_bytes)
        try:
            return self._client.request(path, hooks={"response": read}, **kwargs)
        except (
            HomeassistantAPIError,
            requests.RequestException,
            ValueError,
            TypeError,
            RecursionError,
        ) as err:
            is_command = kwargs["method"] == HTTPMethod.POST
            raise _translate(err, what, is_command=is_command) from err


def _read_answer(
    response: requests.Response, *, what: str, limit_bytes: int, **_kwargs: object
) -> None:
    """Read the body up to the limit; refuse here what the client library would not tell apart."""
    status = response.status_code
    if status in range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST):
        response.close()
        raise PermanentError(
            f"Home Assistant redirects {what} ({status}): configure the address it redirects to"
        )
    if status == HTTPStatus.FORBIDDEN:
        response.close()
        raise RefusedError(
            f"{TOKEN_REFUSED}: Home Assistant answered 403 (is this machine in its ip_bans.yaml?)"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.close()
        raise TransientError(
            f"Home Assistant is asked too often ({what})",
            retry_after_s=_retry_after_s(response.headers.get("Retry-After", "")),
        )
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > limit_bytes:
            response.close()
            raise AnswerTooLargeError(f"Home Assistant answered {what} with over {limit_bytes} B")
    response._content = bytes(body)  # noqa: SLF001 - where requests itself keeps a body read whole


def _retry_after_s(text: str) -> float | None:
    if not re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        return None
    return min(float(text), LONGEST_RETRY_AFTER_S)


def _translate(err: Exception, what: str, *, is_command: bool) -> IntegrationError:
    if (fault := certificate_fault(err)) is not None:
        return TransientError(f"the certificate of Home Assistant {fault}")
    for kinds, make, text in _MEANINGS:
        if isinstance(err, kinds):
            return make(text.format(what=what, err=err), is_command and not _was_refused(err))
    return TransientError(f"what answered {what} does not speak as Home Assistant does")


def _was_refused(err: Exception) -> bool:
    """Return whether the connection never came about, so that nothing can have been carried out."""
    reason = getattr(err.args[0], "reason", None) if err.args else None
    return isinstance(reason, NewConnectionError)


def _unanswered(text: str, is_sent: bool) -> IntegrationError:  # noqa: FBT001 - fills the table
    return TransientError(text, is_outcome_unknown=is_sent)


def _passing(text: str, _is_sent: bool) -> IntegrationError:  # noqa: FBT001
    return TransientError(text)


def _lasting(text: str, _is_sent: bool) -> IntegrationError:  # noqa: FBT001
    return PermanentError(text)


def _refused(text: str, _is_sent: bool) -> IntegrationError:  # noqa: FBT001
    return RefusedError(text)


def _absent(text: str, _is_sent: bool) -> IntegrationError:  # noqa: FBT001
    return NotFoundError(text)


# What each foreign exception means; the first row that fits counts.
_Kinds = type[Exception] | tuple[type[Exception], ...]
_MEANINGS: tuple[tuple[_Kinds, Callable[[str, bool], IntegrationError], str], ...] = (
    (
        requests.ConnectTimeout,
        _passing,
        "Home Assistant is not reachable: no answer to connecting",
    ),
    (
        (requests.Timeout, RequestTimeoutError),
        _unanswered,
        "Home Assistant did not answer {what} in time",
    ),
    (
        requests.exceptions.SSLError,
        _passing,
        "no TLS with Home Assistant: does its address begin with http:// instead of https://?",
    ),
    (requests.ConnectionError, _unanswered, "Home Assistant is not reachable ({what})"),
    (
        (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError),
        _unanswered,
        "Home Assistant's answer to {what} broke off",
    ),
    (
        UnauthorizedError,
        _refused,
        f"{TOKEN_REFUSED}: Home Assistant answered 401; make a new long-lived access token",
    ),
    (EndpointNotFoundError, _absent, "Home Assistant does not know {what} (404)"),
    (
        RequestError,
        _lasting,
        "Home Assistant refused {what} (400): no such service, or not with these data",
    ),
    (InternalServerError, _passing, "Home Assistant failed at {what} (it answered 5xx)"),
    ((UnexpectedStatusCodeError, MethodNotAllowedError), _lasting, "{what}: {err}"),
    (
        (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader),
        _lasting,
        "the address or the token of Home Assistant is malformed",
    ),
)
