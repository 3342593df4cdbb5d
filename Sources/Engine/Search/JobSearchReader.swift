internal import Model

/// Parts a search into terms: where they begin, what stands before the colon and what behind it.
struct JobSearchReader {
  private let text: [Unicode.Scalar]
  private var place = 0

  init(_ text: String) { self.text = Array(text.unicodeScalars) }

  /// A term whose words are not understood yet.
  struct Raw {
    var offset: Int
    var isNegated: Bool
    /// Nil: a word alone.
    var key: String?
    var values: [Value]
  }

  struct Value {
    var offset: Int
    /// Between stars that stood outside of quotes.
    var parts: [String]
    var text: String { parts.joined(separator: "*") }
    var pattern: TextPattern { TextPattern(parts: parts) }
  }

  mutating func next() throws(JobSearch.Fault) -> Raw? {
    while place < text.count, text[place].isSpace { place += 1 }
    guard place < text.count else { return nil }
    let start = place
    let isNegated = text[place] == "-"
    if isNegated { place += 1 }
    let key = word()
    var values = [try value(takesCommas: key == nil)]
    while key != nil, place < text.count, text[place] == "," {
      place += 1
      guard values.count < JobSearch.mostValues else { throw Self.tooMany(place) }
      values.append(try value(takesCommas: false))
    }
    if key == nil {
      guard values[0].parts.count == 1 else { throw Self.star(start) }
      guard !values[0].text.isEmpty else { throw Self.nothing(start) }
    }
    return Raw(offset: start, isNegated: isNegated, key: key, values: values)
  }

  /// What stands before a colon, if only letters and `_` do.
  private mutating func word() -> String? {
    let letters = text[place...].prefix { $0.isASCII && ($0.properties.isAlphabetic || $0 == "_") }
    guard !letters.isEmpty, letters.endIndex < text.count, text[letters.endIndex] == ":" else { return nil }
    place = letters.endIndex + 1
    return String(String.UnicodeScalarView(letters))
  }

  /// Up to a space or, outside of quotes, a comma.
  private mutating func value(takesCommas: Bool) throws(JobSearch.Fault) -> Value {
    var value = Value(offset: place, parts: [])
    var part = String.UnicodeScalarView()
    while place < text.count, !text[place].isSpace, takesCommas || text[place] != "," {
      let scalar = text[place]
      if scalar == "\"" {
        part.append(contentsOf: try quoted())
      } else if scalar == "*" {
        value.parts.append(String(part))
        part = .init()
        place += 1
      } else {
        guard !scalar.isControl else { throw Self.control(place) }
        part.append(scalar)
        place += 1
      }
    }
    value.parts.append(String(part))
    return value
  }

  /// Behind a backslash a quote or a backslash stands for itself.
  private mutating func quoted() throws(JobSearch.Fault) -> String.UnicodeScalarView {
    let start = place
    var inside = String.UnicodeScalarView()
    place += 1
    while place < text.count {
      var scalar = text[place]
      if scalar == "\"" {
        place += 1
        return inside
      }
      if scalar == "\\", place + 1 < text.count, ["\"", "\\"].contains(text[place + 1]) {
        place += 1
        scalar = text[place]
      }
      guard !scalar.isControl else { throw Self.control(place) }
      inside.append(scalar)
      place += 1
    }
    throw JobSearch.Fault(
      start, Bilingual("This quote has no end.", pt: "Estas aspas não têm fim."))
  }

  private static func control(_ place: Int) -> JobSearch.Fault {
    JobSearch.Fault(
      place,
      Bilingual(
        "A control character is no part of a search.", pt: "Um caractere de controle não cabe numa busca."))
  }

  private static func tooMany(_ place: Int) -> JobSearch.Fault {
    JobSearch.Fault(
      place,
      Bilingual(
        "A term has at most \(JobSearch.mostValues) values.",
        pt: "Um termo tem no máximo \(JobSearch.mostValues) valores."))
  }

  private static func star(_ place: Int) -> JobSearch.Fault {
    JobSearch.Fault(
      place,
      Bilingual(
        "A star stands only behind a name and a colon, such as pipeline:sales*.",
        pt: "Um asterisco só vale depois de um nome e dois-pontos, como pipeline:vendas*."))
  }

  private static func nothing(_ place: Int) -> JobSearch.Fault {
    JobSearch.Fault(place, Bilingual("Nothing is searched for here.", pt: "Aqui não se busca nada."))
  }
}

extension Unicode.Scalar {
  fileprivate var isSpace: Bool { self == " " || self == "\t" || self == "\n" || self == "\r" }
  fileprivate var isControl: Bool { value < 0x20 || value == 0x7F }
}
