"""Links in their canonical form, under which they are unique."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_[ce]id|ref_src|igshid)$")
_ARXIV = re.compile(r"^/(?:pdf|abs|html)/([\w.\-/]+?)(?:v\d+)?(?:\.pdf)?$")


def canonical(url: str) -> str:
    """*url* without what does not change where it leads: scheme's letter s, `www.`, fragment,
    tracking parameters, a slash at the end, the order of parameters; arXiv's forms as one.

    Raises ValueError for what is no http or https URL with a host.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError as error:
        raise ValueError(f"{url[:200]!r} is no valid URL") from error
    if parts.scheme.lower() not in ("http", "https") or "." not in host and host != "localhost":
        raise ValueError(f"{url[:200]!r} is no http or https URL")
    if any(c.isspace() or ord(c) < 32 for c in url.strip()):
        raise ValueError(f"{url[:200]!r} has a blank or a control character inside")
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    path = parts.path.rstrip("/")
    if host == "arxiv.org" and (paper := _ARXIV.match(path)):
        path = f"/abs/{paper[1]}"
    kept = [
        (k, v)
        for k, v in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.match(k.lower())
    ]
    return str(canonicalize_url(urlunsplit(("https", netloc, path, urlencode(kept), ""))))
