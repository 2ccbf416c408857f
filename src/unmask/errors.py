"""Every error this project raises on purpose.

UnmaskError                 shown as one line; the command exits with 1
├── ConfigError             params.yaml or a profile is not valid
├── DownloadError           the data set could not be fetched
│   └── CredentialsError    Kaggle's credentials are missing, refused, or do not reach the data set
├── ArchiveError            the zip is missing, damaged, or not a set of labelled faces
├── ImageError              one image cannot be used; its record is rejected
├── AuditError              the data is not fit to learn from, by the limits of the audit
├── SplitError              the records cannot be split as asked
├── ShardError              a shard or its index is missing or damaged
├── FeaturesError           stored features are missing, damaged, or not those of this backbone and these images
├── WeightsError            starting weights are missing or do not fit the model
├── TrainingError           training cannot go on, or cannot start
├── EvaluationError         predictions cannot be judged as asked
├── ScoringError            many pictures cannot be scored as asked, or a scoring not be gone on with
├── MonitoringError         scores cannot be compared with what a model was tried on
├── WorkerError             a process that shared a stage's work died
├── LineageError            nothing is known by such a name, or the checkout cannot be read
├── PromotionError          a model may not become champion, or no longer is asked to
├── RetrainingError         a retraining cannot go on
├── TrackingError           MLflow's store cannot be used (a stage only warns of it)
├── ServiceError            the web service cannot answer a request as asked
└── StorageError            a file could not be written: no space, or no permission
"""


class UnmaskError(Exception):
    """Base of the project's errors: its message is all a user needs to read."""


class ConfigError(UnmaskError):
    """A parameter is unknown, missing, mistyped or out of range."""


class DownloadError(UnmaskError):
    """The data set could not be fetched."""


class CredentialsError(DownloadError):
    """Kaggle's credentials are missing, were refused, or do not reach the data set."""


class ArchiveError(UnmaskError):
    """The archive is missing, damaged, or holds no set of labelled faces."""


class ImageError(UnmaskError):
    """One image cannot be used: damaged, too large, or of a kind that is refused."""


class AuditError(UnmaskError):
    """The data is not fit to learn from, by the limits of the audit."""


class SplitError(UnmaskError):
    """The records cannot be split as asked."""


class ShardError(UnmaskError):
    """A shard or the shards' index is missing or damaged."""


class FeaturesError(UnmaskError):
    """Stored features are missing, damaged, or made by another backbone or of other images."""


class WeightsError(UnmaskError):
    """Starting weights are missing or do not fit the model."""


class TrainingError(UnmaskError):
    """Training cannot start, or cannot go on."""


class EvaluationError(UnmaskError):
    """Predictions cannot be judged as asked."""


class ScoringError(UnmaskError):
    """Many pictures cannot be scored as asked, or a scoring that was begun cannot be gone on with."""


class MonitoringError(UnmaskError):
    """Scores cannot be compared with those of the pictures that a model was tried on."""


class WorkerError(UnmaskError):
    """A process that shared a stage's work died."""


class LineageError(UnmaskError):
    """Nothing is known by such a name, or the checkout cannot be read."""


class PromotionError(UnmaskError):
    """A model was refused, another promotion came first, or there is no champion to return to."""


class RetrainingError(UnmaskError):
    """DVC or git failed in the course of a retraining."""


class TrackingError(UnmaskError):
    """MLflow's store cannot be used."""


class ServiceError(UnmaskError):
    """The web service cannot answer a request as asked."""


class StorageError(UnmaskError):
    """A file could not be written."""
