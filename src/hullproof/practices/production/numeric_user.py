"""The image's user is a number.

Why: Kubernetes refuses to start a container under runAsNonRoot whose user is a name: it knows the image's configuration
and not its /etc/passwd, so that it cannot tell that `app` is not root. It says so at the deployment ("image has non-numeric
user"), when everything else is done.

Proven by: The user in the image's configuration begins with a uid.

Broken by: USER app; a name that comes from the base image; a build argument whose value is a name.

Fix: Write the number of the account, which the same instruction takes.

    RUN useradd --uid 10001 app
    USER 10001
"""

from __future__ import annotations

from hullproof.dockerfile import Release
from hullproof.facts import FileFacts, ImageFacts
from hullproof.practices.checks import Observations, broken, check, in_image, not_applicable, proven
from hullproof.practices.library.accounts import Account, account_of, group_of
from hullproof.practices.library.lines import before_command, instead

PROFILES = ("kubernetes", "openshift")


@check
def it_is_a_number(release: Release, image: ImageFacts, files: FileFacts | None) -> Observations:
    """What config.User says before its colon is all digits: that is what a kubelet looks at."""
    name = image.user.partition(":")[0]
    seen = in_image("config.User", image.user or "(empty)")
    account = account_of(image.user, files)
    if account.uid == 0:
        yield not_applicable("the image's user is root, which `non-root-user` is about", seen)
    elif name.isascii() and name.isdigit():
        yield proven(f"the image's user is {image.user}, a number", seen)
    else:
        where = release.governing("USER")
        yield broken(
            f"the image's user is {name}, a name: Kubernetes cannot tell that it is not root",
            in_image(where, f"expected a uid in config.User, got {image.user}"),
            fix=_in_numbers(release, account, group_of(image.user, files)),
        )


def _in_numbers(release: Release, account: Account, gid: int | None) -> str:
    if account.uid is None:
        return f"Give {account.text} a number where the account is made (useradd --uid 10001), and write USER 10001."
    group = "" if gid is None else f":{gid}"
    text, written = f"USER {account.uid}{group}", release.last("USER")
    shown = instead(release, written.line, text) if written is not None else before_command(release, text)
    return f"{shown or f'Write {text}.'} That is {account.name}."
