"""Who may connect: host, origin and token, checked before anything else is read.

A web page in the user's browser can reach 127.0.0.1 too.  It cannot hide its ``Origin``, so one
that is not on the list stays out; and a page whose name was rebound to 127.0.0.1 still sends its
own name as ``Host``, so on a loopback address only loopback's names are answered.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping

from ...settings.serving import ServeParams


def refusal(
    params: ServeParams, headers: Mapping[str, str], token: str | None = None
) -> tuple[int, str] | None:
    """HTTP status and reason why a request stays out, or None if it may come in.

    ``headers`` by names in lower case; ``token`` from the query, for clients that cannot set any.

    Examples
    --------
    >>> refusal(ServeParams(), {"host": "127.0.0.1:8765"}) is None
    True
    >>> refusal(ServeParams(), {"host": "evil.example"})
    (421, 'host')
    """
    if params.loopback and not _is_loopback_name(headers.get("host", "")):
        return 421, "host"
    origin = headers.get("origin")
    if origin is not None and origin.lower().rstrip("/") not in params.allowed_origins:
        return 403, "origin"
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    bearer = bearer.strip() if scheme.lower() == "bearer" else ""
    given = (bearer or token or "").encode("utf-8", "surrogateescape")
    if params.token and not hmac.compare_digest(params.token.encode(), given):
        return 401, "token"
    return None


def _is_loopback_name(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
