"""Which project files a script imports, directly or through others; what a DVC stage must list as its deps."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path("src")
PACKAGE = "unmask"


def imported_files(script: Path, *, root: Path) -> set[Path]:
    """Follows every import of the project, also those inside functions.

    Args:
        script: the file to begin with, relative to `root`.
        root: the repository.

    Returns:
        Files relative to `root`, without the script. A package's `__init__.py` counts where it holds more than its
        docstring.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        tree = ast.parse((root / waiting.pop()).read_text(encoding="utf-8"))
        for module in imported_modules(tree):
            for file in files_of(module, root=root) - found:
                found.add(file)
                waiting.append(file)
    return found | {template for file in found for template in templates_of(file, root=root)}


def templates_of(module: Path, *, root: Path) -> set[Path]:
    """Finds the templates that lie beside a module and are called after it: `page.html.j2` beside `page.py`."""
    return {file.relative_to(root) for file in (root / module.parent).glob(f"{module.stem}.*.j2")}


def imported_modules(tree: ast.Module) -> set[str]:
    """Lists the dotted names a file imports; of `from a import b` both a and a.b, as b may be a module."""
    names: set[str] = set()
    for node in executed(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] == PACKAGE}


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Walks through a file, past what only a checker of types reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from executed(node)


def files_of(module: str, *, root: Path) -> set[Path]:
    """Finds a module's file and those of its parent packages that do something.

    But for `unmask` itself: it loads what somebody asks it for by name, which no stage does.
    """
    parts = module.split(".")
    files = {SOURCE.joinpath(*parts[:depth], "__init__.py") for depth in range(2, len(parts) + 1)}
    files = {file for file in files if (root / file).exists() and does_something(root / file)}
    file = SOURCE.joinpath(*parts).with_suffix(".py")
    return files | {file} if (root / file).exists() else files


def does_something(file: Path) -> bool:
    """Whether a file holds more than a docstring."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body)


def grouped(files: set[Path], *, root: Path) -> list[str]:
    """Names a folder instead of its files where every one of them is meant, the way dvc.yaml lists them."""
    entries: set[Path] = set()
    for file in files:
        whole = [folder for folder in file.parents if is_whole(folder, files, root=root)]
        entries.add(whole[-1] if whole else file)
    return sorted(str(entry) for entry in entries)


def is_whole(folder: Path, files: set[Path], *, root: Path) -> bool:
    """Whether every module below a folder of the package is among the files."""
    if SOURCE / PACKAGE not in folder.parents:
        return False
    modules = [path for path in (root / folder).rglob("*.py") if does_something(path)]
    return all(path.relative_to(root) in files for path in modules)
