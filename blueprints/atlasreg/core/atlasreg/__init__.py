"""AtlasReg's core: the tasks that Celery's workers run, `celery -A atlasreg.tasks worker`."""
