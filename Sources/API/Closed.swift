import Model

/// The schemas and the reading of what is taken and of what is answered, where no member may be passed over.
extension Schema {
  /// What is taken: another member is refused, since it would do nothing unseen.
  static func taken(_ members: [Member], name: String? = nil) -> Schema {
    var schema = object(members, name: name)
    guard case .object(var object) = schema.json else { return schema }
    object["additionalProperties"] = false
    schema.json = .object(object)
    return schema
  }

  /// A whole number of this range.
  static func number(from least: Int, to most: Int) -> Schema {
    Schema(["type": "integer", "minimum": .int(Int64(least)), "maximum": .int(Int64(most))])
  }

  /// How many there are of something.
  static let amount = Schema(["type": "integer", "minimum": 0])

  /// Such as a name: so many Unicode scalars.
  static func text(from least: Int, to most: Int) -> Schema {
    Schema(["type": "string", "minLength": .int(Int64(least)), "maxLength": .int(Int64(most))])
  }
}

extension Fields {
  /// Reads what is taken: a member that the schema does not name is refused.
  static func taken(_ json: JSON, _ schema: Schema) throws(WireError) -> Fields {
    let fields = try Fields(json)
    for member in fields.object where schema.json["properties"]?[member.key] == nil {
      throw WireError(
        "/\(member.key)",
        Bilingual("There is no \"\(member.key)\" here.", pt: "Não existe \"\(member.key)\" aqui."))
    }
    return fields
  }

  /// Nil where it is absent.
  func moment(_ name: String) throws(WireError) -> Timestamp? {
    guard let text = try optionalText(name) else { return nil }
    guard let time = Timestamp(rfc3339: text) else {
      throw WireError(
        "/\(name)",
        Bilingual(
          "\"\(name)\" must be a time such as 2026-11-20T09:00:00Z.",
          pt: "\"\(name)\" deve ser uma hora como 2026-11-20T09:00:00Z."))
    }
    return time
  }

  /// Of an answer, where it always stands.
  func momentThere(_ name: String) throws(WireError) -> Timestamp {
    guard let time = try moment(name) else {
      throw WireError("/\(name)", Bilingual("\"\(name)\" is missing.", pt: "Falta \"\(name)\"."))
    }
    return time
  }

  /// A whole number of this range; nil where it is absent.
  func number(_ name: String, in range: ClosedRange<Int>) throws(WireError) -> Int? {
    guard let number = try optionalInteger(name) else { return nil }
    guard let value = Int(exactly: number), range.contains(value) else {
      let (least, most) = (range.lowerBound, range.upperBound)
      throw WireError(
        "/\(name)",
        Bilingual(
          "\"\(name)\" must be from \(least) to \(most).", pt: "\"\(name)\" deve ser de \(least) a \(most)."))
    }
    return value
  }

  func texts(of name: String) throws(WireError) -> [String] {
    var texts: [String] = []
    for item in try list(name, of: JSON.self) {
      guard let text = item.string else {
        throw WireError("/\(name)", Bilingual("Texts were expected.", pt: "Textos eram esperados."))
      }
      texts.append(text)
    }
    return texts
  }

  func decimal(_ name: String) -> Double? { object[name]?.number }
}
