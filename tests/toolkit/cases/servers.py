"""The good project on other servers and frameworks, for cases that are about how it runs."""

from __future__ import annotations

import json

from .catalogue.model import Edit, append, delete, dockerfile, write

COMMAND = 'CMD ["python", "-m", "greeter"]'
WORDS = "greeter/words.py"
"""A module that each of them imports when it starts."""


def command(*words: str) -> Edit:
    """Start another command, in exec form."""
    return dockerfile(COMMAND, f"CMD {json.dumps(words)}")


def on_start(code: str) -> Edit:
    """Do something whenever the application starts, whatever serves it; not where its tests run."""
    lines = "".join(f"    {line}\n" for line in code.strip().splitlines())
    return append(WORDS, f'\n\nimport os\nimport sys\n\nif "pytest" not in sys.modules:\n{lines}')


def in_shell(before: str, *words: str) -> tuple[Edit, ...]:
    """Start it by an entry script that does something first."""
    script = f'#!/bin/sh\nset -e\n{before}\nexec "$@"\n'
    return (
        write("greeter/entry.sh", script, 0o755),
        dockerfile(
            COMMAND,
            f'ENTRYPOINT ["/app/greeter/entry.sh"]\nCMD {json.dumps(words or ("python", "-m", "greeter"))}',
        ),
    )


def gunicorn(*options: str) -> tuple[Edit, ...]:
    """Serve it with gunicorn."""
    return (
        write("requirements.txt", "bottle==0.13.4\ngunicorn==23.0.0\n"),
        delete("greeter/__main__.py"),
        append("greeter/service.py", "\n\napplication = make()\n"),
        command(
            "gunicorn",
            "--bind=0.0.0.0:8000",
            "--worker-tmp-dir=/dev/shm",
            *options,
            "greeter.service:application",
        ),
    )


def uvicorn(*options: str) -> tuple[Edit, ...]:
    """Serve it with uvicorn, as plain ASGI."""
    return (
        write("requirements.txt", "bottle==0.13.4\nuvicorn==0.34.0\n"),
        delete("greeter/__main__.py"),
        write(
            "greeter/asgi.py",
            '''\
            """The service over ASGI."""

            from .words import greeting


            async def application(scope, receive, send):
                if scope["type"] == "lifespan":
                    while True:
                        message = await receive()
                        await send({"type": message["type"] + ".complete"})
                        if message["type"] == "lifespan.shutdown":
                            return
                body = greeting(scope["path"].strip("/")).encode()
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
                await send({"type": "http.response.body", "body": body})
            ''',
        ),
        command("uvicorn", "--host=0.0.0.0", *options, "greeter.asgi:application"),
    )


def django(*options: str) -> tuple[Edit, ...]:
    """Serve it with Django behind gunicorn, on a database in memory."""
    return (
        write("requirements.txt", "bottle==0.13.4\ndjango==5.1.4\ngunicorn==23.0.0\n"),
        delete("greeter/__main__.py"),
        write(
            "greeter/site.py",
            '''\
            """The service as a site of Django's."""

            from django.conf import settings
            from django.core.wsgi import get_wsgi_application
            from django.http import HttpResponse
            from django.urls import path

            from .words import greeting

            settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="of-this-example")
            urlpatterns = [path("", lambda request: HttpResponse(greeting("")))]
            application = get_wsgi_application()
            ''',
        ),
        command(
            "gunicorn",
            "--bind=0.0.0.0:8000",
            "--worker-tmp-dir=/dev/shm",
            *options,
            "greeter.site:application",
        ),
    )


def celery(*options: str) -> tuple[Edit, ...]:
    """Work through a queue in memory instead of serving."""
    return (
        write("requirements.txt", "bottle==0.13.4\ncelery==5.4.0\n"),
        delete("greeter/__main__.py"),
        write(
            "greeter/tasks.py",
            '''\
            """The service as tasks of Celery's."""

            from celery import Celery

            from .words import greeting

            application = Celery("greeter", broker="memory://", backend="cache+memory://")
            application.task(greeting)
            ''',
        ),
        dockerfile("EXPOSE 8000\n", ""),
        command(
            "celery",
            "--app=greeter.tasks:application",
            "worker",
            "--concurrency=1",
            "--without-mingle",
            *options,
        ),
    )


PLAIN = '''\
    """Serve with nothing but asyncio until told to stop."""

    import asyncio
    import signal

    from .words import greeting


    async def answer(reader, writer):
        await reader.readuntil(b"\\r\\n\\r\\n")
        body = greeting("").encode()
        writer.write(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
        await writer.drain()
        writer.close()


    async def main():
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        server = await asyncio.start_server(answer, "0.0.0.0", 8000)
        await stop.wait()
        server.close()
        await asyncio.sleep(2)  # for those who are under way


    asyncio.run(main())
    '''


def asyncio() -> tuple[Edit, ...]:
    """Serve it with asyncio alone."""
    return (write("requirements.txt", "bottle==0.13.4\n"), write("greeter/__main__.py", PLAIN))
