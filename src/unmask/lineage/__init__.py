"""Where a model, a run, a commit, an experiment or a verdict comes from: `unmask trace`."""
