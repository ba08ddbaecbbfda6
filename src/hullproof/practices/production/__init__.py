"""The practices of production: whether the image holds where it will run."""
