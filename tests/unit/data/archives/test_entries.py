import sys

from unmask.data.archives.entries import Entries, Entry

ENTRIES = [
    Entry("real/b.jpg", header_offset=0, stored_bytes=5, bytes=9, crc=2**32 - 1, method=8, flags=0x800),
    Entry("fake/\u00e9\u4e2d.jpg", header_offset=2**40, stored_bytes=1, bytes=1, crc=0, method=0, flags=1),
    Entry("fake/a.jpg", header_offset=7, stored_bytes=2**33, bytes=2**33, crc=1, method=0, flags=0),
]


def collected(items):
    entries = Entries()
    for item in items:
        entries.append(item)
    return entries


def test_gives_back_what_was_put_in_in_its_order():
    entries = collected(ENTRIES)
    assert list(entries) == ENTRIES
    assert (len(entries), entries[1], list(entries.names())) == (3, ENTRIES[1], [entry.name for entry in ENTRIES])


def test_sorts_names_as_text_is_sorted():
    assert list(collected(ENTRIES).sorted_by_name()) == sorted(ENTRIES)


def test_takes_some_of_those_taken_before_also_twice():
    taken = collected(ENTRIES).sorted_by_name().take([2, 0, 0])
    assert [entry.name for entry in taken] == ["real/b.jpg", "fake/a.jpg", "fake/a.jpg"]
    assert list(taken.take([1]).names()) == ["fake/a.jpg"]
    assert len(taken.take([])) == 0


def test_takes_a_third_of_the_memory_of_tuples():
    names = [f"set/train/real/{number:05d}.jpg" for number in range(10_000)]
    many = [Entry(name, 2**32 + number, 2**10, 2**10, 2**31, 0, 0) for number, name in enumerate(names)]
    entries = collected(many)
    columns = (*entries.numbers, entries.name_ends)
    held = len(entries.characters) + sum(column.itemsize * len(column) for column in columns)
    assert held < sum(sys.getsizeof(entry) + sys.getsizeof(entry.name) + 3 * sys.getsizeof(2**32) for entry in many) / 3
