import API
import Engine
import Model

/// A search that cannot be read, with the character where it goes wrong.
struct InvalidSearch: Error {
  var search: String
  var fault: JobSearch.Fault
  var language: Language

  var problem: Problem {
    let place = fault.offset + 1
    return Problem(
      "invalid-search",
      Bilingual(
        "The search is wrong at character \(place): \(fault.message.english)",
        pt: "A busca está errada no caractere \(place): \(fault.message.portuguese)"))
  }

  var item: FindingItem {
    FindingItem(
      code: "invalid-search", message: fault.message[language], pointer: "/q", line: 1,
      column: fault.offset + 1,
      rendered: "\(search)\n\(String(repeating: " ", count: fault.offset))^ \(fault.message[language])")
  }
}
