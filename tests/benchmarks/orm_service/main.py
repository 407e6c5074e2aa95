"""Subject (c): the same job with FastAPI, SQLAlchemy's ORM and aiomysql, the way most people would write it.

``uvicorn`` with uvloop and httptools, one process, a pool of connections, one session a phase, no debug, no access log.
It knows nothing of Florin and is run with an environment of its own (`3rdparty/python/bench.lock.txt`).
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from .models import ApiKey, Base
from .payments import hash_key, router


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool and the client, make the tables and the one merchant's key."""
    engine = create_async_engine(
        os.environ["DATABASE_URL"], pool_size=32, max_overflow=0, isolation_level="READ COMMITTED"
    )
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with app.state.sessions.begin() as session:
        await session.merge(ApiKey(key_hash=hash_key(os.environ["API_KEY"]), merchant_id="shop"))
    connector = aiohttp.TCPConnector(limit=256)
    async with aiohttp.ClientSession(os.environ["ACQUIRER_URL"], connector=connector) as app.state.acquirer:
        yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(router)
