"""R18, R19: no process outlives its step, and no step its run, whatever ends them and whatever they do about it."""
