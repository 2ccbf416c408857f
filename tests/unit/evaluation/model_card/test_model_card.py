"""The model card: its sections and their order, its head, and that it is safe whatever things are called."""

import json
import re
from dataclasses import replace
from pathlib import Path

import judged_models
import pytest
import yaml

from unmask.evaluation.evidence import Evidence
from unmask.evaluation.metrics import METRIC_NAMES
from unmask.evaluation.model_card import Card, model_card
from unmask.evaluation.model_card.html import to_html
from unmask.evaluation.model_card.markdown import plain, table_lines
from unmask.evaluation.report_tables import Table

HOSTILE = "<img src=x onerror=alert(1)> [a](https://evil.example) ![b](https://evil.example/b.png) | `c` **d**"
MITCHELL = [  # section 4 of the paper, figure 1
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    judged_models.write_two(tmp_path, explanation=judged_models.EXPLANATION)
    return judged_models.read(tmp_path)


def head_of(card: Card) -> dict[str, object]:
    start, text, rest = card.markdown.split("---\n", 2)
    assert start == ""
    assert rest.startswith("\n# Model card")
    return yaml.safe_load(text)


def test_the_sections_are_those_of_mitchell_and_others_after_the_warnings(evidence):
    assert re.findall(r"^## (.*)$", model_card(evidence).body, re.MULTILINE) == ["Warnings", *MITCHELL]


def test_the_card_is_made_from_the_files(evidence):
    body = model_card(evidence).body
    for part in (
        "- **Warning: perturbed pictures (social media, severity 5 (5 times shared on)) are judged little better",
        "- **Warning: the audit of the data found something above its limits",
        "- Input: RGB pictures of 64 x 64 pixels",
        "- Weights: 1,234,567",
        "- Epochs: 15; the weights are those after epoch 12",
        "| recipe.loss | focal |",
        "`git log -S7.dir --oneline -- dvc.lock`",
        f'`tags.model_sha256 = "{evidence.comparison.champion.model_sha256}"`',
        "Perturbations: jpeg, webp, resize down,",
        "Kinds of test pictures: by jpeg quality, format.",
        "a threshold chosen on validation by the rule `accuracy`",
        "2 real and 2 fake, which no stage learns from",
        "| jpeg quality | 30 to 50 | 40 | 20 | 20 | 0.600 (0.500 to 0.700) | 0.650 | worse than the rest |",
        "| resnet50 | 64 | 0.412 ± 0.031 | 0.087 | yes |",
        "| social media | 5 | 5 times shared on | 0.520 (0.420 to 0.620) |",
        # Scores 0.1 and 0.6 of the reals, 0.8 and 0.9 of the fakes, at the threshold of 0.5.
        "1 of 2 real pictures were called fake, and 0 of 2 fakes were missed",
        "as frequent as on validation (3 real, 4 fake)",
    ):
        assert part in body, part


def test_what_nobody_measured_is_left_out(evidence):
    report = {key: value for key, value in evidence.champion.report.items() if key not in ("robustness", "explanation")}
    bare = replace(evidence.champion, report=report, grid=None, slices=None, external=[], lock_digest="", training={})
    evidence = replace(evidence, models={**evidence.models, "resnet50": bare}, audit={**evidence.audit, "findings": []})
    body = model_card(evidence).body
    assert not re.findall(r"^### (?:Robustness|Slices|Explanation|Recipe)$", body, re.MULTILINE)
    assert "None was raised by what was measured." in body
    assert "nothing is known of other generators" in body
    assert "git log" not in body


def test_the_head_says_what_the_hub_asks_for(evidence):
    source = replace(evidence.source, name="xhlulu/140k-real-and-fake-faces")
    head = head_of(model_card(replace(evidence, source=source)))
    assert (head["license"], head["library_name"], head["pipeline_tag"]) == ("other", "keras", "image-classification")
    assert not {"datasets", "license_link"} & set(head)  # the hub has other sets by such names
    assert len(head["metrics"]) == len(METRIC_NAMES)
    (index,) = head["model-index"]
    (results,) = index["results"]
    assert index["name"] == "resnet50"
    assert results["dataset"]["revision"] == "a" * 64
    by_type = {metric["type"]: metric for metric in results["metrics"]}
    assert by_type["accuracy"]["value"] == 0.9
    assert by_type["accuracy"]["name"] == "accuracy_score, 95% interval 0.850 to 0.950"


def test_names_from_elsewhere_stay_text(evidence):
    external = [{**judged_models.EXTERNAL, "set": HOSTILE, "warning": HOSTILE}]
    slices = evidence.champion.slices.assign(slice=HOSTILE, column=HOSTILE)
    champion = replace(evidence.champion, external=external, slices=slices)
    findings = [{"verdict": "warning", "statement": HOSTILE, "advice": HOSTILE}]
    source = replace(
        evidence.source, name=HOSTILE, archive=HOSTILE, licence=f"CC0\n\n## Ours\n\n{HOSTILE}", url=HOSTILE
    )
    card = model_card(
        replace(
            evidence,
            source=source,
            models={**evidence.models, "resnet50": champion},
            audit={**evidence.audit, "findings": findings},
        )
    )
    prose = to_html(card.body)
    assert not re.findall(r"<(?:img|a|script)\b", prose)
    assert not re.findall(r"<(?:img|a|script)\b", card.html)
    assert re.findall(r"^## (.*)$", card.body, re.MULTILINE) == ["Warnings", *MITCHELL]
    rows = re.findall(r"<tr>.*?</tr>", prose, re.DOTALL)
    assert {row.count("<td") for row in rows if "evil.example" in row} == {7, 8}, "a name ended its cell"
    assert head_of(card)["model-index"][0]["results"][0]["dataset"]["name"] == HOSTILE


def test_without_escaping_such_a_name_would_be_markup():
    # The planted fault: what `plain` keeps out.
    assert "<a href" in to_html(HOSTILE)
    assert "<a href" not in to_html(plain(HOSTILE))


def test_raw_html_and_pictures_stay_text_also_where_nothing_escapes_them():
    html = to_html('<script>alert(1)</script>\n\n![b](https://evil.example/b.png) <b onclick="x">')
    assert not re.findall(r"<(?:img|script|b)\b", html)


def test_html_has_the_cards_text_and_its_tables_in_boxes_that_scroll(evidence):
    html = model_card(evidence).html
    assert html.count("<h1>") == 1
    assert html.count('<div class="scroll">') == html.count("<table>") == html.count("</table>\n</div>")
    assert "<h2>Caveats and recommendations</h2>" in html
    assert "license_name" not in html


def test_a_table_sets_numbers_to_the_right_and_keeps_a_bar_in_its_cell():
    table = Table(["kind", "images"], [["a|b", 1234]])
    assert table_lines(table).splitlines() == ["| kind | images |", "| --- | --: |", r"| a\|b | 1,234 |"]


def test_the_same_evidence_gives_the_same_card(evidence):
    assert model_card(evidence) == model_card(evidence)
    assert json.dumps(head_of(model_card(evidence)))
