import Engine
import Model
import Net

/// The values of a statement's parameters. They are bound, never written into its text.
struct SQLParameters: Sendable {
  private enum Given: Sendable {
    case named(JSONObject)
    case listed([JSON])
  }

  private let given: Given

  /// A map of names, a list, or nothing.
  init(_ json: JSON?) {
    if let list = json?.array { given = .listed(list) } else { given = .named(json?.object ?? JSONObject()) }
  }

  /// One for each parameter of the statement; one that is missing and one that is not used are errors.
  func values(for parameters: [String?]) throws(Failure) -> [SQLValue] {
    switch given {
    case .named(let values): try named(values, parameters)
    case .listed(let values): try listed(values, parameters)
    }
  }

  private func named(_ values: JSONObject, _ parameters: [String?]) throws(Failure) -> [SQLValue] {
    var (bound, used): ([SQLValue], Set<ScalarString>) = ([], [])
    for parameter in parameters {
      guard let parameter, !parameter.hasPrefix("?") else {
        throw Self.wrong("The statement has parameters without a name; give `parameters` as a list.")
      }
      let name = String(parameter.unicodeScalars.dropFirst())
      guard let value = values[name] else { throw Self.wrong("The parameter `\(parameter)` has no value.") }
      used.insert(ScalarString(name))
      bound.append(SQLValue(value))
    }
    if let extra = values.keys.first(where: { !used.contains(ScalarString($0)) }) {
      throw Self.wrong("The statement does not use the parameter `\(extra.prefix(80))`.")
    }
    return bound
  }

  private func listed(_ values: [JSON], _ parameters: [String?]) throws(Failure) -> [SQLValue] {
    if let name = parameters.lazy.compactMap(\.self).first(where: { !$0.hasPrefix("?") }) {
      throw Self.wrong("The parameter `\(name)` has a name; give `parameters` as a map.")
    }
    guard values.count == parameters.count else {
      throw Self.wrong("The statement has \(parameters.count) parameters and gets \(values.count) values.")
    }
    return values.map { SQLValue($0) }
  }

  private static func wrong(_ message: String) -> Failure {
    Failure(.configuration, code: "sql-parameters", message)
  }
}

extension SQLValue {
  /// Yes and no are 1 and 0 where the engine has no others; lists and maps are JSON text.
  init(_ json: JSON) {
    switch json {
    case .null: self = .null
    case .bool(let yes): self = .boolean(yes)
    case .int(let integer): self = .integer(integer)
    case .double(let real): self = .real(real)
    case .string(let text): self = .text(text)
    case .array, .object: self = .document(json.text)
    }
  }
}
