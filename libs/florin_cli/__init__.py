"""``florin``: what operators do, from a terminal or a script, through the services' `/admin/v1` and nothing else."""
