"""The shop's pages."""

from flask import Flask, render_template

app = Flask(__name__)


@app.get("/")
def window():
    """Show what there is."""
    return render_template("window.html", goods=["rope", "tar"])


if __name__ == "__main__":
    app.run(port=8080, debug=True)
