"""Checking a request that is signed with an access key and its secret: SDK-HMAC-SHA256.

Belongs here: the checking side, written from the description of the algorithm and apart from the signer that
the reader uses. The canonical request is the method, the path ended by a slash, the sorted query, the signed
headers, their names, and the hash of an empty body; its hash, under the date, is signed with the secret.
"""

import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_AUTHORIZATION = re.compile(r"SDK-HMAC-SHA256 Access=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})")


def is_good(method: str, path: str, headers: dict[str, str], access_key: str, secret_key: str) -> bool:
    """Tell whether `headers` (names in lower case) sign this request with this key."""
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not match or match[1] != access_key or "x-sdk-date" not in headers:
        return False
    names = match[2].split(";")
    if not {"host", "x-sdk-date", "x-project-id"} <= set(names) or not set(names) <= headers.keys():
        return False
    where = urlsplit(path)
    steps = "/".join(quote(unquote(step), safe="~") for step in where.path.split("/")).rstrip("/") + "/"
    query = sorted(parse_qsl(where.query, keep_blank_values=True))
    asked = "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in query)
    signed = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical = "\n".join([method, steps, asked, signed, ";".join(names), hashlib.sha256(b"").hexdigest()])
    text = f"SDK-HMAC-SHA256\n{headers['x-sdk-date']}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    expected = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, match[3])
