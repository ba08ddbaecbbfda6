"""The service."""

from fastapi import FastAPI

from app.moon import hours

app = FastAPI()


@app.get("/")
def tide() -> dict[str, float]:
    """Tell how long it takes from one high tide to the next."""
    return {"hours": hours()}
