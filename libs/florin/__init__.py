"""What every Florin service shares: money, identifiers, errors, database, streams, the HTTP service frame."""
