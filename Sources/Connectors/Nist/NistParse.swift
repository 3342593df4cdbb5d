import Engine
import Glibc
import Model

/// `nist.parse`: what tells a biometric file, as a line of JSON.
struct NistParse: Connector {
  var description: ConnectorDescription { Self.description }

  /// What `for_each: {lines: …}` takes as one line.
  static let lineLimit = 1 << 20

  static let description = ConnectorDescription(
    name: "nist.parse",
    title: Bilingual("Parse a NIST file", pt: "Ler um arquivo NIST"),
    summary: Bilingual(
      """
      Reads a file of ANSI/NIST-ITL in its traditional encoding and gives an artifact with one line of \
      JSON: hash, Type-1 by mnemonics, the fields of Type-2, and where each image lies. Images stay in the \
      file. The format, its faults and limits: docs/nist.md.
      """,
      pt: """
        Lê um arquivo ANSI/NIST-ITL na codificação tradicional e dá um artefato com uma linha de JSON: \
        hash, Type-1 por mnemônicos, os campos do Type-2 e onde está cada imagem. As imagens ficam no \
        arquivo. O formato, suas falhas e limites: docs/nist.md.
        """),
    with: WebSchema.object(
      [
        ("file", NistSchema.file),
        (
          "require",
          [
            "type": "array", "maxItems": 100,
            "items": [
              "type": "string",
              "pattern":
                #"^(hash|images|conformant|type-[1-9][0-9]?|[1-9][0-9]?\.([0-9]{3}|[1-9][0-9]{3,8}))$"#,
            ],
            "default": [],
            "description": """
            What the file must have: `hash` (its SHA-256, which every file that is read has), `images` \
            (one at least), `type-14` (a record of that type), `2.018` (that field, not empty), \
            `conformant` (no error of `nist.validate`). Of an image ask for `images` or its type, and of a \
            type that is kept as it is for the type.
            """,
          ]
        ),
        ("source", ["type": "string", "minLength": 1, "description": "Stands in the line as `source`."]),
        (
          "fields",
          [
            "type": "array", "maxItems": 1_000,
            "items": ["type": "string", "pattern": .string(NistSchema.descriptivePattern)],
            "description": "Only these of Type-2 stand in the line; all where missing.",
          ]
        ),
      ], required: ["file"]),
    output: [
      "type": "object",
      "properties": [
        "records": [
          "type": "artifact", "media_type": "application/x-ndjson",
          "description":
            "One line for the file: sha256, name, size, source, transaction, descriptive, images.",
        ],
        "sha256": ["type": "string", "description": "Of the file, 64 hex digits; never empty."],
        "size": ["type": "integer", "description": "In bytes."],
        "count": ["type": "integer", "description": "Of records."],
        "types": ["type": "object", "additionalProperties": ["type": "integer"]],
        "transaction": [
          "type": "object", "additionalProperties": true,
          "description": "Type-1 by mnemonics, such as TOT, DAI, ORI, TCN.",
        ],
        "warnings": NistSchema.issues,
      ],
      "required": ["records", "sha256", "size", "count", "types", "transaction", "warnings"],
      "additionalProperties": false,
    ],
    effect: .always(.pure), defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("A file with its hash and a name", pt: "Um arquivo com o hash e um nome"),
        yaml: """
          parse:
            uses: nist.parse
            with: {file: /srv/inbox/person.nst, require: [hash, type-2, "2.018"]}
          """)
    ],
    failures: NistSchema.inputFailures + [NistSchema.invalid, NistSchema.incomplete, lineTooLong],
    check: { NistSchema.unreadable($0["require"]) })

  private static let lineTooLong = ConnectorDescription.FailureNote(
    .data, code: "line-too-long",
    Bilingual("the line of the file would have more than 1 MiB", pt: "a linha do arquivo passaria de 1 MiB"),
    remedy: Bilingual(
      "choose the fields of Type-2 that are needed with `fields`",
      pt: "escolha com `fields` os campos do Type-2 que são necessários"))

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    if let problem = NistSchema.unreadable(attempt.with["require"]).first { throw .nistWith(problem) }
    let input = try await NistInput.load(attempt)
    let (with, path) = (attempt.with, attempt.services.workFolder + "/records.ndjson")
    let (summary, issues) = try await OwnThread.run { () throws(Failure) in
      let (summary, issues) = try Self.read(input, with)
      let line = summary.json(
        source: with["source"]?.string, fields: with["fields"]?.array?.compactMap(\.string)
      ).serialized()
      guard line.count <= Self.lineLimit else {
        throw Failure(
          .data, code: "line-too-long",
          "The line of `\(input.name)` would have \(line.count) bytes, and lines have at most "
            + "\(Self.lineLimit): choose with `fields`.")
      }
      guard AtomicFile.write(line + [0x0A], to: path, durable: false) else { throw .workFolder(errno) }
      return (summary, issues)
    }
    let records = try await attempt.services.storeArtifact(
      input.name + ".ndjson", path, "application/x-ndjson")
    return AttemptOutput(
      [
        "records": records.json, "sha256": .string(summary.sha256), "size": .int(Int64(summary.size)),
        "count": .int(Int64(summary.file.records.count)), "types": summary.types,
        "transaction": summary.transaction, "warnings": .array(issues.map(\.json)),
      ], artifacts: [records])
  }

  private static func read(
    _ input: NistInput, _ with: JSON
  ) throws(Failure) -> (NistSummary, [NistIssue]) {
    let file: NistFile
    do throws(NistIssue) { file = try NistFile(parsing: input.bytes) } catch {
      throw .invalidNist(input.name, error)
    }
    let summary = NistSummary(name: input.name, bytes: input.bytes, file: file)
    let issues = NistConformance.issues(of: file)
    for word in with["require"]?.array?.compactMap(\.string) ?? [] {
      if let lack = lack(of: word, in: summary, issues) { throw .incompleteNist(input.name, lack) }
    }
    return (summary, issues)
  }

  /// What is said of a file that does not have what `require` names; nil where it has.
  private static func lack(of word: String, in summary: NistSummary, _ issues: [NistIssue]) -> String? {
    switch word {
    case "hash": return summary.sha256.isEmpty ? "has no hash" : nil
    case "images": return summary.file.images.isEmpty ? "has no image" : nil
    case "conformant":
      return issues.first { $0.severity == .error }.map { "does not conform: \($0.message)" }
    case _: break
    }
    if word.hasPrefix("type-") {
      let type = Int(word.dropFirst("type-".count))
      return summary.file.records.contains { $0.type == type } ? nil : "has no record of \(word)"
    }
    let isThere = summary.values(of: word).contains { $0 != "" }
    return isThere ? nil : "has no field \(word), or an empty one"
  }
}
