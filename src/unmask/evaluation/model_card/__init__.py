"""The champion's model card: what it was made from and for, what it reached, and where it fails.

The idea and the sections: Mitchell et al., "Model cards for model reporting" (FAT* 2019), section 4, with the warnings
before all of them. The head is Hugging Face's: https://huggingface.co/docs/hub/model-cards. All of it comes from the
pipeline's files. No commit is in it: a card is a cached output, and must be the same bytes wherever it is made.
"""

from dataclasses import dataclass

from unmask.evaluation.evidence import Evidence
from unmask.evaluation.model_card.analyses import quantitative_analyses
from unmask.evaluation.model_card.data import evaluation_data, training_data
from unmask.evaluation.model_card.details import factors, intended_use, metrics, model_details, warnings
from unmask.evaluation.model_card.ethics import caveats, ethical_considerations
from unmask.evaluation.model_card.html import to_html
from unmask.evaluation.model_card.metadata import metadata
from unmask.evaluation.report_page import ReportPage, render

PURPOSE = "Tells real face photographs from generated or manipulated ones."
SECTIONS = (
    warnings,
    model_details,
    intended_use,
    factors,
    metrics,
    evaluation_data,
    training_data,
    quantitative_analyses,
    ethical_considerations,
    caveats,
)


@dataclass(frozen=True)
class Card:
    """A model card.

    Attributes:
        metadata: YAML between two lines of dashes.
        title: a line of text.
        body: Markdown, without the title.
    """

    metadata: str
    title: str
    body: str

    @property
    def markdown(self) -> str:
        """Gives the whole card as Markdown."""
        return f"{self.metadata}\n# {self.title}\n\n{PURPOSE}\n\n{self.body}"

    @property
    def html(self) -> str:
        """Gives the card as a page of HTML, whole in itself, without the metadata."""
        return render(ReportPage(title=self.title, source=PURPOSE, prose=to_html(self.body)))


def model_card(evidence: Evidence) -> Card:
    """Writes the champion's card.

    Args:
        evidence: what is known of the models and of the data.

    Returns:
        The card.
    """
    return Card(
        metadata=metadata(evidence),
        title=f"Model card: {evidence.comparison.champion.model}",
        body="\n\n".join(section(evidence) for section in SECTIONS) + "\n",
    )
