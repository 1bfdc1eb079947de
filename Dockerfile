# syntax=docker/dockerfile:1
# One image for the web page, the daemon and the code server: compose.yml says which one a container is.
#
#   build    makes wheels of the project and of what it needs; whatever compiles stays here
#   runtime  installs them, and has no compiler
#   test     adds what the tests run against
#   server   the image that is shipped: runtime, and last, so that it is what a plain `docker build` gives

FROM python:3.11.15-slim-bookworm AS base

FROM base AS build
WORKDIR /src
COPY setup.py pyproject.toml constraints.txt ./
COPY pshs_dagster pshs_dagster
RUN --mount=type=cache,target=/var/cache/pip \
    pip wheel --cache-dir /var/cache/pip --wheel-dir /wheels --constraint constraints.txt '.[server]'

FROM base AS runtime
# mariadb-client: mysqldump, for backups. tzdata: days are days in Taipei for every program, not for Python alone.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends mariadb-client tzdata \
    && rm -rf /var/lib/apt/lists/*
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels 'pshs_dagster[server]' \
    && pip check
# The number is fixed, so that files in volumes belong to the same account in every later image.
RUN groupadd --gid 10001 pshs \
    && useradd --uid 10001 --gid pshs --create-home --home-dir /home/pshs --shell /usr/sbin/nologin pshs \
    && install --directory --owner pshs --group pshs /srv/archive /srv/dagster /srv/dagster/storage
COPY deploy/dagster.yaml /srv/dagster/dagster.yaml
COPY deploy/workspace.yaml /app/deploy/workspace.yaml
ENV DAGSTER_HOME=/srv/dagster \
    STORAGE_DIR=/srv/archive \
    TZ=Asia/Taipei \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /app

FROM runtime AS test
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        chromium fonts-noto-cjk mariadb-server nginx-light openssl shellcheck \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY --chown=pshs:pshs . .
RUN --mount=type=cache,target=/var/cache/pip \
    pip install --cache-dir /var/cache/pip --constraint constraints.txt '.[server,dev]' && chown pshs:pshs /src
USER pshs
ENV PSHS_REQUIRE_SERVICES=1
CMD ["pytest", "-n", "2", "--dist", "loadfile", "-m", "not thorough", "-p", "no:cacheprovider"]

FROM runtime AS server
USER pshs
EXPOSE 3000 4000
HEALTHCHECK --interval=60s --timeout=30s --start-period=90s --start-interval=5s --retries=3 \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
CMD ["dagster", "api", "grpc", "--host", "0.0.0.0", "--port", "4000", "--module-name", "pshs_dagster.definitions"]
