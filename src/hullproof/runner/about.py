"""What a report is about: the project, the image, the container that was looked at from, and a build that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.engine.container.sidecar import CAPABILITY
from hullproof.errors import Unobservable
from hullproof.facts import builds, containers, images
from hullproof.facts.components import components
from hullproof.model import BuildError, Components, ImageInfo, ProjectInfo, SidecarInfo
from hullproof.project.git import Checkout, look
from hullproof.runner.given import is_stub

if TYPE_CHECKING:
    from hullproof.facts import BuildFacts
    from hullproof.project.project import Project
    from hullproof.runner.given import GivenImage
    from hullproof.runner.graph import Graph

_LONGEST_LINE = 500


def project_info(project: Project) -> ProjectInfo:
    """Name the project, its Dockerfile and its commit."""
    checkout = Checkout() if is_stub(project) else look(project.home)
    return ProjectInfo(
        name=project.name[:200],
        dockerfile=project.config.dockerfile,
        dockerfile_sha256=project.dockerfile_sha256 or None,
        target=project.release.stage.reference,
        target_note=_target_note(project),
        revision=checkout.revision,
        folder=checkout.prefix,
    )


def _target_note(project: Project) -> str | None:
    """Say why another stage than the last is the release, and what would be released without saying so."""
    release, last = project.release.stage, project.dockerfile.stages[-1]
    if release is last:
        return None
    named, other = (
        f"stage {each.reference} ({project.release.where(each.line)})" for each in (release, last)
    )
    set_by = project.places.get("target")
    why = f"`target` in {set_by} says so" if set_by else "that is named for development"
    return f"{named}, not the last one, {other}: {why}; a plain `docker build` makes the last one, so release with --target"


def build_error(build: BuildFacts | None) -> BuildError | None:
    """Say what the project's own build failed on; None where it did not."""
    if build is None or build.failure is None:
        return None
    step, failure = build.failed_step, build.failure
    return BuildError(
        instruction=step.instruction[:_LONGEST_LINE] if step else None,
        line=build.failed_line,
        output=tuple(line[:_LONGEST_LINE] for line in failure.output),
        reason=failure.summary,
        remedy=failure.fix,
        base_note=failure.base_note,
    )


def image_info(graph: Graph, given: GivenImage | None) -> ImageInfo | None:
    """Say which image it is; None where there is none."""
    image, base, files = (
        graph.had(images.image),
        graph.had(builds.base),
        graph.had(images.files),
    )
    if image is None:
        return None
    return ImageInfo(
        id=image.id,
        digest=graph.had(images.manifest_digest),
        config_digest=files.config_digest if files else None,
        size_bytes=files.size_bytes if files else None,
        base=base.reference if base else None,
        base_is_stand_in=base is not None and base.stand_in,
        base_size_bytes=files.base_size_bytes if files else None,
        base_note=base.note if base else None,
        base_digest=base.digest if base else None,
        platform=image.platform,
        reference=given.reference if given else None,
        comparison=given.comparison if given else None,
    )


def components_of(graph: Graph) -> Components:
    """Say what the image is made of, or why that is not known."""
    try:
        return Components(components(graph.fact(images.files), graph.fact(images.image)))
    except Unobservable as error:
        return Components(unknown=str(error))


def sidecar_info(graph: Graph) -> SidecarInfo | None:
    """Say what the container was looked at from; None where none was."""
    container = graph.known(containers.container)
    if container is None or container.sidecar is None:
        return None
    return SidecarInfo(container.sidecar, (CAPABILITY,))
