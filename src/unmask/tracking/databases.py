"""MLflow's databases, opened to be copied: one read as it is at one moment, an empty one filled at one stroke.

Importing this module imports mlflow (seconds).
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import mlflow.store.db.utils  # noqa: F401 - it knows of every table
import sqlalchemy as sa
from mlflow.exceptions import MlflowException
from mlflow.store.db.base_sql_model import Base
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from unmask.artifacts import atomic_path
from unmask.errors import TrackingError
from unmask.tracking.store import SQLITE, redact
from unmask.tracking.worker import reason_of

POSTGRESQL = "postgresql"
REVISION = "alembic_version"
# What MLflow writes into an empty store itself: column and value.
OWN_ROWS = {"experiments": ("experiment_id", 0), "workspaces": ("name", "default")}
LOCK = "LOCK TABLE experiments IN SHARE ROW EXCLUSIVE MODE"

Tables = Mapping[str, sa.TableClause]


def tables() -> Tables:
    """Lists MLflow's tables, each after those that it refers to, with columns whose values pass unchanged.

    What is encrypted stays so, JSON is copied as text, and what the database computes itself is left out.
    """
    return {
        table.name: sa.table(
            table.name,
            *(sa.column(one.name, plain(one.type)) for one in table.columns if one.computed is None),
        )
        for table in Base.metadata.sorted_tables
    }


def plain(kind: sa.types.TypeEngine[object]) -> sa.types.TypeEngine[object]:
    """Gives the type under one that changes values on their way."""
    return kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind


def length_of(table: str, column: str) -> int | None:
    """How many characters MLflow allows in a column; None where it sets no limit."""
    return getattr(Base.metadata.tables[table].columns[column].type, "length", None)


def reading(table: sa.TableClause) -> sa.Select[tuple[object, ...]]:
    """Makes the query for all of a table."""
    return sa.select(
        *(
            sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, sa.JSON) else column
            for column in table.columns
        )
    )


def writing(table: sa.TableClause, dialect: sa.Dialect) -> sa.Insert:
    """Makes the statement that adds rows to a table."""
    values = {}
    for column in table.columns:
        is_json = isinstance(column.type, sa.JSON)
        value = sa.bindparam(column.name, type_=sa.Text() if is_json else column.type)
        values[column.name] = sa.cast(value, postgresql.JSON) if is_json and dialect.name == POSTGRESQL else value
    return sa.insert(table).values(values)


@contextmanager
def source(uri: str) -> Iterator[sa.Connection]:
    """Opens a store's database as it is at this moment, to read alone.

    Raises:
        TrackingError: there is none, or it cannot be read.
    """
    with database_errors(uri), engine(readable(uri)) as opened, opened.connect() as connection:
        if opened.dialect.name == POSTGRESQL:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        else:
            connection.exec_driver_sql("BEGIN")
        yield connection


def readable(uri: str) -> str:
    """Gives the address of a database that SQLite does not make where it is missing, nor writes to.

    Raises:
        TrackingError: there is none.
    """
    if not uri.startswith(SQLITE):
        return uri
    path = Path(uri.removeprefix(SQLITE))
    if not path.is_file():
        raise TrackingError(f"there is no store {path}")
    return f"{SQLITE}file:{quote(str(path.absolute()))}?mode=ro&uri=true"


@contextmanager
def target(uri: str, *, artifacts: str) -> Iterator[sa.Connection]:
    """Opens an empty store to fill: all that the block wrote is there afterwards, or nothing where it failed.

    Args:
        uri: of a SQLite file that is not there yet, or of a PostgreSQL database that holds no run and no model.
        artifacts: where files of its first experiment go.

    Raises:
        TrackingError: it cannot be made or reached, or it holds something.
    """
    with database_errors(uri), ExitStack() as stack:
        written = uri
        if uri.startswith(SQLITE):
            path = Path(uri.removeprefix(SQLITE)).absolute()
            if path.exists():
                raise TrackingError(f"{path} is there already: copy into a file that is not")
            written = f"{SQLITE}{stack.enter_context(atomic_path(path))}"
        yield stack.enter_context(filling(written, artifacts=artifacts))


@contextmanager
def filling(uri: str, *, artifacts: str) -> Iterator[sa.Connection]:
    """Makes MLflow's tables where they are missing, and empties them of MLflow's own rows."""
    with engine(uri) as opened:
        opened.connect().close()  # before MLflow, which tries ten times
        made = SqlAlchemyStore(uri, artifacts)  # type: ignore[no-untyped-call]
        made.engine.dispose()
        with opened.begin() as connection:
            if opened.dialect.name == POSTGRESQL:
                connection.exec_driver_sql(LOCK)
            clear(connection)
            yield connection


def clear(connection: sa.Connection) -> None:
    """Removes what MLflow wrote into its new store itself.

    Raises:
        TrackingError: there is more.
    """
    for name, table in tables().items():
        if name in OWN_ROWS:
            column, value = OWN_ROWS[name]
            others = sa.select(sa.func.count()).select_from(table).where(table.columns[column] != value)
        else:
            others = sa.select(sa.func.count()).select_from(table)
        if count := connection.scalar(others):
            address = redact(str(connection.engine.url))
            raise TrackingError(f"{address} holds {count} rows of {name}: copy into an empty database")
    for name in OWN_ROWS:
        connection.execute(sa.delete(tables()[name]))


@contextmanager
def engine(uri: str) -> Iterator[sa.Engine]:
    """Connects to a database, and lets go of it.

    Raises:
        TrackingError: it is no database that MLflow keeps a store in, or its driver is missing.
    """
    if uri.partition("://")[0].partition("+")[0] not in ("sqlite", POSTGRESQL):
        raise TrackingError(
            f"{redact(uri)} is no database: name one as sqlite:///FILE or postgresql://USER@HOST/DATABASE. Of a store "
            "behind a server, name the server's database"
        )
    try:
        made = sa.create_engine(uri)
    except ModuleNotFoundError as error:
        raise TrackingError(f'{error.name} is missing, which PostgreSQL needs: pip install "unmask[team]"') from error
    except ValueError as error:  # not repeated: what follows a colon may be part of a password
        raise TrackingError(f"{redact(uri)} is no address of a database: its port is no number") from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise TrackingError(f"{redact(uri)} is no address of a database: {redact(str(error))}") from error
    try:
        yield made
    finally:
        made.dispose()


@contextmanager
def database_errors(uri: str) -> Iterator[None]:
    """Turns what a database, MLflow or the system raises in the block into one line about the store."""
    try:
        yield
    except (SQLAlchemyError, MlflowException, OSError) as error:
        raise TrackingError(f"the store {redact(uri)}: {reason_of(error)}") from error


def revision_of(connection: sa.Connection) -> str:
    """Gives the version of a store's tables; empty where it is no store of MLflow's."""
    if not sa.inspect(connection).has_table(REVISION):
        return ""
    return str(connection.scalar(sa.text(f"SELECT version_num FROM {REVISION}")) or "")


def others_of(connection: sa.Connection) -> dict[str, int]:
    """Counts the rows of tables that are not MLflow's store: a server's accounts may lie beside it."""
    names = set(sa.inspect(connection).get_table_names()) - set(tables())
    counts = {
        name: int(connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0)
        for name in sorted(names)
        if not name.startswith(REVISION)
    }
    return {name: count for name, count in counts.items() if count}


def set_sequences(connection: sa.Connection) -> None:
    """Lets PostgreSQL's own numbers go on after the highest that was copied."""
    if connection.dialect.name != POSTGRESQL:
        return
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
        highest = connection.scalar(sa.select(sa.func.max(column)))
        if sequence and highest is not None:
            connection.execute(sa.select(sa.func.setval(sequence, max(highest, 1), highest >= 1)))
