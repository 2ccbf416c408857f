"""One archive that holds everything at once: what is honest is read, and each of the rest is named with its reason."""

import pandas as pd

from unmask.artifacts import write_csv
from unmask.config import IndexConfig
from unmask.data.index import index_archive

CONFIG = IndexConfig(workers=1, max_pixels=1_000_000, max_reject_share=1.0)


def test_each_hostile_member_is_a_reject_with_a_printable_name_and_its_reason(forge, forged, make_image, tmp_path):
    picture = make_image()
    path = forge(
        forged("real/a.jpg", picture),
        forged("fake/A.jpg", picture),
        forged("fake/a.jpg", picture),
        forged("fake/\u7b11\u9854.png", make_image(format="PNG"), method=8),
        forged("../fake/climbs.jpg", picture),
        forged("/fake/absolute.jpg", picture),
        forged("C:/fake/drive.jpg", picture),
        forged("fake/bomb.jpg", bytes(10_000_000), method=8),
        forged("fake/crc.jpg", picture, central={"crc": 1}, local={"crc": 1}),
        forged("fake/disagrees.jpg", picture, local={"name": b"fake/disagrexs.jpg"}),
        forged("fake/line\nend.jpg", picture),
        forged("fake/link.jpg", b"/etc/passwd", mode=0o120777),
        forged("fake/page.jpg", b"<html></html>"),
        forged("fake/inner.zip", b"PK\x05\x06" + bytes(18)),
        forged(b"fake/\xff.jpg", picture, flags=0x800),
        forged("d/" * 10_000 + "fake/deep.jpg", picture),
        honest=False,
    )
    index = index_archive(path, CONFIG)
    assert index.records["member"].tolist() == ["fake/A.jpg", "fake/a.jpg", "fake/\u7b11\u9854.png", "real/a.jpg"]
    reasons = dict(zip(index.rejects["member"], index.rejects["reason"], strict=True))
    deep = next(name for name in reasons if name.startswith("d/"))
    assert {name: reason.split(":")[0] for name, reason in reasons.items()} == {
        "../fake/climbs.jpg": "its name climbs out of its folder",
        "/fake/absolute.jpg": "its name is an absolute path",
        "C:/fake/drive.jpg": "its name is an absolute path",
        deep: "its name is longer than the 1000 characters allowed",
        "fake/\\xff.jpg": "its name is not the UTF-8 that it claims to be",
        "fake/bomb.jpg": "not a JPEG, PNG, WEBP image",
        "fake/crc.jpg": "damaged in the archive",
        "fake/disagrees.jpg": "damaged in the archive",
        "fake/inner.zip": "not a JPEG, PNG, WEBP image",
        "fake/line\\nend.jpg": "its name holds control characters",
        "fake/link.jpg": "a link or a device, not a file",
        "fake/page.jpg": "not a JPEG, PNG, WEBP image",
    }
    write_csv(tmp_path / "rejects.csv", index.rejects)
    assert len((tmp_path / "rejects.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(reasons)
    assert pd.read_csv(tmp_path / "rejects.csv")["member"].tolist() == list(reasons)
