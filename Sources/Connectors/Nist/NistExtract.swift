import Engine
import Model

/// `nist.extract`: images of a file as artifacts, and fields as values.
struct NistExtract: Connector {
  var description: ConnectorDescription { Self.description }

  private static let imageLimit = 200

  static let description = ConnectorDescription(
    name: "nist.extract",
    title: Bilingual("Extract from a NIST file", pt: "Extrair de um arquivo NIST"),
    summary: Bilingual(
      """
      Makes an artifact of each chosen image of a file of ANSI/NIST-ITL, byte for byte as it lies in \
      there, and gives chosen fields as values. With `fields` alone no image is taken; without any choice \
      all are.
      """,
      pt: """
        Faz um artefato de cada imagem escolhida de um arquivo ANSI/NIST-ITL, byte por byte como está \
        nele, e dá campos escolhidos como valores. Só com `fields` nenhuma imagem é tirada; sem escolha, \
        todas são.
        """),
    with: WebSchema.object(
      [
        ("file", NistSchema.file), ("types", numbers(1...99, "Images of these record types.")),
        ("idc", numbers(0...999_999_999, "Images with these IDCs.")),
        ("finger", numbers(0...255, "Images that show one of these positions of fingers or palms.")),
        (
          "fields",
          [
            "type": "array", "minItems": 1, "maxItems": 1_000,
            "items": ["type": "string", "pattern": .string(NistSchema.fieldPattern)],
            "description": "Such as `2.018`; none of the types that are kept as they are, and no image.",
          ]
        ),
        (
          "allow_none",
          [
            "type": "boolean", "default": false,
            "description": "True: no image or field that was chosen is no failure.",
          ]
        ),
      ], required: ["file"]),
    output: output, effect: .always(.pure), defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("The right thumb", pt: "O polegar direito"),
        yaml: """
          thumb:
            uses: nist.extract
            with: {file: /srv/inbox/person.nst, types: [4, 14], finger: [1]}
          """)
    ],
    failures: NistSchema.inputFailures + [NistSchema.invalid, NistSchema.incomplete, tooMany],
    check: { NistSchema.unreadable($0["fields"]) })

  private static func numbers(_ range: ClosedRange<Int64>, _ text: String) -> JSON {
    [
      "type": "array", "minItems": 1, "maxItems": 100,
      "items": ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)],
      "description": .string(text),
    ]
  }

  private static let tooMany = ConnectorDescription.FailureNote(
    .data, code: "too-many-artifacts",
    Bilingual("more than 200 images are chosen", pt: "mais de 200 imagens foram escolhidas"),
    remedy: Bilingual("choose with `types`, `idc` or `finger`", pt: "escolha com `types`, `idc` ou `finger`"))

  private static let output: JSON = [
    "type": "object",
    "properties": [
      "sha256": ["type": "string", "description": "Of the file."],
      "images": [
        "type": "array",
        "items": [
          "type": "object",
          "properties": [
            "artifact": ["type": "artifact"], "type": ["type": "integer"], "idc": ["type": "integer"],
            "fingers": ["type": "array", "items": ["type": "integer"]], "impression": ["type": "integer"],
            "width": ["type": "integer"], "height": ["type": "integer"], "kind": ["type": "string"],
            "compression": ["type": "string"], "size": ["type": "integer"], "sha256": ["type": "string"],
            "offset": ["type": "integer"],
          ],
          "required": ["artifact", "type", "idc", "fingers", "compression", "size", "sha256", "offset"],
          "additionalProperties": false,
        ],
      ],
      "count": ["type": "integer", "description": "Of images."],
      "fields": [
        "type": "object", "additionalProperties": ["type": "array"],
        "description": "By field the list of its subfields; one with a single item is text, else a list.",
      ],
    ],
    "required": ["sha256", "images", "count", "fields"],
    "additionalProperties": false,
  ]

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let with = attempt.with
    if let problem = NistSchema.unreadable(with["fields"]).first { throw .nistWith(problem) }
    let input = try await NistInput.load(attempt)
    let (summary, images, fields) = try await OwnThread.run { () throws(Failure) in
      let file: NistFile
      do throws(NistIssue) { file = try NistFile(parsing: input.bytes) } catch {
        throw .invalidNist(input.name, error)
      }
      let summary = NistSummary(name: input.name, bytes: input.bytes, file: file)
      let images = try Self.chosen(file.images, with, input.name)
      return (summary, images, try Self.fields(of: summary, with))
    }
    let (handles, values) = try await Self.store(images, attempt)
    return AttemptOutput(
      [
        "sha256": .string(summary.sha256), "images": .array(values), "count": .int(Int64(values.count)),
        "fields": fields,
      ], artifacts: handles)
  }

  private static func store(
    _ images: [NistImage], _ attempt: Attempt
  ) async throws(Failure) -> ([ArtifactHandle], [JSON]) {
    var (handles, values): ([ArtifactHandle], [JSON]) = ([], [])
    for (image, name) in zip(images, names(of: images)) {
      let path = attempt.services.workFolder + "/image"
      var members = try await OwnThread.run { () throws(Failure) in
        guard AtomicFile.write(Array(image.data), to: path, durable: false) else {
          throw .workFolder(SystemError.Number.last.value)
        }
        return NistSummary.json(image).object ?? JSONObject()
      }
      let handle = try await attempt.services.storeArtifact(name, path, image.compression.mediaType)
      members["artifact"] = handle.json
      handles.append(handle)
      values.append(.object(members))
    }
    return (handles, values)
  }

  private static func chosen(
    _ images: [NistImage], _ with: JSON, _ name: String
  ) throws(Failure) -> [NistImage] {
    let numbers = { (key: String) in with[key]?.array.map { Set($0.compactMap { $0.int.map { Int($0) } }) } }
    let (types, idcs, fingers) = (numbers("types"), numbers("idc"), numbers("finger"))
    if types == nil, idcs == nil, fingers == nil, with["fields"] != nil { return [] }
    let found = images.filter { image in
      (types?.contains(image.type) ?? true) && (idcs?.contains(image.idc) ?? true)
        && (fingers.map { !$0.isDisjoint(with: image.fingers) } ?? true)
    }
    guard !found.isEmpty || with["allow_none"]?.bool == true else {
      throw .incompleteNist(name, "has no image of those that are chosen")
    }
    guard found.count <= imageLimit else {
      throw Failure(
        .data, code: "too-many-artifacts",
        "`\(name.prefix(200))` has \(found.count) images of those that are chosen; at most \(imageLimit) are "
          + "taken: choose with `types`, `idc` or `finger`.")
    }
    return found
  }

  private static func fields(of summary: NistSummary, _ with: JSON) throws(Failure) -> JSON {
    var members = JSONObject()
    for name in with["fields"]?.array?.compactMap(\.string) ?? [] {
      let values = summary.values(of: name)
      if values.isEmpty, with["allow_none"]?.bool != true {
        throw .incompleteNist(summary.name, "has no field \(name)")
      }
      members[name] = .array(values)
    }
    return .object(members)
  }

  /// Such as `type-4-idc-1.wsq`; a second one of the same type and IDC is `type-4-idc-1-2.wsq`.
  static func names(of images: [NistImage]) -> [String] {
    var seen: [String: Int] = [:]
    return images.map { image in
      let stem = "type-\(image.type)-idc-\(image.idc)"
      let count = (seen[stem] ?? 0) + 1
      seen[stem] = count
      return "\(stem)\(count == 1 ? "" : "-\(count)").\(image.compression.ending)"
    }
  }
}
