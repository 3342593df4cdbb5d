"""Writes small PDF files: lines of text on A4 pages, in the one font that every reader has."""

import zlib

LINES_A_PAGE = 50
ESCAPED = {ord("\\"): r"\\", ord("("): r"\(", ord(")"): r"\)"}


def content(lines):
    """One page's drawing operators: a font, a line height, and a line each."""
    drawn = b"".join(b"(%s) Tj T*\n" % line.translate(ESCAPED).encode("cp1252", "replace") for line in lines)
    return b"BT\n/F1 11 Tf\n14 TL\n56 780 Td\n" + drawn + b"ET\n"


def stream(data):
    packed = zlib.compress(data, 9)
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)


def text(value):
    return b"(" + value.translate(ESCAPED).encode("cp1252", "replace") + b")"


def document(title, lines):
    """A whole PDF 1.4 file, the same bytes for the same lines."""
    pages = [lines[start:start + LINES_A_PAGE] for start in range(0, max(len(lines), 1), LINES_A_PAGE)]
    first = 5                                              # 1 catalog, 2 pages, 3 font, 4 information
    numbers = [first + 2 * place for place in range(len(pages))]
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(b"%d 0 R" % one for one in numbers)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title %s >>" % text(title),
    ]
    for number, page in zip(numbers, pages):
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
                       b"/Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (number + 1))
        objects.append(stream(content(page)))
    file, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(file)
