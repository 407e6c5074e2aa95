"""Where Redis is, with what a URL by itself would have to carry: the password, and the files of TLS."""

from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from florin.tls import ClientTls


def redis_location(url: str, password: str = "", tls: ClientTls | None = None) -> str:
    """``url`` as redis-py takes it. TLS is ``rediss://``; its files become options of the URL."""
    parts = urlsplit(url)
    netloc = parts.netloc
    if password:
        user = netloc.rpartition("@")[0].partition(":")[0]
        netloc = f"{user}:{quote(password, safe='')}@{netloc.rpartition('@')[2]}"
    files = {
        "ssl_ca_certs": tls and tls.ca_file,
        "ssl_certfile": tls and tls.cert_file,
        "ssl_keyfile": tls and tls.key_file,
    }
    options = urlencode({name: str(file) for name, file in files.items() if file}) if parts.scheme == "rediss" else ""
    query = "&".join(part for part in (parts.query, options) if part)
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))
