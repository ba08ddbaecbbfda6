"""Says when the ferry goes."""

from bottle import Bottle

app = Bottle()


@app.get("/")
def index():
    return "at noon"


@app.get("/healthz")
def healthz():
    return "ok"
