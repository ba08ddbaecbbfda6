"""What the release image promises, checked on the booted image: one file a subject, each claim a test.

`./nox -s container` builds the image and runs this; `./nox -s container -- -k user` a part of it.
"""
