import API
import Model

/// The members that a body holds: of a JSON object its own, of YAML or text the member `source`, where the
/// endpoint has one.
enum RequestBody {
  static func members(of request: APIRequest, to shape: Shape) throws(Problem) -> JSONObject {
    switch try form(of: request.contentType, shape) {
    case .json: return try object(request.body)
    case .source:
      guard let text = String(validating: request.body, as: UTF8.self) else { throw notUTF8 }
      return JSONObject([("source", .string(text))])
    }
  }

  private enum Form { case json, source }

  /// Without a type it is JSON.
  private static func form(of contentType: String?, _ shape: Shape) throws(Problem) -> Form {
    guard let contentType else { return .json }
    let type = contentType.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
    if type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json") {
      return .json
    }
    guard shape.takesSource else { throw otherType(type, ["application/json"]) }
    guard sourceTypes.contains(type) else { throw otherType(type, ["application/json"] + sourceTypes) }
    return .source
  }

  private static let sourceTypes = ["application/yaml", "application/x-yaml", "text/yaml", "text/plain"]

  private static func object(_ body: [UInt8]) throws(Problem) -> JSONObject {
    do throws(JSONError) {
      guard case .object(let object) = try JSON(parsing: body) else {
        throw JSONError(
          offset: 0, line: 1, column: 1,
          message: Bilingual("The body must be an object.", pt: "O corpo deve ser um objeto."))
      }
      return object
    } catch {
      throw error.problem
    }
  }

  private static func otherType(_ type: String, _ known: [String]) -> Problem {
    let words = known.joined(separator: ", ")
    return Problem(
      "unsupported-media-type",
      Bilingual("This endpoint does not take \(type).", pt: "Este endereço não aceita \(type)."),
      remedy: Bilingual("It takes \(words).", pt: "Aceita \(words)."))
  }

  private static let notUTF8 = Problem(
    "invalid-request", Bilingual("The body is not UTF-8.", pt: "O corpo não é UTF-8."))
}

extension Shape {
  /// Whether the whole body may be the text of a file.
  fileprivate var takesSource: Bool {
    method.hasQuery ? false : input.json["properties"]?["source"] != nil
  }
}
