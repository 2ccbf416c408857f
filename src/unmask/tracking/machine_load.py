"""The machine's load beside a run's curves. Importing this module imports mlflow (seconds)."""

from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

from unmask.tracking.store import Store


class MachineLoad:
    """MLflow's own monitor of processor, memory, disk and network, and of GPUs where `nvidia-ml-py` is installed.

    It samples in a thread of its own, every ten seconds unless MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL says otherwise,
    and ends by itself at the first request that fails: it costs training nothing, and raises nothing.
    """

    def __init__(self, store: Store, *, run_id: str) -> None:
        """Begins, in a run that goes on after its last sample."""
        self.monitor = SystemMetricsMonitor(run_id, resume_logging=True, tracking_uri=store.uri)  # type: ignore[no-untyped-call]
        self.monitor.start()  # type: ignore[no-untyped-call]

    def end(self) -> None:
        """Waits for the sample that is being sent, and ends; twice is once."""
        self.monitor.finish()  # type: ignore[no-untyped-call]
