import Engine
import Model
import Net

/// `feed.read`: the items of a feed.
struct FeedRead: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  private static let sizeLimit = 16 << 20
  private static let standardLimit: Int64 = 1_000

  static let description = ConnectorDescription(
    name: "feed.read",
    title: Bilingual("Read a feed", pt: "Ler um feed"),
    summary: Bilingual(
      "Reads RSS 2.0, RSS 1.0 (RDF) or Atom. Entities are not expanded and nothing else is fetched.",
      pt: "Lê RSS 2.0, RSS 1.0 (RDF) ou Atom. Entidades não são expandidas e nada mais é buscado."),
    with: WebSchema.object(
      ReaderSource.members + [
        ("limit", ["type": "integer", "minimum": 1, "maximum": 10000, "default": 1000])
      ]),
    output: [
      "type": "object",
      "properties": [
        "title": ["type": "string"],
        "items": [
          "type": "array",
          "items": WebSchema.object(
            ["id", "title", "link", "published", "summary"].map { ($0, ["type": "string"]) },
            required: ["id", "title", "link", "published", "summary"]),
          "description": "What the feed does not say is empty; `published` is as the feed writes it.",
        ],
        "count": ["type": "integer"],
        "truncated": ["type": "boolean"],
      ],
      "required": ["title", "items", "count", "truncated"],
      "additionalProperties": false,
    ],
    effect: .always(.pure), connection: .optional(kind: "http"), fileKeys: ["file"],
    defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("News of an agency", pt: "Notícias de uma agência"),
        yaml: """
          news:
            uses: feed.read
            with: {url: "https://example.com/news.xml", limit: 50}
          """)
    ], failures: WebNotes.reading + [WebNotes.invalidFeed])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let source = try await ReaderSource(client: client, attempt: attempt).file()
    let limit = Int(attempt.with["limit"]?.int ?? Self.standardLimit)
    let feed = try await OwnThread.run { () throws(Failure) in
      guard let bytes = SmallFile.read(source.path, limit: Self.sizeLimit) else {
        throw .noFeed("it has more than 16 MiB")
      }
      return try Feed(bytes, limit: limit)
    }
    return AttemptOutput([
      "title": .string(feed.title), "items": .array(feed.items.map(\.json)),
      "count": .int(Int64(feed.items.count)), "truncated": .bool(feed.isTruncated),
    ])
  }
}
