import API
import Crypto
import Model

/// A CloudEvent 1.0 as a message for a trigger.
struct IncomingCloudEvent: Hashable {
  /// As the JSON format has it, however it came: the attributes, and `data` or `data_base64`.
  var json: JSON
  /// Names the event: `source` and `id` together are unique.
  var key: String
}

/// What a request brings: one event in binary or structured mode, or a batch.
///
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
struct IncomingCloudEvents {
  private(set) var events: [IncomingCloudEvent] = []
  private(set) var isBatch = false

  private static let family = "application/cloudevents"
  private static let structured = "application/cloudevents+json"
  private static let batch = "application/cloudevents-batch+json"
  private static let prefix = "ce-"

  /// - Parameter headersAreProven: whether what verified the request says who wrote its headers, too. Where
  ///   it does not, whoever caught a request could give its event another id.
  init(_ request: APIRequest, headersAreProven: Bool) throws(Problem) {
    let type = (request.contentType ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    switch type {
    case Self.structured: events = [try CloudEventReading.event(try Self.parsed(request))]
    case Self.batch:
      guard case .array(let list) = try Self.parsed(request) else {
        throw .invalidCloudEvent("a batch is an array", pt: "um lote é um array")
      }
      guard list.count <= HookResult.mostEvents else {
        throw .invalidCloudEvent(
          "a batch has at most \(HookResult.mostEvents) events",
          pt: "um lote tem no máximo \(HookResult.mostEvents) eventos")
      }
      isBatch = true
      for element in list { events.append(try CloudEventReading.event(element)) }
    case _ where type.hasPrefix(Self.family): throw Self.otherFormat(type)
    case _:
      guard headersAreProven else { throw Self.unproven }
      events = [try CloudEventReading.event(.object(try Self.members(of: request, type)))]
    }
  }

  private static func parsed(_ request: APIRequest) throws(Problem) -> JSON {
    do throws(JSONError) { return try JSON(parsing: request.body) } catch { throw error.problem }
  }

  /// The attributes of a binary mode's headers, and its body as the data.
  private static func members(of request: APIRequest, _ type: String) throws(Problem) -> JSONObject {
    var members = JSONObject()
    for (name, value) in request.headers where name.hasPrefix(prefix) {
      let attribute = String(name.dropFirst(prefix.utf8.count))
      guard members[attribute] == nil else {
        throw .invalidCloudEvent("\(name) stands twice", pt: "\(name) aparece duas vezes")
      }
      guard !["datacontenttype", "data", "data_base64"].contains(attribute) else {
        throw .invalidCloudEvent(
          "\(name) is no attribute of a header", pt: "\(name) não é atributo de cabeçalho")
      }
      guard let text = decoded(value) else {
        throw .invalidCloudEvent("\(name) has a wrong escape", pt: "\(name) tem um escape errado")
      }
      members[attribute] = .string(text)
    }
    if let type = request.contentType, !type.isEmpty { members["datacontenttype"] = .string(type) }
    guard !request.body.isEmpty else { return members }
    if type == "application/json" || type.hasSuffix("+json") {
      members["data"] = try parsed(request)
    } else if let text = String(validating: request.body, as: UTF8.self) {
      members["data"] = .string(text)
    } else {
      members["data_base64"] = .string(Base64.encode(request.body))
    }
    return members
  }

  /// The value of a header: without quotes, its escapes undone once.
  private static func decoded(_ value: String) -> String? {
    var text = Substring(value)
    if text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") {
      var (inner, isEscaped): (String, Bool) = ("", false)
      for scalar in text.dropFirst().dropLast().unicodeScalars {
        if !isEscaped, scalar == "\\" {
          isEscaped = true
          continue
        }
        inner.unicodeScalars.append(scalar)
        isEscaped = false
      }
      text = Substring(inner)
    }
    return Percent.decode(text)
  }

  private static func otherFormat(_ type: String) -> Problem {
    Problem(
      "unsupported-media-type",
      Bilingual(
        "\(type.prefix(100)) is no format of CloudEvents that is read here.",
        pt: "\(type.prefix(100)) não é um formato de CloudEvents que se leia aqui."),
      remedy: Bilingual("Send \(structured) or \(batch).", pt: "Envie \(structured) ou \(batch)."))
  }

  private static let unproven = Problem(
    "invalid-cloudevent",
    Bilingual(
      "The request is no structured CloudEvent and no batch, and its signature is of the body alone.",
      pt: "O pedido não é um CloudEvent estruturado nem um lote, e a assinatura dele é só do corpo."),
    remedy: Bilingual(
      "Send \(structured) or \(batch); headers are only believed of who sends a bearer token.",
      pt: "Envie \(structured) ou \(batch); só se acredita em cabeçalhos de quem envia um token bearer."))
}

/// Reads one event of the JSON format.
enum CloudEventReading {
  private static let longestName = 64
  private static let longestValue = 4_096
  /// Of an event. The specification wants fewer than twenty in the whole; nobody may send a thousand.
  private static let mostAttributes = 64

  static func event(_ json: JSON) throws(Problem) -> IncomingCloudEvent {
    guard let given = json.object else {
      throw .invalidCloudEvent("an event is an object", pt: "um evento é um objeto")
    }
    var members = JSONObject()
    // What is null is not there.
    for member in given where member.value != .null || member.key == "data" {
      members[member.key] = member.value
    }
    guard members.count <= mostAttributes else {
      throw .invalidCloudEvent(
        "an event has at most \(mostAttributes) members",
        pt: "um evento tem no máximo \(mostAttributes) membros")
    }
    for member in members where !["data", "data_base64"].contains(member.key) {
      try check(member.key, member.value)
    }
    for name in ["specversion", "id", "source", "type"] where members[name]?.string?.isEmpty ?? true {
      throw .invalidCloudEvent("\(name) is missing", pt: "falta \(name)")
    }
    guard members["specversion"] == "1.0" else {
      throw .invalidCloudEvent("specversion is not 1.0", pt: "specversion não é 1.0")
    }
    try checkForms(members)
    try checkData(members)
    let (source, id) = (members["source"]?.string ?? "", members["id"]?.string ?? "")
    let names = JSON.array([.string(source), .string(id)]).serialized()
    return IncomingCloudEvent(json: .object(members), key: "cloudevent \(SHA256.hex(names))")
  }

  private static func check(_ name: String, _ value: JSON) throws(Problem) {
    guard (1...longestName).contains(name.utf8.count),
      name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) })
    else {
      throw .invalidCloudEvent(
        "\(name.prefix(longestName)) is no name of an attribute: small letters and digits",
        pt: "\(name.prefix(longestName)) não é nome de atributo: letras minúsculas e dígitos")
    }
    guard isValue(value) else {
      throw .invalidCloudEvent(
        "\(name) is no value of an attribute: a text, an integer of 32 bits, true or false",
        pt: "\(name) não é valor de atributo: texto, inteiro de 32 bits, true ou false")
    }
  }

  private static func isValue(_ value: JSON) -> Bool {
    if let number = value.int { return Int32(exactly: number) != nil }
    guard let text = value.string else { return value.bool != nil }
    return text.utf8.count <= longestValue
      && text.unicodeScalars.allSatisfy { $0.value > 0x1F && !(0x7F...0x9F).contains($0.value) }
  }

  private static func checkForms(_ members: JSONObject) throws(Problem) {
    func text(_ name: String, _ isRight: (String) -> Bool) throws(Problem) {
      guard let value = members[name] else { return }
      guard let text = value.string, !text.isEmpty, isRight(text) else {
        throw .invalidCloudEvent("\(name) has a wrong form", pt: "\(name) tem uma forma errada")
      }
    }
    try text("source") { isReference($0) }
    try text("dataschema") { isReference($0) && $0.contains(":") }
    try text("time") { Timestamp(rfc3339: $0) != nil }
    try text("subject") { _ in true }
    try text("datacontenttype") { $0.split(separator: "/", omittingEmptySubsequences: false).count >= 2 }
  }

  private static func isReference(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>\"{}|\\^`".utf8.contains($0) }
  }

  private static func checkData(_ members: JSONObject) throws(Problem) {
    guard let encoded = members["data_base64"] else { return }
    guard members["data"] == nil else {
      throw .invalidCloudEvent(
        "data and data_base64 exclude one another", pt: "data e data_base64 se excluem")
    }
    guard let text = encoded.string, StandardBase64.decode(text[...]) != nil else {
      throw .invalidCloudEvent("data_base64 is no base64", pt: "data_base64 não é base64")
    }
  }
}

extension Problem {
  fileprivate static func invalidCloudEvent(_ english: String, pt portuguese: String) -> Problem {
    Problem(
      "invalid-cloudevent",
      Bilingual("This is no CloudEvent 1.0: \(english).", pt: "Isto não é um CloudEvent 1.0: \(portuguese)."))
  }
}
