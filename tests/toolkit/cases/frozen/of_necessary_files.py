"""Images that hold what nobody needs there."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import NOTHING_RUNS, before, dockerfile, replace, without, write

from .bases import CELERY, DJANGO, FASTAPI, FLASK, PACKAGE, TINY, UV, WORKER
from .situation import Situation, and_

# Put together here, so that no scanner takes this file for a leak.
KEY = "-----BEGIN {0} KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n-----END {0} KEY-----\n".format(
    "OPENSSH PRIVATE"
)
DIES = NOTHING_RUNS - {"ownership", "necessary-files"}

SITUATIONS = (
    Situation(
        "necessary-files/all-of-the-context",
        "COPY . . into the release, tests and all",
        "https://github.com/oughtinc/ice/pull/35",
        FLASK,
        (dockerfile("COPY --chown=web:web shop shop", "COPY --chown=web:web . ."),),
        (dockerfile("COPY --chown=web:web shop shop", "COPY --chown=web:web ./shop ./shop/"),),
    ),
    Situation(
        "necessary-files/environment-file-by-name",
        "the environment file of production is built in",
        "https://github.com/mozilla/fx-private-relay/pull/720",
        DJANGO,
        (
            write("deploy.env", "DJANGO_DEBUG=0\nDB_PASSWORD=" + "v9Tq2mX7" + "kLr4\n"),
            replace(".dockerignore", "**/*.env\n", "**/*.env\n!deploy.env\n"),
            before("USER django", "COPY --chown=django:django deploy.env ./.env"),
        ),
        (before("USER django", "ENV DJANGO_DEBUG=0"),),
        also=and_("dockerignore"),
    ),
    Situation(
        "necessary-files/pip-cache",
        "pip keeps what it fetched",
        "https://github.com/dgtlmoon/changedetection.io/pull/3228",
        FLASK,
        (
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements.txt", "RUN pip install -r requirements.txt"
            ),
        ),
        (
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements.txt",
                "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt",
            ),
        ),
    ),
    Situation(
        "necessary-files/wheels-stay-behind",
        "wheels are copied from the stage that built them, installed, and left",
        "https://github.com/python-poetry/poetry/issues/1178",
        CELERY,
        (
            dockerfile(
                "RUN pip install --no-cache-dir -r /tmp/requirements.in",
                "RUN pip wheel --no-cache-dir -w /wheels -r /tmp/requirements.in\nRUN pip install --no-cache-dir /wheels/*.whl",
            ),
        ),
        (
            dockerfile(
                "FROM python:3.11-slim AS deps\n",
                "FROM python:3.11-slim AS wheels\nCOPY requirements.in /tmp/requirements.in\n"
                "RUN pip wheel --no-cache-dir -w /wheels -r /tmp/requirements.in\n\nFROM python:3.11-slim AS deps\n",
            ),
            dockerfile(
                "RUN pip install --no-cache-dir -r /tmp/requirements.in\n\nFROM deps AS test",
                "RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels "
                "pip install --no-cache-dir --no-index --find-links /wheels -r /tmp/requirements.in\n\nFROM deps AS test",
            ),
        ),
    ),
    Situation(
        "necessary-files/key-in-the-environment",
        "the key of the application stands in ENV",
        "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/",
        DJANGO,
        (before("USER django", "ENV SECRET_KEY=" + "q8Zr5vNw2xKp" + "7Lm3Tj9Bc4Hd"),),
        (
            before(
                "USER django",
                "RUN SECRET_KEY=only-for-collecting python manage.py collectstatic --noinput && chown -R django:django static",
            ),
        ),
    ),
    Situation(
        "necessary-files/tests-beside-the-module",
        "COPY *.py takes the tests, too",
        "https://github.com/Deepomatic/dmake/pull/61",
        TINY,
        (dockerfile("COPY --chown=tiny:tiny server.py ./", "COPY --chown=tiny:tiny *.py ./"),),
        (dockerfile("COPY --chown=tiny:tiny server.py ./", "COPY --chown=tiny:tiny serve*.py ./"),),
    ),
    Situation(
        "necessary-files/key-deleted-later",
        "a deploy key is copied in for one step, and deleted in the next",
        "https://docs.docker.com/build/building/secrets/",
        WORKER,
        (
            write("deploy/robot", KEY),
            before(
                "USER worker",
                "COPY deploy/robot /root/robot",
                "RUN test -s /root/robot",
                "RUN rm /root/robot",
            ),
        ),
        (
            write("deploy/robot", KEY),
            before("USER worker", "RUN --mount=type=secret,id=robot test ! -e /root/robot"),
        ),
        also=and_("dockerignore"),
    ),
    Situation(
        "necessary-files/developer-s-database",
        "the developer's database comes along with everything else",
        "https://github.com/Ganesh-403/semantic-plagiarism-detector/issues/2943",
        UV,
        (
            write("quay/local.db", ""),
            write(
                "seed.sql",
                "CREATE TABLE boats (id integer, owner text);\nINSERT INTO boats VALUES (1, 'Ann');\n",
            ),
            dockerfile(
                "COPY --from=test --chown=quay:quay /app/quay quay",
                "COPY --chown=quay:quay quay quay\nCOPY --chown=quay:quay *.sql ./\nCOPY --from=test /app/pyproject.toml /tmp/",
            ),
        ),
        (write("seed.sql", "CREATE TABLE boats (id integer, owner text);\n"),),
        also=and_("dockerignore"),
    ),
    Situation(
        "necessary-files/template-left-out",
        "a template lies beside the package, and is not copied",
        "https://flask.palletsprojects.com/en/stable/patterns/packages/",
        FLASK,
        (
            write("templates/index.txt", "hello\n"),
            replace(
                "shop/app.py",
                "app = create_app()\n",
                'GREETING = open("templates/index.txt").read()\napp = create_app()\n',
            ),
        ),
        (
            write("templates/index.txt", "hello\n"),
            replace(
                "shop/app.py",
                "app = create_app()\n",
                'GREETING = open("templates/index.txt").read()\napp = create_app()\n',
            ),
            before("USER web", "COPY --chown=web:web templates templates"),
        ),
        also=DIES,
        unknown=DIES,
    ),
    Situation(
        "necessary-files/token-as-argument",
        "the token of a private index is an argument of the build, with a default",
        "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/",
        PACKAGE,
        (before("USER relay", "ARG INDEX_TOKEN=" + "ghp_" + "x7Kq2Vw9Lm4Tz8Rb3Nc6Yd1Fs5Hg0Jp2Aq4W"),),
        (before("USER relay", "RUN --mount=type=secret,id=index_token true"),),
    ),
    Situation(
        "necessary-files/metadata-of-the-editor",
        "the settings of the editor and of CI are shipped with the code",
        "https://github.com/app-sre/github-mirror/pull/120",
        FASTAPI,
        (
            write(".vscode/settings.json", "{}\n"),
            write(".github/workflows/ci.yml", "on: push\n"),
            dockerfile(
                "COPY --from=test --chown=api:api /src/api api",
                "COPY --from=test --chown=api:api /src/api api\nCOPY --chown=api:api .vscode .vscode\nCOPY --chown=api:api .github .github",
            ),
        ),
        (
            write(".vscode/settings.json", "{}\n"),
            without("COPY requirements-dev.txt ."),
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements-dev.txt",
                "COPY requirements-dev.txt ./\nRUN pip install --no-cache-dir -r requirements-dev.txt",
            ),
        ),
    ),
)
