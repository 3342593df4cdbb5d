import Engine
import Model

/// `nist.validate`: everything that is wrong with a file.
struct NistValidate: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "nist.validate",
    title: Bilingual("Validate a NIST file", pt: "Validar um arquivo NIST"),
    summary: Bilingual(
      """
      Reports what is wrong with a file of ANSI/NIST-ITL: faults of its structure, as far as it can be \
      read, mandatory fields, values, character set and images. A file that is not valid is a result, and \
      a failure only with `strict`.
      """,
      pt: """
        Relata o que há de errado em um arquivo ANSI/NIST-ITL: falhas de estrutura, até onde se consegue \
        ler, campos obrigatórios, valores, conjunto de caracteres e imagens. Um arquivo que não é válido é \
        um resultado, e só uma falha com `strict`.
        """),
    with: WebSchema.object(
      [
        ("file", NistSchema.file),
        (
          "strict",
          ["type": "boolean", "default": false, "description": "An error in the report fails the step."]
        ),
      ], required: ["file"]),
    output: [
      "type": "object",
      "properties": [
        "valid": ["type": "boolean", "description": "Whether there is no error; warnings may be there."],
        "sha256": ["type": "string"], "size": ["type": "integer", "description": "In bytes."],
        "errors": ["type": "integer"], "issues": NistSchema.issues,
      ],
      "required": ["valid", "sha256", "size", "errors", "issues"],
      "additionalProperties": false,
    ],
    effect: .always(.pure), defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("A report on a file", pt: "Um relatório sobre um arquivo"),
        yaml: """
          check:
            uses: nist.validate
            with: {file: /srv/inbox/person.nst}
          """)
    ],
    failures: NistSchema.inputFailures + [
      .init(
        .data, code: "nist-not-conformant",
        Bilingual(
          "`strict` is set and the file has an error", pt: "`strict` está ativo e o arquivo tem um erro"),
        remedy: Bilingual(
          "run without `strict` to see all errors, and have the file corrected",
          pt: "rode sem `strict` para ver todos os erros e faça corrigir o arquivo"))
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let input = try await NistInput.load(attempt)
    let (issues, summary) = await OwnThread.run {
      let issues = NistConformance.report(on: input.bytes)
      return (issues, NistSummary(name: input.name, bytes: input.bytes, file: NistFile(records: [])))
    }
    let errors = issues.filter { $0.severity == .error }
    if attempt.with["strict"]?.bool == true, let first = errors.first {
      throw Failure(
        .data, code: "nist-not-conformant",
        "`\(input.name.prefix(200))` has \(errors.count) errors; the first (\(first.fault.rawValue)): "
          + "\(first.message).")
    }
    return AttemptOutput([
      "valid": .bool(errors.isEmpty), "sha256": .string(summary.sha256), "size": .int(Int64(summary.size)),
      "errors": .int(Int64(errors.count)), "issues": .array(issues.map(\.json)),
    ])
  }
}
