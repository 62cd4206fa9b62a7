from flywheel.settings.base import *  # noqa: F403
