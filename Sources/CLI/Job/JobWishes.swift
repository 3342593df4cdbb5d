import API
import Model

/// What `job start` and `run` read from flags and files.
extension Invocation {
  static let startFlags: [FlagSpec] = [
    FlagSpec(
      "--input", value: "k=v", repeated: true,
      Bilingual(
        "one input; JSON where it reads as JSON, else text",
        pt: "uma entrada; JSON quando for JSON, senão texto")),
    FlagSpec(
      "--inputs", value: "FILE|-",
      Bilingual("a JSON object of inputs", pt: "um objeto JSON com as entradas")),
    FlagSpec(
      "--message", value: "FILE|-",
      Bilingual(
        "what a queue would hand over; becomes trigger.message",
        pt: "o que uma fila entregaria; vira trigger.message")),
    FlagSpec(
      "--idempotency-key", value: "KEY",
      Bilingual("the same key leads to the same job", pt: "a mesma chave leva ao mesmo job")),
    FlagSpec(
      "--key", value: "KEY",
      Bilingual("job.key, in place of the file's", pt: "job.key, no lugar da do arquivo")),
    FlagSpec(
      "--setting", value: "k=v", repeated: true,
      Bilingual("an operator value for this job alone", pt: "um valor de operação só para este job")),
  ]

  func executeRequest(_ id: String) throws -> ExecuteRequest {
    var inputs = JSONObject()
    if let file = value("--inputs") {
      guard case .object(let object) = try readJSON(file, "--inputs") else {
        throw UsageError(
          Bilingual("--inputs must hold a JSON object.", pt: "--inputs deve conter um objeto JSON."))
      }
      inputs = object
    }
    for (name, value) in try pairs("--input") { inputs[name] = value }
    let settings = try pairs("--setting")
    return ExecuteRequest(
      id: id, inputs: inputs, message: try value("--message").map { try readJSON($0, "--message") },
      idempotencyKey: value("--idempotency-key"), key: value("--key"),
      revision: try integer("--revision", in: 1...Int(Int32.max)),
      settings: settings.isEmpty ? nil : JSONObject(settings))
  }

  func pairs(_ flag: String) throws(UsageError) -> [(String, JSON)] {
    var pairs: [(String, JSON)] = []
    for text in values(flag) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw UsageError(
          Bilingual(
            "\(flag) takes name=value, not \"\(text)\".", pt: "\(flag) aceita nome=valor, não \"\(text)\"."))
      }
      // Text that is not JSON is meant as text, so a failure to read it says nothing is wrong.
      pairs.append((parts[0], (try? JSON(parsing: parts[1])) ?? .string(parts[1])))
    }
    return pairs
  }

  func readJSON(_ file: String, _ flag: String) throws -> JSON {
    do {
      return try JSON(parsing: try readInput(file))
    } catch let error as JSONError {
      let problem = error.problem
      throw UsageError(
        Bilingual(
          "\(flag) \(file): \(problem.message.english)", pt: "\(flag) \(file): \(problem.message.portuguese)")
      )
    }
  }
}
