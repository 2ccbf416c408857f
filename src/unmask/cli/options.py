"""Options that several commands share."""

from typing import Annotated

import typer

A_BUNDLE = "A model of bundles/, champion, a bundle's folder, or unmask@champion: an alias of MLflow's registry."
A_DETECTOR = f"{A_BUNDLE} Or a file that export wrote."

Bundle = Annotated[str, typer.Option(help=A_BUNDLE)]
Detector = Annotated[str, typer.Option(help=A_DETECTOR)]
Engine = Annotated[str, typer.Option(help="What computes: openvino, onnx or int8.")]
