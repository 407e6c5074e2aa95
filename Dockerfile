# One shape for every service: docker build --build-arg SERVICE=payments .
# The builder makes the environment from the lock; the image holds it, the sources and an unprivileged user.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS environment
COPY 3rdparty/python/default.lock.txt /lock.txt
# PIP settings of the build machine (an index, a proxy) can be given as a secret named pip.conf.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf,required=false \
    --mount=type=cache,target=/root/.cache/pip \
    python -m venv /environment \
    && /environment/bin/pip install --no-deps --require-hashes --only-binary=:all: --no-compile -r /lock.txt

FROM python:${PYTHON}
ARG SERVICE
RUN test -n "$SERVICE" && useradd --system --uid 10001 --no-create-home florin \
    && install --directory --owner=florin --group=florin /var/lib/florin
COPY --from=environment /environment /environment
COPY libs/florin /app/libs/florin
COPY services/${SERVICE} /app/services/${SERVICE}
ENV PYTHONPATH=/app/libs:/app/services \
    PATH=/environment/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLORIN_HOST=0.0.0.0 \
    FLORIN_PORT=8080 \
    SERVICE=${SERVICE}
USER 10001
WORKDIR /app
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"FLORIN_PORT\"]}/health/ready', timeout=2)"]
# exec, so that SIGTERM reaches the service and it drains.
CMD ["sh", "-c", "exec python -m ${SERVICE}.main"]
