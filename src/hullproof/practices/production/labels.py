r"""The image's labels are this build's.

Why: Labels are all by which a running image leads back to its source: registries, scanners and people in an incident read
them. A child image inherits its base's, so that an image without its own says that it is its base: of another vendor, from
another repository, of another commit.

Proven by: No label of the OCI's names (org.opencontainers.image.*) is the base's; the revision is the commit that the
project is checked out from, and the source its repository. The build is to be handed the revision, as the release's is.

Broken by: Labels that the base brought and nothing overwrites; no revision; a revision that is written down, or another
commit's; a source that is another repository.

Fix: Take the labels' values as arguments at the end of the release stage, where they change no layer, and hand them to each build.

    ARG REVISION
    ARG SOURCE
    LABEL org.opencontainers.image.revision="${REVISION}" \
          org.opencontainers.image.source="${SOURCE}"

    docker build --build-arg REVISION=$(git rev-parse HEAD) --build-arg SOURCE=https://... .
"""

from __future__ import annotations

import re

from hullproof.dockerfile import Release
from hullproof.facts import BaseFacts, Checkout, ImageFacts
from hullproof.practices.checks import Observations, broken, check, in_image, listed, proven, unproven
from hullproof.practices.library.lines import add, before_command, instead, joined

PROFILES = ("release",)

_OCI = "org.opencontainers.image."
_OF_BASES = frozenset({f"{_OCI}base.name", f"{_OCI}base.digest"})
"""What says of which base an image is, and so may be inherited by nobody's fault."""
_REVISION, _SOURCE = f"{_OCI}revision", f"{_OCI}source"
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


@check
def none_is_the_base_s(release: Release, base: BaseFacts, image: ImageFacts) -> Observations:
    """No label is inherited from the base."""
    own = _own(release)
    inherited = sorted(
        name
        for name, value in image.labels.items()
        if name.startswith(_OCI) and name not in own | _OF_BASES and base.labels.get(name) == value
    )
    if inherited:
        shown = listed([name.removeprefix(_OCI) for name in inherited])
        yield broken(
            f"the image's labels {shown} are those of its base {base.reference}",
            *(
                in_image("config.Labels", f"{name}={image.labels[name]}, as the base has it")
                for name in inherited
            ),
            in_image(release.where(base.line), f"FROM {base.reference}"),
            fix=f"Set {listed(inherited)} in the release stage, behind {release.where(release.line)}.",
        )
    else:
        yield proven("no label is inherited from the base")


@check
def the_revision_is_the_commit(release: Release, image: ImageFacts, checkout: Checkout) -> Observations:
    """What the label says is what is checked out."""
    said, where = image.labels.get(_REVISION), _where(release, _REVISION)
    evidence = in_image("config.Labels", f"{_REVISION}={said}")
    if said is None:
        yield broken(
            "no label names the commit that the image was built from",
            in_image(where, f"expected {_REVISION}, found none"),
            fix=_to_be_handed(release, None),
        )
    elif not said.strip():
        yield unproven(
            "the build was not handed the revision, so that its label is empty",
            in_image(where, f"{_REVISION} is empty"),
            fix="Hand the build what the release's is handed: add --build-arg REVISION=$(git rev-parse HEAD), by the name that "
            "the Dockerfile's ARG has.",
        )
    elif checkout.revision is None:
        yield unproven(
            f"the label says {said[:40]}, and the project's folder is of no commit that it could be compared with",
            evidence,
        )
    elif _is_commit(said, checkout.revision):
        yield proven(f"the revision is the commit that is checked out, {said[:12]}", evidence)
    else:
        yield broken(
            f"the label says revision {said[:40]}, and {checkout.revision[:12]} is checked out",
            in_image(where, f"expected {checkout.revision}, got {said}"),
            fix=_to_be_handed(release, where),
        )


@check
def the_source_is_the_repository(release: Release, image: ImageFacts, checkout: Checkout) -> Observations:
    """What the label says is where the repository is fetched from."""
    said, where = (image.labels.get(_SOURCE) or "").strip(), _where(release, _SOURCE)
    if not checkout.remotes:
        yield in_image(
            "config.Labels",
            f"{_SOURCE}={said or '(none)'}, and the repository names no address that it could be compared with",
        )
    elif not said:
        yield unproven(
            "no label names the repository that the image was built from",
            in_image(where, f"expected {_SOURCE}, got nothing"),
            fix=f"Set {_SOURCE} to the repository's address, and hand it to the build where it is an argument.",
        )
    elif _repository(said) in map(_repository, checkout.remotes):
        yield proven("the source is the repository's address", in_image("config.Labels", f"{_SOURCE}={said}"))
    else:
        yield broken(
            f"the label says source {said}, and the repository is {checkout.remotes[0]}",
            in_image(where, f"expected {checkout.remotes[0]}, got {said}"),
            fix=_to_say(release, _SOURCE, checkout.remotes[0])
            or f"Write the repository's address at {where}.",
        )


def _to_be_handed(release: Release, where: str | None) -> str:
    """Say how the revision becomes an argument of the build, in the place of what is written down at `where`."""
    line = f'LABEL {_REVISION}="${{REVISION}}"'
    lines = (
        _to_say(release, _REVISION, "${REVISION}", "ARG REVISION")
        if where
        else before_command(release, "ARG REVISION", line)
    )
    hand = "Hand it to each build: --build-arg REVISION=$(git rev-parse HEAD)."
    return f"{lines or f'Take the revision as an argument: ARG REVISION, {line}.'} {hand}"


def _to_say(release: Release, name: str, value: str, *before: str) -> str | None:
    """Say how the LABEL that sets a name alone sets it to a value, with lines before it; None where it sets more."""
    found = [each for each in release.chain if each.keyword == "LABEL" and name in dict(each.pairs)]
    if not found or len(found[-1].pairs) != 1:
        return None
    above = [add(release, "before", found[-1].line, *before)] if before else []
    return joined(*above, instead(release, found[-1].line, f'LABEL {name}="{value}"'))


def _own(release: Release) -> frozenset[str]:
    """Name the labels that the release's own stages set."""
    return frozenset(name for each in release.chain if each.keyword == "LABEL" for name, _ in each.pairs)


def _where(release: Release, name: str) -> str:
    """Name the line that sets a label, or else that of the release stage."""
    lines = [each.line for each in release.chain if each.keyword == "LABEL" and name in dict(each.pairs)]
    return release.where(lines[-1] if lines else release.line)


def _is_commit(said: str, revision: str) -> bool:
    """Whether a label names a commit: in full or its beginning, with what says that there were changes or without."""
    name = said.strip().lower().removesuffix("-dirty")
    return _COMMIT.fullmatch(name) is not None and revision.removesuffix("-dirty").startswith(name)


def _repository(address: str) -> str:
    """Bring an address into the form in which two are compared: git@host:owner/name.git is https://host/owner/name."""
    plain = re.sub(r"^(ssh://[^/:]+):\d+/", r"\1/", address.strip().lower())  # a port that the web has not
    plain = re.sub(r"^[a-z+]+://", "", plain)
    plain = re.sub(r"^[^/@]*@", "", plain)
    plain = re.sub(r"^([^/:]+):(?!\d+/)", r"\1/", plain)
    return re.sub(r"(?:\.git)?/*(?:[#?].*)?$", "", plain)
