import Testing

@Suite("Words are those of the glossary", .timeLimit(.minutes(1)))
struct WordTests {
  /// Synonyms that `docs/glossary.md` gives up, and the word to use.
  static let synonyms = [
    "flow": "pipeline", "workflow": "pipeline", "dag": "pipeline", "sensor": "trigger", "plugin": "connector",
    "manager": "an agent noun", "helper": "its subject", "util": "its subject",
    "utils": "its subject", "impl": "its subject",
  ]

  @Test("no declaration uses a word that the glossary gives up")
  func names() throws {
    let name = try Regex(
      #"\b(?:struct|enum|class|actor|protocol|func|var|let|case|typealias) ([A-Za-z_][A-Za-z0-9_]*)"#,
      as: (Substring, Substring).self)
    var faults: [String] = []
    for file in Repository.sources {
      for (number, line) in file.code.enumerated() {
        for match in line.matches(of: name) {
          for word in Self.words(of: match.output.1) {
            guard let better = Self.synonyms[word] else { continue }
            faults.append("\(file.path):\(number + 1) \(match.output.1): write \(better)")
          }
        }
      }
    }
    expectNone(faults, "The words are in docs/glossary.md.")
  }

  /// The same for texts in Portuguese.
  static let portugueseSynonyms = [
    "etapa", "etapas", "tarefa", "tarefas", "fluxo", "da Esteira",
  ]

  @Test("no text in Portuguese uses a word that the glossary gives up")
  func portuguese() {
    var faults: [String] = []
    for file in Repository.sources {
      for (number, line) in file.lines.enumerated() {
        for word in Self.portugueseSynonyms where HouseRule(text: word, instead: "").matches(line) {
          faults.append("\(file.path):\(number + 1) has \(word)")
        }
      }
    }
    expectNone(faults, "The words are in docs/glossary.md: passo, job, pipeline (o), credencial.")
  }

  @Test("the glossary lists every synonym that is given up")
  func glossary() {
    let text = Repository.text("docs/glossary.md").lowercased()
    expectNone(Self.synonyms.keys.sorted().filter { !text.contains($0) }, "Add it to docs/glossary.md.")
  }

  /// `overflowCount` is `overflow`, `count`; `DAGReader` is `dag`, `reader`.
  static func words(of name: Substring) -> [String] {
    var words: [String] = []
    var word = ""
    let letters = Array(name)
    for (index, letter) in letters.enumerated() {
      let before = index > 0 ? letters[index - 1] : "_"
      let after = index + 1 < letters.count ? letters[index + 1] : "_"
      let begins = letter.isUppercase && (!before.isUppercase || after.isLowercase)
      if begins || !letter.isLetter {
        if !word.isEmpty { words.append(word.lowercased()) }
        word = ""
      }
      if letter.isLetter { word.append(letter) }
    }
    return word.isEmpty ? words : words + [word.lowercased()]
  }
}
