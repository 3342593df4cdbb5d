/// Conditions of a request on the state of what it asks for, in the order of RFC 9110.
enum Conditional {
  enum Outcome: Hashable, Sendable {
    case proceed
    /// 304: the client has it.
    case notModified
    /// 412: it is not what the client saw.
    case failed
  }

  /// For GET and HEAD. Conditions on what the answer does not tell, and dates that are none, count as absent.
  static func outcome(_ request: HTTPHeaders, tag: HTTPEntityTag?, lastModified: Int?) -> Outcome {
    if let list = combined(request, "if-match") {
      if !(HTTPTagList(list)?.allowsChange(of: tag) ?? false) { return .failed }
    } else if let date = request["if-unmodified-since"].flatMap(HTTPDate.seconds), let lastModified {
      if lastModified > date { return .failed }
    }
    if let list = combined(request, "if-none-match") {
      guard let tag, let list = HTTPTagList(list) else { return .proceed }
      return list.contains(tag) ? .notModified : .proceed
    }
    if let date = request["if-modified-since"].flatMap(HTTPDate.seconds), let lastModified {
      return lastModified <= date ? .notModified : .proceed
    }
    return .proceed
  }

  /// Whether a range may be taken of this state: `If-Range` names it, or there is none.
  static func permitsRange(_ request: HTTPHeaders, tag: HTTPEntityTag?, lastModified: Int?) -> Bool {
    guard let condition = request["if-range"] else { return true }
    if let wanted = HTTPEntityTag(header: condition) { return tag?.matchesStrongly(wanted) ?? false }
    guard let date = HTTPDate.seconds(condition), let lastModified else { return false }
    return date == lastModified
  }

  /// Several fields of one name are one list.
  private static func combined(_ headers: HTTPHeaders, _ name: String) -> String? {
    let values = headers.all(name)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }
}
