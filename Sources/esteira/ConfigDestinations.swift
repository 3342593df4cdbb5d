import Connectors
import Engine
import Model

/// One entry of `destinations:` in `esteira.yaml`, checked.
struct DestinationEntry: Sendable {
  enum Kind: String, Sendable, CaseIterable { case webhook, email, slack, teams, log }

  /// Where it leads; a log leads nowhere.
  enum Place: Sendable, Hashable {
    case webhook(WebhookDestination.Place)
    case email(MailDestination.Place)
    case chat(ChatDestination.Service, ChatDestination.Place)

    var address: String {
      switch self {
      case .webhook(let place): "\(place.namespace)/\(place.connection)\(place.path ?? "")"
      case .chat(_, let place):
        "\(place.namespace)/\(place.connection)" + (place.channel.map { " \($0)" } ?? "")
      case .email(let place): "\(place.namespace)/\(place.connection) \(place.to.joined(separator: ", "))"
      }
    }
  }

  var name: String
  var kind: Kind
  var place: Place?
  /// All but what delivers.
  var destination: ConfiguredDestination

  func delivering(through receiver: any Destination) -> ConfiguredDestination {
    var whole = destination
    whole.receiver = receiver
    return whole
  }
}

/// `destinations:` of `esteira.yaml`: a list of `{name, namespace, kind, connection?, path?, to?, channel?,
/// events, pipelines?, ordering?, retry?}`.
struct DestinationReader {
  private let file: JSONObject
  private let fault: (Bilingual, Bilingual?) -> Problem
  private static let keys = [
    "name", "namespace", "kind", "connection", "path", "to", "channel", "events", "pipelines", "ordering",
    "retry",
  ]

  init(_ config: ConfigFile, _ file: JSONObject) {
    self.file = file
    fault = { reason, remedy in
      let example =
        "destinations: [{name: ops, namespace: demo, kind: webhook, connection: hooks, "
        + "events: [esteira.job.failed]}]"
      return config.wrong(
        reason, remedy: remedy ?? Bilingual("Write it as: \(example)", pt: "Escreva assim: \(example)"))
    }
  }

  /// Of one that a call makes.
  init() {
    file = JSONObject()
    fault = { reason, remedy in
      Problem(
        "unusable-request", Bilingual("\(reason.english).", pt: "\(reason.portuguese)."), remedy: remedy)
    }
  }

  func all() throws(Problem) -> [DestinationEntry] {
    guard let destinations = file["destinations"] else { return [] }
    guard let list = destinations.array else {
      throw wrong(Bilingual("destinations is a list of maps", pt: "destinations é uma lista de mapas"))
    }
    guard list.count <= ConfiguredDestination.most else {
      let most = ConfiguredDestination.most
      throw wrong(
        Bilingual("it has more than \(most) destinations", pt: "ele tem mais de \(most) destinos"))
    }
    var (found, names): ([DestinationEntry], Set<ScalarString>) = ([], [])
    for element in list {
      let entry = try entry(element)
      guard names.insert(ScalarString(entry.name)).inserted else {
        throw wrong(
          Bilingual("two destinations are called \(entry.name)", pt: "dois destinos se chamam \(entry.name)"))
      }
      found.append(entry)
    }
    return found
  }

  func entry(_ json: JSON) throws(Problem) -> DestinationEntry {
    guard let map = json.object, let name = map["name"]?.string, Self.isName(name) else {
      throw wrong(
        Bilingual(
          "each destination has a name of lower-case letters, digits, - and _",
          pt: "cada destino tem um nome de letras minúsculas, dígitos, - e _"))
    }
    if let key = map.keys.first(where: { !Self.keys.contains($0) }) {
      throw wrong(
        name, Bilingual("there is no key \"\(key)\"", pt: "não existe a chave \"\(key)\""))
    }
    guard let namespace = map["namespace"]?.string, !namespace.isEmpty else {
      throw wrong(name, Bilingual("namespace is missing, or \"*\" for all", pt: "falta namespace, ou \"*\""))
    }
    guard let kind = map["kind"]?.string.flatMap(DestinationEntry.Kind.init(rawValue:)) else {
      throw wrong(
        name,
        Bilingual(
          "kind is webhook, email, slack, teams or log", pt: "kind é webhook, email, slack, teams ou log"))
    }
    guard kind == .slack || map["channel"] == nil else {
      throw wrong(name, Bilingual("only slack has a channel", pt: "só slack tem channel"))
    }
    let place = try place(map, kind, name, namespace)
    let destination = ConfiguredDestination(
      name: name, namespace: namespace == "*" ? nil : namespace, kind: kind.rawValue,
      address: place?.address ?? "",
      events: try events(map, name), pipelines: try pipelines(map, name), ordering: try ordering(map, name),
      plan: try plan(map, kind, name), receiver: NoReceiver())
    return DestinationEntry(name: name, kind: kind, place: place, destination: destination)
  }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= ConfiguredDestination.longestName else {
      return false
    }
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
    return isLetter(first)
      && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F }
  }

  private func place(
    _ map: JSONObject, _ kind: DestinationEntry.Kind, _ name: String, _ namespace: String
  ) throws(Problem) -> DestinationEntry.Place? {
    switch kind {
    case .log:
      guard map["connection"] == nil, map["path"] == nil, map["to"] == nil else {
        throw wrong(
          name, Bilingual("a log has no connection, path or to", pt: "log não tem connection, path nem to"))
      }
      return nil
    case .slack, .teams: return try chat(map, kind, name, namespace)
    case .webhook:
      let path = map["path"].map { $0.string ?? "" }
      guard path?.hasPrefix("/") ?? true else {
        throw wrong(name, Bilingual("path begins with /", pt: "path começa com /"))
      }
      guard map["to"] == nil else {
        throw wrong(name, Bilingual("a webhook has no to", pt: "um webhook não tem to"))
      }
      let (owner, connection) = try connection(map, name, namespace, "http")
      return .webhook(.init(namespace: owner, connection: connection, path: path))
    case .email:
      guard map["path"] == nil else {
        throw wrong(name, Bilingual("an email has no path", pt: "um email não tem path"))
      }
      let to: [String] =
        if let one = map["to"]?.string { [one] } else { try texts(map["to"], "to", name) }
      guard (1...MailDestination.mostRecipients).contains(to.count),
        to.allSatisfy({ MailDestination.isAddress($0) })
      else {
        let most = MailDestination.mostRecipients
        throw wrong(
          name,
          Bilingual("to has 1 to \(most) addresses of mail", pt: "to tem de 1 a \(most) endereços de e-mail"))
      }
      let (owner, connection) = try connection(map, name, namespace, "smtp")
      return .email(.init(namespace: owner, connection: connection, to: to))
    }
  }

  private func chat(
    _ map: JSONObject, _ kind: DestinationEntry.Kind, _ name: String, _ namespace: String
  ) throws(Problem) -> DestinationEntry.Place {
    guard map["path"] == nil, map["to"] == nil else {
      throw wrong(name, Bilingual("a chat has no path and no to", pt: "um chat não tem path nem to"))
    }
    let channel = map["channel"]?.string
    guard kind == .teams || channel?.isEmpty == false else {
      throw wrong(
        name, Bilingual("slack needs the id of a channel", pt: "slack precisa do id de um canal (channel)"))
    }
    let (owner, connection) = try connection(map, name, namespace, "http")
    return .chat(
      kind == .slack ? .slack : .teams, .init(namespace: owner, connection: connection, channel: channel))
  }

  /// Of the destination's own namespace, or as `NAMESPACE/NAME` of another.
  private func connection(
    _ map: JSONObject, _ name: String, _ namespace: String, _ kind: String
  ) throws(Problem) -> (namespace: String, name: String) {
    let parts = (map["connection"]?.string ?? "").split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }), let last = parts.last else {
      throw wrong(
        name,
        Bilingual("it needs a connection of kind \(kind)", pt: "ele precisa de uma conexão do tipo \(kind)"))
    }
    guard parts.count == 2 || namespace != "*" else {
      throw wrong(
        name,
        Bilingual(
          "of all namespaces, so connection is NAMESPACE/NAME",
          pt: "de todos os namespaces, então connection é NAMESPACE/NOME"))
    }
    return (parts.count == 2 ? String(parts[0]) : namespace, String(last))
  }

  private func events(_ map: JSONObject, _ name: String) throws(Problem) -> [String] {
    let patterns = try texts(map["events"], "events", name)
    guard !patterns.isEmpty else {
      throw wrong(name, Bilingual("events names at least one type", pt: "events cita ao menos um tipo"))
    }
    if let unknown = patterns.first(where: { EventType.matching($0).isEmpty }) {
      let known = EventType.allCases.map(\.name).joined(separator: ", ")
      throw wrong(
        name,
        Bilingual("\"\(unknown)\" is no type of event", pt: "\"\(unknown)\" não é um tipo de evento"),
        remedy: Bilingual("There are: \(known).", pt: "Existem: \(known)."))
    }
    return patterns
  }

  private func pipelines(_ map: JSONObject, _ name: String) throws(Problem) -> [PipelinePattern] {
    var patterns: [PipelinePattern] = []
    for text in try texts(map["pipelines"], "pipelines", name) {
      guard let pattern = PipelinePattern(text) else {
        throw wrong(
          name, Bilingual("\"\(text)\" matches no pipeline", pt: "\"\(text)\" não combina com pipeline algum")
        )
      }
      patterns.append(pattern)
    }
    return patterns
  }

  private func ordering(
    _ map: JSONObject, _ name: String
  ) throws(Problem) -> ConfiguredDestination.Ordering {
    guard let given = map["ordering"] else { return .lane }
    guard let ordering = given.string.flatMap(ConfiguredDestination.Ordering.init(rawValue:)) else {
      throw wrong(name, Bilingual("ordering is lane or strict", pt: "ordering é lane ou strict"))
    }
    return ordering
  }

  /// Pauses double from `pause` to `longest`.
  private func plan(
    _ map: JSONObject, _ kind: DestinationEntry.Kind, _ name: String
  ) throws(Problem) -> DeliveryPlan {
    guard let given = map["retry"] else { return kind == .log ? .internal : .webhook }
    let limits = Bilingual(
      "retry is {tries: 1 to \(DeliveryPlan.mostTries), pause: 1s or more, longest: up to 24h}",
      pt: "retry é {tries: 1 a \(DeliveryPlan.mostTries), pause: 1s ou mais, longest: até 24h}")
    guard let retry = given.object, retry.keys.allSatisfy({ ["tries", "pause", "longest"].contains($0) }),
      let tries = retry["tries"]?.int, (1...Int64(DeliveryPlan.mostTries)).contains(tries),
      let pause = (retry["pause"] ?? "5s").string.flatMap({ Duration(text: $0) }),
      let longest = (retry["longest"] ?? "24h").string.flatMap({ Duration(text: $0) }),
      pause >= .seconds(1), longest >= pause, longest <= DeliveryPlan.longestPause
    else { throw wrong(name, limits) }
    return DeliveryPlan(tries: Int(tries), first: pause, longest: longest)
  }

  private func texts(_ json: JSON?, _ key: String, _ name: String) throws(Problem) -> [String] {
    guard let json else { return [] }
    let texts = (json.array ?? []).compactMap(\.string)
    guard let list = json.array, list.count == texts.count else {
      throw wrong(name, Bilingual("\(key) is a list of texts", pt: "\(key) é uma lista de textos"))
    }
    return texts
  }

  private func wrong(_ name: String, _ reason: Bilingual, remedy: Bilingual? = nil) -> Problem {
    wrong(
      Bilingual(
        "the destination \(name): \(reason.english)", pt: "o destino \(name): \(reason.portuguese)"),
      remedy: remedy)
  }

  private func wrong(_ reason: Bilingual, remedy: Bilingual? = nil) -> Problem {
    fault(reason, remedy)
  }
}

/// Stands in a destination that is only shown.
private struct NoReceiver: Destination {
  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
    DeliveryOutcome(.retry(after: nil), code: "interrupted", message: "Nothing is sent from here.")
  }
}

/// Writes each message as one line of the server's log.
struct LogDestination: Destination {
  var write: @Sendable (String) -> Void

  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
    // JSON has no line break of its own.
    write(String(decoding: message.body, as: UTF8.self))
    return .delivered
  }
}
