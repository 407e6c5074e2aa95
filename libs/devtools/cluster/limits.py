"""What a cluster does not enforce or provide, as data: told by ``up``, kept in the cluster, read by its tests.

A test of something that is named here is skipped with the reason; it never counts as passed.
"""

OF_A_NODE = {
    "network-policies": "are taken and not enforced: every pod reaches every other",
    "metrics": "of pods are not there (no metrics-server), so an HPA never scales",
    "registry": "none: images are loaded, and none has a digest to be pinned by",
    "persistent-volumes": "there is no storage class; data live as long as their pod",
    "load-balancers": "none: a Service of that type stays pending",
    "internet": "pods reach the cluster and this machine, and no name outside of it",
    "nodes": "there is one: spread, disruption budgets and node failures prove little",
}
OF_KIND = {
    "metrics": OF_A_NODE["metrics"],
    "registry": OF_A_NODE["registry"],
    "load-balancers": OF_A_NODE["load-balancers"],
    "nodes": OF_A_NODE["nodes"],
}
