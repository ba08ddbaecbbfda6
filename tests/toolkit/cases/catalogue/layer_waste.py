"""Layers that hide or repeat what is below them."""

from __future__ import annotations

from .model import Case, after, before, dockerfile

COPY = "COPY --from=deps /venv /venv"
USER = "USER app"
ASKED = ("layer-waste",)

CASES = (
    Case(
        "layer-waste/chown",
        "another owner for the whole environment",
        (after(COPY, "RUN chown -R app /venv"),),
    ),
    Case("layer-waste/chmod", "another mode", (after(COPY, "RUN chmod -R a+w /venv"),)),
    Case(
        "layer-waste/twice",
        "the environment at two paths",
        (after(COPY, "COPY --from=deps /venv /opt/venv"),),
    ),
    Case(
        "layer-waste/same-again",
        "the environment twice at one path",
        (before(COPY, "COPY --from=test /venv /venv"),),
    ),
    Case(
        "layer-waste/deleted",
        "a download that the next step deletes",
        (before(USER, "RUN dd if=/dev/urandom of=/tmp/archive bs=1M count=8", "RUN rm /tmp/archive"),),
    ),
    Case(
        "layer-waste/replaced",
        "a file that the next step writes anew",
        (
            before(
                USER,
                "RUN dd if=/dev/urandom of=/srv/model bs=1M count=8",
                "RUN dd if=/dev/urandom of=/srv/model bs=1M count=8",
            ),
        ),
    ),
    Case(
        "layer-waste/copied-by-run",
        "the environment moved to where it is used",
        (dockerfile(COPY, "COPY --from=deps /venv /tmp/venv\nRUN cp -a /tmp/venv /venv && rm -r /tmp/venv"),),
    ),
    Case(
        "layer-waste/folder-deleted",
        "the folder that held it goes",
        (before(USER, "RUN mkdir -p /var/work/a && cp -r /venv/lib /var/work/a/", "RUN rm -r /var/work"),),
    ),
    Case(
        "benign/layer-waste-owner-at-once",
        "the owner by COPY",
        (dockerfile(COPY, f"{COPY.replace('COPY', 'COPY --chown=app:app')}"),),
        only=ASKED,
    ),
    Case(
        "benign/layer-waste-cleaned-at-once",
        "a download that its own step deletes",
        (before(USER, "RUN dd if=/dev/urandom of=/tmp/archive bs=1M count=8 && rm /tmp/archive"),),
        only=ASKED,
    ),
    Case(
        "benign/layer-waste-small",
        "a small file twice",
        (before(USER, "RUN dd if=/dev/urandom of=/srv/a bs=1M count=1", "RUN cp /srv/a /srv/b"),),
        only=ASKED,
    ),
    Case(
        "benign/layer-waste-of-the-base",
        "what the base has is removed",
        (before(USER, "RUN rm -r /usr/share/doc /usr/share/perl* 2>/dev/null || true"),),
        only=ASKED,
    ),
)
