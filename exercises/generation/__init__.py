"""Making exercises, each from one passage that it keeps (`making.make`)."""
