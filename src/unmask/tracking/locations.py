"""Where a store's files lie, before and after it is copied: addresses are made anew from ids, as MLflow makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from unmask.errors import TrackingError
from unmask.tracking.store import ARTIFACTS, DATABASE, SQLITE, redact

SERVED = "mlflow-artifacts:"  # how MLflow names what its server hands out
SCHEMES = ("models:", "runs:")  # addresses that name no place
ARTIFACT_LOCATION_TAG = "mlflow.artifactLocation"  # of a trace
# The columns that hold the address of files.
ADDRESSES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "trace_tags": ("value",),
    "model_versions": ("source", "storage_location"),
}


@dataclass(frozen=True)
class Places:
    """The places of the files of a copy.

    Attributes:
        target: where the copy's files go: the address of a folder or of a place on S3.
        source: where the server of the source keeps what it hands out, or empty.
        is_served: whether a server hands the copy's files out.
    """

    target: str
    source: str = ""
    is_served: bool = False

    @property
    def recorded(self) -> str:
        """What the copy's database calls the target."""
        return SERVED if self.is_served else self.target


@dataclass(frozen=True)
class Move:
    """The files of one run, model or trace.

    Attributes:
        old: where they are, as a library can open it.
        new: where they go, as a library can open it.
        recorded: what the copy's database calls that.
        needs_files: whether nothing there means that the files were lost.
    """

    old: str
    new: str
    recorded: str
    needs_files: bool = False


class Moves:
    """The moves of a whole store.

    Attributes:
        outside: addresses of registered versions whose files are no run's and no model's, and stay where they are.
    """

    def __init__(self, places: Places) -> None:
        """Starts with none."""
        self.places = places
        self.found: dict[str, Move] = {}
        self.outside: set[str] = set()

    def add(self, address: str | None, place: str, *, needs_files: bool = False) -> None:
        """Adds the files of one run, model or trace.

        Args:
            address: what the source's database says.
            place: of the same in any store: "3/models/m-1/artifacts".
            needs_files: whether nothing there means that the files were lost.

        Raises:
            TrackingError: a server hands them out, and nobody said where it keeps them.
        """
        if address:
            new, recorded = f"{self.places.target}/{place}", f"{self.places.recorded}/{place}"
            self.found[address.rstrip("/")] = Move(self.open_address(address), new, recorded, needs_files)

    def open_address(self, address: str) -> str:
        """Says where files are that a server hands out; other addresses say it themselves."""
        if not address.startswith(SERVED):
            return address
        if not self.places.source:
            raise TrackingError(
                f"the store's server hands its files out ({redact(address)}): say with --artifacts-from where it "
                "keeps them, as its --artifacts-destination does"
            )
        return f"{self.places.source}/{urlsplit(address).path.strip('/')}"

    def rewrite(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Gives a row as the copy has it."""
        if table == "experiments":
            return {**row, "artifact_location": f"{self.places.recorded}/{row['experiment_id']}"}
        if table == "trace_tags" and row["key"] != ARTIFACT_LOCATION_TAG:
            return dict(row)
        return {**row, **{column: self.moved(row[column]) for column in ADDRESSES.get(table, ())}}

    def moved(self, address: str | None) -> str | None:
        """Gives the new address of files; one that is no run's, model's or trace's stays."""
        head = (address or "").rstrip("/")
        while head:
            if move := self.found.get(head):
                return move.recorded + (address or "")[len(head) :]
            head = head.rpartition("/")[0]
        if address and not address.startswith(SCHEMES):
            self.outside.add(address)
        return address


def place_for(database: str, *, artifacts: str, source: str, is_served: bool) -> Places:
    """Says where the files of a copy go, and where the source's server keeps its own.

    Args:
        database: the copy's.
        artifacts: a folder or an address, or empty: then a folder beside a SQLite file, of its own.
        source: the same for the source's server, or empty where it has none.
        is_served: whether a server hands the copy's files out.

    Raises:
        TrackingError: nobody said where files go, or the server's folder is not there.
    """
    if not artifacts and not database.startswith(SQLITE):
        raise TrackingError("say with --artifacts-to where files go: a folder, or s3://BUCKET")
    target = artifacts or str(folder_beside(Path(database.removeprefix(SQLITE))))
    if source:
        check_folder(spell(source))
    return Places(spell(target), spell(source) if source else "", is_served)


def folder_beside(database: Path) -> Path:
    """Gives the folder for the files of a SQLite file's store: copies that lie side by side share none.

    That of `mlflow.db` is `artifacts/`, as in the project's own store.
    """
    return database.with_name(ARTIFACTS if database.name == DATABASE else f"{database.stem}-{ARTIFACTS}")


def check_folder(address: str) -> None:
    """Refuses a folder that is not there; other places are asked when their files are.

    Raises:
        TrackingError: it is not there.
    """
    folder = Path(unquote(urlsplit(address).path))
    if address.startswith("file:") and not folder.is_dir():
        raise TrackingError(f"--artifacts-from: there is no folder {folder}")


def spell(place: str) -> str:
    """Spells a folder or an address as MLflow wants it, without a slash at its end."""
    return (place if "://" in place else Path(place).absolute().as_uri()).rstrip("/")
