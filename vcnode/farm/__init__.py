"""A film split by shot for a render farm, as a job in Open Job Description's form; schedulers are others' work."""

from vcnode.farm.farm_job import FarmJob, write_farm_job

__all__ = ["FarmJob", "write_farm_job"]
