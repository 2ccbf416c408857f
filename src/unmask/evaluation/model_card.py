"""The champion's model card: what it was made from, what is known of its data, and what it reached.

The idea and the sections: Mitchell et al., "Model cards for model reporting" (FAT* 2019).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from unmask.evaluation.compare import Comparison, markdown
from unmask.records import LABEL_NAMES, SPLITS, Source

NOT_STATED = "not stated"
FINE = "fine"
LIMITS = """## Limits

- A score is a statistical guess about pictures like those above, not proof about any one picture.
- A detector trained on one generator often fails on another, and on pictures that were compressed or resized again.
- The data's licence may forbid uses that this project's code allows."""


def model_card(comparison: Comparison, *, source: Source, audit: Mapping[str, Any]) -> str:
    """Writes the card.

    Args:
        comparison: of all models.
        source: the data set.
        audit: the content of `data/split/audit.json`.

    Returns:
        Markdown.
    """
    champion = comparison.champion
    title = f"# Model card: {champion.model}\n\nTells real face photographs from generated or manipulated ones."
    made = f"Model file sha256 `{champion.model_sha256}`; chosen by {champion.metric} on the {champion.split} split."
    parts = [title, made, data_section(source, audit["images"]), audit_section(audit["findings"])]
    parts += ["## Results", markdown(comparison).strip(), LIMITS]
    return "\n\n".join(parts) + "\n"


def data_section(source: Source, images: Mapping[str, Mapping[str, int]]) -> str:
    """Says what the models learnt from and were judged by."""
    counted = "; ".join(f"{split}: {count_classes(images[split])}" for split in SPLITS if split in images)
    lines = {
        "Data set": source.name,
        "Version": source.version or NOT_STATED,
        "Page": source.url or NOT_STATED,
        "Licence": source.licence or NOT_STATED,
        "Archive": f"{source.archive}, {source.bytes:,} bytes, sha256 `{source.sha256}`",
        "Images": counted,
    }
    return "\n".join(["## Data", "", *(f"- {name}: {text}" for name, text in lines.items())])


def count_classes(counts: Mapping[str, int]) -> str:
    """Spells the images of each class: "70 real and 70 fake"."""
    return " and ".join(f"{counts[name]:,} {name}" for name in LABEL_NAMES.values())


def audit_section(findings: Sequence[Mapping[str, Any]]) -> str:
    """Says what the audit warned of."""
    warnings = [finding for finding in findings if finding["verdict"] != FINE]
    lines = [f"- **{finding['statement']}** {finding['advice']}" for finding in warnings]
    summary = f"{len(findings)} findings were held against their limits; {len(warnings)} are above."
    return "\n".join(["## What the audit of the data found", "", summary, *([""] if lines else []), *lines])
