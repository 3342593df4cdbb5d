"""Makes one file of a warehouse's columns from the CSV files of a source; stands in for `transform.csv`.

Reads `{part, checkpoint_every, checkpoints, hold}` from ESTEIRA_DATA, and from ESTEIRA_FILES `csv.zip` and the schema
`positions.json`; exit 78 where the schema has a word that is not checked here, for it would be an empty promise.
Leaves `positions.csv`: UTF-8, `part` and the schema's columns, decimals with a point, days as 2026-11-20.

Every `checkpoint_every` lines it writes down, in the folder `checkpoints` under the step's key, which line comes next
and how long the output is. Another attempt of the same step cuts the output there and goes on: no line is lost, none
is there twice. `hold` is for a demonstration: the first checkpoint waits there while that named pipe is held.
Exit 65 names the file and line that break the schema.
"""

import csv
import datetime
import decimal
import hashlib
import io
import json
import os
import re
import shutil
import sys
import zipfile

LARGEST_FILE = 512 * 1024 * 1024
DECIMAL = re.compile(r"-?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?")


class Wrong(Exception):
    pass


def date_br(text):
    try:
        return datetime.datetime.strptime(text, "%d/%m/%Y").date().isoformat()
    except ValueError:
        raise Wrong(f"{text!r} is no day such as 20/11/2026") from None


def decimal_br(text):
    if not DECIMAL.fullmatch(text):
        raise Wrong(f"{text!r} is no decimal such as 1.234,50")
    return text.replace(".", "").replace(",", ".")


READS = {"date-br": date_br, "decimal-br": decimal_br}
WORDS = {"x-column", "x-reads", "type", "format", "enum", "pattern", "minLength", "maxLength"}
TOP = {"$schema", "title", "description", "type", "required", "additionalProperties", "properties"}


def schema_from(path):
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    faults = [f"{word} is not checked" for word in set(schema) - TOP]
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        faults.append("it must be an object without additional properties")
    for name, member in schema["properties"].items():
        faults += [f"{name}: {word} is not checked" for word in set(member) - WORDS]
        if not member.get("x-column") or member.get("type") != "string":
            faults.append(f"{name} needs x-column, and the type string")
        if member.get("format", "date") != "date" or member.get("x-reads", "date-br") not in READS:
            faults.append(f"{name}: format is date, x-reads is one of {', '.join(READS)}")
    faults += [f"required names {name}" for name in set(schema["required"]) - set(schema["properties"])]
    if faults:
        print("positions.json: " + "; ".join(sorted(faults)), file=sys.stderr)
        sys.exit(78)
    return schema


def checked(value, member):
    if "enum" in member and value not in member["enum"]:
        raise Wrong(f"{value!r} is none of {', '.join(member['enum'])}")
    if not member.get("minLength", 0) <= len(value) <= member.get("maxLength", len(value)):
        raise Wrong(f"{value!r} has {len(value)} characters")
    if "pattern" in member and not re.search(member["pattern"], value):
        raise Wrong(f"{value!r} does not match {member['pattern']}")
    if member.get("format") == "date":
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            raise Wrong(f"{value!r} is no date") from None
    return value


class Reader:
    """The rows of all files of the archive, one after the other."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "csv.zip")
        self.schema = schema_from(os.path.join(folder, "positions.json"))
        self.columns = {name: member["x-column"] for name, member in self.schema["properties"].items()}

    def identity(self):
        """Of the files and what is asked of them: a checkpoint of others is none of ours."""
        with open(self.path, "rb") as file:
            whole = hashlib.file_digest(file, "sha256")
        whole.update(json.dumps(self.schema, sort_keys=True).encode())
        return whole.hexdigest()

    def rows(self):
        with zipfile.ZipFile(self.path) as archive:
            for entry in archive.infolist():
                if entry.file_size > LARGEST_FILE:
                    raise Wrong(f"{entry.filename} has {entry.file_size} bytes, more than {LARGEST_FILE}")
                with archive.open(entry) as file:
                    lines = csv.reader(io.TextIOWrapper(file, "latin-1", newline=""), delimiter=";", strict=True)
                    head = next(lines, [])
                    if head != list(self.columns.values()):
                        raise Wrong(f"{entry.filename}: the columns are {';'.join(head)}")
                    for cells in lines:
                        yield entry.filename, lines.line_num, cells

    def row(self, name, line, cells):
        """The values of one line in the schema's order; an empty cell is no value."""
        if len(cells) != len(self.columns):
            raise Wrong(f"{name}:{line}: {len(cells)} cells for {len(self.columns)} columns")
        values = {}
        for (key, member), cell in zip(self.schema["properties"].items(), cells):
            try:
                if cell == "" and key in self.schema["required"]:
                    raise Wrong("it is empty")
                read = READS.get(member.get("x-reads"), str)
                values[key] = checked(read(cell), member) if cell else ""
            except Wrong as wrong:
                raise Wrong(f"{name}:{line}: {member['x-column']}: {wrong}") from None
        return values


class Checkpoint:
    """Which line comes next, and what is written so far; nothing where there is no folder for it."""

    def __init__(self, order, identity):
        self.every, self.hold = order["checkpoint_every"], order["hold"]
        self.identity, self.next, self.totals = identity, 0, {}
        folder = order["checkpoints"] or os.environ["ESTEIRA_ARTIFACTS"]
        self.is_kept = bool(order["checkpoints"])
        os.makedirs(folder, exist_ok=True)
        base = os.path.join(folder, os.environ["ESTEIRA_STEP_KEY"])
        self.note = f"{base}.json"
        self.output = open(f"{base}.csv" if self.is_kept else f"{folder}/positions.csv", "a+b")
        length = self.restore() if self.is_kept else 0
        self.output.truncate(length)
        self.output.seek(length)

    def restore(self):
        try:
            with open(self.note, encoding="utf-8") as file:
                kept = json.load(file)
        except (FileNotFoundError, ValueError):
            return 0
        # A note without its output, or of other files, is none: to begin again is always right.
        if kept["identity"] != self.identity or os.path.getsize(self.output.name) < kept["length"]:
            return 0
        self.next, self.totals = kept["next"], {day: decimal.Decimal(text) for day, text in kept["totals"].items()}
        return kept["length"]

    def save(self, following):
        """The output first, then the note of it, each whole on the disk before the next."""
        self.next = following
        if not self.is_kept:
            return
        self.output.flush()
        os.fsync(self.output.fileno())
        note = {"identity": self.identity, "next": following, "length": self.output.tell(),
                "totals": {day: str(total) for day, total in self.totals.items()}}
        with open(f"{self.note}.new", "w", encoding="utf-8") as file:
            json.dump(note, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(f"{self.note}.new", self.note)
        print(f"checkpoint: line {following} is next")
        if self.hold and os.path.exists(self.hold):
            with open(self.hold, "rb") as gate:
                gate.read()

    def finish(self):
        """Copied before it is removed: whoever dies in between begins again, and loses nothing."""
        self.output.close()
        if self.is_kept:
            shutil.copyfile(self.output.name, os.path.join(os.environ["ESTEIRA_ARTIFACTS"], "positions.csv"))
            for path in (self.note, self.output.name):
                if os.path.exists(path):
                    os.remove(path)


def transform(order):
    reader = Reader(os.environ["ESTEIRA_FILES"])
    checkpoint = Checkpoint(order, reader.identity())
    begun = checkpoint.next
    if begun:
        print(f"going on at line {begun}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    count = 0
    if not begun:
        writer.writerow(["part", *reader.columns])
    for name, line, cells in reader.rows():
        count += 1
        if count <= begun:
            continue
        values = reader.row(name, line, cells)
        writer.writerow([order["part"], *values.values()])
        day = values["date"]
        checkpoint.totals[day] = checkpoint.totals.get(day, decimal.Decimal(0)) + decimal.Decimal(values["value"])
        if count % order["checkpoint_every"] == 0:
            checkpoint.output.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
            checkpoint.save(count)
    checkpoint.output.write(text.getvalue().encode())
    checkpoint.finish()
    return {"rows": count, "resumed_at": begun, "totals": {day: str(one) for day, one in checkpoint.totals.items()}}


with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    asked = json.load(file)
try:
    result = transform(asked)
except (Wrong, csv.Error, zipfile.BadZipFile) as error:
    print(error, file=sys.stderr)
    sys.exit(65)
print(f"{result['rows']} lines of {len(result['totals'])} days")
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump(result, file)
