"""The HTTP frame of every service: app, problems, limits, health, metrics, documentation, graceful stop."""

from florin.service.app import Lifespan, ServiceApp, create_app
from florin.service.background import Background
from florin.service.guards import admin_guard, bearer_token, internal_guard, token_guard
from florin.service.idempotency import idempotency_key, parse_idempotency_key
from florin.service.limits import Limits, RateLimiter
from florin.service.migrating import migrate_schema, open_schema
from florin.service.openapi import ADMIN_TOKEN, API_KEY, INTERNAL_TOKEN
from florin.service.pages import PAGE, Page, PageRequest, UsePage, page_of
from florin.service.parameters import WORD, FilterText, FilterTime, parse_time
from florin.service.problems import Problem, problem_of, status_of
from florin.service.server import Server, prepare, serve, settings_or_exit
from florin.service.settings import MigrationSettings, ServiceSettings

__all__ = [
    "ADMIN_TOKEN",
    "API_KEY",
    "INTERNAL_TOKEN",
    "PAGE",
    "WORD",
    "Background",
    "FilterText",
    "FilterTime",
    "Lifespan",
    "Limits",
    "MigrationSettings",
    "Page",
    "PageRequest",
    "Problem",
    "RateLimiter",
    "Server",
    "ServiceApp",
    "ServiceSettings",
    "UsePage",
    "admin_guard",
    "bearer_token",
    "create_app",
    "idempotency_key",
    "internal_guard",
    "migrate_schema",
    "open_schema",
    "page_of",
    "parse_idempotency_key",
    "parse_time",
    "prepare",
    "problem_of",
    "serve",
    "settings_or_exit",
    "status_of",
    "token_guard",
]
