"""Two builds of the same commit make different images."""

from __future__ import annotations

from .model import Case, Edit, before, dockerfile

INSTALL = "RUN pip install --no-cache-dir -r requirements.txt"
ADD = "RUN useradd --uid 10001 --no-create-home app"
USER = "USER app"
ASKED = ("reproducible",)
TIDY = "rm -rf /var/log/* /var/cache/ldconfig/aux-cache /etc/*-"
BY_HASH = "python -m compileall -qf --invalidation-mode unchecked-hash /venv"


def settled() -> tuple[Edit, ...]:
    """Make the good project one that two builds of agree: no time stamps in bytecode, no day in /etc/shadow."""
    return (
        dockerfile(INSTALL, f"{INSTALL} && {BY_HASH}"),
        dockerfile(ADD, f"{ADD.replace('useradd', 'SOURCE_DATE_EPOCH=0 useradd')} && {TIDY}"),
    )


CASES = (
    Case("reproducible/time-stamps", "bytecode with time stamps", settled()[1:]),
    Case("reproducible/shadow", "the day on which an account was made", settled()[:1]),
    Case(
        "reproducible/date",
        "a file with the date of the build",
        (*settled(), before(USER, "RUN date +%s%N > /etc/built")),
    ),
    Case(
        "reproducible/random",
        "a key that the build makes",
        (*settled(), before(USER, "RUN head -c 32 /dev/urandom | base64 > /etc/app.key")),
    ),
    Case(
        "reproducible/random-name",
        "a file whose name is made up",
        (*settled(), before(USER, "RUN mktemp /srv/work.XXXXXXXX")),
    ),
    Case(
        "reproducible/log",
        "an installer's log",
        (
            *settled(),
            before(USER, "RUN pip --log /var/log/pip.log --version && date +%N >> /var/log/pip.log"),
        ),
    ),
    Case(
        "reproducible/set-order",
        "a listing in the order of a set",
        (*settled(), before(USER, 'RUN python -c "print({*map(str, range(99))})" > /etc/words')),
    ),
    Case(
        "reproducible/host-name",
        "the name of the machine that built it",
        (*settled(), before(USER, "RUN cat /proc/sys/kernel/random/uuid > /etc/built-by")),
    ),
    Case("benign/reproducible-settled", "by hash, and tidied up", settled(), only=ASKED),
    Case(
        "benign/reproducible-no-bytecode",
        "no bytecode",
        (
            dockerfile(INSTALL, f"{INSTALL} --no-compile && find /venv -name __pycache__ -exec rm -r {{}} +"),
            settled()[1],
        ),
        only=ASKED,
    ),
    Case(
        "benign/reproducible-sorted",
        "a listing that is sorted",
        (*settled(), before(USER, 'RUN python -c "print(sorted(map(str, range(99))))" > /etc/words')),
        only=ASKED,
    ),
    Case(
        "benign/reproducible-elsewhere",
        "a stage that does not ship differs",
        (*settled(), before("COPY greeter/ greeter/", "RUN date +%N > /built")),
        only=ASKED,
    ),
)
