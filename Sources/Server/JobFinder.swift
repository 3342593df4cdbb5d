import API
import Engine
import Model

/// Finds the one job that a whole id or the beginning of one means.
struct JobFinder: Sendable {
  var readModel: any ReadModel

  func job(_ text: String) throws(Problem) -> JobSummary {
    let prefix = text.lowercased()
    let isHex = prefix.utf8.allSatisfy { byte in
      byte == UInt8(ascii: "-") || Character(UnicodeScalar(byte)).isHexDigit
    }
    guard isHex, (4...36).contains(prefix.utf8.count) else { throw Self.unknown(text) }
    let ids = try reading { () throws(StoreError) in try readModel.jobs(withPrefix: prefix, limit: 2) }
    guard let id = ids.first else { throw Self.unknown(text) }
    guard ids.count == 1 else { throw Self.ambiguous(text) }
    guard let summary = try reading({ () throws(StoreError) in try readModel.job(id) }) else {
      throw Self.unknown(text)
    }
    return summary
  }

  /// Where a job is. Whoever may do nothing there hears that there is no such job.
  func place<Input: Wire>(_ id: @escaping @Sendable (Input) -> String) -> Scope<Input> {
    .found { (input, _) throws(Problem) in
      let text = id(input)
      return (try job(text).pipeline.namespace, Self.unknown(text))
    }
  }

  static func unknown(_ text: String) -> Problem {
    Problem(
      "no-job",
      Bilingual("There is no job \(text).", pt: "Não existe o job \(text)."),
      remedy: Bilingual("`esteira job ls` shows their ids.", pt: "`esteira job ls` mostra os ids."))
  }

  private static func ambiguous(_ text: String) -> Problem {
    Problem(
      "ambiguous-job",
      Bilingual("Several jobs begin with \(text).", pt: "Vários jobs começam com \(text)."),
      remedy: Bilingual("Give more characters of the id.", pt: "Dê mais caracteres do id."))
  }
}
