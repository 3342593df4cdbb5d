#!/usr/bin/env python3
"""Makes test files of ANSI/NIST-ITL from a real one: other people's names, the same images.

    make_nst.py --source REAL.eft --folder OUT --count 20 [--broken 4] [--seed 7]

Each file differs in its control number (1.009) and in fields of its first Type-2 record, so each has a hash of its
own. Of the count, `--broken` are damaged. OUT/manifest.json says of each what a reader must find:

    {"person-0001.nst": {"sha256": "…", "expected": "ok"}, "person-0002.nst": {…, "expected": "empty"}}

The same arguments make the same bytes.
"""
import argparse
import hashlib
import json
import pathlib
import random
import sys

FS, GS, RS, US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"
NAMES = ["ANA", "BRUNO", "CARLA", "DAVI", "ELISA", "FÁBIO", "GILDA", "HUGO", "ÍRIS", "JOÃO"]
FAMILIES = ["SILVA", "SOUZA", "LIMA", "MACUXI", "WAPICHANA", "MOURA", "REIS", "CONCEIÇÃO"]


class Tagged:
    """A record of tagged fields without an image: Type-1 and Type-2."""

    def __init__(self, data: bytes, start: int):
        tag, rest = data[start:start + 40].split(b":", 1)
        length = int(rest.split(GS)[0].split(FS)[0])
        record = data[start:start + length]
        if not record.endswith(FS) or len(record) != length:
            sys.exit(f"The record at byte {start} does not end where its LEN says.")
        self.type = tag.split(b".")[0]
        self.fields = [field.split(b":", 1) for field in record[:-1].split(GS)]
        self.end = start + length

    def number(self, field) -> int:
        return int(field[0].split(b".")[1])

    def set(self, number: int, value: bytes):
        for field in self.fields:
            if self.number(field) == number:
                field[1] = value
                return
        tag = self.type + b".%03d" % number
        places = [place for place, field in enumerate(self.fields) if self.number(field) > number]
        self.fields.insert(places[0] if places else len(self.fields), [tag, value])

    def get(self, number: int) -> bytes:
        return next((field[1] for field in self.fields if self.number(field) == number), b"")

    def bytes(self) -> bytes:
        width = 1
        while True:
            self.fields[0][1] = b"0" * width
            length = len(GS.join(b":".join(field) for field in self.fields) + FS)
            if len(str(length)) <= width:
                break
            width += 1
        self.fields[0][1] = str(length).encode()
        return GS.join(b":".join(field) for field in self.fields) + FS


def person(source: bytes, number: int, chance: random.Random) -> bytes:
    first = Tagged(source, 0)
    second = Tagged(source, first.end)
    if second.type != b"2":
        sys.exit("The second record of the source must be of Type-2.")
    first.set(9, b"MAKE-NST-%06d" % number)
    # The names have letters beyond ASCII, so the file must say that it is UTF-8.
    first.set(15, b"003" + US + b"UTF-8")
    name = f"{chance.choice(FAMILIES)},{chance.choice(NAMES)} {chance.choice(FAMILIES)}"
    born = f"{chance.randint(1940, 2007)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    second.set(18, name.encode())
    second.set(22, born.encode())
    second.set(59, str(chance.randint(10**10, 10**11 - 1)).encode())
    return first.bytes() + second.bytes() + source[second.end:]


def wrong_content(data: bytes) -> bytes:
    first = Tagged(data, 0)
    rest = data[first.end:]
    head, *others = first.get(3).split(RS)
    kind, count = head.split(US)
    first.set(3, RS.join([kind + US + str(int(count) + 1).encode(), *others]))
    return first.bytes() + rest


# What is done to a file, and the fault that a reader must name (docs/nist.md).
DAMAGES = [
    ("empty", lambda data: b""),
    ("length-beyond-end", lambda data: data[:-1]),
    ("content-mismatch", wrong_content),
    ("trailing-bytes", lambda data: data + b"\n"),
    ("not-nist", lambda data: b"%PDF-1.7\n" + data),
    ("length-not-number", lambda data: data.replace(b"1.001:", b"1.001:x", 1)),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=pathlib.Path, required=True, help="a real file, with a Type-2 record")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where the files go; it is made")
    parser.add_argument("--count", type=int, default=20, help="of all files")
    parser.add_argument("--broken", type=int, default=0, help="how many of them are damaged")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not 0 <= arguments.broken <= arguments.count <= 1_000_000:
        parser.error("--broken must not exceed --count, which is at most 1,000,000")
    chance = random.Random(arguments.seed)
    source = arguments.source.read_bytes()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    broken = set(chance.sample(range(arguments.count), arguments.broken))
    manifest, damaged = {}, 0
    for number in range(arguments.count):
        data, expected = person(source, number, chance), "ok"
        if number in broken:
            expected, damage = DAMAGES[damaged % len(DAMAGES)]
            data, damaged = damage(data), damaged + 1
        name = f"person-{number + 1:04}.nst"
        (arguments.folder / name).write_bytes(data)
        manifest[name] = {"sha256": hashlib.sha256(data).hexdigest(), "expected": expected}
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (arguments.folder / "manifest.json").write_text(text, encoding="utf-8")
    print(f"{arguments.count} files, {damaged} of them damaged, in {arguments.folder}")


if __name__ == "__main__":
    main()
