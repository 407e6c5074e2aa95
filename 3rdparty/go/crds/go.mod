// Not built: the definitions of others' resources that the charts make, to check the charts against.
module florin.invalid/3rdparty/go/crds

go 1.25.0

require (
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.4.0
)
