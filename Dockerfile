# One shape for every program: its PEX, made by ./dev pants package ::, expanded in place. ./dev images does all of it.
# By hand, with the folder of the PEX files as context: docker build --build-arg PROGRAM=payments --file Dockerfile dist
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS expanded
ARG PROGRAM
COPY ${PROGRAM}.pex /program.pex
# By the interpreter and at the path that it will run with: nothing is unpacked at start, so the root can be read-only.
RUN PEX_TOOLS=1 PEX_ROOT=/tmp/pex python3.11 /program.pex venv --compile --bin-path prepend /app

FROM python:${PYTHON}
RUN useradd --system --uid 10001 --no-create-home florin \
    && install --directory --owner=florin --group=florin /var/lib/florin
COPY --from=expanded /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLORIN_HOST=0.0.0.0 \
    FLORIN_PORT=8080
USER 10001
WORKDIR /var/lib/florin
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"FLORIN_PORT\"]}/health/ready', timeout=2)"]
# Arguments go to the program: docker run ... migrate
ENTRYPOINT ["/app/pex"]
