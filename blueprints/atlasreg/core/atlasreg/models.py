"""Who classifies and who finds names: rules always; BERTimbau and spaCy where their weights are on this machine.

Nothing is ever downloaded. BERTIMBAU_PATH names a folder with a fine-tuned sequence classifier whose labels are the
event types; SPACY_MODEL a folder with a pipeline that has `ner`. What a path names and is not there is a fault that
is told, not a silent return to the rules.
"""

import functools
import os

from atlasreg import rules
from atlasreg.settings import get_settings

LONGEST = 2000
KINDS = {"PER": "PERSON", "PERSON": "PERSON", "ORG": "ORG"}


class Rules:
    name = "rules"

    def classify(self, title, text):
        return rules.classify(title, text)

    def entities(self, text):
        return rules.entities(text)


class Bertimbau:
    """A classifier by Hugging Face's transformers."""

    name = "bertimbau"

    def __init__(self, path):
        import transformers
        self.run = transformers.pipeline(
            "text-classification", model=path, tokenizer=path, truncation=True, local_files_only=True)

    def classify(self, title, text):
        found = self.run(f"{title}\n{text}"[:LONGEST])[0]
        if found["label"] not in rules.TYPES:
            raise ValueError(f"the model says {found['label']!r}, which is none of {', '.join(rules.TYPES)}")
        return found["label"], round(float(found["score"]), 4)


class Spacy:
    """Persons and organisations by spaCy, beside what rules find: they alone check digits and amounts."""

    name = "spacy"

    def __init__(self, path):
        import spacy
        self.run = spacy.load(path)

    def entities(self, text):
        found = rules.entities(text)
        for span in self.run(text).ents:
            kind, end = KINDS.get(span.label_), span.start_char + len(span.text)
            if kind and all(end <= one.start or one.start + len(one.text) <= span.start_char for one in found):
                found.append(rules.Entity(kind, span.text, 0.85, span.start_char))
        return sorted(found, key=lambda entity: entity.start)


def _at(path, name, make):
    if not path:
        return Rules()
    if not os.path.isdir(path):
        raise FileNotFoundError(f"{name} is {path!r}, and there is no such folder")
    return make(path)


@functools.cache
def classifier():
    return _at(get_settings().bertimbau_path, "BERTIMBAU_PATH", Bertimbau)


@functools.cache
def extractor():
    return _at(get_settings().spacy_model, "SPACY_MODEL", Spacy)
