import Crypto
import Engine
import Model

/// `nist.synthesize`: drops a small file that is surely nobody's.
struct NistSynthesize: Connector {
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "nist.synthesize",
    title: Bilingual("Synthesize a NIST file", pt: "Sintetizar um arquivo NIST"),
    summary: Bilingual(
      """
      Writes a small valid file of ANSI/NIST-ITL with a drawn image into a folder: a canary for a way that \
      files take. The same step writes the same bytes, so that a repeat changes nothing. It is there whole \
      or not at all, and never over another file.
      """,
      pt: """
        Grava em uma pasta um pequeno arquivo ANSI/NIST-ITL válido com uma imagem desenhada: um canário \
        para um caminho de arquivos. O mesmo passo grava os mesmos bytes, e uma repetição nada muda. O \
        arquivo aparece inteiro ou não aparece, e nunca sobre outro.
        """),
    with: WebSchema.object(
      [
        (
          "path",
          [
            "type": "string", "minLength": 1,
            "description": "A folder below a writable root of `esteira.yaml`; it must be there.",
          ]
        ),
        ("name", ["type": "string", "minLength": 1, "description": "Of the file, such as `canary.nst`."]),
        (
          "mark",
          [
            "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$",
            "description": "Stands in field 2.901 and tells the file from real ones.",
          ]
        ),
        (
          "image",
          [
            "enum": ["type-4", "type-14"], "default": "type-4",
            "description": "Which record holds the image.",
          ]
        ),
        (
          "fields",
          [
            "type": "object", "maxProperties": 100,
            "additionalProperties": ["type": "string", "minLength": 1],
            "propertyNames": ["pattern": .string(NistSchema.descriptivePattern)],
            "description": "More fields of Type-2, such as `2.018`; not 2.001, 2.002 and 2.900 to 2.902.",
          ]
        ),
      ], required: ["path", "name", "mark"]),
    output: [
      "type": "object",
      "properties": [
        "path": ["type": "string", "description": "Of the file."], "name": ["type": "string"],
        "sha256": ["type": "string"], "size": ["type": "integer", "description": "In bytes."],
        "mark": ["type": "string"],
        "tcn": ["type": "string", "description": "Field 1.009, made from the step."],
      ],
      "required": ["path", "name", "sha256", "size", "mark", "tcn"],
      "additionalProperties": false,
    ],
    effect: .always(.keyed), defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("A canary", pt: "Um canário"),
        yaml: """
          drop:
            uses: nist.synthesize
            with: {path: /srv/inbox, name: "canary-${{ job.id }}.nst", mark: canary}
          """)
    ],
    failures: NistSynthesize.failures)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let with = attempt.with
    let (mark, name) = (with["mark"]?.string ?? "", with["name"]?.string ?? "")
    let canary = NistCanary(
      mark: mark, stepKey: attempt.stepKey, day: Self.day(of: attempt.job),
      isTagged: with["image"]?.string == "type-14", fields: try Self.fields(with))
    let output = NistOutput(folder: with["path"]?.string ?? "", name: name)
    let bytes = canary.file.bytes
    let path = try await OwnThread.run { () throws(Failure) in try output.write(bytes, attempt) }
    return AttemptOutput([
      "path": .string(path), "name": .string(name), "sha256": .string(SHA256.hex(bytes)),
      "size": .int(Int64(bytes.count)), "mark": .string(mark), "tcn": .string(canary.controlNumber),
    ])
  }

  /// The day on which the job was made, in UTC: the same for all attempts, on whichever day they run.
  private static func day(of job: ID<Job>) -> CivilDate {
    CivilDate(daysSince1970: Int64(job.high >> 16) / 86_400_000)
  }

  private static func fields(_ with: JSON) throws(Failure) -> [(Int, String)] {
    var fields: [(Int, String)] = []
    for member in with["fields"]?.object ?? JSONObject() {
      let number = Int(member.key.dropFirst(2)) ?? 0
      guard number > 2, !NistCanary.ownFields.contains(number),
        let value = member.value.string, !value.utf8.contains(where: { $0 < 0x1E })
      else {
        throw Failure(
          .data, code: "invalid-field",
          "`fields` cannot have \(member.key): 2.001, 2.002 and 2.900 to 2.902 are made here, "
            + "and a value has no control characters but RS and US.")
      }
      fields.append((number, value))
    }
    return fields
  }
}

extension NistSynthesize {
  private static let failures: [ConnectorDescription.FailureNote] =
    FileSchema.writing + [
      .init(
        .data, code: "invalid-field",
        Bilingual(
          "a field is reserved or has a separator in it",
          pt: "um campo é reservado ou contém um separador"),
        remedy: Bilingual("choose another number or value", pt: "escolha outro número ou valor")),
      .init(
        .transient, code: "cannot-write",
        Bilingual(
          "the system cannot write the file now", pt: "o sistema não consegue gravar o arquivo agora"),
        remedy: Bilingual("look at the disk and its permissions", pt: "veja o disco e as permissões")),
    ]
}
