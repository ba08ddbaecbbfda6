"""The service runs as root, may run as root, or can become root."""

from __future__ import annotations

from .model import NOTHING_RUNS, Case, Edit, after, before, dockerfile, without, write

USER = "USER app"


def as_root(name: str, title: str, *edits: Edit) -> Case:
    """Return a case in which root runs what belongs to `app`: whose the files are is not asked until it does not."""
    return Case(f"non-root-user/{name}", title, edits)


CASES = (
    as_root("no-user", "nothing is said of a user", without(USER)),
    as_root("root", "USER root", dockerfile(USER, "USER root")),
    as_root("zero", "USER 0", dockerfile(USER, "USER 0")),
    as_root("zero-zero", "USER 0:0", dockerfile(USER, "USER 0:0")),
    as_root("root-root", "USER root:root", dockerfile(USER, "USER root:root")),
    as_root("double-zero", "USER 00", dockerfile(USER, "USER 00")),
    as_root("zero-with-group", "root in the service's group", dockerfile(USER, "USER 0:10001")),
    as_root(
        "argument", "a build argument that defaults to root", dockerfile(USER, "ARG RUN_AS=0\nUSER ${RUN_AS}")
    ),
    as_root(
        "argument-fallback",
        "an argument without a default, whose fall-back is root",
        dockerfile(USER, "ARG RUN_AS\nUSER ${RUN_AS:-root}"),
    ),
    as_root(
        "alias",
        "a second name for uid 0",
        dockerfile(USER, "RUN useradd --non-unique --uid 0 --no-create-home service\nUSER service"),
    ),
    as_root(
        "account-changed-later",
        "the account's number is edited to 0",
        dockerfile(USER, "RUN sed -i 's/^app:x:10001:/app:x:0:/' /etc/passwd\nUSER app"),
    ),
    as_root(
        "user-in-test-stage-only",
        "only the tests run as somebody",
        before(
            "RUN python -m pytest", "RUN useradd --no-create-home app && chown -R app:app /app", "USER app"
        ),
        dockerfile("USER app\nEXPOSE", "EXPOSE"),
    ),
    as_root("back-to-root", "root again before the command", after("EXPOSE 8000", "USER root")),
    Case(
        "non-root-user/no-such-name",
        "a name that no account has",
        (dockerfile(USER, "USER ghost"),),
        also_expected=NOTHING_RUNS,
        may_be_unproven=NOTHING_RUNS,
    ),
    as_root(
        "dropped-by-the-entry-script",
        "the image says root, and a script changes the user",
        without(USER),
        before("EXPOSE 8000", "COPY --chown=app:app --chmod=755 start.sh ./"),
        before("CMD", 'ENTRYPOINT ["/app/start.sh"]'),
        write(
            "start.sh",
            """\
            #!/bin/sh
            exec setpriv --reuid=app --regid=app --clear-groups "$@"
            """,
            0o755,
        ),
    ),
    Case(
        "non-root-user/root-parent",
        "root stays as the parent of the service",
        (
            without(USER),
            before("EXPOSE 8000", "COPY --chown=app:app --chmod=755 start.sh ./"),
            dockerfile('CMD ["python", "-m", "greeter"]', 'CMD ["/app/start.sh"]'),
            write(
                "start.sh",
                """\
                #!/bin/sh
                setpriv --reuid=app --regid=app --clear-groups python -m greeter &
                trap 'kill -TERM $!' TERM
                wait $!
                """,
                0o755,
            ),
        ),
        also_expected=frozenset({"default-command"}),
    ),
    as_root(
        "setuid-python",
        "the interpreter makes root of whoever starts it",
        before(USER, 'RUN chmod u+s "$(readlink -f /usr/local/bin/python)"'),
    ),
    Case(
        "non-root-user/setuid-shell",
        "a shell that makes root of whoever starts it",
        (before(USER, "RUN cp /bin/sh /usr/local/bin/rescue && chmod 4755 /usr/local/bin/rescue"),),
    ),
    Case(
        "non-root-user/sudo-without-password",
        "the service may become root with sudo",
        (
            before(
                USER,
                "RUN apt-get update && apt-get install -y --no-install-recommends sudo "
                "&& rm -rf /var/lib/apt/lists/* "
                "&& echo 'app ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/app",
            ),
        ),
    ),
    Case(
        "non-root-user/doas-without-password",
        "the service may become root with doas",
        (
            before(
                USER,
                "RUN apt-get update && apt-get install -y --no-install-recommends opendoas "
                "&& rm -rf /var/lib/apt/lists/* && echo 'permit nopass app' > /etc/doas.conf",
            ),
        ),
    ),
    Case(
        "non-root-user/root-without-password",
        "anybody may become root with su",
        (before(USER, "RUN passwd -d root"),),
    ),
    Case(
        "non-root-user/accounts-writable",
        "the service may write the list of accounts",
        (before(USER, "RUN chmod 666 /etc/passwd"),),
    ),
    Case(
        "non-root-user/capable-python",
        "the interpreter may change its user",
        (
            before(
                USER,
                "RUN apt-get update && apt-get install -y --no-install-recommends libcap2-bin "
                "&& rm -rf /var/lib/apt/lists/* "
                '&& setcap cap_setuid,cap_setgid+ep "$(readlink -f /usr/local/bin/python)"',
            ),
        ),
    ),
)
