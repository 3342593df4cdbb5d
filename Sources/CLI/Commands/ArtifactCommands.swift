import API
import Crypto
import Glibc
import Model

/// `artifact ls JOB`
enum ArtifactList {
  static let spec = CommandSpec(
    "artifact ls", Bilingual("lists what a job produced", pt: "lista o que um job produziu"),
    arguments: [.job],
    examples: [
      .init(
        "esteira artifact ls 019a0c3e", Bilingual("names, sizes, SHA-256", pt: "nomes, tamanhos, SHA-256"))
    ],
    run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let page = try await call.withClient(.reading) {
      try await $0.call(JobCalls.artifacts, JobPath(id: call.arguments[0]))
    }
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("NAME", pt: "NOME"), Bilingual("STEP", pt: "PASSO"), Bilingual("SIZE", pt: "TAMANHO"),
        Bilingual("TYPE", pt: "TIPO"), Bilingual("SHA-256", pt: "SHA-256"),
      ], empty: Bilingual("The job has no artifacts.", pt: "O job não tem artefatos."))
    listing.rows = page.items.map { item in
      Listing.Row(
        cells: [
          item.name.printable, item.path.printable, words.size(item.size), item.mediaType, item.sha256,
        ],
        json: item.json, id: item.sha256)
    }
    call.show(listing)
    return .done
  }
}

/// `artifact get JOB NAME`
enum ArtifactGet {
  static let spec = CommandSpec(
    "artifact get", Bilingual("writes the bytes of an artifact", pt: "escreve os bytes de um artefato"),
    arguments: [.job, ArgumentSpec("NAME", Bilingual("its name or SHA-256", pt: "o nome ou o SHA-256"))],
    flags: [
      FlagSpec(
        "--out", value: "FILE",
        Bilingual("a file in place of standard output", pt: "um arquivo no lugar da saída padrão"))
    ],
    examples: [
      .init(
        "esteira artifact get 019a0c3e report.csv --out report.csv",
        Bilingual("into a file", pt: "para um arquivo")),
      .init("esteira artifact get 019a0c3e report.csv | wc -l", Bilingual("into a pipe", pt: "para um pipe")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let path = ArtifactPath(id: call.arguments[0], name: call.arguments[1])
    return try await call.withClient(.reading) { client in
      guard let name = call.value("--out") else {
        try await client.bytes(JobCalls.artifact, path) { call.console.bytes($0) }
        return .done
      }
      let file = try FileWriter(name)
      try await client.bytes(JobCalls.artifact, path) { try file.write($0) }
      try file.close()
      return .done
    }
  }
}

/// `artifact verify JOB [NAME]`
enum ArtifactVerify {
  static let spec = CommandSpec(
    "artifact verify",
    Bilingual("reads artifacts and compares their SHA-256", pt: "lê os artefatos e compara o SHA-256"),
    arguments: [.job, ArgumentSpec("NAME", required: false, Bilingual("only this one", pt: "só este"))],
    examples: [
      .init(
        "esteira artifact verify 019a0c3e",
        Bilingual("exits 1 when one differs", pt: "sai com 1 se algum diferir"))
    ],
    run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    try await call.withClient(.reading) { client in
      let page = try await client.call(JobCalls.artifacts, JobPath(id: call.arguments[0]))
      var items = page.items
      if call.arguments.count > 1 {
        items = items.filter { $0.name == call.arguments[1] || $0.sha256 == call.arguments[1] }
        if items.isEmpty { throw nothingCalled(call.arguments[1]) }
      }
      var code = ExitCode.done
      for item in items {
        let isWell = await verify(item, client, call)
        if !isWell { code = .failure }
        let json: JSON = ["name": .string(item.name), "sha256": .string(item.sha256), "ok": .bool(isWell)]
        call.show(
          ["\(isWell ? "ok   " : "error")  \(item.sha256)  \(item.name.printable)"], json: json,
          id: item.sha256)
      }
      return code
    }
  }

  /// Bytes that cannot be read are as bad as bytes that differ; the reason is said.
  private static func verify(_ item: ArtifactItem, _ client: Client, _ call: Invocation) async -> Bool {
    let digest = StreamDigest()
    do {
      try await client.bytes(JobCalls.artifact, ArtifactPath(id: call.arguments[0], name: item.sha256)) {
        digest.update($0)
      }
      return digest.hex == item.sha256
    } catch {
      call.console.error("\(item.name.printable): \(call.reason(error))")
      return false
    }
  }

  private static func nothingCalled(_ name: String) -> Problem {
    Problem(
      "unknown-artifact",
      Bilingual("The job has no artifact \(name).", pt: "O job não tem o artefato \(name)."),
      remedy: Bilingual("`esteira artifact ls` names them.", pt: "`esteira artifact ls` mostra os nomes."))
  }
}

extension Invocation {
  /// The sentence of an error.
  func reason(_ error: any Error) -> String {
    switch error {
    case let problem as Problem: text(problem.message)
    case let document as ProblemDocument: document.detail
    case _: "\(error)"
    }
  }
}

/// A digest over pieces.
private final class StreamDigest {
  private var hash = SHA256()
  func update(_ bytes: [UInt8]) { hash.update(bytes) }
  var hex: String { Hex.encode(hash.finish()) }
}

/// A new or emptied file, written piece by piece.
final class FileWriter {
  private let name: String
  private var descriptor: Int32

  init(_ name: String) throws(Problem) {
    self.name = name
    descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw Self.failed(name) }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  func write(_ bytes: [UInt8]) throws(Problem) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { throw Self.failed(name) }
      rest = rest.dropFirst(count)
    }
  }

  func close() throws(Problem) {
    let result = Glibc.close(descriptor)
    descriptor = -1
    if result != 0 { throw Self.failed(name) }
  }

  static func failed(_ name: String) -> Problem {
    let reason = Bilingual.systemReason(errno)
    return Problem(
      "cannot-write",
      Bilingual(
        "\(name) cannot be written: \(reason[.english]).",
        pt: "Não foi possível escrever \(name): \(reason[.portuguese])."),
      remedy: Bilingual("Check the path and the free space.", pt: "Confira o caminho e o espaço livre."))
  }
}
