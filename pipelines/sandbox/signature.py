"""Checking a request that is signed with an access key and its secret: SDK-HMAC-SHA256.

Belongs here: the checking side, written from the description of the algorithm and apart from the signer that
the reader uses. The canonical request is the method, the path ended by a slash, the sorted query, the signed
headers, their names, and the hash of an empty body; its hash, under the date, is signed with the secret.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_AUTHORIZATION = re.compile(r"SDK-HMAC-SHA256 Access=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})")


_DATE = "%Y%m%dT%H%M%SZ"
LIFETIME = timedelta(minutes=15)  # how far the date of a signature may lie from now


def signed_headers(method: str, path: str, headers: dict[str, str], access_key: str, secret_key: str) -> set[str]:
    """Return the headers that are signed with this key; none where the signature is wrong or too old.

    The names of `headers` are in lower case.
    """
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not match or match[1] != access_key or not _is_recent(headers.get("x-sdk-date", "")):
        return set()
    names = match[2].split(";")
    if not {"host", "x-sdk-date"} <= set(names) <= headers.keys():
        return set()
    where = urlsplit(path)
    steps = "/".join(quote(unquote(step), safe="~") for step in where.path.split("/")).rstrip("/") + "/"
    query = sorted(parse_qsl(where.query, keep_blank_values=True))
    asked = "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in query)
    signed = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical = "\n".join([method, steps, asked, signed, ";".join(names), hashlib.sha256(b"").hexdigest()])
    text = f"SDK-HMAC-SHA256\n{headers['x-sdk-date']}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    expected = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return set(names) if hmac.compare_digest(expected, match[3]) else set()


def _is_recent(date: str) -> bool:
    try:
        signed_at = datetime.strptime(date, _DATE).replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(datetime.now(UTC) - signed_at) <= LIFETIME
