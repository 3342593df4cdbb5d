import Crypto
import Model

/// One file as a line of JSON: what tells it from others, without its images.
struct NistSummary: Sendable {
  let name: String
  let file: NistFile
  let size: Int
  /// Of the whole file; 64 digits.
  let sha256: String
  private let characterSet: NistCharacterSet

  init(name: String, bytes: [UInt8], file: NistFile) {
    (self.name, self.file, size) = (name, file, bytes.count)
    sha256 = SHA256.hex(bytes)
    characterSet = NistCharacterSet(of: file)
  }

  /// `fields`: which ones of Type-2; nil for all.
  func json(source: String?, fields: [String]?) -> JSON {
    var members = JSONObject([
      ("sha256", .string(sha256)), ("name", .string(name)), ("size", .int(Int64(size))),
    ])
    if let source { members["source"] = .string(source) }
    members["transaction"] = transaction
    members["descriptive"] = descriptive(fields)
    members["images"] = .array(file.images.map(Self.json))
    return .object(members)
  }

  /// How many records of each type; in the order of the types.
  var types: JSON {
    let counts = file.records.reduce(into: [Int: Int64]()) { $0[$1.type, default: 0] += 1 }
    return .object(JSONObject(counts.sorted { $0.key < $1.key }.map { (String($0.key), .int($0.value)) }))
  }

  /// Type-1 by mnemonics, without LEN and CNT. A field of one item is text, of several a list.
  var transaction: JSON {
    var members = JSONObject()
    for field in file.transaction.fields where field.number != 1 && field.number != 3 {
      let name = NistRule.transactionName(field.number) ?? NistField.name(1, field.number)
      members[name] = value(field.subfields.flatMap(\.self))
    }
    return .object(members)
  }

  /// The fields of all Type-2 records, without LEN and IDC: a list of subfields, of which one with a single
  /// item is text. What several records have lies in one list.
  private func descriptive(_ chosen: [String]?) -> JSON {
    let wanted = chosen.map { Set($0.compactMap { NistField.Name($0)?.number }) }
    var (order, found): ([Int], [Int: [JSON]]) = ([], [:])
    for record in file.records where record.type == 2 {
      for field in record.fields?.fields ?? [] where field.number > 2 {
        guard wanted?.contains(field.number) ?? true else { continue }
        if found[field.number] == nil { order.append(field.number) }
        found[field.number, default: []].append(contentsOf: values(of: field))
      }
    }
    return .object(JSONObject(order.map { (NistField.name(2, $0), .array(found[$0] ?? [])) }))
  }

  /// The values of a field such as `2.018` in all records of its type.
  func values(of name: String) -> [JSON] {
    guard let name = NistField.Name(name), name.hasValue else { return [] }
    return file.records.flatMap { record -> [JSON] in
      guard record.type == name.type, let field = record.fields?[name.number] else { return [] }
      return values(of: field)
    }
  }

  private func values(of field: NistField) -> [JSON] { field.subfields.map { value($0) } }

  private func value(_ items: [ArraySlice<UInt8>]) -> JSON {
    let texts = items.map { JSON.string(characterSet.text($0)) }
    return texts.count == 1 ? texts[0] : .array(texts)
  }

  static func json(_ image: NistImage) -> JSON {
    var hash = SHA256()
    hash.update(image.data.span)
    var members = JSONObject([
      ("type", .int(Int64(image.type))), ("idc", .int(Int64(image.idc))),
      ("fingers", .array(image.fingers.map { .int(Int64($0)) })),
    ])
    let numbers = [("impression", image.impression), ("width", image.width), ("height", image.height)]
    for (key, number) in numbers { members[key] = number.map { .int(Int64($0)) } }
    members["kind"] = image.kind.map { .string($0) }
    members["compression"] = .string(image.compression.word)
    members["size"] = .int(Int64(image.data.count))
    members["sha256"] = .string(Hex.encode(hash.finish()))
    members["offset"] = .int(Int64(image.data.startIndex))
    return .object(members)
  }
}
