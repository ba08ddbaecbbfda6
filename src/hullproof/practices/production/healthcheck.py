r"""The health check says healthy when the application works, and only then.

Why: Whoever runs the image restarts and routes by what HEALTHCHECK says. One that asks a port that is not served, or starts curl
in an image without it, never says healthy; one that looks for a process, or ends in `|| exit 0`, goes on saying so while
every request hangs.

Proven by: HEALTHCHECK, run in the booted container, succeeds once the application is ready; it fails when all its processes are
frozen (SIGSTOP), within the interval and retries that it declares; and it fails in a container in which nothing else runs.

Broken by: No HEALTHCHECK, or NONE; a program that the image lacks; a wrong port or path; exit 0, `|| true`; a check of a
process's existence, of a file that stays, of itself.

Fix: Ask the application for what it answers when it works, with what the image has.

    HEALTHCHECK --interval=10s --timeout=3s \
      CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://localhost:8000')"]

A worker without a port is asked through its queue, as by `celery inspect ping`, or shows a time that it goes on writing.
"""

from __future__ import annotations

from hullproof.dockerfile import Release
from hullproof.facts import Config, ContainerFacts, FileFacts, HealthTrial, ImageFacts
from hullproof.model import Evidence
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_experiment,
    in_image,
    proven,
    unproven,
)
from hullproof.practices.library.command import as_json, program_path
from hullproof.practices.library.health import said, says_healthy
from hullproof.practices.library.lines import before_command, instead

PROFILES = ("production",)  # Kubernetes has probes of its own, and passes HEALTHCHECK over

_FAILURE = 400


@check
def there_is_one(
    config: Config,
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    container: ContainerFacts | None,
) -> Observations:
    """The image's configuration has a command to ask."""
    if not _has_one(image):
        word = "the image's HEALTHCHECK is NONE" if image.healthcheck else "there is no HEALTHCHECK"
        seen = in_image(_line(release), f"expected a HEALTHCHECK: {word}")
        yield broken(word, seen, fix=_to_have_one(release, image, files, container, config.ready))


@check
def it_says_healthy(
    config: Config, release: Release, image: ImageFacts, container: ContainerFacts
) -> Observations:
    """Run in the booted container once that is ready, a few times at the most."""
    health = container.health
    if health is None:
        if _has_one(image):
            yield unproven("HEALTHCHECK was not run: the container was not ready, see default-command")
        return
    yield from says_healthy(config, release, container, health)
    if health.exit_code != 0 and health.early:
        yield unproven("HEALTHCHECK did not say healthy within its start period")


@check
def it_says_unhealthy_when_nothing_answers(
    config: Config,
    release: Release,
    image: ImageFacts,
    *,
    files: FileFacts | None,
    container: ContainerFacts,
    health_trial: HealthTrial,
) -> Observations:
    """Asked of the frozen application, and of a container in which nothing else runs."""
    if container.health is not None and container.health.exit_code != 0:
        return
    fix = f"Let it ask the application for an answer, and hand on its failure. {_to_have_one(release, image, files, container, config.ready)}"
    frozen, seconds = health_trial.frozen, health_trial.frozen_s
    if health_trial.alone == 0:
        yield broken(
            "HEALTHCHECK says healthy whatever happens: even where nothing of the application runs",
            _text(release, image),
            in_experiment("a container of the check alone", "expected a failure, got exit code 0"),
            fix=fix,
        )
    elif frozen.exit_code == 0:
        yield broken(
            f"HEALTHCHECK still says healthy {seconds:.0f} s after all processes of the application were frozen",
            _text(release, image),
            in_experiment("frozen by SIGSTOP", f"expected a failure, got exit code 0: {said(frozen)}"),
            fix=fix,
        )
    else:
        yield in_experiment("frozen by SIGSTOP", f"after {seconds:.1f} s: {said(frozen)}")
        yield proven(
            "HEALTHCHECK says healthy when the application is ready, and unhealthy when it is frozen"
        )


def _has_one(image: ImageFacts) -> bool:
    return image.healthcheck[:1] in (("CMD",), ("CMD-SHELL",))


def _line(release: Release) -> str:
    written = release.contract.healthcheck
    return release.where(written.line) if written is not None else release.governing("CMD", "ENTRYPOINT")


def _text(release: Release, image: ImageFacts) -> Evidence:
    return in_image(_line(release), f"HEALTHCHECK {' '.join(image.healthcheck[1:])}")


def _to_have_one(
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    container: ContainerFacts | None,
    ready: int | str | None,
) -> str:
    """Show one that would say healthy: of a path that answers, by the Python that the image has."""
    plain = [
        each
        for each in (container.answers if container else ())
        if each.status is not None and "TLS" not in each.detail
    ]
    path = ready if isinstance(ready, str) else "/"
    answers = [each for each in plain if path != "/" or (each.status or 0) < _FAILURE]
    names = ("python", "python3")
    python = next((each for each in names if files is None or program_path(each, image, files)), None)
    if not answers or python is None:
        return "Write a HEALTHCHECK that asks the application for what it answers when it works, with what the image has."
    url = f"http://localhost:{min(each.port for each in answers)}/{path.lstrip('/')}"
    asks = as_json((python, "-c", f"import urllib.request as u; u.urlopen({url!r}, timeout=2)"))
    text, written = f"HEALTHCHECK --interval=10s --timeout=3s CMD {asks}", release.last("HEALTHCHECK")
    shown = instead(release, written.line, text) if written is not None else before_command(release, text)
    return shown or f"Write {text}."
