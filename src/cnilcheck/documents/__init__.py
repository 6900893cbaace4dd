"""Files read into the model, or refused with the place that is wrong."""
