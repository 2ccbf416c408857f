"""The report's page: whole in itself, safe whatever things are called, and complete as far as files are there."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import judged_models
import pytest

from unmask.data.audit.page import Table
from unmask.evaluation.evidence import Evidence
from unmask.evaluation.report_page import Picture, ReportPage, Section, kinds, render
from unmask.evaluation.report_sections import comparison_page, draw_heatmap

HOSTILE = "<script>alert('x')</script>"


class Tags(HTMLParser):
    """Lists a page's elements, and addresses that lead out of it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.leaving = re.findall(r"url\([^)]*\)|@import[^;]*", page)
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        addresses = [value or "" for name, value in attrs if name in ("src", "srcset", "href", "data", "action")]
        self.leaving += [address for address in addresses if not address.startswith(("data:image/png;base64,", "#"))]


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    judged_models.write_two(tmp_path, explanation=judged_models.EXPLANATION)
    return judged_models.read(tmp_path)


def titles(page: ReportPage) -> list[str]:
    return [section.title for section in page.sections]


def section(page: ReportPage, title: str) -> Section:
    return next(found for found in page.sections if found.title == title)


def test_the_warnings_come_first_and_the_champions_first_of_all(evidence):
    page = comparison_page(evidence, heatmap=judged_models.png((200, 100)))
    assert titles(page) == [
        "Warnings",
        "Champion",
        "Metrics",
        "Differences",
        "Calibration",
        "Perturbed pictures",
        "Faces from elsewhere",
        "Slices",
        "Explanation",
        "Plots of cnn",
        "Plots of resnet50",
        "What the audit of the data found",
        "Lineage",
    ]
    warnings = page.sections[0].warnings
    assert [text.partition(":")[0] for text in warnings[:-1]] == ["resnet50"] * 3 + ["cnn"] * 3
    assert warnings[-1].startswith("The audit of the data warns once")


def test_what_nobody_measured_has_no_section(evidence):
    models = {
        name: replace(judged, grid=None, slices=None, plots={}, external=[], report=without(judged.report))
        for name, judged in evidence.models.items()
    }
    bare = replace(evidence, models=models, audit={**evidence.audit, "findings": []})
    assert draw_heatmap(bare) is None
    page = comparison_page(bare, heatmap=b"")
    absent = {"Perturbed pictures", "Slices", "Explanation", "Plots of cnn", "Plots of resnet50"}
    assert not absent & set(titles(page))
    assert section(page, "Warnings").text == "None."
    assert "nothing is known of other generators" in section(page, "Faces from elsewhere").text
    assert "<img" not in render(page)


def without(report: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in report.items() if key not in ("explanation", "robustness")}


def test_a_plot_without_a_caption_stands_last_under_its_file_name(evidence):
    pictures = section(comparison_page(evidence, heatmap=b""), "Plots of cnn").pictures
    assert [picture.alt for picture in pictures] == ["cnn: confusion", "cnn: roc", "cnn: worst", "cnn: own"]
    assert pictures[-1].caption == "own.png"


def test_at_most_ten_slices_are_shown_and_the_five_worst_perturbations(evidence):
    cnn = evidence.models["cnn"]
    many = cnn.slices.loc[[0] * 12].reset_index(drop=True)
    page = comparison_page(replace(evidence, models={**evidence.models, "cnn": replace(cnn, slices=many)}), heatmap=b"")
    assert len(section(page, "Slices").tables[0].rows) == 10
    worst = section(page, "Perturbed pictures").tables[0].rows
    assert len(worst) == 5
    # social media at severity 5 has 0.52; every other severity 5 has 0.7 - 0.15 = 0.55.
    assert worst[0][:4] == ["social media", 5, "5 times shared on", "0.520 (0.420 to 0.620)"]
    assert worst[1][3] == "0.550 (0.450 to 0.650)"


def test_lineage_holds_hashes_and_no_commit(evidence):
    found = section(comparison_page(evidence, heatmap=b""), "Lineage")
    rows = {row[0]: row[1:] for row in found.tables[0].rows}
    assert rows["test shards, sha256"] == ["1" * 64] * 2
    assert rows["training shards, sha256"] == ["t" * 64] * 2
    assert rows["data archive, sha256"] == ["a" * 64] * 2
    assert rows["versions"] == ["keras 3.15.1"] * 2
    # sha256 of {"recipe.epochs": 15, "recipe.loss": "focal"}, by sha256sum.
    assert rows["parameters, sha256"] == ["e47b16236b7c189237e73dbd8c20bab3029db5a16d2085881d8d1984ec136ba0"] * 2
    assert "git log -S7.dir --oneline -- dvc.lock" in found.commands
    assert not any("commit" in row for row in rows)


def test_nothing_leads_out_of_the_page_and_no_name_becomes_markup(evidence):
    external = [{**judged_models.EXTERNAL, "set": HOSTILE, "warning": HOSTILE}]
    slices = evidence.champion.slices.assign(slice=HOSTILE)
    champion = replace(evidence.champion, external=external, slices=slices, plots={HOSTILE: judged_models.png((9, 9))})
    audit = {**evidence.audit, "findings": [{"verdict": HOSTILE, "statement": HOSTILE, "advice": HOSTILE}]}
    source = replace(evidence.source, name=HOSTILE)
    models = {**evidence.models, "resnet50": champion}
    hostile = replace(evidence, models=models, audit=audit, source=source)
    page = render(comparison_page(hostile, heatmap=judged_models.png((200, 100))))
    found = Tags(page)
    assert found.leaving == []
    assert not {"script", "link", "iframe", "object", "embed"} & set(found.names)
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") >= 7


def test_the_list_of_tags_notices_a_script_and_a_picture_from_elsewhere():
    found = Tags('<script></script><img src="https://example.org/a.png"><style>a { background: url(b.png) }</style>')
    assert found.names[0] == "script"
    assert found.leaving == ["url(b.png)", "https://example.org/a.png"]


def test_a_picture_knows_its_size_and_whether_it_is_wide():
    assert (Picture(judged_models.png((300, 100)), "").width, Picture(judged_models.png((300, 100)), "").height) == (
        300,
        100,
    )
    assert Picture(judged_models.png((151, 100)), "").is_wide
    assert not Picture(judged_models.png((150, 100)), "").is_wide


@pytest.mark.parametrize(
    ("cells", "style"),
    [
        ([1, 2.5], "number"),
        (["0.800 (0.750 to 0.850)", "", "0.98852"], "number"),
        (["-0.139 to -0.061", "+1e-06"], "number"),
        (["0.412 ± 0.031"], "number"),
        (["30 to 50", "NA"], ""),
        (["7.dir"], ""),
        (["1" * 64, "not stated"], "long"),
        (["", ""], ""),
        (["a sentence that goes on for longer than a line"], "text"),
    ],
)
def test_a_column_is_set_by_what_is_in_it(cells, style):
    assert kinds(Table(["name"], [[value] for value in cells])) == [style]
