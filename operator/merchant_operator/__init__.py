"""The Kubernetes operator: makes merchants hold what MerchantConfig and Connector resources say."""
