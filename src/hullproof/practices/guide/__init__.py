"""The eleven practices of the guide, one file each."""
