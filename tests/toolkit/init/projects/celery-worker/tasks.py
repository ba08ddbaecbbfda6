"""Adds numbers, when a queue asks for it."""

import os

from celery import Celery

app = Celery("tasks", broker=os.environ.get("BROKER_URL", "memory://"))


@app.task
def add(x, y):
    return x + y
