"""Makes one file of a warehouse's columns from statements in PDF; stands in for `transform.pdf` with template amplis.

Reads `{part}` from ESTEIRA_DATA and `pdf.zip` from ESTEIRA_FILES; leaves `statements.csv`. It reads the text of
simple PDF files: plain or deflated streams, fonts in WinAnsi, text by Tj, TJ and '. Files with object streams,
encryption, other fonts or scanned pages need the connector; they end in exit 65, never in half a text.
"""

import csv
import datetime
import json
import os
import re
import sys
import zipfile
import zlib

OBJECT = re.compile(rb"(?:^|\s)([0-9]+)\s+0\s+obj\b(.*?)\bendobj", re.DOTALL)
STREAM = re.compile(rb"<<(.*?)>>\s*stream\r?\n", re.DOTALL)
LENGTH = re.compile(rb"/Length\s+([0-9]+)(?!\s+[0-9]+\s+R)")
# Strings, arrays of strings, names, numbers and operators of a page's content.
TOKEN = re.compile(rb"\((?:[^()\\]|\\.)*\)|\[(?:\\.|\((?:[^()\\]|\\.)*\)|[^\]])*\]|/[^\s/\[(]+|[^\s()\[\]/]+", re.DOTALL)
PIECE = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)
PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
LINE_ENDS = {b"Td", b"TD", b"T*", b"Tm", b"'", b'"', b"ET"}
LONGEST_TEXT = 16 * 1024 * 1024
LARGEST_FILE = 64 * 1024 * 1024
TEMPLATE = {
    "account": re.compile(r"^Conta: ([a-z]+) \(", re.MULTILINE),
    "date": re.compile(r"^Data: ([0-9]{2}/[0-9]{2}/[0-9]{4})$", re.MULTILINE),
    "positions": re.compile(r"^Posições: ([0-9]+)$", re.MULTILINE),
    "total": re.compile(r"^Valor total: R\$ (-?[0-9]{1,3}(?:\.[0-9]{3})*,[0-9]{2})$", re.MULTILINE),
}


class Wrong(Exception):
    pass


def letters(string):
    def one(found):
        code = found[1]
        if code[:1].isdigit():
            return bytes([int(code, 8) & 0xFF])
        return b"" if code.strip(b"\r\n") == b"" else PLAIN.get(code, code)
    return ESCAPE.sub(one, string[1:-1]).decode("cp1252", "replace")


def unpacked(body):
    """The content of a stream object, or nothing where the object has no stream."""
    found = STREAM.search(body)
    if not found:
        return b""
    length = LENGTH.search(found[1])
    if not length:
        raise Wrong("a stream says its length elsewhere")
    data = body[found.end():found.end() + int(length[1])]
    if b"/Filter" not in found[1]:
        return data
    if not re.search(rb"/Filter\s*\[?\s*/FlateDecode\s*\]?\s*(?:/|$)", found[1].rstrip()):
        raise Wrong("a stream is packed in another way than FlateDecode")
    try:
        return zlib.decompressobj().decompress(data, LONGEST_TEXT)
    except zlib.error as error:
        raise Wrong(f"a stream is damaged: {error}") from None


def text_of(content):
    lines, line, last = [], "", b""
    for token in TOKEN.findall(content):
        if token in LINE_ENDS:
            if line:
                lines.append(line)
            line = letters(last) if token in (b"'", b'"') and last[:1] == b"(" else ""
        elif token == b"Tj" and last[:1] == b"(":
            line += letters(last)
        elif token == b"TJ" and last[:1] == b"[":
            line += "".join(letters(piece) for piece in PIECE.findall(last))
        last = token
    return "\n".join(lines + [line] if line else lines)


def text(file):
    if not file.startswith(b"%PDF-") or b"%%EOF" not in file[-1024:]:
        raise Wrong("it is no whole PDF file")
    if b"/Encrypt" in file or b"/ObjStm" in file:
        raise Wrong("it is encrypted, or has object streams")
    objects = {int(number): body for number, body in OBJECT.findall(file)}
    pages = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    drawn = [int(number) for page in pages for number in re.findall(rb"/Contents\s+([0-9]+)\s+0\s+R", page)]
    if not drawn or not all(number in objects for number in drawn):
        raise Wrong("it has no page whose content can be read")
    return "\n".join(text_of(unpacked(objects[number])) for number in drawn)


def statement(file):
    written = text(file)
    values = {}
    for key, pattern in TEMPLATE.items():
        found = pattern.findall(written)
        if len(found) != 1:
            raise Wrong(f"it says {key} {len(found)} times")
        values[key] = found[0]
    values["date"] = datetime.datetime.strptime(values["date"], "%d/%m/%Y").date().isoformat()
    values["total"] = values["total"].replace(".", "").replace(",", ".")
    return values


def statements_of(path):
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.file_size > LARGEST_FILE:
                raise Wrong(f"{entry.filename} has {entry.file_size} bytes, more than {LARGEST_FILE}")
            try:
                yield statement(archive.read(entry))
            except (Wrong, ValueError) as wrong:
                raise Wrong(f"{entry.filename}: {wrong}") from None


with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    order = json.load(file)
try:
    statements = list(statements_of(os.path.join(os.environ["ESTEIRA_FILES"], "pdf.zip")))
except (Wrong, zipfile.BadZipFile) as error:
    print(error, file=sys.stderr)
    sys.exit(65)
with open(os.path.join(os.environ["ESTEIRA_ARTIFACTS"], "statements.csv"), "w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["part", *TEMPLATE])
    writer.writerows([order["part"], *one.values()] for one in statements)
print(f"{len(statements)} statements")
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"rows": len(statements), "totals": {one["date"]: one["total"] for one in statements}}, file)
