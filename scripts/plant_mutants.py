#!/usr/bin/env python3
"""Plants every bug of Tests/Simulation/Mutants/mutants.txt into a copy of the sources.

    plant_mutants.py FOLDER      copy what the simulation is built of, with all bugs, each behind a switch
    plant_mutants.py --list      a line for each: number, seed, name
    plant_mutants.py --found FILE   write the seeds of FILE, lines of number and seed, into the list
"""
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "Tests/Simulation/Mutants/mutants.txt"

# Which bug is on is the program's own argument: the engine's modules read no environment.
SWITCH = """\
let plantedBug = CommandLine.arguments.lazy.compactMap { argument in
  argument.hasPrefix("mutant=") ? Int(argument.dropFirst(7)) : nil
}.first
"""


def mutants():
    for block in LIST.read_text().split("\n=== ")[1:]:
        head, body = block.split("\n", 1)
        number, name = head.split(" ", 1)
        text, mutated = body.split("--- mutated\n")
        facts, original = text.split("--- original\n")
        fields = dict(line.split(" ", 1) for line in facts.splitlines() if line)
        yield {
            "number": int(number), "name": name, "file": fields["file"], "seed": int(fields["seed"]),
            "original": original.rstrip("\n"), "mutated": mutated.rstrip("\n"),
        }


def plant(folder):
    folder = Path(folder)
    shutil.copytree(ROOT / "Sources", folder / "Sources")
    shutil.copytree(ROOT / "Tests/Simulation", folder / "Tests/Simulation")
    shutil.copy(ROOT / "Package.swift", folder)
    modules = set()
    for mutant in mutants():
        path = folder / mutant["file"]
        text = path.read_text()
        if text.count(mutant["original"]) != 1:
            sys.exit(f"{mutant['number']} {mutant['name']}: its original text is not once in {mutant['file']}")
        switched = re.sub(r"\bMUTANT\b", f"(plantedBug == {mutant['number']})", mutant["mutated"])
        path.write_text(text.replace(mutant["original"], switched))
        modules.add(Path(*Path(mutant["file"]).parts[:2]))
    for module in modules:
        (folder / module / "PlantedBug.swift").write_text(SWITCH)


def write_found(path):
    found = dict(map(int, line.split()) for line in Path(path).read_text().splitlines())
    text = LIST.read_text()
    for number, seed in found.items():
        text = re.sub(rf"(?m)^(=== {number} .*\nfile .*\n)seed \d+$", rf"\g<1>seed {seed}", text)
    LIST.write_text(text)


def main():
    if sys.argv[1] == "--list":
        for mutant in mutants():
            print(mutant["number"], mutant["seed"], mutant["name"])
    elif sys.argv[1] == "--found":
        write_found(sys.argv[2])
    else:
        plant(sys.argv[1])


main()
