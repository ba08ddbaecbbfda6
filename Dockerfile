# The image of the release board: a worked example of the eleven practices, numbered where they
# apply. `hullproof prove` shows that each of them holds. Read it from top to bottom.

# 1. A slim base, and the version is one argument: docker build --build-arg PYTHON_VERSION=3.13 .
ARG PYTHON_VERSION=3.10

# ---- base: what the other stages have in common -------------------------------------------------------
FROM python:${PYTHON_VERSION}-slim AS base

# Log lines appear at once; no bytecode is written, as the release's file system may be read-only.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH=/opt/venv/bin:$PATH

# 3. The account that runs the process. The numbers are fixed, so that volumes keep their owner from one
#    release to the next; there is no shell to log in with and no home to write to.
# 6. WORKDIR would make /app as root's and COPY leaves a directory that is there alone, so /app is made
#    here, and given to its user. /data is the group's too: a container that is run with any other uid is
#    in group 0. Without the epoch, /etc/shadow would have the day of the build; the logs differ each time.
RUN groupadd --gid 10001 appuser && \
    SOURCE_DATE_EPOCH=0 useradd --uid 10001 --gid appuser --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin appuser && \
    install -d -o appuser -g appuser -m 0755 /app && \
    install -d -o appuser -g 0 -m 0770 /data && \
    rm -f /etc/group- /etc/gshadow- /etc/passwd- /etc/shadow- /etc/subuid- /etc/subgid- /var/log/faillog /var/log/lastlog

# 4. Every later path is relative to here.
WORKDIR /app

# ---- deps: the packages, and nothing else -------------------------------------------------------------
# 2. A stage of its own: pip and its cache stay here, the release takes only the environment.
FROM base AS deps

# 5. The requirements come before the code: as long as they stay the same, the steps below come from the
#    cache, whatever else was edited.
COPY requirements.txt ./

# Hashes are required: what is installed is what was reviewed. The cache mount keeps downloads between
# builds and out of the image. The secrets hold the host's package index, proxy certificate authority and
# the like, where it has any (README: "Behind a proxy"); they are there during this step only. From 3.13 on,
# venv adds an ignore file for git, which nothing that runs needs. Bytecode by hash is the same in each build,
# and stays valid whatever becomes of the files' times.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip-conf \
    --mount=type=secret,id=ca-certificates \
    python -m venv --without-pip /opt/venv && rm -f /opt/venv/.gitignore && \
    PIP_CONFIG_FILE=/run/secrets/pip-conf \
    pip --disable-pip-version-check --python /opt/venv/bin/python install --no-compile --require-hashes --requirement requirements.txt && \
    python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib

# ---- test: the gate -----------------------------------------------------------------------------------
FROM deps AS test

COPY requirements-test.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip-conf \
    --mount=type=secret,id=ca-certificates \
    PIP_CONFIG_FILE=/run/secrets/pip-conf \
    pip --disable-pip-version-check --python /opt/venv/bin/python install --require-hashes --requirement requirements-test.txt

COPY --chown=appuser:appuser pyproject.toml run.py ./
COPY --chown=appuser:appuser app app
COPY --chown=appuser:appuser tests/unit tests/unit

# 7. A failing test stops the build: this step fails, and the release stage copies its files from this
#    stage. BuildKit skips stages that nobody needs, so without that copy it would skip the tests.
#    `./nox -s unit -- -k name` narrows the tests through the argument; a release build never does.
USER appuser
ARG PYTEST_ADDOPTS=""
RUN python -m pytest -p no:cacheprovider tests/unit

# ---- release: what is shipped ---------------------------------------------------------------------------
FROM base AS release

# 8. Only what the service needs to run: its packages, from before the test tools came ...
COPY --from=deps /opt/venv /opt/venv

# ... and its files, as the tests saw them, owned by the user that runs them (6).
COPY --from=test --chown=appuser:appuser /app/run.py ./
COPY --from=test --chown=appuser:appuser /app/app app

# What `docker inspect` and registries show. Given by the build, they come last: they change no layer.
ARG SOURCE=""
ARG REVISION=""
ARG VERSION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="release board" \
      org.opencontainers.image.description="Keeps Hullproof reports and shows them" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"

# The reports outlive the container.
VOLUME /data

# 3. From here on, and at run time, not root. A number: Kubernetes cannot tell who a name is.
USER 10001:10001

# 9. The port that the service listens on, on all interfaces. Documentation for people and tools.
EXPOSE 5000

# Slim images have no curl: the service asks itself.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["python", "-m", "app.health"]

# 10. Exec form: Python itself is PID 1, so that the stop signal reaches it and not a shell in front of it.
CMD ["python", "run.py"]
