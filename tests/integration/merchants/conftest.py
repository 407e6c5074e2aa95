from tests.support.merchants_fixtures import merchants_service

__all__ = ["merchants_service"]
