public import Model

/// A JSON Schema 2020-12 of the vocabulary that `docs/json-schema.md` lists.
public struct JSONSchema: Sendable {
  public let json: JSON
}
