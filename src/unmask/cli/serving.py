"""`unmask serve`: a trained detector as a web page and an API."""

import os
from typing import Annotated

import typer

from unmask.cli.options import Bundle, Engine
from unmask.cli.places import BUNDLES, REPORTS
from unmask.console import silent_start

DEFAULT_PORT = 7860
LEAST_KEY = 16  # characters: a shorter key can be guessed


def serve(
    model: Bundle = "champion",
    engine: Engine = "openvino",
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 for any that is free.")
    ] = DEFAULT_PORT,
    workers: Annotated[int, typer.Option(help="Pictures judged at once; 0 for as many as there are cores.")] = 0,
    limit: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER, see docs/serving.md; may be repeated.")] = None,
) -> None:
    """Open a web page and an API that judge pictures.

    The environment variable UNMASK_API_KEYS, one key or several parted by commas, lets only requests with a key judge.
    SIGTERM or Ctrl-C finish what is under way first.
    """
    from unmask import environment
    from unmask.errors import ConfigError

    keys = environment.read().api_keys
    if any(len(key) < LEAST_KEY for key in keys):
        raise ConfigError(f"a key in {environment.UNMASK_API_KEYS} is shorter than {LEAST_KEY} characters")
    if workers < 0:
        raise ConfigError(f"--workers {workers}: expected a whole number, 0 or more")
    with silent_start():
        from unmask.serving.locate import bundle_of
        from unmask.serving.service import server
        from unmask.serving.service.application import make_application, read_subject
        from unmask.serving.service.settings import limits_of

    limits = limits_of(limit or ())
    with bundle_of(model, bundles=BUNDLES, reports=REPORTS) as bundle:  # heatmaps read it when the first is asked for
        with silent_start():
            subject = read_subject(bundle, engine=engine)
            app = make_application(subject, workers=workers or os.cpu_count() or 1, limits=limits, api_keys=keys)
        server.run(app, host=host, port=port, limits=limits)
