"""TLS towards the servers that a service depends on: whom it trusts, and as whom it shows itself."""

import ssl
from pathlib import Path

from msgspec import Struct


class ClientTls(Struct, frozen=True):
    """The server's certificate and name are always verified: TLS with just anybody hides nothing."""

    ca_file: Path | None = None
    """The authority that signs the server's certificate; none: the ones that the system trusts."""
    cert_file: Path | None = None
    """Our own certificate, where the server asks for one."""
    key_file: Path | None = None
    """The key of our certificate."""

    def context(self) -> ssl.SSLContext:
        """For one client. Raises OSError where a file cannot be read or is not what it should be."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context
