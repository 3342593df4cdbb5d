#!/usr/bin/env python3
"""Writes a small file of ANSI/NIST-ITL without an image: a source for make_nst.py where there is no real one.

    minimal_nst.py OUT.nst [--mark TEXT] [--without-type]

`--without-type` leaves out 1.004, the type of the transaction: a file that can be read and that the register refuses.
"""
import argparse
import pathlib

FS, GS, RS, US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"


def record(type: int, fields: list[tuple[int, bytes]]) -> bytes:
    """A record with its length in front, which counts its own digits."""
    rest = b"".join(GS + b"%d.%03d:%s" % (type, number, value) for number, value in fields) + FS
    head = b"%d.001:" % type
    length = len(head) + len(rest) + 1
    while length != len(head) + len(b"%d" % length) + len(rest):
        length = len(head) + len(b"%d" % length) + len(rest)
    return head + b"%d" % length + rest


def file(mark: str, has_type: bool) -> bytes:
    """Type-1 and Type-2."""
    transaction = [(2, b"0502"), (3, b"1" + US + b"1" + RS + b"2" + US + b"00")]
    if has_type:
        transaction.append((4, b"SYN"))
    transaction += [
        (5, b"20261120"), (7, b"SYNTHETIC"), (8, b"ESTEIRA"), (9, mark.encode()), (11, b"00.00"), (12, b"00.00")]
    return record(1, transaction) + record(2, [(2, b"00"), (3, mark.encode())])


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--mark", default="MINIMAL")
    parser.add_argument("--without-type", action="store_true")
    options = parser.parse_args()
    options.out.write_bytes(file(options.mark, not options.without_type))


if __name__ == "__main__":
    main()
