"""Verifies requests that are signed with an access key and its secret: SDK-HMAC-SHA256.

It is written from the description of the algorithm and shares no code with the signer. The canonical request is the
method, the path with a final slash, the sorted query, the signed headers, their names, and the hash of an empty body;
its hash, below the date, is signed with the secret.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_AUTHORIZATION = re.compile(r"SDK-HMAC-SHA256 Access=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})")


_DATE = "%Y%m%dT%H%M%SZ"
MAX_AGE = timedelta(minutes=15)  # between the date of a signature and now, either way


def signed_headers(method: str, path: str, headers: dict[str, str], access_key: str, secret_key: str) -> set[str]:
    """Return the names of the headers that are signed with this key; none if the signature is wrong or too old.

    The names of `headers` are in lower case.
    """
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not match or match[1] != access_key or not _is_recent(headers.get("x-sdk-date", "")):
        return set()
    names = match[2].split(";")
    if not {"host", "x-sdk-date"} <= set(names) <= headers.keys():
        return set()
    url = urlsplit(path)
    segments = "/".join(quote(unquote(segment), safe="~") for segment in url.path.split("/")).rstrip("/") + "/"
    parameters = sorted(parse_qsl(url.query, keep_blank_values=True))
    query = "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in parameters)
    header_lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical = "\n".join([method, segments, query, header_lines, ";".join(names), hashlib.sha256(b"").hexdigest()])
    text = f"SDK-HMAC-SHA256\n{headers['x-sdk-date']}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    expected = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return set(names) if hmac.compare_digest(expected, match[3]) else set()


def _is_recent(date: str) -> bool:
    try:
        signed_at = datetime.strptime(date, _DATE).replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(datetime.now(UTC) - signed_at) <= MAX_AGE
