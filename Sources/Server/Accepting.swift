import API
import Model

/// Which of the forms that an answer has is wanted (RFC 9110, 12.5.1).
enum Accepting {
  /// The first of `forms` where nothing is wished, or nothing of it is there.
  static func form(of accept: String?, among forms: [String]) -> String {
    guard let accept, let first = forms.first else { return forms.first ?? "" }
    let ranges = accept.utf8.count > longest ? [] : accept.split(separator: ",").map(Range.init)
    var best = (form: first, weight: 0, fit: 0)
    for form in forms {
      guard let range = ranges.filter({ $0.fit(form) > 0 }).max(by: { $0.fit(form) < $1.fit(form) }) else {
        continue
      }
      let fit = range.fit(form)
      if (range.weight, fit) > (best.weight, best.fit) { best = (form, range.weight, fit) }
    }
    return best.form
  }

  /// Longer headers say nothing.
  static let longest = 1_000

  private struct Range {
    var type: String
    /// In thousandths.
    var weight = 1_000

    init(_ text: Substring) {
      let parts = text.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
      type = parts.first ?? ""
      for part in parts.dropFirst() where part.hasPrefix("q=") {
        weight = Int(max(0, min(1, Double(part.dropFirst(2)) ?? 1)) * 1_000)
      }
    }

    /// 0: not at all; 3: exactly.
    func fit(_ form: String) -> Int {
      if type == form { return 3 }
      if type == "*/*" { return 1 }
      guard type.hasSuffix("/*") else { return 0 }
      return form.hasPrefix(type.dropLast()) ? 2 : 0
    }
  }
}

extension Route {
  /// An answer that has other forms than JSON: `other` gives the one that was asked for, nil for JSON.
  static func answer<Input, Output>(
    _ endpoint: Endpoint<Input, Output>, in scope: Scope<Input>,
    as other: @escaping @Sendable (Output, APIRequest) -> APIResponse?,
    with handle: @escaping @Sendable (Input, Caller) async throws -> Output
  ) -> Route {
    Route(endpoint.shape, scope) { input, caller in
      let output = try await handle(input, caller)
      if let response = other(output, caller.request) {
        if caller.fields != nil { throw onlyOfJSON }
        return response
      }
      var response = caller.answer(output.json)
      response.entityTag = (output as? any Tagged)?.tag
      response.headers.append(("vary", "accept"))
      return response
    }
  }

  private static let onlyOfJSON = WireError(
    "/fields",
    Bilingual(
      "\"fields\" is of answers in JSON; this one was asked for in another form.",
      pt: "\"fields\" é de respostas em JSON; esta foi pedida em outra forma."))
}
