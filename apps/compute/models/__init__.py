from apps.compute.models.artifacts import Artifact, Checkpoint
from apps.compute.models.jobs import Attempt, Job, JobLog, JobMetric
from apps.compute.models.pools import Pool, Worker

__all__ = ["Artifact", "Attempt", "Checkpoint", "Job", "JobLog", "JobMetric", "Pool", "Worker"]
