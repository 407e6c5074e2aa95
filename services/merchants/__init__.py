"""merchants: who may take payments, with which keys, and how."""
