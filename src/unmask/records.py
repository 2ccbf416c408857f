"""The records that pass between stages, and the meaning of label, score and split.

Label 1 = fake, 0 = real. A score is P(fake), in [0, 1]. Models return logits. An upstream order (Kaggle's CSVs say
1 = real; Keras sorts folders, so fake = 0) is converted where data enters, in `data/archives/`, and nowhere else.
"""

from dataclasses import dataclass

REAL = 0
FAKE = 1
LABEL_NAMES = {REAL: "real", FAKE: "fake"}

SAMPLE_NAME = "unmask/sample"  # of the data set that this project draws

TRAIN = "train"
VALIDATION = "validation"
TEST = "test"
SPLITS = (TRAIN, VALIDATION, TEST)

RECORD_COLUMNS = (
    "member",  # path inside the archive
    "label",  # 0 or 1
    "group",  # images of one group stay in one split: a source video; empty where the archive names none
    "upstream_split",  # train, validation, test, or empty
    "bytes",  # of the encoded image
    "sha256",  # of the encoded image
    "width",  # pixels, as shown (after EXIF rotation)
    "height",
    "format",  # JPEG, PNG, WEBP
    "mode",  # Pillow's mode before conversion to RGB
    "jpeg_quality",  # 1 to 100, estimated from the quantisation tables; empty for other formats
)
REJECT_COLUMNS = ("member", "reason")
COPY_COLUMNS = (  # two images that show the same picture
    "left",  # members; left sorts before right
    "right",
    "kind",  # exact (equal bytes), near, mirrored, cropped
    "distance_bits",  # of 256, between the hashes by which they were found
    "similarity",  # correlation of their details, at most 1
)
SPLIT_COLUMNS = ("member", "label", "group", "sha256")
PREDICTION_COLUMNS = (
    "member",
    "label",
    "score",  # calibrated
    "cluster",  # the first member of those it belongs with: one video, copies of one picture; itself where it is alone
)


@dataclass(frozen=True)
class Source:
    """Where a data set came from.

    Attributes:
        name: the data set's name, such as "xhlulu/140k-real-and-fake-faces".
        version: the upstream version, or empty.
        url: a page about it, or empty.
        licence: its terms, in a few words.
        archive: the name of the one zip file in the target folder.
        bytes: of the zip.
        sha256: of the zip, in hexadecimal.
    """

    name: str
    version: str
    url: str
    licence: str
    archive: str
    bytes: int
    sha256: str
