import Engine
import Model

@testable import Connectors

extension Refused {
  /// Connectors that take nothing but values: what they refuse is what their schema says.
  static let plain: [Refused] = notices + failures + texts

  private static let notices: [Refused] = [
    ("nobody", ["title": "T"]), ("no title", ["to": ["a"]]),
    ("a person who is a number", ["to": [1], "title": "T"]),
    ("people in a map", ["to": ["a": "b"], "title": "T"]), ("null for whom", ["to": .null, "title": "T"]),
    ("a title that is a list", ["to": "a", "title": []]),
    ("a text that is a map", ["to": "a", "title": "T", "text": [:]]),
    ("an unknown key", ["to": "a", "title": "T", "channel": "x"]),
    ("a ticket that is a word", ["to": "a", "title": "T", "open_ticket": "yes"]),
    ("a key that is a number", ["to": "a", "title": "T", "dedupe_key": 1]),
  ].map { Refused("notify", $0, $1) }

  private static let failures: [Refused] = [
    ("no message", [:]), ("a message that is null", ["message": .null]),
    ("a message that is a number", ["message": 1]),
    ("a message that is a list", ["message": ["x"]]),
    ("a class that is none", ["message": "m", "class": "fatal"]),
    ("a class in capitals", ["message": "m", "class": "DATA"]),
    ("a code with a blank", ["message": "m", "code": "a b"]),
    ("a code in capitals", ["message": "m", "code": "Bad"]),
    ("a code that begins with a digit", ["message": "m", "code": "1a"]),
    ("a code of 64 letters", ["message": "m", "code": .string(String(repeating: "a", count: 64))]),
    ("an unknown key", ["message": "m", "retry": true]),
  ].map { Refused("fail", $0, $1) }

  private static let texts: [Refused] = [
    Refused("text.extract", "no rules", ["text": "x"]),
    Refused("text.extract", "rules that there are not", ["rules": "us_sec", "text": "x"]),
    Refused("text.extract", "a text that is a number", ["rules": "br_regulatory", "text": 1]),
    Refused("text.extract", "a page that is a list", ["rules": "br_regulatory", "html": []]),
    Refused("text.extract", "a title that is a number", ["rules": "br_regulatory", "text": "x", "title": 1]),
    Refused("text.extract", "a text that is null", ["rules": "br_regulatory", "text": .null]),
    Refused("text.extract", "an unknown key", ["rules": "br_regulatory", "text": "x", "language": "pt"]),
    Refused("text.extract", "no text", ["rules": "br_regulatory"], .configuration, "text-extract-source"),
    Refused(
      "text.extract", "a text and a page", ["rules": "br_regulatory", "text": "x", "html": "<p>x"],
      .configuration,
      "text-extract-source"),
    Refused(
      "text.extract", "a title alone", ["rules": "br_regulatory", "title": "x"], .configuration,
      "text-extract-source"),
  ]
}
