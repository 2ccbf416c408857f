"""Evaluation data and training data: which pictures, under which terms, and what the audit found in them."""

from collections.abc import Mapping

from unmask.evaluation.cautions import audit_warnings
from unmask.evaluation.evidence import Evidence
from unmask.evaluation.model_card.markdown import bullets, code, facts, plain, section, subsection
from unmask.evaluation.report_tables import NOT_STATED
from unmask.records import LABEL_NAMES, SPLITS, TEST


def evaluation_data(evidence: Evidence) -> str:
    """Says what the model was judged by."""
    report = evidence.champion.report
    lines = [
        f"The test split: {count_classes(report['records'][TEST])}, which no stage learns from or chooses by, "
        f"shards' sha256 {code(report['test_shards_sha256'])}."
    ]
    if "clusters" in report:
        lines.append(f"They count as {report['clusters']:,}: frames of one video, and copies of one picture, are one.")
    lines += [
        f"From elsewhere: {plain(str(row['set']))}, {row['real']:,} real and {row['fake']:,} fake."
        for row in evidence.champion.external
    ]
    return section("Evaluation data", bullets(lines))


def training_data(evidence: Evidence) -> str:
    """Says what the model learnt from, and what the audit warned of."""
    source, images = evidence.source, evidence.audit["images"]
    counted = "; ".join(f"{split}: {count_classes(images[split])}" for split in SPLITS if split in images)
    about = {
        "Data set": plain(source.name),
        "Version": plain(source.version) or NOT_STATED,
        "Page": plain(source.url) or NOT_STATED,
        "Licence": plain(source.licence) or NOT_STATED,
        "Archive": f"{plain(source.archive)}, {source.bytes:,} bytes, sha256 {code(source.sha256)}",
        "Images": counted,
    }
    findings = evidence.audit["findings"]
    worst = audit_warnings(findings)
    summary = f"{len(findings)} findings were held against their limits; {len(worst)} are above."
    lines = [f"**{plain(finding['statement'])}** {plain(finding.get('advice', ''))}".strip() for finding in worst]
    audit = subsection("What the audit of the data found", summary, bullets(lines))
    return section("Training data", facts(about), audit)


def count_classes(counts: Mapping[str, int]) -> str:
    """Spells the images of each class: "70 real and 70 fake"."""
    return " and ".join(f"{counts[name]:,} {name}" for name in LABEL_NAMES.values())
